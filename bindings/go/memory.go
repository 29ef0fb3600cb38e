//go:build cgo

package agentotel

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"math"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

// What crosses into C is laid out in memory of C's, as C has it, so that one call takes all of it: structs first, then the
// arrays and texts that they point to. Fields that are pointers in C are numbers here, which keeps Go's write barriers off
// them; none of them ever points into Go's heap.

// cStr is agentotel_str.
type cStr struct{ data, len uintptr }

// cArray is agentotel_string_array and its like.
type cArray struct{ items, count uintptr }

// cTarget is agentotel_target.
type cTarget struct {
	event   uint64
	context uintptr
}

// cOptInt64 is agentotel_i64.
type cOptInt64 struct {
	value    int64
	present  uint8
	reserved [7]uint8
}

// cOptFloat64 is agentotel_f64.
type cOptFloat64 struct {
	value    float64
	present  uint8
	reserved [7]uint8
}

// cOptBool is agentotel_bool.
type cOptBool struct{ value, present uint8 }

// cAttribute is agentotel_attribute.
type cAttribute struct {
	key      cStr
	kind     uint32
	reserved uint32
	value    [2]uintptr
}

var (
	_ [unsafe.Sizeof(cStr{})]struct{}        = [C.sizeof_agentotel_str]struct{}{}
	_ [unsafe.Sizeof(cTarget{})]struct{}     = [C.sizeof_agentotel_target]struct{}{}
	_ [unsafe.Sizeof(cOptInt64{})]struct{}   = [C.sizeof_agentotel_i64]struct{}{}
	_ [unsafe.Sizeof(cOptFloat64{})]struct{} = [C.sizeof_agentotel_f64]struct{}{}
	_ [unsafe.Sizeof(cOptBool{})]struct{}    = [C.sizeof_agentotel_bool]struct{}{}
	_ [unsafe.Sizeof(cAttribute{})]struct{}  = [C.sizeof_agentotel_attribute]struct{}{}
	_ [unsafe.Sizeof(SpanContext{})]struct{} = [C.sizeof_agentotel_span_context]struct{}{}
)

const (
	// firstBytes is enough for an event with dozens of attributes.
	firstBytes = 16 << 10
	// mostBytes is what one piece of memory keeps for later calls at most.
	mostBytes = 1 << 20
)

// arena is memory of C's for one call: the answer at its beginning, then what is laid out.
type arena struct {
	base     unsafe.Pointer
	baseSize uintptr
	current  unsafe.Pointer
	size     uintptr
	used     uintptr
	extra    []unsafe.Pointer // pieces for what did not fit
	wanted   uintptr          // what all of it takes
}

var arenas = sync.Pool{New: func() any {
	a := &arena{base: C.malloc(firstBytes), baseSize: firstBytes}
	// The pool forgets what it holds now and then. This is no finalizer of anything that a program holds.
	runtime.AddCleanup(a, func(base *unsafe.Pointer) { C.free(*base) }, a.owned())
	return a
}}

// owned is where the address of the arena's memory stands, apart from the arena itself.
func (a *arena) owned() *unsafe.Pointer {
	own := new(unsafe.Pointer)
	*own = a.base
	return own
}

func newArena() *arena {
	a := arenas.Get().(*arena)
	a.current, a.size = a.base, a.baseSize
	a.used = unsafe.Sizeof(C.agentotel_go_answer{})
	return a
}

// release gives the memory back, the pieces for large texts to C.
func (a *arena) release() {
	if len(a.extra) > 0 {
		for _, piece := range a.extra {
			C.free(piece)
		}
		a.extra = a.extra[:0]
	}
	arenas.Put(a)
}

// alloc gives aligned memory that is not zeroed.
func (a *arena) alloc(bytes uintptr) unsafe.Pointer {
	at := (a.used + 7) &^ 7
	if at+bytes > a.size {
		return a.grow(bytes)
	}
	a.used = at + bytes
	return unsafe.Add(a.current, at)
}

