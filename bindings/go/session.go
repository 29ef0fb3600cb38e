//go:build cgo

package agentotel

// #include "shim.h"
import "C"

import (
	"context"
	"fmt"
	"time"
	"unsafe"
)

type sessionOptions struct {
	id, name, conversationID, userID                   string
	tags                                               []string
	agentName, agentID, agentVersion, agentDescription string
	provider                                           string
	parent                                             *SpanContext
	traceState, baggage                                string
	start                                              time.Time
	attributes                                         []Attribute
	resumed                                            *SpanContext
	previousID                                         string
}

// SessionOption says what a session is.
type SessionOption func(*sessionOptions)

// WithSessionID sets session.id; a random UUID without.
func WithSessionID(id string) SessionOption { return func(o *sessionOptions) { o.id = id } }

// WithSessionName names the root span, when no agent and provider are given.
func WithSessionName(name string) SessionOption { return func(o *sessionOptions) { o.name = name } }

// WithConversation sets gen_ai.conversation.id, on the root span and on the session's llm spans.
func WithConversation(id string) SessionOption {
	return func(o *sessionOptions) { o.conversationID = id }
}

// WithUser sets user.id.
func WithUser(id string) SessionOption { return func(o *sessionOptions) { o.userID = id } }

// WithTags sets agentotel.session.tags.
func WithTags(tags ...string) SessionOption { return func(o *sessionOptions) { o.tags = tags } }

// WithAgent sets gen_ai.agent.name; with a provider it makes the root span "invoke_agent {name}".
func WithAgent(name string) SessionOption { return func(o *sessionOptions) { o.agentName = name } }

// WithAgentDetails sets the agent's id, version and description.
func WithAgentDetails(id, version, description string) SessionOption {
	return func(o *sessionOptions) { o.agentID, o.agentVersion, o.agentDescription = id, version, description }
}

// WithProvider sets gen_ai.provider.name, such as openai; llm events that name none inherit it.
func WithProvider(provider string) SessionOption {
	return func(o *sessionOptions) { o.provider = provider }
}

// WithRemoteParent has the session continue what came along from another process. [StartSession] does so by itself when its
// context has one.
func WithRemoteParent(remote RemoteContext) SessionOption {
	return func(o *sessionOptions) {
		o.parent, o.traceState, o.baggage = &remote.Span, remote.TraceState, remote.Baggage
	}
}

// WithSessionStart says when the session started.
func WithSessionStart(start time.Time) SessionOption {
	return func(o *sessionOptions) { o.start = start }
}

// WithSessionAttributes gives the root span attributes.
func WithSessionAttributes(attributes ...Attribute) SessionOption {
	return func(o *sessionOptions) { o.attributes = attributes }
}

// WithResumed links the session to the root span of one that it resumes; previousID is the id of that, when it is another.
func WithResumed(root SpanContext, previousID string) SessionOption {
	return func(o *sessionOptions) { o.resumed, o.previousID = &root, previousID }
}

// Session is a trace with a root span, which is recorded when the session ends. It may be used on any goroutine; one that
// could not be started, or has ended, is answered by a status.
type Session struct {
	handle uint64
	err    error
}

// StartSession starts a session, and gives a context that has it: events that are started with that are the session's. A
// session that cannot be started is told by [Session.Err], and by what all of its calls return.
func StartSession(ctx context.Context, options ...SessionOption) (context.Context, *Session) {
	var o sessionOptions
	if remote, ok := RemoteFromContext(ctx); ok {
		WithRemoteParent(remote)(&o)
	}
	for _, option := range options {
		option(&o)
	}
	a := newArena()
	defer a.release()
	p := a.alloc(unsafe.Sizeof(cSessionOptions{}))
	c := (*cSessionOptions)(p)
	list := a.attributes(o.attributes)
	*c = cSessionOptions{
		structSize: unsafe.Sizeof(cSessionOptions{}), sessionID: a.text(o.id), name: a.text(o.name),
		conversationID: a.text(o.conversationID), userID: a.text(o.userID), tags: a.texts(o.tags),
		agentName: a.text(o.agentName), agentID: a.text(o.agentID), agentVersion: a.text(o.agentVersion),
		agentDescription: a.text(o.agentDescription), provider: a.text(o.provider),
		traceState: a.text(o.traceState), startTimeUnixNano: unixNano(o.start),
		attributes: list.items, attributeCount: list.count, baggage: a.text(o.baggage),
		previousSessionID: a.text(o.previousID),
	}
	if o.parent != nil {
		c.parent = a.context(o.parent)
	}
	if o.resumed != nil {
		c.resumed = a.context(o.resumed)
	}
	C.agentotel_go_start_session(C.uintptr_t(uintptr(p)), a.answerAt())
	session := &Session{err: a.err()}
	if session.err == nil {
		session.handle = a.number()
	}
	return ContextWithSession(ctx, session), session
}

