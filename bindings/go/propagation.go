//go:build cgo

package agentotel

// #include "shim.h"
import "C"

import (
	"context"
	"net/http"
	"unsafe"
)

// RemoteContext is what came along with a call from another process.
type RemoteContext struct {
	// Span is the span that calls; not valid when none does.
	Span SpanContext
	// TraceState is its W3C tracestate; may be empty.
	TraceState string
	// Baggage is the baggage as the value of a W3C header; may be empty.
	Baggage string
}

// ContextTexts are the values of the W3C's headers; an empty one is not to be sent.
type ContextTexts struct{ Traceparent, Tracestate, Baggage string }

// Inject writes the context's span, and its session's baggage, in the formats that the configuration's propagators say: set
// is called for each header.
func Inject(ctx context.Context, set func(key, value string)) error {
	return SessionFromContext(ctx).Inject(TargetFromContext(ctx), set)
}

// Inject writes the context of a span, the zero target's being the root span, and the baggage. Session nil stands for a
// target that is a span or an event of its own.
func (s *Session) Inject(target Target, set func(key, value string)) error {
	a := newArena()
	defer a.release()
	C.agentotel_go_inject(C.uint64_t(s.Handle()), C.uintptr_t(a.targetAt(target)), a.answerAt())
	if err := a.err(); err != nil {
		return err
	}
	for texts := a.takeTexts(); len(texts) >= 2; texts = texts[2:] {
		set(texts[0], texts[1])
	}
	return nil
}

// InjectTexts gives the same as texts, in the W3C's formats.
func (s *Session) InjectTexts(target Target) (ContextTexts, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_inject_texts(C.uint64_t(s.Handle()), C.uintptr_t(a.targetAt(target)), a.answerAt())
	if err := a.err(); err != nil {
		return ContextTexts{}, err
	}
	texts := a.takeTexts()
	return ContextTexts{texts[0], texts[1], texts[2]}, nil
}

// InjectMeta gives the same for a message of the Model Context Protocol: a JSON object for its params._meta.
func (s *Session) InjectMeta(target Target) (string, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_inject_meta(C.uint64_t(s.Handle()), C.uintptr_t(a.targetAt(target)), a.answerAt())
	if err := a.err(); err != nil {
		return "", err
	}
	return a.takeText(), nil
}

func (a *arena) remote() (RemoteContext, error) {
	if err := a.err(); err != nil {
		return RemoteContext{}, err
	}
	texts := a.takeTexts()
	return RemoteContext{Span: a.span(), TraceState: texts[0], Baggage: texts[1]}, nil
}

// Extract reads what came along in headers, in the formats that the configuration's propagators say. Nothing in them is an
// error: what breaks its format's rules counts as absent.
func Extract(headers http.Header) (RemoteContext, error) {
	a := newArena()
	defer a.release()
	count := 0
	for _, values := range headers {
		count += len(values)
	}
	p := a.alloc(uintptr(max(count, 1)) * 2 * unsafe.Sizeof(cStr{}))
	pairs := unsafe.Slice((*[2]cStr)(p), max(count, 1))[:0]
	for name, values := range headers {
		for _, value := range values {
			pairs = append(pairs, [2]cStr{a.text(name), a.value(value)})
		}
	}
	C.agentotel_go_extract(C.uintptr_t(uintptr(p)), C.uint64_t(count), a.answerAt())
	return a.remote()
}

// ExtractMap reads what came along in a map of keys and values: attributes of a message, say.
func ExtractMap(carrier map[string]string) (RemoteContext, error) {
	headers := make(http.Header, len(carrier))
	for key, value := range carrier {
		headers[key] = []string{value}
	}
	return Extract(headers)
}

// ExtractTexts reads the values of the W3C's headers. It works without Init.
func ExtractTexts(texts ContextTexts) (RemoteContext, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_extract_texts(C.uintptr_t(a.textsAt(texts.Traceparent, texts.Tracestate, texts.Baggage)), a.answerAt())
	return a.remote()
}

// ExtractMeta reads the params._meta of a message of the Model Context Protocol. It works without Init.
func ExtractMeta(text string) (RemoteContext, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_extract_meta(C.uintptr_t(a.textAt(text)), a.answerAt())
	return a.remote()
}

// Transport is an http.RoundTripper that sends the context of its requests' span along.
type Transport struct {
	// Base makes the requests; http.DefaultTransport when nil.
	Base http.RoundTripper
}

// RoundTrip sends a copy of the request that has the headers. A request without a session or span goes out as it is.
func (t Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	ctx := request.Context()
	if SessionFromContext(ctx) == nil && TargetFromContext(ctx) == (Target{}) {
		return base.RoundTrip(request)
	}
	own := request.Clone(ctx)
	// What cannot be sent along is no reason not to send the request.
	_ = Inject(ctx, own.Header.Set)
	return base.RoundTrip(own)
}

// Handler gives its requests' contexts what came along in their headers, so that the session that is started with one
// continues its caller's trace.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if remote, err := Extract(r.Header); err == nil && (remote.Span.IsValid() || remote.Baggage != "") {
			r = r.WithContext(ContextWithRemote(r.Context(), remote))
		}
		next.ServeHTTP(w, r)
	})
}