func (a *arena) grow(bytes uintptr) unsafe.Pointer {
	size := max(bytes, 4*firstBytes)
	piece := C.malloc(C.size_t(size))
	a.extra = append(a.extra, piece)
	a.current, a.size, a.used = piece, size, bytes
	return piece
}

// text copies a text; an empty one is absent.
func (a *arena) text(s string) cStr {
	n := uintptr(len(s))
	if n == 0 {
		return cStr{}
	}
	at := a.used
	var p unsafe.Pointer
	if at+n > a.size {
		p = a.grow(n)
	} else {
		a.used = at + n
		p = unsafe.Add(a.current, at)
	}
	copy(unsafe.Slice((*byte)(p), n), s)
	return cStr{uintptr(p), n}
}

// value copies a text that is there even when it is empty.
func (a *arena) value(s string) cStr {
	if s == "" {
		return cStr{data: uintptr(a.base)}
	}
	return a.text(s)
}

// terminated copies a text with a terminating NUL; an empty one is NULL.
func (a *arena) terminated(s string) uintptr {
	if s == "" {
		return 0
	}
	p := a.alloc(uintptr(len(s)) + 1)
	to := unsafe.Slice((*byte)(p), len(s)+1)
	copy(to, s)
	to[len(s)] = 0
	return uintptr(p)
}

func (a *arena) texts(list []string) cArray {
	if len(list) == 0 {
		return cArray{}
	}
	p := a.alloc(uintptr(len(list)) * unsafe.Sizeof(cStr{}))
	to := unsafe.Slice((*cStr)(p), len(list))
	for i, s := range list {
		to[i] = a.value(s)
	}
	return cArray{uintptr(p), uintptr(len(list))}
}

// textAt lays out one agentotel_str and gives its place.
func (a *arena) textAt(s string) uintptr {
	p := a.alloc(unsafe.Sizeof(cStr{}))
	*(*cStr)(p) = a.text(s)
	return uintptr(p)
}

// textsAt lays out several, one behind the other.
func (a *arena) textsAt(list ...string) uintptr {
	p := a.alloc(uintptr(len(list)) * unsafe.Sizeof(cStr{}))
	to := unsafe.Slice((*cStr)(p), len(list))
	for i, s := range list {
		to[i] = a.text(s)
	}
	return uintptr(p)
}

func (a *arena) attributes(list []Attribute) cArray {
	if len(list) == 0 {
		return cArray{}
	}
	p := a.alloc(uintptr(len(list)) * unsafe.Sizeof(cAttribute{}))
	to := unsafe.Slice((*cAttribute)(p), len(list))
	for i := range list {
		from := &list[i]
		to[i].key = a.text(from.Key)
		to[i].kind = uint32(from.Value.kind)
		to[i].reserved = 0
		to[i].value = a.anyValue(&from.Value)
	}
	return cArray{uintptr(p), uintptr(len(list))}
}

// anyValue lays out what an agentotel_value has.
func (a *arena) anyValue(v *Value) [2]uintptr {
	switch v.kind {
	case ValueTypeString, ValueTypeJSON:
		s := a.value(v.text)
		return [2]uintptr{s.data, s.len}
	case ValueTypeBytes:
		s := a.value(unsafe.String((*byte)(v.items), v.count))
		return [2]uintptr{s.data, s.len}
	case ValueTypeStringArray:
		list := a.texts(unsafe.Slice((*string)(v.items), v.count))
		return [2]uintptr{list.items, list.count}
	case ValueTypeBoolArray:
		return a.items(v, 1)
	case ValueTypeInt64Array, ValueTypeDoubleArray:
		return a.items(v, 8)
	default:
		return [2]uintptr{uintptr(v.number), 0}
	}
}

// items copies an array of numbers.
func (a *arena) items(v *Value, each uintptr) [2]uintptr {
	if v.count == 0 {
		return [2]uintptr{}
	}
	bytes := uintptr(v.count) * each
	p := a.alloc(bytes)
	copy(unsafe.Slice((*byte)(p), bytes), unsafe.Slice((*byte)(v.items), bytes))
	return [2]uintptr{uintptr(p), uintptr(v.count)}
}

