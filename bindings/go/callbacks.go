//go:build cgo

package agentotel

// #include "shim.h"
import "C"

import (
	"context"
	"fmt"
	"runtime/cgo"
	"time"
	"unsafe"
)

// Batch is what an exporter is handed. Its payload is valid during the call.
type Batch struct {
	Signal      Signal
	PayloadType PayloadType
	// Payload is a complete OTLP export request.
	Payload []byte
	// ItemCount is how many spans or log records it has.
	ItemCount uint64
	// Timeout is how long the call should take at most.
	Timeout time.Duration
}

// ExportResult is what becomes of a batch. The zero value: it was taken.
type ExportResult struct {
	// Retry: it was not taken and is to be handed over again, after RetryAfter at the earliest.
	Retry      bool
	RetryAfter time.Duration
	// Reject: it is refused for good.
	Reject bool
	// RejectedItems were refused for good out of a batch that was taken.
	RejectedItems uint64
	// Message is why, for the diagnostics.
	Message string
}

// Exporter takes batches in place of a receiver, one call at a time. One that panics is asked again later.
type Exporter func(Batch) ExportResult

// Formatter makes one line of a record, which comes as one OTLP/JSON object; an empty line leaves it out. A record for which
// it fails or panics is counted as rejected.
type Formatter func(signal Signal, json string) (string, error)

// HeaderProvider gives the headers of a request: add adds one. One that fails or panics fails the attempt.
type HeaderProvider func(add func(name, value string) error) error

// SamplingQuestion is a session that is to start.
type SamplingQuestion struct {
	TraceID [16]byte
	// Parent is the parent in another process, or nil.
	Parent      *SpanContext
	TraceState  string
	SessionName string
	// Attributes are those that the session is started with.
	Attributes []Attribute
}

// SamplingResult is whether a session is recorded.
type SamplingResult struct {
	Keep bool
	// TraceState is the session's tracestate; the parent's when empty.
	TraceState string
}

// Sampler decides which sessions are recorded, on the thread that starts one. One that panics has it kept.
type Sampler func(SamplingQuestion) SamplingResult

// Injectee is what attributes are wanted for.
type Injectee struct {
	Signal Signal
	Kind   Kind
	// IsSession: it is a session's root span.
	IsSession bool
	// Session is the session's root span.
	Session SpanContext
}

// AttributeInjector puts attributes on spans and log records, on the thread that records: add adds one. Each call of it, and
// of add, crosses between C and Go.
type AttributeInjector func(about Injectee, add func(Attribute) error)

// Diagnostic is one line of what the library says about itself.
type Diagnostic struct {
	Level DiagnosticLevel
	Time  time.Time
	Text  string
	// LeftOut is how many lines before this one were left out.
	LeftOut uint64
}

// DiagnosticHandler is told what the library says about itself, one line after the other.
type DiagnosticHandler func(Diagnostic)

// register hands a function over; the library lets go of it by agentotelGoRelease.
func register(kind CallbackKind, name string, function any) error {
	a := newArena()
	defer a.release()
	handle := cgo.NewHandle(function)
	C.agentotel_go_register(C.uint32_t(kind), C.uintptr_t(a.textAt(name)), C.uintptr_t(handle), a.answerAt())
	err := a.err()
	if err != nil {
		handle.Delete()
	}
	return err
}

// RegisterExporter registers the function of exporters of the type host whose callback has this name.
func RegisterExporter(name string, exporter Exporter) error {
	if exporter == nil {
		return ErrInvalidArgument
	}
	return register(CallbackKindExporter, name, exporter)
}

// RegisterFormatter registers the function that makes the lines of file and console exporters whose format has this name.
func RegisterFormatter(name string, formatter Formatter) error {
	if formatter == nil {
		return ErrInvalidArgument
	}
	return register(CallbackKindFormatter, name, &formatting{function: formatter})
}

// RegisterHeaderProvider has an exporter's requests carry the headers that a function gives; nil: none any more.
func RegisterHeaderProvider(exporter string, provider HeaderProvider) error {
	if provider == nil {
		a := newArena()
		defer a.release()
		C.agentotel_go_register(C.uint32_t(CallbackKindHeaderProvider), C.uintptr_t(a.textAt(exporter)), 0, a.answerAt())
		return a.err()
	}
	return register(CallbackKindHeaderProvider, exporter, provider)
}

// RegisterSampler registers the function that a configuration's sampler of the type host names.
func RegisterSampler(name string, sampler Sampler) error {
	if sampler == nil {
		return ErrInvalidArgument
	}
	return register(CallbackKindSampler, name, sampler)
}

// RegisterAttributeInjector registers the function that inject.host of the configuration names.
func RegisterAttributeInjector(name string, injector AttributeInjector) error {
	if injector == nil {
		return ErrInvalidArgument
	}
	return register(CallbackKindAttributeInjector, name, injector)
}

// SetDiagnosticHandler sets the function that is told what the library says about itself; nil: nobody is any more.
func SetDiagnosticHandler(handler DiagnosticHandler) error {
	if handler == nil {
		a := newArena()
		defer a.release()
		C.agentotel_go_register(0, 0, 0, a.answerAt())
		return a.err()
	}
	return register(0, "", handler)
}

