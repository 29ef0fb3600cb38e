// Package agentotel records what agents do, as OpenTelemetry: sessions become traces; LLM calls, actions and tools become
// spans; errors, and what programs log, become log records. All of it is delivered over OTLP by libagentotel, to which this
// package binds.
//
//	library, err := agentotel.Init(ctx)
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer library.Close()
//
//	ctx, session := agentotel.StartSession(ctx, agentotel.WithAgent("travel-agent"), agentotel.WithProvider("openai"))
//	defer session.End()
//
//	session.Record(agentotel.LLM{RequestModel: "gpt-4o", InputTokens: agentotel.I64(812)}, agentotel.WithDuration(took))
//
//	ctx, call := agentotel.StartEvent(ctx, agentotel.Tool{Name: "find_flights"})
//	defer call.End()
//
// # Building
//
// The library is found by pkg-config (agentotel.pc). With the build tag agentotel_static its archive is linked into the
// program instead (agentotel-static.pc). Both need cgo and a C compiler.
//
// # Costs
//
// Recording an event crosses into C once and allocates nothing: details, attributes and options are laid out in pooled
// memory outside Go's heap, and do not escape. Nothing has a finalizer; a session or event that is never ended stays open
// until [Library.Close].
//
// # Errors
//
// Calls return an [*Error], which has the library's words. It is a [Status] for errors.Is:
//
//	if errors.Is(err, agentotel.ErrQueueFull) { … }
//
// # Exits
//
// os.Exit and log.Fatal run no deferred calls: what was recorded just before them is delivered only by [Flush] or
// [Library.Close].
package agentotel