// StartSessionJSON starts a session that is said in JSON.
func StartSessionJSON(ctx context.Context, text string) (context.Context, *Session) {
	a := newArena()
	defer a.release()
	C.agentotel_go_start_session_json(C.uintptr_t(a.textAt(text)), a.answerAt())
	session := &Session{err: a.err()}
	if session.err == nil {
		session.handle = a.number()
	}
	return ContextWithSession(ctx, session), session
}

// Err is why the session could not be started, or nil.
func (s *Session) Err() error {
	if s == nil {
		return ErrInvalidHandle
	}
	return s.err
}

// Handle is the session's number in the library; 0 is none.
func (s *Session) Handle() uint64 {
	if s == nil {
		return 0
	}
	return s.handle
}

// Record records an event that is over, and gives the context of its span. It crosses into C once and allocates nothing.
func (s *Session) Record(detail Detail, options ...EventOption) (SpanContext, error) {
	a := newArena()
	span, err := s.record(a.event(detail, options), a)
	a.release()
	return span, err
}

func (s *Session) record(data uintptr, a *arena) (SpanContext, error) {
	C.agentotel_go_record_event(C.uint64_t(s.Handle()), C.uintptr_t(data), a.answerAt())
	if err := a.err(); err != nil {
		return SpanContext{}, err
	}
	return a.span(), nil
}

// Recorded is one event for [Session.RecordAll].
type Recorded struct {
	Detail  Detail
	Options []EventOption
}

// RecordAll records several events, in order, until one is refused, in one crossing. It gives the contexts of those that
// were recorded.
func (s *Session) RecordAll(events []Recorded) ([]SpanContext, error) {
	if len(events) == 0 {
		return nil, nil
	}
	a := newArena()
	defer a.release()
	p := a.alloc(uintptr(len(events)) * unsafe.Sizeof(cEventData{}))
	all := unsafe.Slice((*cEventData)(p), len(events))
	for i := range events {
		a.eventAt(&all[i], events[i].Detail, events[i].Options)
	}
	q := a.alloc(uintptr(len(events)) * unsafe.Sizeof(SpanContext{}))
	C.agentotel_go_record_events(C.uint64_t(s.Handle()), C.uintptr_t(uintptr(p)), C.uint64_t(len(events)),
		C.uintptr_t(uintptr(q)), a.answerAt())
	contexts := make([]SpanContext, a.number())
	copy(contexts, unsafe.Slice((*SpanContext)(q), len(events)))
	return contexts, a.err()
}

// RecordJSON records one event that is said in JSON.
func (s *Session) RecordJSON(text string) (SpanContext, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_record_event_json(C.uint64_t(s.Handle()), C.uintptr_t(a.textAt(text)), a.answerAt())
	if err := a.err(); err != nil {
		return SpanContext{}, err
	}
	return a.span(), nil
}

// Start starts an event that will be ended later, without a context: see [StartEvent]. It allocates nothing.
func (s *Session) Start(detail Detail, options ...EventOption) (Event, error) {
	a := newArena()
	event := s.start(a.event(detail, options), a)
	a.release()
	return event, event.err
}

func (s *Session) start(data uintptr, a *arena) Event {
	C.agentotel_go_start_event(C.uint64_t(s.Handle()), C.uintptr_t(data), a.answerAt())
	if err := a.err(); err != nil {
		return Event{err: err}
	}
	return Event{handle: a.number()}
}

// StartJSON starts an event that is said in JSON.
func (s *Session) StartJSON(text string) (Event, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_start_event_json(C.uint64_t(s.Handle()), C.uintptr_t(a.textAt(text)), a.answerAt())
	if err := a.err(); err != nil {
		return Event{err: err}, err
	}
	return Event{handle: a.number()}, nil
}

// RecordError records an error of a span, or of the session itself.
func (s *Session) RecordError(err *ErrorDetail, target Target) error {
	a := newArena()
	defer a.release()
	var at uintptr
	if err != nil {
		at = a.putErrorDetail(err)
	}
	C.agentotel_go_record_error(C.uint64_t(s.Handle()), C.uintptr_t(a.targetAt(target)), C.uintptr_t(at), a.answerAt())
	return a.err()
}

