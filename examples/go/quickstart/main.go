// The smallest complete agent: a session, one answer of a model, one tool that the answer asked for.
//
// It reports to an OpenTelemetry Collector on this machine, or wherever OTEL_EXPORTER_OTLP_ENDPOINT points.
package main

import (
	"context"
	"log"
	"time"

	agentotel "github.com/agentotel/agentotel/bindings/go"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	// The environment and the defaults say how. Closing delivers what is left, for five seconds at most.
	library, err := agentotel.Init(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if failure := library.Close(); err == nil {
			err = failure
		}
	}()

	// A session becomes a trace.
	ctx, session := agentotel.StartSession(ctx, agentotel.WithAgent("travel-agent"), agentotel.WithProvider("openai"))
	defer session.EndWith(agentotel.SessionEnd{State: agentotel.EndStateSuccess})

	// What is over already is recorded in one call. Its context is a name for it, to hang other spans below.
	answered, err := session.Record(
		agentotel.LLM{RequestModel: "gpt-4o", InputTokens: agentotel.I64(812), OutputTokens: agentotel.I64(37)},
		agentotel.WithDuration(1400*time.Millisecond), agentotel.WithAttributes(agentotel.Int("attempt", 1)))
	if err != nil {
		return err
	}

	// What takes its time is started and ended; the library measures it.
	_, call := agentotel.StartEvent(ctx, agentotel.Tool{Name: "find_flights"}, agentotel.WithParent(answered.Target()))
	// ... here the tool does its work ...
	return call.End()
}
