//go:build cgo

package agentotel

import (
	"encoding/hex"
	"fmt"
	"math"
	"time"
	"unsafe"
)

// OptInt64 is an integer that may be absent; the zero value is. [I64] makes one that is there.
type OptInt64 struct {
	value int64
	there bool
}

// I64 is an integer that is there, zero included.
func I64(value int64) OptInt64 { return OptInt64{value, true} }

// Get gives the value, and whether there is one.
func (o OptInt64) Get() (int64, bool) { return o.value, o.there }

func (o OptInt64) c() cOptInt64 {
	if !o.there {
		return cOptInt64{}
	}
	return cOptInt64{value: o.value, present: 1}
}

// OptFloat64 is a number that may be absent; the zero value is. [F64] makes one that is there.
type OptFloat64 struct {
	value float64
	there bool
}

// F64 is a number that is there, zero included.
func F64(value float64) OptFloat64 { return OptFloat64{value, true} }

// Get gives the value, and whether there is one.
func (o OptFloat64) Get() (float64, bool) { return o.value, o.there }

func (o OptFloat64) c() cOptFloat64 {
	if !o.there {
		return cOptFloat64{}
	}
	return cOptFloat64{value: o.value, present: 1}
}

// OptBool is a truth value that may be absent; the zero value is. [Truth] makes one that is there.
type OptBool struct{ value, there bool }

// Truth is a truth value that is there, false included.
func Truth(value bool) OptBool { return OptBool{value, true} }

// Get gives the value, and whether there is one.
func (o OptBool) Get() (value, there bool) { return o.value, o.there }

func (o OptBool) c() cOptBool {
	if !o.there {
		return cOptBool{}
	}
	return cOptBool{value: uint8(truth(o.value)), present: 1}
}

// Value is the value of an attribute or of a log record's body, of any type that OpenTelemetry has. The zero value is an
// absent text.
type Value struct {
	kind   ValueType
	number uint64
	text   string
	items  unsafe.Pointer
	count  int
}

// StringValue is a text.
func StringValue(value string) Value { return Value{kind: ValueTypeString, text: value} }

// Int64Value is an integer.
func Int64Value(value int64) Value { return Value{kind: ValueTypeInt64, number: uint64(value)} }

// Float64Value is a floating-point number.
func Float64Value(value float64) Value {
	return Value{kind: ValueTypeDouble, number: math.Float64bits(value)}
}

// BoolValue is a truth value.
func BoolValue(value bool) Value { return Value{kind: ValueTypeBool, number: uint64(truth(value))} }

// BytesValue is bytes that are no text.
func BytesValue(value []byte) Value {
	return Value{kind: ValueTypeBytes, items: unsafe.Pointer(unsafe.SliceData(value)), count: len(value)}
}

// StringsValue is an array of texts.
func StringsValue(value []string) Value {
	return Value{kind: ValueTypeStringArray, items: unsafe.Pointer(unsafe.SliceData(value)), count: len(value)}
}

// Int64sValue is an array of integers.
func Int64sValue(value []int64) Value {
	return Value{kind: ValueTypeInt64Array, items: unsafe.Pointer(unsafe.SliceData(value)), count: len(value)}
}

// Float64sValue is an array of floating-point numbers.
func Float64sValue(value []float64) Value {
	return Value{kind: ValueTypeDoubleArray, items: unsafe.Pointer(unsafe.SliceData(value)), count: len(value)}
}

// BoolsValue is an array of truth values.
func BoolsValue(value []bool) Value {
	return Value{kind: ValueTypeBoolArray, items: unsafe.Pointer(unsafe.SliceData(value)), count: len(value)}
}

// JSONValue is the text of a JSON object or array, recorded as a map or list.
func JSONValue(value string) Value { return Value{kind: ValueTypeJSON, text: value} }

// Type is the type of the value.
func (v Value) Type() ValueType { return v.kind }

// Any gives the value as Go has it: a string (also for JSON), int64, float64, bool, []byte, or a slice of one of those.
func (v Value) Any() any {
	switch v.kind {
	case ValueTypeInt64:
		return int64(v.number)
	case ValueTypeDouble:
		return math.Float64frombits(v.number)
	case ValueTypeBool:
		return v.number != 0
	case ValueTypeBytes:
		return unsafe.Slice((*byte)(v.items), v.count)
	case ValueTypeStringArray:
		return unsafe.Slice((*string)(v.items), v.count)
	case ValueTypeInt64Array:
		return unsafe.Slice((*int64)(v.items), v.count)
	case ValueTypeDoubleArray:
		return unsafe.Slice((*float64)(v.items), v.count)
	case ValueTypeBoolArray:
		return unsafe.Slice((*bool)(v.items), v.count)
	default:
		return v.text
	}
}

