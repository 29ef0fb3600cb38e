//go:build cgo

package agentotel

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"
)

// closeTimeout is how long Close, and Flush and Shutdown without a deadline, wait at most.
const closeTimeout = 5 * time.Second

// Library is the library of this process, running. There is one at a time.
type Library struct{ closed atomic.Bool }

type initOptions struct {
	config string
	err    error
}

// InitOption says how the library is started.
type InitOption func(*initOptions)

// WithConfig gives the configuration as one JSON document; what it leaves out comes from the environment and the defaults.
func WithConfig(document string) InitOption {
	return func(o *initOptions) { o.config = document }
}

// WithConfigValue gives the configuration as a value that encoding/json makes the document of.
func WithConfigValue(document any) InitOption {
	return func(o *initOptions) {
		text, err := json.Marshal(document)
		o.config, o.err = string(text), err
	}
}

// Init starts the library; without options by the environment (OTEL_…, AGENTOTEL_CONFIG_FILE) and the defaults. It waits for
// nothing; a context that is done starts nothing.
func Init(ctx context.Context, options ...InitOption) (*Library, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var o initOptions
	for _, option := range options {
		option(&o)
	}
	if o.err != nil {
		return nil, o.err
	}
	a := newArena()
	defer a.release()
	C.agentotel_go_init(C.uintptr_t(a.terminated(o.config)), a.answerAt())
	if err := a.err(); err != nil {
		return nil, err
	}
	return &Library{}, nil
}

// Close ends what is open, delivers what is recorded, for five seconds at most, and stops the library. Closing it again does
// nothing.
func (l *Library) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return Shutdown(ctx)
}

// Shutdown ends what is open, delivers what is recorded until the context's deadline, five seconds without one, and stops
// the library. [ErrTimeout] says what was pending; a second call gets [ErrShutDown].
func Shutdown(ctx context.Context) error {
	a := newArena()
	defer a.release()
	C.agentotel_go_shutdown(milliseconds(remaining(ctx)), a.answerAt())
	return a.err()
}

// Flush delivers what has been recorded until now, until the context's deadline, five seconds without one. Cancelling the
// context ends the wait within a tenth of a second.
func Flush(ctx context.Context) error {
	const step = 100 * time.Millisecond
	end := time.Now().Add(remaining(ctx))
	a := newArena()
	defer a.release()
	for {
		left := time.Until(end)
		if ctx.Done() != nil {
			left = min(left, step)
		}
		C.agentotel_go_flush(milliseconds(left), a.answerAt())
		err := a.err()
		if err == nil || Status(a.answer().status) != ErrTimeout || time.Until(end) <= 0 {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func remaining(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return max(time.Until(deadline), 0)
	}
	return closeTimeout
}

// Version is the library's version, such as 0.1.0.
func Version() string { return C.GoString(C.agentotel_version()) }

// ABIVersion is the version of the binary interface that the loaded library serves.
func ABIVersion() uint32 { return uint32(C.agentotel_abi_version()) }
