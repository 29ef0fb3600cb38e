//go:build cgo

package agentotel

// #include "shim.h"
import "C"

import (
	"time"
	"unsafe"
)

// Detail is what an event is about: [LLM], [Tool], [Action], [Embeddings], [Retrieval], [Agent], [Workflow], [MCPClient],
// [MCPServer], [Handoff], [Plan], [Approval], [Guardrail], [Memory], [Compaction], [Evaluation], [Feedback] or [Custom], or
// a pointer to one.
type Detail interface{ detail() }

// Custom is a span of the caller's own naming.
type Custom struct{ Name string }

func (Custom) detail() {}

type optionKind uint8

const (
	optionName optionKind = iota + 1
	optionParent
	optionSpanKind
	optionStart
	optionEnd
	optionDuration
	optionStatus
	optionAttributes
	optionLinks
	optionSpanEvents
	optionError
	optionID
	optionParentIndex
)

// EventOption says more of an event. Options are plain values: making and passing them allocates nothing.
type EventOption struct {
	kind       optionKind
	word       uint32
	number     int64
	text       string
	target     Target
	attributes []Attribute
	links      []Link
	spanEvents []SpanEvent
	err        *ErrorDetail
}

// WithName names the span otherwise than the conventions do.
func WithName(name string) EventOption { return EventOption{kind: optionName, text: name} }

// WithParent puts the event below a span other than the session's root. Not for updates and ends.
func WithParent(parent Target) EventOption { return EventOption{kind: optionParent, target: parent} }

// WithSpanKind gives the span another kind than that of its event.
func WithSpanKind(kind SpanKind) EventOption {
	return EventOption{kind: optionSpanKind, word: uint32(kind)}
}

// WithStart says when the event started.
func WithStart(start time.Time) EventOption {
	return EventOption{kind: optionStart, number: unixNano(start)}
}

// WithEnd says when it ended.
func WithEnd(end time.Time) EventOption { return EventOption{kind: optionEnd, number: unixNano(end)} }

// WithDuration says how long it took; with one of the two times it gives the other, alone it ended now.
func WithDuration(duration time.Duration) EventOption {
	return EventOption{kind: optionDuration, number: int64(duration)}
}

// WithStatus sets the span's status and, for an error, its description.
func WithStatus(code StatusCode, message string) EventOption {
	return EventOption{kind: optionStatus, word: uint32(code), text: message}
}

// WithAttributes gives the event free attributes, in place of those of an option like this before.
func WithAttributes(attributes ...Attribute) EventOption {
	return EventOption{kind: optionAttributes, attributes: attributes}
}

// WithLinks links the event to other spans.
func WithLinks(links ...Link) EventOption { return EventOption{kind: optionLinks, links: links} }

// WithSpanEvents says what happened at moments during the event.
func WithSpanEvents(events ...SpanEvent) EventOption {
	return EventOption{kind: optionSpanEvents, spanEvents: events}
}

// WithError says what went wrong.
func WithError(err *ErrorDetail) EventOption { return EventOption{kind: optionError, err: err} }

// WithID gives the event the caller's own id: one of the last 4,096 is not recorded again.
func WithID(id string) EventOption { return EventOption{kind: optionID, text: id} }

// WithParentIndex puts an event of [Session.RecordAll] below an earlier one of the same call.
func WithParentIndex(index int) EventOption {
	return EventOption{kind: optionParentIndex, number: int64(index)}
}

// event lays an event out.
func (a *arena) event(detail Detail, options []EventOption) uintptr {
	p := a.alloc(unsafe.Sizeof(cEventData{}))
	a.eventAt((*cEventData)(p), detail, options)
	return uintptr(p)
}

