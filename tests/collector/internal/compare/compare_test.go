// The comparison against data that is right, which must pass, and against the same data spoilt in one place
// at a time, each of which must be found and named.
package compare

import (
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"agentotel.dev/tests/collector/internal/expect"
	"agentotel.dev/tests/collector/internal/otlpjson"
	"agentotel.dev/tests/collector/internal/recorder"
)

const service = "compare-test"

// Short names for the tables of what is spoilt.
type (
	spans    = ptrace.SpanSlice
	records  = plog.LogRecordSlice
	resource = ptrace.ResourceSpans
)

// recorded gives sessions and a faithful recording of them.
func recorded(t *testing.T) ([]expect.Session, *recorder.Recording) {
	t.Helper()
	transcripts, err := expect.ReadFile("../expect/testdata/transcripts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := expect.Sessions(transcripts, expect.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	recording, err := recorder.Record(sessions, service)
	if err != nil {
		t.Fatal(err)
	}
	return sessions, recording
}

func arrived(recording *recorder.Recording) *otlpjson.Data {
	data := &otlpjson.Data{}
	data.AddTraces(recording.Traces)
	data.AddLogs(recording.Logs)
	return data
}

func TestAFaithfulRecordingHasNoDifference(t *testing.T) {
	sessions, recording := recorded(t)
	report := Sessions(sessions, arrived(recording), Origin{ServiceName: service})
	for _, difference := range report.Differences {
		t.Error(difference)
	}
	if want := (expect.Totals{Sessions: 3, Spans: 11, Logs: 1}); report.Matched != want {
		t.Errorf("compared %+v, expected %+v", report.Matched, want)
	}
}

func TestNothingAtAllIsADifferenceForEachSession(t *testing.T) {
	sessions, _ := recorded(t)
	report := Sessions(sessions, &otlpjson.Data{}, Origin{})
	if len(report.Differences) != len(sessions) || report.Matched != (expect.Totals{}) {
		t.Errorf("expected %d differences and nothing compared, got %+v", len(sessions), report)
	}
}

// Places in the recording of the first session: its root, an llm span, the tool span that failed.
const (
	root   = 0
	llm    = 1
	failed = 3
)

func TestEverySpoiltSpanIsFound(t *testing.T) {
	cases := map[string]struct {
		spoil func(s spans)
		says  string
	}{
		"name":             {func(s spans) { s.At(llm).SetName("chat") }, "name: expected"},
		"kind":             {func(s spans) { s.At(llm).SetKind(ptrace.SpanKindServer) }, "kind: expected 3"},
		"start":            {func(s spans) { s.At(llm).SetStartTimestamp(1) }, "start: expected"},
		"end":              {func(s spans) { s.At(failed).SetEndTimestamp(1) }, "end: expected"},
		"root start":       {func(s spans) { s.At(root).SetStartTimestamp(1) }, "has not arrived"},
		"status":           {func(s spans) { s.At(failed).Status().SetCode(0) }, "status code: expected 2"},
		"status of good":   {func(s spans) { s.At(llm).Status().SetCode(1) }, "status code: expected 0"},
		"status message":   {func(s spans) { s.At(root).Status().SetMessage("") }, "status message"},
		"sampled flag":     {func(s spans) { s.At(llm).SetFlags(0x102) }, "flags: expected 0x103"},
		"parent flag":      {func(s spans) { s.At(llm).SetFlags(0x3) }, "flags: expected 0x103"},
		"remote flag":      {func(s spans) { s.At(root).SetFlags(0x303) }, "flags: expected 0x103"},
		"trace state":      {func(s spans) { s.At(llm).TraceState().FromRaw("a=b") }, "trace state"},
		"parent":           {func(s spans) { s.At(failed).SetParentSpanID(s.At(root).SpanID()) }, "parent"},
		"no parent":        {func(s spans) { s.At(llm).SetParentSpanID(pcommon.SpanID{}) }, "parent"},
		"foreign trace":    {func(s spans) { s.At(llm).SetTraceID(pcommon.TraceID{9}) }, "has not arrived"},
		"span event":       {func(s spans) { s.At(llm).Events().AppendEmpty() }, "span events"},
		"link":             {func(s spans) { s.At(llm).Links().AppendEmpty() }, "links"},
		"dropped":          {func(s spans) { s.At(llm).SetDroppedAttributesCount(1) }, "dropped"},
		"no attribute":     {func(s spans) { s.At(llm).Attributes().Remove("session.id") }, "session.id"},
		"more attributes":  {func(s spans) { s.At(llm).Attributes().PutStr("x", "") }, "attribute x"},
		"attribute's type": {func(s spans) { tokensAsText(s.At(llm)) }, "expected 4 (int64)"},
		"tokens": {func(s spans) {
			s.At(llm).Attributes().PutInt("gen_ai.usage.input_tokens", 5)
		}, "gen_ai.usage.input_tokens"},
		"span twice":     {func(s spans) { s.At(llm).CopyTo(s.AppendEmpty()) }, "arrived more than once"},
		"span again":     {func(s spans) { again(s, llm) }, "arrived 2 times"},
		"root again":     {func(s spans) { again(s, root) }, "2 root spans"},
		"span of nobody": {func(s spans) { stranger(s) }, `span "stranger" is not expected`},
		"span lost": {func(s spans) {
			s.RemoveIf(func(span ptrace.Span) bool { return span.Name() == "execute_tool book" })
		}, "(execute_tool book): has not arrived"},
		"root lost": {func(s spans) {
			s.RemoveIf(func(span ptrace.Span) bool { return span.ParentSpanID().IsEmpty() })
		}, "0 root spans"},
		"session twice": {func(s spans) { wholeSessionAgain(s) }, "under different trace ids"},
		"session unasked for": {func(s spans) {
			again(s, root)
			s.At(s.Len() - 1).SetTraceID(pcommon.TraceID{7})
			s.At(s.Len()-1).Attributes().PutStr("session.id", "other")
		}, `session "other" starting at`},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			sessions, recording := recorded(t)
			test.spoil(recording.Traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans())
			expectDifference(t, Sessions(sessions, arrived(recording), Origin{ServiceName: service}), test.says)
		})
	}
}