// RecordErrorJSON records an error that is said in JSON.
func (s *Session) RecordErrorJSON(text string, target Target) error {
	a := newArena()
	defer a.release()
	C.agentotel_go_record_error_json(C.uint64_t(s.Handle()), C.uintptr_t(a.targetAt(target)),
		C.uintptr_t(a.textAt(text)), a.answerAt())
	return a.err()
}

// ErrorOf says what a Go error was: its type, and its message.
func ErrorOf(err error) *ErrorDetail {
	if err == nil {
		return nil
	}
	return &ErrorDetail{Type: fmt.Sprintf("%T", err), Message: err.Error()}
}

// SetAttributes sets attributes of the root span.
func (s *Session) SetAttributes(attributes ...Attribute) error {
	a := newArena()
	list := a.attributes(attributes)
	C.agentotel_go_session_set_attributes(C.uint64_t(s.Handle()), C.uintptr_t(list.items), C.uint64_t(list.count),
		a.answerAt())
	err := a.err()
	a.release()
	return err
}

// Context is the context of the root span, for passing on to other processes.
func (s *Session) Context() (SpanContext, error) {
	a := newArena()
	C.agentotel_go_session_context(C.uint64_t(s.Handle()), a.answerAt())
	err := a.err()
	var span SpanContext
	if err == nil {
		span = a.span()
	}
	a.release()
	return span, err
}

// SessionEnd says how a session ended.
type SessionEnd struct {
	State EndState
	// Reason is why, in words.
	Reason string
	// ErrorType is the error.type of one that failed, of few distinct values.
	ErrorType string
	// Time is when; the zero time is now.
	Time time.Time
}

// End ends it, without a judgement. Its events in flight are ended and marked as interrupted.
func (s *Session) End() error { return s.EndWith(SessionEnd{}) }

// Close is End, for those who close.
func (s *Session) Close() error { return s.End() }

// EndWith ends it, and says how it went.
func (s *Session) EndWith(end SessionEnd) error {
	a := newArena()
	defer a.release()
	p := a.alloc(unsafe.Sizeof(cSessionEnd{}))
	*(*cSessionEnd)(p) = cSessionEnd{
		structSize: unsafe.Sizeof(cSessionEnd{}), endState: uint32(end.State), reason: a.text(end.Reason),
		errorType: a.text(end.ErrorType), endTimeUnixNano: unixNano(end.Time),
	}
	C.agentotel_go_end_session(C.uint64_t(s.Handle()), C.uintptr_t(uintptr(p)), a.answerAt())
	return a.err()
}

// EndJSON ends it with what is said in JSON.
func (s *Session) EndJSON(text string) error {
	a := newArena()
	defer a.release()
	C.agentotel_go_end_session_json(C.uint64_t(s.Handle()), C.uintptr_t(a.textAt(text)), a.answerAt())
	return a.err()
}

// SetBaggage adds an entry to the session's baggage, which goes along with every call to another process: it is no place for
// secrets. The metadata is properties as in a header, and may be empty.
func (s *Session) SetBaggage(key, value, metadata string) error {
	a := newArena()
	defer a.release()
	p := a.alloc(3 * unsafe.Sizeof(cStr{}))
	*(*[3]cStr)(p) = [3]cStr{a.text(key), a.value(value), a.text(metadata)}
	C.agentotel_go_set_baggage(C.uint64_t(s.Handle()), C.uintptr_t(uintptr(p)), a.answerAt())
	return a.err()
}

// RemoveBaggage takes an entry out.
func (s *Session) RemoveBaggage(key string) error {
	a := newArena()
	defer a.release()
	C.agentotel_go_remove_baggage(C.uint64_t(s.Handle()), C.uintptr_t(a.textAt(key)), a.answerAt())
	return a.err()
}

// BaggageEntry is one entry of a session's baggage.
type BaggageEntry struct{ Key, Value, Metadata string }

// Baggage gives an entry; [ErrNotFound] when there is none.
func (s *Session) Baggage(key string) (BaggageEntry, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_get_baggage(C.uint64_t(s.Handle()), C.uintptr_t(a.textAt(key)), a.answerAt())
	if err := a.err(); err != nil {
		return BaggageEntry{}, err
	}
	texts := a.takeTexts()
	return BaggageEntry{key, texts[0], texts[1]}, nil
}

// ListBaggage gives all entries, in the order in which they came.
func (s *Session) ListBaggage() ([]BaggageEntry, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_list_baggage(C.uint64_t(s.Handle()), a.answerAt())
	if err := a.err(); err != nil {
		return nil, err
	}
	var entries []BaggageEntry
	for texts := a.takeTexts(); len(texts) >= 3; texts = texts[3:] {
		entries = append(entries, BaggageEntry{texts[0], texts[1], texts[2]})
	}
	return entries, nil
}
