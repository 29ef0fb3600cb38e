//go:build cgo

package agentotel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// start runs the library with a file exporter until the test ends, and gives what was written.
func start(t *testing.T, more string) func() string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.jsonl")
	config := fmt.Sprintf(`{"exporters":[{"type":"file","path":%q}]%s}`, path, more)
	library, err := Init(context.Background(), WithConfig(config))
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	stop := func() string {
		if closed {
			return ""
		}
		closed = true
		if err := library.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		equationsHold(t, "file")
		text, _ := os.ReadFile(path)
		return string(text)
	}
	t.Cleanup(func() { stop() })
	return stop
}

func equationsHold(t *testing.T, exporter string) {
	t.Helper()
	for _, signal := range []Signal{SignalTraces, SignalLogs} {
		s := must(GetStats(signal))
		if s.Offered != s.AcceptedCaller+s.RefusedInAll()+s.Duplicate+s.HeadUnsampled+s.Filtered {
			t.Errorf("offered does not add up: %+v", s)
		}
		e, err := GetExporterStats(exporter, signal)
		if err != nil {
			t.Fatal(err)
		}
		if e.Accepted+e.Recovered != e.Exported+e.Rejected+e.DroppedInAll()+e.TailUnsampled+e.Pending {
			t.Errorf("accepted does not add up: %+v", e)
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestAnEventHasWhatItWasGiven(t *testing.T) {
	stop := start(t, `,"content":{"default":"full"}`)
	ctx, session := StartSession(context.Background(), WithSessionName("nightly"), WithTags("a", "b"), WithUser("u"))
	root := must(session.Context())
	llm := must(session.Record(
		&LLM{
			Operation: LLMOperationChat, Provider: "openai", RequestModel: "gpt-4o", FinishReasons: []string{"stop"},
			Temperature: F64(0), InputTokens: I64(812), Stream: Truth(false), InputMessages: `[{"role":"user"}]`,
			Counting: CountingCacheSeparate | CountingReasoningSeparate, CacheReadInputTokens: I64(8),
		},
		WithDuration(time.Second), WithID("one"),
		WithAttributes(
			String("s", "x\x00y"), Int("i", -1), Float64("f", 0.5), Bool("b", true), Bytes("y", []byte{0, 255}),
			Strings("ss", []string{"p", ""}), Int64s("is", []int64{1, 2}), Float64s("fs", []float64{1.5}),
			Bools("bs", []bool{true, false}), JSON("j", `{"k":[1]}`), String("empty", ""),
		),
		WithLinks(Link{Context: root, Attributes: []Attribute{String("l", "1")}}),
		WithSpanEvents(SpanEvent{Name: "moment", Attributes: []Attribute{Int("n", 1)}}),
	))
	if llm.TraceID != root.TraceID || !llm.IsValid() || !llm.IsSampled() {
		t.Errorf("context of the event: %v, of the session: %v", llm, root)
	}
	ctx, tool := StartEvent(ctx, Tool{Name: "find"}, WithParent(llm.Target()))
	_, inner := StartEvent(ctx, Custom{Name: "inner"})
	check(t, inner.Chunk("abc"), inner.FirstToken(), inner.SetAttributes(Bool("set", true)))
	live := must(ListLive())
	if len(live) != 2 || live[0].Name != "execute_tool find" || live[1].ChunkCount != 1 {
		t.Errorf("live: %+v", live)
	}
	check(t, inner.Fail(errors.New("broken")), tool.EndWith(Tool{Result: `"ok"`}))
	must(Record(ctx, Evaluation{Name: "relevance", ScoreValue: F64(0.5)}, WithParent(llm.Target())))
	check(t, session.RecordError(&ErrorDetail{Type: "timeout"}, Target{}), session.SetAttributes(String("late", "yes")))
	both := must(session.RecordAll([]Recorded{
		{Detail: Custom{Name: "first"}}, {Detail: Custom{Name: "second"}, Options: []EventOption{WithParentIndex(0)}},
	}))
	if len(both) != 2 {
		t.Errorf("recorded %d of 2", len(both))
	}
	check(t, session.EndWith(SessionEnd{State: EndStateSuccess, Reason: "done"}))
	if err := session.End(); !errors.Is(err, ErrStaleHandle) {
		t.Errorf("a second end: %v", err)
	}
	text := stop()
	for _, part := range []string{
		`"x\u0000y"`, `{"key":"i","value":{"intValue":"-1"}}`, `{"key":"f","value":{"doubleValue":0.5}}`,
		`{"key":"b","value":{"boolValue":true}}`, `"bytesValue":"AP8="`, `{"stringValue":"p"},{"stringValue":""}`,
		`{"intValue":"1"},{"intValue":"2"}`, `{"boolValue":true},{"boolValue":false}`, `"kvlistValue"`,
		`{"key":"empty","value":{"stringValue":""}}`, `"gen_ai.usage.input_tokens","value":{"intValue":"820"}`,
		`"gen_ai.request.temperature","value":{"doubleValue":0`, `"moment"`, `"execute_tool find"`, `"broken"`,
		`"*errors.errorString"`, `gen_ai.evaluation.result`, `"late"`, `"agentotel.event.id"`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%s is not in what was exported:\n%s", part, text)
		}
	}
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestJSONSaysTheSame(t *testing.T) {
	stop := start(t, "")
	_, session := StartSessionJSON(context.Background(), `{"name":"nightly"}`)
	check(t, session.Err())
	must(session.RecordJSON(`{"llm":{"request_model":"gpt-4o"}}`))
	event := must(session.StartJSON(`{"name":"step","kind":"custom"}`))
	check(t, event.UpdateJSON(`{"attributes":{"a":1}}`), event.EndJSON(`{"status_code":"ok"}`),
		session.RecordErrorJSON(`{"type":"timeout"}`, Target{}),
		session.LogJSON(Target{}, `{"severity_number":"warn","body":"said in JSON"}`), session.EndJSON(`{"end_state":"success"}`))
	_, err := session.RecordJSON(`{"llm":{"input_tokens":"x"}}`)
	if !errors.Is(err, ErrInvalidArgument) && !errors.Is(err, ErrStaleHandle) {
		t.Error(err)
	}
	if text := stop(); !strings.Contains(text, `"chat gpt-4o"`) || !strings.Contains(text, `"step"`) ||
		!strings.Contains(text, "said in JSON") {
		t.Error(text)
	}
}

func TestFailuresAreStatusesWithWords(t *testing.T) {
	if _, err := GetExporterStats("none", 99); err == nil {
		t.Error("stats of nothing")
	}
	_, err := Init(context.Background(), WithConfig(`{"exporters":[{"type":"nonsense"}]}`))
	var detail *Error
	if !errors.Is(err, ErrConfig) || !errors.As(err, &detail) || !strings.Contains(detail.Message, "exporters") {
		t.Errorf("a wrong configuration: %v", err)
	}
	if !strings.Contains(err.Error(), "AGENTOTEL_ERR_CONFIG") {
		t.Error(err)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Init(done); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	stop := start(t, "")
	if _, err := Init(context.Background()); !errors.Is(err, ErrAlreadyInitialized) {
		t.Error(err)
	}
	var nobody *Session
	if _, err := nobody.Record(Custom{Name: "x"}); !errors.Is(err, ErrInvalidHandle) {
		t.Error(err)
	}
	var nothing *Event
	if err := nothing.End(); !errors.Is(err, ErrInvalidHandle) || nothing.Err() == nil {
		t.Error(err)
	}
	_, session := StartSession(context.Background())
	if _, err := session.Record(LLM{}, WithError(&ErrorDetail{}), WithParentIndex(3)); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	check(t, session.Close())
	stop()
	if _, session := StartSession(context.Background()); !errors.Is(session.Err(), ErrShutDown) {
		t.Error(session.Err())
	}
}

func TestLargeTextsAreWhole(t *testing.T) {
	stop := start(t, `,"limits":{"event_bytes":4194304}`)
	_, session := StartSession(context.Background())
	large := strings.Repeat("0123456789abcdef", 40_000)
	many := make([]Attribute, 100)
	for i := range many {
		many[i] = String(fmt.Sprint("key", i), strings.Repeat("v", 300))
	}
	for range 3 {
		must(session.Record(Custom{Name: "large"}, WithAttributes(append(many, String("large", large))...)))
	}
	check(t, session.End())
	text := stop()
	if strings.Count(text, large) != 3 || strings.Count(text, `"key99"`) != 3 {
		t.Error("a large text is not whole")
	}
}

func TestContextsCrossHTTP(t *testing.T) {
	stop := start(t, "")
	var seen SpanContext
	server := httptest.NewServer(Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, session := StartSession(r.Context(), WithSessionName("callee"))
		seen = must(session.Context())
		entry := must(session.Baggage("tenant"))
		fmt.Fprint(w, entry.Value)
		check(t, session.End())
	})))
	defer server.Close()
	ctx, session := StartSession(context.Background(), WithSessionName("caller"))
	check(t, session.SetBaggage("tenant", "J. Doe & sons", "ttl=3"), session.SetBaggage("gone", "x", ""),
		session.RemoveBaggage("gone"))
	if _, err := session.Baggage("gone"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if list := must(session.ListBaggage()); len(list) != 1 || list[0] != (BaggageEntry{"tenant", "J. Doe & sons", "ttl=3"}) {
		t.Errorf("%+v", list)
	}
	ctx, call := StartEvent(ctx, Tool{Name: "remote"})
	request := must(http.NewRequestWithContext(ctx, "GET", server.URL, nil))
	answer := must((&http.Client{Transport: Transport{}}).Do(request))
	var body bytes.Buffer
	must(body.ReadFrom(answer.Body))
	_ = answer.Body.Close()
	if body.String() != "J. Doe & sons" {
		t.Errorf("baggage: %q", body.String())
	}
	span := must(call.Context())
	if seen.TraceID != span.TraceID {
		t.Errorf("the callee's trace is %x, the caller's %x", seen.TraceID, span.TraceID)
	}
	texts := must(session.InjectTexts(call.Target()))
	remote := must(ExtractTexts(texts))
	if remote.Span.SpanID != span.SpanID || !remote.Span.IsRemote() || !strings.Contains(remote.Baggage, "tenant") {
		t.Errorf("%+v", remote)
	}
	if span.String() != texts.Traceparent[:len(span.String())-2]+texts.Traceparent[53:] {
		t.Errorf("%s is not %s", span, texts.Traceparent)
	}
	meta := must(session.InjectMeta(call.Target()))
	if again := must(ExtractMeta(meta)); again.Span.SpanID != span.SpanID {
		t.Errorf("%+v of %s", again, meta)
	}
	carrier := map[string]string{}
	check(t, Inject(ctx, func(key, value string) { carrier[key] = value }))
	if again := must(ExtractMap(carrier)); again.Span.SpanID != span.SpanID {
		t.Errorf("%+v of %v", again, carrier)
	}
	check(t, call.End(), session.End())
	stop()
}

func TestLogsBelongToTheirSpan(t *testing.T) {
	stop := start(t, `,"logs":{"min_severity":"info"}`)
	ctx, session := StartSession(context.Background())
	ctx, event := StartEvent(ctx, Tool{Name: "t"})
	logger := slog.New(NewLogHandler()).With("w", 1).WithGroup("g")
	logger.WarnContext(ctx, "no seat left", "n", 3, "d", time.Second, "err", errors.New("e"), slog.Group("h", "x", true),
		"list", []string{"a"}, "map", map[string]int{"k": 1})
	logger.DebugContext(ctx, "unseen")
	if logger.Enabled(ctx, slog.LevelDebug) || !LogEnabled(SeverityInfo) {
		t.Error("levels")
	}
	check(t, Log(context.Background(), LogRecord{Body: Int64Value(7), EventName: "e", Severity: SeverityError}))
	span := must(event.Context())
	check(t, event.End(), session.End())
	text := stop()
	for _, part := range []string{
		`"no seat left"`, `"w"`, `"g.n"`, `"g.h.x"`, `"g.err"`, `"kvlistValue"`, `"severityText":"WARN"`,
		span.SpanIDString(), `"eventName":"e"`, `"body":{"intValue":"7"}`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%s is not in %s", part, text)
		}
	}
	if strings.Contains(text, "unseen") {
		t.Error("a record below the level was recorded")
	}
}

func TestCallbacksAreCalledAndContained(t *testing.T) {
	var lock sync.Mutex
	var lines []string
	var diagnostics []Diagnostic
	batches, panics := 0, 0
	check(t,
		SetDiagnosticHandler(func(d Diagnostic) {
			lock.Lock()
			defer lock.Unlock()
			diagnostics = append(diagnostics, d)
		}),
		RegisterExporter("bus", func(b Batch) ExportResult {
			lock.Lock()
			defer lock.Unlock()
			if panics++; panics == 1 {
				panic("first")
			}
			var request map[string]any
			if err := json.Unmarshal(b.Payload, &request); err != nil || b.ItemCount == 0 {
				return ExportResult{Reject: true, Message: "no JSON"}
			}
			batches++
			return ExportResult{}
		}),
		RegisterFormatter("short", func(signal Signal, text string) (string, error) {
			if strings.Contains(text, "unwanted") {
				panic("unwanted")
			}
			lock.Lock()
			defer lock.Unlock()
			if signal == SignalTraces {
				lines = append(lines, text)
			}
			return strings.Repeat("line ", 3000), nil
		}),
		RegisterSampler("mine", func(q SamplingQuestion) SamplingResult {
			if len(q.Attributes) != 2 || q.Attributes[0].Value.Any() != "v" {
				return SamplingResult{Keep: true, TraceState: "wrong=1"}
			}
			return SamplingResult{Keep: q.SessionName != "drop"}
		}),
		RegisterAttributeInjector("mine", func(about Injectee, add func(Attribute) error) {
			check(t, add(String("injected", "yes")), add(Bool("session", about.IsSession)))
			if about.Kind == KindTool {
				panic("contained")
			}
		}),
		RegisterHeaderProvider("none", func(add func(name, value string) error) error { return add("x", "y") }),
		RegisterHeaderProvider("none", nil),
	)
	if !errors.Is(RegisterExporter("", func(Batch) ExportResult { return ExportResult{} }), ErrInvalidArgument) {
		t.Error("a callback without a name")
	}
	path := filepath.Join(t.TempDir(), "out")
	config := fmt.Sprintf(`{"exporters":[{"type":"host","callback":"bus","payload":"otlp_json","retry":{"initial_ms":10}},
		{"type":"file","path":%q,"format":"short"}],"sampler":{"type":"host","name":"mine"},"inject":{"host":"mine"}}`, path)
	library, err := Init(context.Background(), WithConfig(config))
	if err != nil {
		t.Fatal(err)
	}
	attributes := WithSessionAttributes(String("k", "v"), Strings("l", []string{"a"}))
	_, dropped := StartSession(context.Background(), WithSessionName("drop"), attributes)
	if context := must(dropped.Context()); context.IsSampled() {
		t.Error("the sampler was not asked")
	}
	_, session := StartSession(context.Background(), WithSessionName("keep"), attributes)
	must(session.Record(Tool{Name: "t"}))
	must(session.Record(Custom{Name: "unwanted"}))
	check(t, session.End(), dropped.End())
	check(t, AddExporter(`{"type":"file","name":"extra","path":"/dev/null"}`))
	if err := RemoveExporter(context.Background(), "extra"); err != nil {
		t.Error(err)
	}
	check(t, library.Close(), library.Close())
	if err := Shutdown(context.Background()); !errors.Is(err, ErrShutDown) {
		t.Error(err)
	}
	for _, kind := range []CallbackKind{CallbackKindExporter, CallbackKindFormatter, CallbackKindSampler, CallbackKindAttributeInjector} {
		name := map[CallbackKind]string{CallbackKindExporter: "bus", CallbackKindFormatter: "short"}[kind]
		if name == "" {
			name = "mine"
		}
		check(t, Unregister(context.Background(), kind, name))
		if err := Unregister(context.Background(), kind, name); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	check(t, SetDiagnosticHandler(nil))
	stats := must(GetExporterStats("file", SignalTraces))
	if batches == 0 || panics < 2 || stats.Rejected != 1 || len(lines) == 0 || len(diagnostics) == 0 {
		t.Errorf("%d batches, %d panics, %d rejected, %d lines, %v", batches, panics, stats.Rejected, len(lines), diagnostics)
	}
	for _, line := range lines {
		if !strings.Contains(line, `"injected"`) {
			t.Errorf("not injected: %s", line)
		}
	}
	if text, _ := os.ReadFile(path); !strings.Contains(string(text), strings.Repeat("line ", 3000)) {
		t.Error("a line was not written whole")
	}
	equationsHold(t, "host")
	must(GetStorageStats())
	must(GetDiagnostics())
	must(GetExporterError("host", SignalTraces))
	if Version() == "" || ABIVersion() != 1 {
		t.Error(Version())
	}
}

func TestMetricsAreMeasured(t *testing.T) {
	check(t, RegisterObservableGauge(Instrument{Name: "test.observed"}, func(observe func(float64, ...Attribute) error) {
		check(t, observe(7.5, String("k", "observed")))
		panic("contained")
	}))
	stop := start(t, "")
	counter := must(NewCounter(Instrument{Name: "test.counter", Unit: "{call}", Description: "calls", Type: NumberTypeInt64}))
	upDown := must(NewUpDownCounter(Instrument{Name: "test.up_down"}))
	histogram := must(NewHistogram(Instrument{Name: "test.histogram", Unit: "s", Boundaries: []float64{1, 10}}))
	gauge := must(NewGauge(Instrument{Name: "test.gauge"}))
	attribute := String("k", "v")
	check(t, counter.Add(3, attribute), must(counter.Bind(attribute)).Add(4), upDown.Add(-2), must(upDown.Bind()).Add(1),
		histogram.Record(5, attribute), must(histogram.Bind(attribute)).Record(50), gauge.Record(1), must(gauge.Bind()).Record(2.5))
	if err := counter.Add(-1); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	if err := (Counter{}).Add(1); !errors.Is(err, ErrInvalidHandle) {
		t.Error(err)
	}
	if !raceEnabled {
		if n := testing.AllocsPerRun(1000, func() { _ = counter.Add(1, attribute) }); n != 0 {
			t.Errorf("%v allocations for a measurement", n)
		}
	}
	text := stop()
	check(t, Unregister(context.Background(), CallbackKindObservable, "test.observed"))
	if err := counter.Add(1); !errors.Is(err, ErrShutDown) {
		t.Error(err)
	}
	for _, part := range []string{
		`"test.counter"`, `"{call}"`, `"test.up_down"`, `"asDouble":-1`, `"explicitBounds":[1`, `"asDouble":2.5`, `"asDouble":7.5`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%s is not in %s", part, text)
		}
	}
}

func TestShutdownKeepsItsDeadline(t *testing.T) {
	release := make(chan struct{})
	check(t, RegisterExporter("slow", func(Batch) ExportResult { <-release; return ExportResult{} }))
	_, err := Init(context.Background(), WithConfigValue(map[string]any{
		"exporters": []any{map[string]any{"type": "host", "callback": "slow"}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	_, session := StartSession(context.Background())
	check(t, session.End())
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Flush(cancelled); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer stop()
	if err := Shutdown(ctx); !errors.Is(err, ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(release)
}

func TestRecordingAllocatesNothing(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("the race detector has pools forget at random")
	}
	stop := start(t, "")
	_, session := StartSession(context.Background())
	reasons := []string{"stop"}
	allocations := testing.AllocsPerRun(1000, func() {
		if _, err := session.Record(LLM{RequestModel: "gpt-4o", InputTokens: I64(812), FinishReasons: reasons},
			WithDuration(time.Second), WithAttributes(String("a", "1"), Int("b", 2), Strings("c", reasons))); err != nil {
			panic(err)
		}
		event, err := session.Start(Tool{Name: "t"}, WithAttributes(Bool("x", true)))
		if err != nil || event.Chunk("abc") != nil || event.End(WithStatus(StatusCodeOK, "")) != nil {
			panic("event")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations for each event", allocations)
	}
	check(t, session.End())
	stop()
}

// Every function of the header is called somewhere in this package.
func TestEveryFunctionIsBound(t *testing.T) {
	header, err := os.ReadFile("../../include/agentotel.h")
	if err != nil {
		t.Skip("SKIP: the header is not beside this module")
	}
	var all strings.Builder
	for _, name := range must(filepath.Glob("*")) {
		if strings.HasSuffix(name, ".c") || strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			all.Write(must(os.ReadFile(name)))
		}
	}
	declared := regexp.MustCompile(`(?m)^[a-z].*[ *](agentotel_[a-z0-9_]+)\(`).FindAllStringSubmatch(string(header), -1)
	inline := regexp.MustCompile(`^agentotel_(str_of|cstr|i64_of|f64_of|bool_of|text_buffer_of|zeroed_|attr.*)$`)
	count := 0
	for _, name := range declared {
		if inline.MatchString(name[1]) {
			continue
		}
		count++
		if !regexp.MustCompile(`\b` + name[1] + `\(`).MatchString(all.String()) {
			t.Errorf("%s is not bound", name[1])
		}
	}
	if count < 50 {
		t.Errorf("only %d functions found in the header", count)
	}
}