// Unregister takes away what was registered under a name, for a header provider the exporter's. When it succeeds the function
// is not called any more; it waits for calls that are under way until the context's deadline, five seconds without one.
func Unregister(ctx context.Context, kind CallbackKind, name string) error {
	a := newArena()
	defer a.release()
	C.agentotel_go_unregister(C.uint32_t(kind), C.uintptr_t(a.textAt(name)), milliseconds(remaining(ctx)), a.answerAt())
	return a.err()
}

// AddExporter adds an exporter: one entry of the configuration's list as a JSON object.
func AddExporter(document string) error {
	a := newArena()
	defer a.release()
	C.agentotel_go_add_exporter(C.uintptr_t(a.terminated(document)), a.answerAt())
	return a.err()
}

// RemoveExporter removes an exporter, after delivering what was recorded before, until the context's deadline.
func RemoveExporter(ctx context.Context, name string) error {
	a := newArena()
	defer a.release()
	C.agentotel_go_remove_exporter(C.uintptr_t(a.textAt(name)), milliseconds(remaining(ctx)), a.answerAt())
	return a.err()
}

// What C calls. A panic must not leave any of them.

//export agentotelGoRelease
func agentotelGoRelease(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
}

//export agentotelGoExport
func agentotelGoExport(handle, batchAt, answerAt C.uintptr_t) (verdict C.uint32_t) {
	batch := (*C.agentotel_export_batch)(pointer(batchAt))
	answer := (*C.agentotel_export_answer)(pointer(answerAt))
	defer func() {
		if panicked := recover(); panicked != nil {
			say(answer, fmt.Sprint("the exporter has panicked: ", panicked))
			verdict = C.AGENTOTEL_EXPORT_RETRY
		}
	}()
	result := cgo.Handle(handle).Value().(Exporter)(Batch{
		Signal: Signal(batch.signal), PayloadType: PayloadType(batch.payload_type),
		Payload:   unsafe.Slice((*byte)(unsafe.Pointer(batch.payload)), int(batch.payload_len)),
		ItemCount: uint64(batch.item_count), Timeout: time.Duration(batch.timeout_ms) * time.Millisecond,
	})
	say(answer, result.Message)
	answer.retry_after_ms = C.uint64_t(milliseconds(result.RetryAfter))
	answer.rejected_items = C.uint64_t(result.RejectedItems)
	switch {
	case result.Reject:
		return C.AGENTOTEL_EXPORT_REJECT
	case result.Retry:
		return C.AGENTOTEL_EXPORT_RETRY
	default:
		return C.AGENTOTEL_EXPORT_OK
	}
}

// say leaves a message, cut to fit.
func say(answer *C.agentotel_export_answer, message string) {
	if message == "" {
		return
	}
	to := unsafe.Slice((*byte)(unsafe.Pointer(&answer.message[0])), len(answer.message))
	to[copy(to[:len(to)-1], message)] = 0
}

// formatting is a formatter with the line that did not fit, for the call that follows on the same thread.
type formatting struct {
	function Formatter
	line     string
	waiting  bool
}

//export agentotelGoFormat
func agentotelGoFormat(handle C.uintptr_t, signal C.uint32_t, json C.uintptr_t, jsonLen C.size_t, buffer C.uintptr_t,
	capacity C.size_t, neededAt C.uintptr_t) (status C.int32_t) {
	defer func() {
		if recover() != nil {
			status = C.AGENTOTEL_ERR_INTERNAL
		}
	}()
	own := cgo.Handle(handle).Value().(*formatting)
	if !own.waiting || int(capacity) < len(own.line) {
		text := string(unsafe.Slice((*byte)(pointer(json)), int(jsonLen)))
		line, err := own.function(Signal(signal), text)
		own.waiting = false
		if err != nil {
			return C.AGENTOTEL_ERR_INTERNAL
		}
		own.line = line
	}
	*(*C.size_t)(pointer(neededAt)) = C.size_t(len(own.line))
	own.waiting = len(own.line) > int(capacity)
	if own.waiting {
		return C.AGENTOTEL_ERR_BUFFER_TOO_SMALL
	}
	if len(own.line) > 0 {
		copy(unsafe.Slice((*byte)(pointer(buffer)), int(capacity)), own.line)
	}
	return C.AGENTOTEL_OK
}

//export agentotelGoProvide
func agentotelGoProvide(handle, headers C.uintptr_t) (status C.int32_t) {
	defer func() {
		if recover() != nil {
			status = C.AGENTOTEL_ERR_INTERNAL
		}
	}()
	err := cgo.Handle(handle).Value().(HeaderProvider)(func(name, value string) error {
		a := newArena()
		defer a.release()
		if status := C.agentotel_go_add_header(headers, C.uintptr_t(a.textsAt(name, value))); status != C.AGENTOTEL_OK {
			return Status(status)
		}
		return nil
	})
	if err != nil {
		return C.AGENTOTEL_ERR_INTERNAL
	}
	return C.AGENTOTEL_OK
}

