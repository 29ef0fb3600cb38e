// What recording an event costs a Go program: an event with ten attributes by this library, and a span with the same by
// opentelemetry-go's SDK with its batch processor, whose exporter does nothing. Prints one JSON object of figures.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	agentotel "github.com/agentotel/agentotel/bindings/go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
)

const (
	burst  = 2000
	rounds = 41
)

var keys = [10]string{
	"gen_ai.system", "agent.step.kind", "agent.step.index", "tool.name", "tool.version",
	"request.region", "request.tenant", "cache.outcome", "retry", "deployment",
}

var values = [10]string{
	"openai", "tool_call", "17", "search_flights", "2026-11-01", "eu-west1", "acme-corp", "hit", "none", "production-blue",
}

func giveUp(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ours(session *agentotel.Session) {
	_, err := session.Record(agentotel.Custom{Name: "agent.step"}, agentotel.WithAttributes(
		agentotel.String(keys[0], values[0]), agentotel.String(keys[1], values[1]), agentotel.String(keys[2], values[2]),
		agentotel.String(keys[3], values[3]), agentotel.String(keys[4], values[4]), agentotel.String(keys[5], values[5]),
		agentotel.String(keys[6], values[6]), agentotel.String(keys[7], values[7]), agentotel.String(keys[8], values[8]),
		agentotel.String(keys[9], values[9])))
	giveUp(err)
}

func theirs(ctx context.Context, tracer oteltrace.Tracer) {
	_, span := tracer.Start(ctx, "agent.step", oteltrace.WithAttributes(
		attribute.String(keys[0], values[0]), attribute.String(keys[1], values[1]), attribute.String(keys[2], values[2]),
		attribute.String(keys[3], values[3]), attribute.String(keys[4], values[4]), attribute.String(keys[5], values[5]),
		attribute.String(keys[6], values[6]), attribute.String(keys[7], values[7]), attribute.String(keys[8], values[8]),
		attribute.String(keys[9], values[9])))
	span.End()
}

// nothing is an exporter that does nothing.
type nothing struct{}

func (nothing) ExportSpans(context.Context, []trace.ReadOnlySpan) error { return nil }
func (nothing) Shutdown(context.Context) error                          { return nil }

// nanoseconds of wall time for each event of a burst, which all of the goroutines record at once.
func nanoseconds(goroutines int, record func()) float64 {
	start := time.Now()
	if goroutines == 1 {
		for range burst {
			record()
		}
	} else {
		var all sync.WaitGroup
		for range goroutines {
			all.Add(1)
			go func() {
				defer all.Done()
				for range burst {
					record()
				}
			}()
		}
		all.Wait()
	}
	return float64(time.Since(start).Nanoseconds()) / burst
}

func median(figures []float64) float64 {
	slices.Sort(figures)
	return figures[len(figures)/2]
}

// measure in pairs, A B B A: theirs ÷ ours, and both. What the SDK has queued is handled between bursts.
func measure(goroutines int, own, peer, settle func()) (ratio, ns, peerNS float64) {
	var ratios, owns, peers []float64
	once := func(record func()) float64 {
		took := nanoseconds(goroutines, record)
		settle()
		return took
	}
	for round := -3; round < rounds; round++ {
		a, b := once(own), once(peer)
		againB, againA := once(peer), once(own)
		if round >= 0 {
			ratios = append(ratios, (b+againB)/(a+againA))
			owns = append(owns, (a+againA)/2)
			peers = append(peers, (b+againB)/2)
		}
	}
	return median(ratios), median(owns), median(peers)
}

func main() {
	ctx := context.Background()
	library, err := agentotel.Init(ctx, agentotel.WithConfig(`{"exporters":[]}`))
	giveUp(err)
	_, session := agentotel.StartSession(ctx)
	giveUp(session.Err())
	// A queue that holds several bursts: nothing is dropped.
	provider := trace.NewTracerProvider(trace.WithBatcher(nothing{}, trace.WithMaxQueueSize(100*burst)))
	tracer := provider.Tracer("benchmark")
	parent, root := tracer.Start(ctx, "session")

	own := func() { ours(session) }
	peer := func() { theirs(parent, tracer) }
	settle := func() { giveUp(provider.ForceFlush(ctx)) }
	figures := map[string]float64{}
	figures["go_caller_ratio"], figures["go_caller_ns_10_attrs"], figures["sdk_go_caller_ns_10_attrs"] =
		measure(1, own, peer, settle)
	threads := runtime.GOMAXPROCS(0)
	figures["go_parallel_caller_ratio"], figures["go_parallel_ns_10_attrs"], figures["sdk_go_parallel_ns_10_attrs"] =
		measure(threads, own, peer, settle)
	figures["go_allocations_per_event"] = testing.AllocsPerRun(20_000, own)
	figures["sdk_go_allocations_per_event"] = testing.AllocsPerRun(20_000, peer)

	stats, err := agentotel.GetStats(agentotel.SignalTraces)
	giveUp(err)
	if stats.RefusedInAll() > 0 {
		giveUp(fmt.Errorf("%d events were refused", stats.RefusedInAll()))
	}
	root.End()
	giveUp(provider.Shutdown(ctx))
	giveUp(session.End())
	giveUp(library.Close())
	giveUp(json.NewEncoder(os.Stdout).Encode(figures))
}
