//go:build cgo

package agentotel

// #include "shim.h"
import "C"

import "context"

// Status says what went wrong with a call. It is an error itself, for errors.Is.
type Status int32

// The statuses of the library.
const (
	// ErrInvalidArgument: an argument is missing or unknown, or two contradict each other.
	ErrInvalidArgument Status = C.AGENTOTEL_ERR_INVALID_ARGUMENT
	// ErrABIVersion: this package was built against a header that the loaded library does not serve.
	ErrABIVersion Status = C.AGENTOTEL_ERR_ABI_VERSION
	// ErrStructSize: a struct is smaller than the library's first version of it.
	ErrStructSize Status = C.AGENTOTEL_ERR_STRUCT_SIZE
	// ErrNotInitialized: Init has not been called.
	ErrNotInitialized Status = C.AGENTOTEL_ERR_NOT_INITIALIZED
	// ErrAlreadyInitialized: Init was called before and the library is running.
	ErrAlreadyInitialized Status = C.AGENTOTEL_ERR_ALREADY_INITIALIZED
	// ErrShutDown: the library has been shut down; Init may start it again.
	ErrShutDown Status = C.AGENTOTEL_ERR_SHUT_DOWN
	// ErrConfig: the configuration is not valid; the message names the key.
	ErrConfig Status = C.AGENTOTEL_ERR_CONFIG
	// ErrInvalidHandle: the session or event is none: it could not be started.
	ErrInvalidHandle Status = C.AGENTOTEL_ERR_INVALID_HANDLE
	// ErrStaleHandle: the session or event has ended, or belongs to an earlier Init.
	ErrStaleHandle Status = C.AGENTOTEL_ERR_STALE_HANDLE
	// ErrQueueFull: the queue is full and its policy refused the event; it was counted and not recorded.
	ErrQueueFull Status = C.AGENTOTEL_ERR_QUEUE_FULL
	// ErrTimeout: the deadline passed first; the message says what is pending.
	ErrTimeout Status = C.AGENTOTEL_ERR_TIMEOUT
	// ErrBufferTooSmall: a buffer is too small.
	ErrBufferTooSmall Status = C.AGENTOTEL_ERR_BUFFER_TOO_SMALL
	// ErrTooLarge: a length or a count is beyond what the library takes.
	ErrTooLarge Status = C.AGENTOTEL_ERR_TOO_LARGE
	// ErrLimit: as many sessions or events in flight are open as the library holds.
	ErrLimit Status = C.AGENTOTEL_ERR_LIMIT
	// ErrNotFound: nothing has that name.
	ErrNotFound Status = C.AGENTOTEL_ERR_NOT_FOUND
	// ErrInternal: a fault inside the library was contained.
	ErrInternal Status = C.AGENTOTEL_ERR_INTERNAL
	// ErrSystem: the operating system refused what was needed.
	ErrSystem Status = C.AGENTOTEL_ERR_SYSTEM
	// ErrInCallback: the call would wait for the callback that it is made from.
	ErrInCallback Status = C.AGENTOTEL_ERR_IN_CALLBACK
)

// Error is the status's name, such as AGENTOTEL_ERR_QUEUE_FULL.
func (s Status) Error() string { return C.GoString(C.agentotel_status_name(C.agentotel_status(s))) }

// Error is a call that failed, with the library's words.
type Error struct {
	Status  Status
	Message string
}

// Error is the status's name and the words.
func (e *Error) Error() string {
	if e.Message == "" {
		return "agentotel: " + e.Status.Error()
	}
	return "agentotel: " + e.Status.Error() + ": " + e.Message
}

// Unwrap gives the status, for errors.Is.
func (e *Error) Unwrap() error { return e.Status }

// Is makes a timeout of the library a passed deadline, too.
func (e *Error) Is(target error) bool {
	return target == context.DeadlineExceeded && e.Status == ErrTimeout
}
