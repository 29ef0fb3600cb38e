//go:build cgo

package agentotel

import (
	"context"
	"unsafe"
)

type (
	sessionKey struct{}
	targetKey  struct{}
	remoteKey  struct{}
)

// ContextWithSession gives a context that has a session.
func ContextWithSession(ctx context.Context, session *Session) context.Context {
	return context.WithValue(ctx, sessionKey{}, session)
}

// SessionFromContext gives the context's session, or nil.
func SessionFromContext(ctx context.Context) *Session {
	session, _ := ctx.Value(sessionKey{}).(*Session)
	return session
}

// ContextWithTarget gives a context below whose span events are started and recorded.
func ContextWithTarget(ctx context.Context, target Target) context.Context {
	return context.WithValue(ctx, targetKey{}, target)
}

// TargetFromContext gives the span below which events stand; without one, the session's root span.
func TargetFromContext(ctx context.Context) Target {
	switch target := ctx.Value(targetKey{}).(type) {
	case *Event:
		return target.Target()
	case Target:
		return target
	}
	return Target{}
}

// ContextWithRemote gives a context whose next session continues what came along from another process.
func ContextWithRemote(ctx context.Context, remote RemoteContext) context.Context {
	return context.WithValue(ctx, remoteKey{}, remote)
}

// RemoteFromContext gives what came along, if anything did.
func RemoteFromContext(ctx context.Context) (RemoteContext, bool) {
	remote, ok := ctx.Value(remoteKey{}).(RemoteContext)
	return remote, ok
}

// StartEvent starts an event of the context's session, below the context's event, and gives a context for what is below it.
// One that cannot be started is told by [Event.Err], and by what all of its calls return.
func StartEvent(ctx context.Context, detail Detail, options ...EventOption) (context.Context, *Event) {
	a := newArena()
	data := a.below(ctx, detail, options)
	event := SessionFromContext(ctx).start(data, a)
	a.release()
	return context.WithValue(ctx, targetKey{}, &event), &event
}

// Record records an event of the context's session, below the context's event.
func Record(ctx context.Context, detail Detail, options ...EventOption) (SpanContext, error) {
	a := newArena()
	data := a.below(ctx, detail, options)
	span, err := SessionFromContext(ctx).record(data, a)
	a.release()
	return span, err
}

// below lays an event out whose parent is the context's, unless an option says otherwise.
func (a *arena) below(ctx context.Context, detail Detail, options []EventOption) uintptr {
	p := a.alloc(unsafe.Sizeof(cEventData{}))
	c := (*cEventData)(p)
	a.eventAt(c, detail, options)
	for i := range options {
		if options[i].kind == optionParent {
			return uintptr(p)
		}
	}
	parent := TargetFromContext(ctx)
	c.parent = a.target(&parent)
	return uintptr(p)
}