func TestAnAttributeGivenTwiceIsFound(t *testing.T) {
	sessions, recording := recorded(t)
	data := arrived(recording)
	data.Spans[llm].Attributes.Duplicate = []string{"session.id"}
	expectDifference(t, Sessions(sessions, data, Origin{}), "attribute session.id: occurs more than once")
}

func TestEverySpoiltLogRecordIsFound(t *testing.T) {
	cases := map[string]struct {
		spoil func(r records)
		says  string
	}{
		"event name": {func(r records) { r.At(0).SetEventName("error") }, "event name"},
		"severity":   {func(r records) { r.At(0).SetSeverityNumber(13) }, "severity: expected 17"},
		"time":       {func(r records) { r.At(0).SetTimestamp(1) }, "time: expected"},
		"flags":      {func(r records) { r.At(0).SetFlags(2) }, "flags"},
		"span":       {func(r records) { r.At(0).SetSpanID(pcommon.SpanID{1}) }, "has not arrived"},
		"trace":      {func(r records) { r.At(0).SetTraceID(pcommon.TraceID{1}) }, "has not arrived"},
		"attribute":  {func(r records) { r.At(0).Attributes().Clear() }, "exception.message"},
		"twice":      {func(r records) { r.At(0).CopyTo(r.AppendEmpty()) }, "arrived 2 times"},
		"lost": {func(r records) {
			r.RemoveIf(func(plog.LogRecord) bool { return true })
		}, "has not arrived"},
		"unasked for": {func(r records) {
			r.At(0).CopyTo(r.AppendEmpty())
			r.At(1).SetSpanID(pcommon.SpanID{1})
		}, "is not expected"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			sessions, recording := recorded(t)
			test.spoil(recording.Logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords())
			expectDifference(t, Sessions(sessions, arrived(recording), Origin{ServiceName: service}), test.says)
		})
	}
}

func TestEverySpoiltOriginIsFound(t *testing.T) {
	cases := map[string]struct {
		spoil func(r resource)
		says  string
	}{
		"service": {func(r resource) {
			r.Resource().Attributes().PutStr("service.name", "unknown_service")
		}, "service.name"},
		"sdk name": {func(r resource) {
			r.Resource().Attributes().PutStr("telemetry.sdk.name", "opentelemetry")
		}, "telemetry.sdk.name"},
		"sdk language": {func(r resource) {
			r.Resource().Attributes().Remove("telemetry.sdk.language")
		}, "telemetry.sdk.language"},
		"sdk version": {func(r resource) {
			r.Resource().Attributes().Remove("telemetry.sdk.version")
		}, "telemetry.sdk.version"},
		"resource schema": {func(r resource) { r.SetSchemaUrl("") }, "resource: schema URL"},
		"scope schema":    {func(r resource) { r.ScopeSpans().At(0).SetSchemaUrl("") }, "scope: schema URL"},
		"scope name":      {func(r resource) { r.ScopeSpans().At(0).Scope().SetName("x") }, "scope: name"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			sessions, recording := recorded(t)
			test.spoil(recording.Traces.ResourceSpans().At(0))
			expectDifference(t, Sessions(sessions, arrived(recording), Origin{ServiceName: service}), test.says)
		})
	}
}

func expectDifference(t *testing.T, report *Report, says string) {
	t.Helper()
	for _, difference := range report.Differences {
		if strings.Contains(difference, says) {
			return
		}
	}
	t.Errorf("expected a difference that says %q, got %q", says, report.Differences)
}

func tokensAsText(span ptrace.Span) { span.Attributes().PutStr("gen_ai.usage.input_tokens", "4") }

// again records a span once more under an id of its own.
func again(spans ptrace.SpanSlice, place int) {
	span := spans.AppendEmpty()
	spans.At(place).CopyTo(span)
	span.SetSpanID(pcommon.SpanID{0xff})
}

func stranger(spans ptrace.SpanSlice) {
	span := spans.AppendEmpty()
	span.SetTraceID(spans.At(root).TraceID())
	span.SetSpanID(pcommon.SpanID{0xff})
	span.SetParentSpanID(spans.At(root).SpanID())
	span.SetName("stranger")
}

func wholeSessionAgain(spans ptrace.SpanSlice) {
	trace := spans.At(root).TraceID()
	for place := range spans.Len() {
		if spans.At(place).TraceID() == trace {
			span := spans.AppendEmpty()
			spans.At(place).CopyTo(span)
			span.SetTraceID(pcommon.TraceID{8})
		}
	}
}