//export agentotelGoSample
func agentotelGoSample(handle, questionAt, answerAt C.uintptr_t) (verdict C.uint32_t) {
	defer func() {
		if recover() != nil {
			verdict = C.AGENTOTEL_SAMPLING_KEEP
		}
	}()
	c := (*C.agentotel_sampling_question)(pointer(questionAt))
	question := SamplingQuestion{
		TraceID: *(*[16]byte)(unsafe.Pointer(&c.trace_id)), TraceState: goText(c.trace_state),
		SessionName: goText(c.session_name),
	}
	if c.parent != nil {
		parent := *(*SpanContext)(unsafe.Pointer(c.parent))
		question.Parent = &parent
	}
	for _, attribute := range unsafe.Slice(c.attributes, int(c.attribute_count)) {
		question.Attributes = append(question.Attributes, attributeOf(&attribute))
	}
	result := cgo.Handle(handle).Value().(Sampler)(question)
	answer := (*C.agentotel_sampling_answer)(pointer(answerAt))
	if state := result.TraceState; state != "" && len(state) < len(answer.trace_state) {
		to := unsafe.Slice((*byte)(unsafe.Pointer(&answer.trace_state[0])), len(answer.trace_state))
		to[copy(to, state)] = 0
	}
	if result.Keep {
		return C.AGENTOTEL_SAMPLING_KEEP
	}
	return C.AGENTOTEL_SAMPLING_DROP
}

//export agentotelGoInject
func agentotelGoInject(handle, aboutAt, attributes C.uintptr_t) {
	defer func() { _ = recover() }()
	c := (*C.agentotel_injectee)(pointer(aboutAt))
	about := Injectee{
		Signal: Signal(c.signal), Kind: Kind(c.kind), IsSession: c.is_session != 0,
		Session: *(*SpanContext)(unsafe.Pointer(&c.session)),
	}
	cgo.Handle(handle).Value().(AttributeInjector)(about, func(attribute Attribute) error {
		a := newArena()
		defer a.release()
		one := [1]Attribute{attribute}
		status := C.agentotel_go_add_attribute(attributes, C.uintptr_t(a.attributes(one[:]).items))
		if status != C.AGENTOTEL_OK {
			return Status(status)
		}
		return nil
	})
}

//export agentotelGoDiagnose
func agentotelGoDiagnose(handle, lineAt C.uintptr_t) {
	defer func() { _ = recover() }()
	c := (*C.agentotel_diagnostic)(pointer(lineAt))
	cgo.Handle(handle).Value().(DiagnosticHandler)(Diagnostic{
		Level: DiagnosticLevel(c.level), Time: timeOf(int64(c.time_unix_nano)), Text: goText(c.text),
		LeftOut: uint64(c.left_out),
	})
}

// pointer is an address of C's memory that C has handed over as a number.
func pointer(address C.uintptr_t) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}

func goText(s C.agentotel_str) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(s.data)), int(s.len)))
}

// attributeOf copies an attribute of C's.
func attributeOf(c *C.agentotel_attribute) Attribute {
	attribute := Attribute{Key: goText(c.key)}
	words := (*[2]uintptr)(unsafe.Pointer(&c.value))
	text := func() string { return goText(*(*C.agentotel_str)(unsafe.Pointer(&c.value))) }
	switch kind := ValueType(c._type); kind {
	case ValueTypeBool:
		attribute.Value = BoolValue(*(*uint8)(unsafe.Pointer(&c.value)) != 0)
	case ValueTypeInt64, ValueTypeDouble:
		attribute.Value = Value{kind: kind, number: uint64(words[0])}
	case ValueTypeBytes:
		attribute.Value = BytesValue([]byte(text()))
	case ValueTypeStringArray:
		var list []string
		array := (*C.agentotel_string_array)(unsafe.Pointer(&c.value))
		for _, item := range unsafe.Slice(array.items, int(array.count)) {
			list = append(list, goText(item))
		}
		attribute.Value = StringsValue(list)
	case ValueTypeBoolArray:
		array := (*C.agentotel_bool_array)(unsafe.Pointer(&c.value))
		list := make([]bool, int(array.count))
		for i, item := range unsafe.Slice(array.items, int(array.count)) {
			list[i] = item != 0
		}
		attribute.Value = BoolsValue(list)
	case ValueTypeInt64Array:
		array := (*C.agentotel_int64_array)(unsafe.Pointer(&c.value))
		list := make([]int64, int(array.count))
		for i, item := range unsafe.Slice(array.items, int(array.count)) {
			list[i] = int64(item)
		}
		attribute.Value = Int64sValue(list)
	case ValueTypeDoubleArray:
		array := (*C.agentotel_double_array)(unsafe.Pointer(&c.value))
		list := make([]float64, int(array.count))
		for i, item := range unsafe.Slice(array.items, int(array.count)) {
			list[i] = float64(item)
		}
		attribute.Value = Float64sValue(list)
	default:
		attribute.Value = Value{kind: kind, text: text()}
	}
	return attribute
}
