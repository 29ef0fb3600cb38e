// Lines as a file exporter writes them, read back; lines that are wrong in one place, refused or named.
package otlpjson

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const spanLine = `{"resourceSpans":[{"resource":{"attributes":[` +
	`{"key":"service.name","value":{"stringValue":"s"}}]},` +
	`"scopeSpans":[{"scope":{"name":"agentotel"},"spans":[` +
	`{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","parentSpanId":"","flags":259,` +
	`"name":"chat","kind":3,"startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000002",` +
	`"attributes":[{"key":"a","value":{"intValue":"7"}},{"key":"b","value":{"arrayValue":{"values":[` +
	`{"stringValue":""}]}}},{"key":"a","value":{"boolValue":false}}],` +
	`"status":{"code":2,"message":"m"}}],"schemaUrl":"u2"}],"schemaUrl":"u1"}]}`

const logLine = `{"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[` +
	`{"timeUnixNano":"5","severityNumber":17,"eventName":"exception",` +
	`"traceId":"0102030405060708090a0b0c0d0e0f10",` +
	`"spanId":"0102030405060708","flags":3}]}]}]}`

func write(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lines.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASpanAndALogRecordAreReadWhole(t *testing.T) {
	data, err := ReadFile(write(t, spanLine, "", logLine, `{"resourceMetrics":[]}`, ""))
	if err != nil {
		t.Fatal(err)
	}
	if len(data.Spans) != 1 || len(data.Logs) != 1 {
		t.Fatalf("expected a span and a log record, got %+v", data)
	}
	span := data.Spans[0]
	span.Origin = nil
	if want := (Span{
		TraceID: "0102030405060708090a0b0c0d0e0f10", SpanID: "0102030405060708", Flags: 0x103,
		Name: "chat", Kind: 3,
		StartNano: 1700000000000000001, EndNano: 1700000000000000002,
		Attributes: Attributes{
			Values:    map[string]any{"a": false, "b": []any{""}},
			Duplicate: []string{"a"},
		},
		Status: 2, StatusMessage: "m",
	}); !reflect.DeepEqual(want, span) {
		t.Errorf("expected %+v, got %+v", want, span)
	}
	origin := *data.Spans[0].Origin
	if origin.Resource.Values["service.name"] != "s" || origin.ScopeName != "agentotel" ||
		origin.ResourceSchemaURL != "u1" || origin.ScopeSchemaURL != "u2" {
		t.Errorf("origin: %+v", origin)
	}
	record := data.Logs[0]
	if record.EventName != "exception" || record.Severity != 17 || record.TimeNano != 5 || record.Flags != 3 ||
		record.TraceID != span.TraceID || record.SpanID != span.SpanID {
		t.Errorf("log record: %+v", record)
	}
}

func TestALineThatIsNoRequestIsNamed(t *testing.T) {
	for _, line := range []string{`{}`, `[]`, `{"spans":[]}`, `{"resourceSpans":[`, spanLine[:200]} {
		if _, err := ReadFile(write(t, logLine, line)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: expected an error that names line 2, got %v", line, err)
		}
	}
}

func TestWhatTheCollectorWouldWriteItselfIsNoDifference(t *testing.T) {
	withDefaults := strings.Replace(spanLine, `"name":"chat"`,
		`"name":"chat","traceState":"","events":[],"droppedLinksCount":0`, 1)
	numbers := strings.NewReplacer(`"7"`, `7`, `"1700000000000000001"`, `1700000000000000001`)
	withNumbers := numbers.Replace(spanLine)
	differences, err := RoundTrip(write(t, spanLine, withDefaults, withNumbers, logLine), 20)
	if err != nil || len(differences) != 0 {
		t.Errorf("expected none, got %q, %v", differences, err)
	}
}

func TestAFieldThatTheCollectorDoesNotReadIsADifference(t *testing.T) {
	cases := map[string]*strings.Replacer{
		"startUnixNano": strings.NewReplacer("startTimeUnixNano", "startUnixNano"),
		"span_events":   strings.NewReplacer(`"name":"chat"`, `"name":"chat","span_events":[{"name":"e"}]`),
		"stringvalue":   strings.NewReplacer("stringValue\":\"s", "stringvalue\":\"s"),
		"SPAN_KIND":     strings.NewReplacer(`"kind":3`, `"kind":"SPAN_KIND_CLIENT"`),
		"schemaURL":     strings.NewReplacer(`"schemaUrl":"u1"`, `"schemaURL":"u1"`),
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			differences, err := RoundTrip(write(t, spoil.Replace(spanLine)), 20)
			if err == nil && len(differences) == 0 {
				t.Error("expected a difference or an error, got none")
			}
		})
	}
}

func TestNoMoreDifferencesAreGivenThanAskedFor(t *testing.T) {
	spoilt := strings.ReplaceAll(spanLine, "Value\"", "Worth\"")
	differences, err := RoundTrip(write(t, spoilt, spoilt, spoilt), 2)
	if err != nil || len(differences) != 2 {
		t.Errorf("expected 2, got %q, %v", differences, err)
	}
}
