//go:build cgo

package agentotel

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// stressEvents of each goroutine; AGENTOTEL_STRESS_EVENTS says another number.
func stressEvents() int {
	if n, err := strconv.Atoi(os.Getenv("AGENTOTEL_STRESS_EVENTS")); err == nil {
		return n
	}
	if testing.Short() || raceEnabled {
		return 1000
	}
	return 10_000
}

// A hundred goroutines record at once while memory is collected, handles are used after their end, everything is ended
// twice, and a callback is under way: every call is answered, and the counters add up to what was answered.
func TestStress(t *testing.T) {
	const goroutines = 100
	events := stressEvents()
	var exported, injected atomic.Uint64
	check(t,
		RegisterExporter("stress", func(b Batch) ExportResult {
			if b.Signal == SignalTraces {
				exported.Add(b.ItemCount)
			}
			return ExportResult{}
		}),
		RegisterAttributeInjector("stress", func(_ Injectee, add func(Attribute) error) {
			if injected.Add(1)%64 == 0 {
				_ = add(String("injected", "yes"))
			}
		}),
	)
	library, err := Init(context.Background(), WithConfig(
		`{"exporters":[{"type":"host","callback":"stress"}],"inject":{"host":"stress"},"queue":{"overflow":"block","block_ms":60000}}`))
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var collector sync.WaitGroup
	collector.Add(1)
	go func() {
		defer collector.Done()
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
				_, _ = ListLive()
				time.Sleep(20 * time.Millisecond)
			}
		}
	}()
	var answered, spans, wrong atomic.Uint64
	var workers sync.WaitGroup
	for g := range goroutines {
		workers.Add(1)
		go func() {
			defer workers.Done()
			ctx, session := StartSession(context.Background(), WithSessionName("stress"))
			ok := func(err error) {
				answered.Add(1)
				if err != nil {
					wrong.Add(1)
					t.Log(err)
				} else {
					spans.Add(1)
				}
			}
			for i := range events {
				if i%10 != 0 {
					_, err := session.Record(Custom{Name: "step"}, WithAttributes(Int("g", g), String("text", "some words")))
					ok(err)
					continue
				}
				_, event := StartEvent(ctx, Tool{Name: "tool"})
				if i%100 == 0 {
					_ = event.Chunk("x")
				}
				ok(event.End())
				if err := event.End(); !errors.Is(err, ErrStaleHandle) {
					wrong.Add(1)
				}
				if err := event.SetAttributes(Int("late", i)); !errors.Is(err, ErrStaleHandle) {
					wrong.Add(1)
				}
			}
			ok(session.End())
			if err := session.Close(); !errors.Is(err, ErrStaleHandle) {
				wrong.Add(1)
			}
			if _, err := session.Record(Custom{Name: "late"}); !errors.Is(err, ErrStaleHandle) {
				wrong.Add(1)
			}
		}()
	}
	workers.Wait()
	close(stop)
	collector.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	check(t, Shutdown(ctx))
	if err := library.Close(); !errors.Is(err, ErrShutDown) {
		t.Error(err)
	}
	stats := must(GetStats(SignalTraces))
	if wrong.Load() != 0 || stats.AcceptedCaller != spans.Load() || exported.Load() != stats.AcceptedCaller+stats.AcceptedDerived {
		t.Errorf("%d wrong; %d recorded, %d accepted, %d exported", wrong.Load(), spans.Load(), stats.AcceptedCaller, exported.Load())
	}
	if want := uint64(goroutines*events + goroutines); answered.Load() != want {
		t.Errorf("%d calls were answered, expected %d", answered.Load(), want)
	}
	equationsHold(t, "host")
	check(t, Unregister(context.Background(), CallbackKindExporter, "stress"),
		Unregister(context.Background(), CallbackKindAttributeInjector, "stress"))
}

// Goroutines that record while the library is shut down and started again get statuses, and callbacks run meanwhile.
func TestShutdownUnderLoad(t *testing.T) {
	var calls atomic.Uint64
	check(t, RegisterExporter("load", func(Batch) ExportResult {
		calls.Add(1)
		_, _ = GetStats(SignalTraces)
		_ = Flush(context.Background()) // is answered, not waited for
		return ExportResult{}
	}))
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for range 20 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				ctx, session := StartSession(context.Background())
				for range 10 {
					_, event := StartEvent(ctx, Custom{Name: "step"})
					_, err := session.Record(LLM{RequestModel: "m"}, WithParent(event.Target()))
					if err != nil && !errors.As(err, new(*Error)) {
						t.Error(err)
					}
					_ = event.End()
				}
				_ = session.End()
			}
		}()
	}
	for range 10 {
		if _, err := Init(context.Background(), WithConfig(`{"exporters":[{"type":"host","callback":"load"}]}`)); err != nil {
			t.Error(err)
		}
		time.Sleep(30 * time.Millisecond)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		if err := Shutdown(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		equationsHold(t, "host")
	}
	close(stop)
	workers.Wait()
	if calls.Load() == 0 {
		t.Error("the exporter was not called")
	}
	check(t, Unregister(context.Background(), CallbackKindExporter, "load"))
}