func (a *arena) eventAt(c *cEventData, detail Detail, options []EventOption) {
	*c = cEventData{structSize: unsafe.Sizeof(cEventData{})}
	a.putDetail(c, detail)
	for i := range options {
		o := &options[i]
		switch o.kind {
		case optionName:
			c.name = a.text(o.text)
		case optionParent:
			c.parent = a.target(&o.target)
		case optionSpanKind:
			c.spanKind = o.word
		case optionStart:
			c.startTimeUnixNano = o.number
		case optionEnd:
			c.endTimeUnixNano = o.number
		case optionDuration:
			c.durationNano = o.number
		case optionStatus:
			c.statusCode, c.statusMessage = o.word, a.text(o.text)
		case optionAttributes:
			list := a.attributes(o.attributes)
			c.attributes, c.attributeCount = list.items, list.count
		case optionLinks:
			c.links, c.linkCount = a.links(o.links)
		case optionSpanEvents:
			c.spanEvents, c.spanEventCount = a.spanEvents(o.spanEvents)
		case optionError:
			if o.err != nil {
				c.error = a.putErrorDetail(o.err)
			}
		case optionID:
			c.eventID = a.text(o.text)
		case optionParentIndex:
			c.parentIndex = cOptInt64{value: o.number, present: 1}
		}
	}
}

// Event is an event in flight. It may be used on any goroutine; one that was not started, or has ended, is answered by a
// status.
type Event struct {
	handle uint64
	err    error
}

// Err is why the event could not be started, or nil.
func (e *Event) Err() error {
	if e == nil {
		return ErrInvalidHandle
	}
	return e.err
}

// Handle is the event's number in the library; 0 is none.
func (e *Event) Handle() uint64 {
	if e == nil {
		return 0
	}
	return e.handle
}

// Target names the event, for what belongs to it. One that was not started stands for the session's root span.
func (e *Event) Target() Target { return Target{event: e.Handle()} }

// Update adds to it: attributes, typed detail, status, links, span events, a name. The detail may be nil.
func (e *Event) Update(detail Detail, options ...EventOption) error {
	a := newArena()
	C.agentotel_go_update_event(C.uint64_t(e.Handle()), C.uintptr_t(a.event(detail, options)), a.answerAt())
	err := a.err()
	a.release()
	return err
}

// UpdateJSON adds what is said in JSON.
func (e *Event) UpdateJSON(text string) error {
	a := newArena()
	defer a.release()
	C.agentotel_go_update_event_json(C.uint64_t(e.Handle()), C.uintptr_t(a.textAt(text)), a.answerAt())
	return a.err()
}

// SetAttributes adds attributes.
func (e *Event) SetAttributes(attributes ...Attribute) error {
	return e.Update(nil, WithAttributes(attributes...))
}

// FirstToken notes that the first token of a streamed answer is here.
func (e *Event) FirstToken() error {
	a := newArena()
	C.agentotel_go_event_first_token(C.uint64_t(e.Handle()), a.answerAt())
	err := a.err()
	a.release()
	return err
}

// Chunk counts one chunk of a streamed answer; the text is counted, not kept.
func (e *Event) Chunk(content string) error {
	a := newArena()
	C.agentotel_go_event_chunk(C.uint64_t(e.Handle()), C.uintptr_t(a.textAt(content)), a.answerAt())
	err := a.err()
	a.release()
	return err
}

// Context is the context of its span, for passing on and for children.
func (e *Event) Context() (SpanContext, error) {
	a := newArena()
	C.agentotel_go_event_context(C.uint64_t(e.Handle()), a.answerAt())
	err := a.err()
	var span SpanContext
	if err == nil {
		span = a.span()
	}
	a.release()
	return span, err
}

// End ends it: its span is recorded. With [ErrQueueFull] it stays in flight and may be ended again.
func (e *Event) End(options ...EventOption) error { return e.EndWith(nil, options...) }

// EndWith ends it with what is known of its detail now.
func (e *Event) EndWith(detail Detail, options ...EventOption) error {
	a := newArena()
	var data uintptr
	if detail != nil || len(options) > 0 {
		data = a.event(detail, options)
	}
	C.agentotel_go_end_event(C.uint64_t(e.Handle()), C.uintptr_t(data), a.answerAt())
	err := a.err()
	a.release()
	return err
}

// EndJSON ends it with what is said in JSON.
func (e *Event) EndJSON(text string) error {
	a := newArena()
	defer a.release()
	C.agentotel_go_end_event_json(C.uint64_t(e.Handle()), C.uintptr_t(a.textAt(text)), a.answerAt())
	return a.err()
}

// Fail ends it with an error: its type is that of the error's Go type unless it says otherwise, its message the error's.
func (e *Event) Fail(err error, options ...EventOption) error {
	return e.End(append(options[:len(options):len(options)], WithError(ErrorOf(err)))...)
}