func (a *arena) context(c *SpanContext) uintptr {
	p := a.alloc(unsafe.Sizeof(SpanContext{}))
	*(*SpanContext)(p) = *c
	return uintptr(p)
}

func (a *arena) target(t *Target) cTarget {
	if t.named {
		return cTarget{t.event, a.context(&t.context)}
	}
	return cTarget{event: t.event}
}

func (a *arena) targetAt(t Target) uintptr {
	p := a.alloc(unsafe.Sizeof(cTarget{}))
	*(*cTarget)(p) = a.target(&t)
	return uintptr(p)
}

func (a *arena) links(list []Link) (uintptr, uintptr) {
	if len(list) == 0 {
		return 0, 0
	}
	p := a.alloc(uintptr(len(list)) * unsafe.Sizeof(cLink{}))
	to := unsafe.Slice((*cLink)(p), len(list))
	for i := range list {
		from := &list[i]
		attributes := a.attributes(from.Attributes)
		to[i] = cLink{
			structSize: unsafe.Sizeof(cLink{}), context: from.Context, traceState: a.text(from.TraceState),
			attributes: attributes.items, attributeCount: attributes.count,
		}
	}
	return uintptr(p), uintptr(len(list))
}

func (a *arena) spanEvents(list []SpanEvent) (uintptr, uintptr) {
	if len(list) == 0 {
		return 0, 0
	}
	p := a.alloc(uintptr(len(list)) * unsafe.Sizeof(cSpanEvent{}))
	to := unsafe.Slice((*cSpanEvent)(p), len(list))
	for i := range list {
		from := &list[i]
		attributes := a.attributes(from.Attributes)
		to[i] = cSpanEvent{
			structSize: unsafe.Sizeof(cSpanEvent{}), name: a.text(from.Name), timeUnixNano: unixNano(from.Time),
			attributes: attributes.items, attributeCount: attributes.count,
		}
	}
	return uintptr(p), uintptr(len(list))
}

func (a *arena) answer() *C.agentotel_go_answer {
	return (*C.agentotel_go_answer)(a.base)
}

func (a *arena) answerAt() C.uintptr_t {
	return C.uintptr_t(uintptr(a.base))
}

// err is what the call answered, as an error.
func (a *arena) err() error {
	answer := a.answer()
	if answer.status == C.AGENTOTEL_OK {
		return nil
	}
	return failed(answer)
}

// failed is not inlined, so that a call that succeeds has nothing to do with it.
//
//go:noinline
func failed(answer *C.agentotel_go_answer) error {
	return &Error{
		Status:  Status(answer.status),
		Message: C.GoStringN(&answer.words[0], C.int(answer.words_len)),
	}
}

func (a *arena) number() uint64 {
	return uint64(a.answer().number)
}

func (a *arena) span() SpanContext {
	return *(*SpanContext)(unsafe.Pointer(&a.answer().context))
}

// text of the answer, which is freed.
func (a *arena) takeText() string {
	answer := a.answer()
	if answer.text == nil {
		return ""
	}
	text := unsafe.String((*byte)(unsafe.Pointer(answer.text)), int(answer.text_len))
	text = string([]byte(text))
	C.free(unsafe.Pointer(answer.text))
	answer.text = nil
	return text
}

// takeTexts reads a list of texts from the answer, which is freed.
func (a *arena) takeTexts() []string {
	all := a.takeText()
	var list []string
	for len(all) >= 8 {
		var length uint64
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&length)), 8), all)
		list = append(list, all[8:8+length])
		all = all[8+length:]
	}
	return list
}

func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds)
}

func truth(yes bool) uint32 {
	if yes {
		return 1
	}
	return 0
}

// milliseconds of a duration, rounded up; what is longer waits as long as it goes.
func milliseconds(d time.Duration) C.uint32_t {
	if d <= 0 {
		return 0
	}
	ms := (int64(d) + int64(time.Millisecond) - 1) / int64(time.Millisecond)
	return C.uint32_t(min(ms, math.MaxUint32))
}
