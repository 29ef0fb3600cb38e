//go:build cgo

package agentotel

// #include "shim.h"
import "C"

import (
	"time"
	"unsafe"
)

// GetStats reads the counters of one signal, as they stand under one cut.
func GetStats(signal Signal) (Stats, error) {
	a := newArena()
	defer a.release()
	p := a.alloc(unsafe.Sizeof(cStats{}))
	c := (*cStats)(p)
	*c = cStats{structSize: unsafe.Sizeof(cStats{})}
	C.agentotel_go_get_stats(C.uint32_t(signal), C.uintptr_t(uintptr(p)), a.answerAt())
	if err := a.err(); err != nil {
		return Stats{}, err
	}
	return c.read(), nil
}

// RefusedInAll is all that was refused, for whatever reason.
func (s Stats) RefusedInAll() uint64 { return sum(s.Refused[:]) }

// GetExporterStats reads the counters of one exporter and signal, as they stand under one cut.
func GetExporterStats(name string, signal Signal) (ExporterStats, error) {
	a := newArena()
	defer a.release()
	p := a.alloc(unsafe.Sizeof(cExporterStats{}))
	c := (*cExporterStats)(p)
	*c = cExporterStats{structSize: unsafe.Sizeof(cExporterStats{})}
	C.agentotel_go_get_exporter_stats(C.uintptr_t(a.textAt(name)), C.uint32_t(signal), C.uintptr_t(uintptr(p)), a.answerAt())
	if err := a.err(); err != nil {
		return ExporterStats{}, err
	}
	return c.read(), nil
}

// DroppedInAll is all that was given up, for whatever reason.
func (s ExporterStats) DroppedInAll() uint64 { return sum(s.Dropped[:]) }

func sum(counts []uint64) (all uint64) {
	for _, count := range counts {
		all += count
	}
	return all
}

// GetExporterError tells what went wrong last with an exporter; empty when nothing did since its last success.
func GetExporterError(name string, signal Signal) (string, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_get_exporter_error(C.uintptr_t(a.textAt(name)), C.uint32_t(signal), a.answerAt())
	if err := a.err(); err != nil {
		return "", err
	}
	return a.takeText(), nil
}

// GetStorageStats reads how the storage fares.
func GetStorageStats() (StorageStats, error) {
	a := newArena()
	defer a.release()
	p := a.alloc(unsafe.Sizeof(cStorageStats{}))
	c := (*cStorageStats)(p)
	*c = cStorageStats{structSize: unsafe.Sizeof(cStorageStats{})}
	C.agentotel_go_get_storage_stats(C.uintptr_t(uintptr(p)), a.answerAt())
	if err := a.err(); err != nil {
		return StorageStats{}, err
	}
	return c.read(), nil
}

// GetDiagnostics gives the library's last diagnostic lines, oldest first.
func GetDiagnostics() (string, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_get_diagnostics(a.answerAt())
	if err := a.err(); err != nil {
		return "", err
	}
	return a.takeText(), nil
}

// LiveEvent is an event in flight.
type LiveEvent struct {
	Event   Target
	Session uint64
	Context SpanContext
	Kind    Kind
	// ChunkCount is how many chunks of a streamed answer were counted.
	ChunkCount uint32
	Start      time.Time
	// Elapsed is by a clock that never jumps.
	Elapsed time.Duration
	// Name is the span's name, cut to fit.
	Name string
}

// ListLive lists the events in flight, oldest first.
func ListLive() ([]LiveEvent, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_list_live(a.answerAt())
	if err := a.err(); err != nil {
		return nil, err
	}
	step := uintptr(a.number())
	all := a.takeText()
	events := make([]LiveEvent, 0, uintptr(len(all))/step)
	for ; len(all) > 0; all = all[step:] {
		var c C.agentotel_live_event
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&c)), unsafe.Sizeof(c)), all)
		events = append(events, LiveEvent{
			Event: Target{event: uint64(c.event)}, Session: uint64(c.session),
			Context: *(*SpanContext)(unsafe.Pointer(&c.context)), Kind: Kind(c.kind), ChunkCount: uint32(c.chunk_count),
			Start: timeOf(int64(c.start_time_unix_nano)), Elapsed: time.Duration(c.elapsed_nano),
			Name: C.GoString(&c.name[0]),
		})
	}
	return events, nil
}