// Attribute is a key and a value. Keys of one span are unique: the last one given wins, and a typed field wins over a free
// attribute.
type Attribute struct {
	Key   string
	Value Value
}

// String makes an attribute whose value is a text.
func String(key, value string) Attribute { return Attribute{key, StringValue(value)} }

// Int64 makes an attribute whose value is an integer.
func Int64(key string, value int64) Attribute { return Attribute{key, Int64Value(value)} }

// Int makes an attribute whose value is an integer.
func Int(key string, value int) Attribute { return Attribute{key, Int64Value(int64(value))} }

// Float64 makes an attribute whose value is a floating-point number.
func Float64(key string, value float64) Attribute { return Attribute{key, Float64Value(value)} }

// Bool makes an attribute whose value is a truth value.
func Bool(key string, value bool) Attribute { return Attribute{key, BoolValue(value)} }

// Bytes makes an attribute whose value is bytes.
func Bytes(key string, value []byte) Attribute { return Attribute{key, BytesValue(value)} }

// Strings makes an attribute whose value is an array of texts.
func Strings(key string, value []string) Attribute { return Attribute{key, StringsValue(value)} }

// Int64s makes an attribute whose value is an array of integers.
func Int64s(key string, value []int64) Attribute { return Attribute{key, Int64sValue(value)} }

// Float64s makes an attribute whose value is an array of floating-point numbers.
func Float64s(key string, value []float64) Attribute { return Attribute{key, Float64sValue(value)} }

// Bools makes an attribute whose value is an array of truth values.
func Bools(key string, value []bool) Attribute { return Attribute{key, BoolsValue(value)} }

// JSON makes an attribute whose value is a map or list, from its text.
func JSON(key, value string) Attribute { return Attribute{key, JSONValue(value)} }

// SpanContext names a span, here or in another process. The zero value names none.
type SpanContext struct {
	// TraceID is all zero when there is no trace.
	TraceID [16]byte
	// SpanID is all zero when there is no span.
	SpanID [8]byte
	// TraceFlags are the W3C's: bit 0 sampled, bit 1 random.
	TraceFlags uint8
	remote     uint8
	reserved   [6]uint8
}

// IsValid tells whether it names a span.
func (c SpanContext) IsValid() bool { return c.TraceID != [16]byte{} && c.SpanID != [8]byte{} }

// IsSampled tells whether its trace is recorded.
func (c SpanContext) IsSampled() bool { return c.TraceFlags&1 != 0 }

// IsRemote tells whether the span lives in another process.
func (c SpanContext) IsRemote() bool { return c.remote != 0 }

// WithRemote gives the same with another say of where the span lives.
func (c SpanContext) WithRemote(remote bool) SpanContext {
	c.remote = uint8(truth(remote))
	return c
}

// TraceIDString is the trace id as hexadecimal digits.
func (c SpanContext) TraceIDString() string { return hex.EncodeToString(c.TraceID[:]) }

// SpanIDString is the span id as hexadecimal digits.
func (c SpanContext) SpanIDString() string { return hex.EncodeToString(c.SpanID[:]) }

// String is the context as a W3C traceparent.
func (c SpanContext) String() string {
	return fmt.Sprintf("00-%x-%x-%02x", c.TraceID, c.SpanID, c.TraceFlags)
}

// Target names the span, for what belongs to it.
func (c SpanContext) Target() Target { return Target{context: c, named: true} }

// Target names the span that something belongs to: an event in flight or any span. The zero value is the session's root
// span. [Event.Target] and [SpanContext.Target] make others.
type Target struct {
	event   uint64
	context SpanContext
	named   bool
}

// Link is another span that an event has to do with.
type Link struct {
	Context SpanContext
	// TraceState is that span's W3C tracestate.
	TraceState string
	Attributes []Attribute
}

// SpanEvent is something that happened at a moment during a span.
type SpanEvent struct {
	Name string
	// Time is when; the zero time is now.
	Time       time.Time
	Attributes []Attribute
}
