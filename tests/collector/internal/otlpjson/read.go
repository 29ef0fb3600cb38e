// Package otlpjson reads files of OTLP JSON lines, one export request a line, as the Collector's file
// exporter writes them. This file decodes each line with the Collector's own unmarshaler and flattens it to
// spans and log records that each know their resource and scope; roundtrip.go checks how the lines themselves
// are written.
package otlpjson

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Origin is the resource and scope that a span or record came under.
type Origin struct {
	Resource          Attributes
	ResourceSchemaURL string
	ScopeName         string
	ScopeVersion      string
	ScopeSchemaURL    string
}

// Attributes are attributes by key, as Go values (string, int64, float64, bool, []any, map[string]any,
// []byte), and the keys that occurred more than once, which OTLP forbids.
type Attributes struct {
	Values    map[string]any
	Duplicate []string
}

// Span is a span as it arrived. Ids are lower-case hexadecimal, empty when absent.
type Span struct {
	Origin                    *Origin
	TraceID, SpanID, ParentID string
	TraceState                string
	Flags                     uint32
	Name                      string
	Kind                      int
	StartNano, EndNano        uint64
	Attributes                Attributes
	Status                    int
	StatusMessage             string
	Events, Links             int
	// Dropped adds up the counts of dropped attributes, events and links.
	Dropped uint32
}

// Log is a log record as it arrived.
type Log struct {
	Origin          *Origin
	TraceID, SpanID string
	Flags           uint32
	EventName       string
	Severity        int
	TimeNano        uint64
	ObservedNano    uint64
	Attributes      Attributes
	Dropped         uint32
}

// Data is everything that a file holds.
type Data struct {
	Spans []Span
	Logs  []Log
}

// ReadFile reads a file of OTLP JSON lines.
func ReadFile(path string) (*Data, error) {
	data := &Data{}
	err := eachLine(path, func(line []byte) error { return data.add(line) })
	return data, err
}

// eachLine calls visit for each line of a file that is not blank; errors name the line.
func eachLine(path string, visit func(line []byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewReaderSize(file, 1<<20)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if trimmed := bytes.TrimSpace(line); len(trimmed) != 0 {
			if err := visit(trimmed); err != nil {
				return fmt.Errorf("%s: line %d: %w", path, number, err)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// signal says which field a request has at its top.
func signal(line []byte) (string, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(line, &top); err != nil {
		return "", err
	}
	for _, field := range []string{"resourceSpans", "resourceLogs", "resourceMetrics"} {
		if _, found := top[field]; found {
			return field, nil
		}
	}
	return "", errors.New("expected resourceSpans, resourceLogs or resourceMetrics at the top")
}

func (d *Data) add(line []byte) error {
	field, err := signal(line)
	if err != nil {
		return err
	}
	switch field {
	case "resourceSpans":
		var unmarshaler ptrace.JSONUnmarshaler
		traces, err := unmarshaler.UnmarshalTraces(line)
		if err != nil {
			return err
		}
		d.AddTraces(traces)
	case "resourceLogs":
		var unmarshaler plog.JSONUnmarshaler
		logs, err := unmarshaler.UnmarshalLogs(line)
		if err != nil {
			return err
		}
		d.AddLogs(logs)
	}
	// Metrics are no part of what is read here.
	return nil
}

// AddTraces adds the spans of a request.
func (d *Data) AddTraces(traces ptrace.Traces) {
	for _, resource := range traces.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			origin := newOrigin(resource.Resource(), resource.SchemaUrl(), scope.Scope(), scope.SchemaUrl())
			for _, span := range scope.Spans().All() {
				d.Spans = append(d.Spans, newSpan(origin, span))
			}
		}
	}
}

// AddLogs adds the log records of a request.
func (d *Data) AddLogs(logs plog.Logs) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			origin := newOrigin(resource.Resource(), resource.SchemaUrl(), scope.Scope(), scope.SchemaUrl())
			for _, record := range scope.LogRecords().All() {
				d.Logs = append(d.Logs, newLog(origin, record))
			}
		}
	}
}

func newOrigin(
	resource pcommon.Resource, resourceSchema string, scope pcommon.InstrumentationScope, scopeSchema string,
) *Origin {
	return &Origin{
		Resource:          newAttributes(resource.Attributes()),
		ResourceSchemaURL: resourceSchema,
		ScopeName:         scope.Name(),
		ScopeVersion:      scope.Version(),
		ScopeSchemaURL:    scopeSchema,
	}
}

func newAttributes(attributes pcommon.Map) Attributes {
	result := Attributes{Values: make(map[string]any, attributes.Len())}
	for key, value := range attributes.All() {
		if _, found := result.Values[key]; found {
			result.Duplicate = append(result.Duplicate, key)
		}
		result.Values[key] = value.AsRaw()
	}
	return result
}

func newSpan(origin *Origin, span ptrace.Span) Span {
	return Span{
		Origin:        origin,
		TraceID:       span.TraceID().String(),
		SpanID:        span.SpanID().String(),
		ParentID:      span.ParentSpanID().String(),
		TraceState:    span.TraceState().AsRaw(),
		Flags:         span.Flags(),
		Name:          span.Name(),
		Kind:          int(span.Kind()),
		StartNano:     uint64(span.StartTimestamp()),
		EndNano:       uint64(span.EndTimestamp()),
		Attributes:    newAttributes(span.Attributes()),
		Status:        int(span.Status().Code()),
		StatusMessage: span.Status().Message(),
		Events:        span.Events().Len(),
		Links:         span.Links().Len(),
		Dropped:       span.DroppedAttributesCount() + span.DroppedEventsCount() + span.DroppedLinksCount(),
	}
}

func newLog(origin *Origin, record plog.LogRecord) Log {
	return Log{
		Origin:       origin,
		TraceID:      record.TraceID().String(),
		SpanID:       record.SpanID().String(),
		Flags:        uint32(record.Flags()),
		EventName:    record.EventName(),
		Severity:     int(record.SeverityNumber()),
		TimeNano:     uint64(record.Timestamp()),
		ObservedNano: uint64(record.ObservedTimestamp()),
		Attributes:   newAttributes(record.Attributes()),
		Dropped:      record.DroppedAttributesCount(),
	}
}
