//go:build cgo

package agentotel

// #include "shim.h"
// #cgo noescape agentotel_log_enabled
// #cgo nocallback agentotel_log_enabled
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
	"unsafe"
)

// LogRecord is a log record, as the Logs Data Model of OpenTelemetry has it.
type LogRecord struct {
	Severity Severity
	// Body is what is said: a text or any value.
	Body Value
	// SeverityText is the severity as its source calls it; the number's short name when empty.
	SeverityText string
	// EventName makes the record an event of that name.
	EventName string
	// Time is when it happened; the zero time is now.
	Time       time.Time
	Attributes []Attribute
}

// LogEnabled tells whether a record of this severity would be recorded.
func LogEnabled(severity Severity) bool {
	return C.agentotel_log_enabled(C.uint32_t(severity)) != 0
}

// Log records a log record of the context's span, or of the process alone.
func Log(ctx context.Context, record LogRecord) error {
	return SessionFromContext(ctx).Log(TargetFromContext(ctx), record)
}

// Log records a log record of a span; the zero target's is the session's root span. Session nil stands for none.
func (s *Session) Log(target Target, record LogRecord) error {
	a := newArena()
	p := a.alloc(unsafe.Sizeof(cLogRecord{}))
	list := a.attributes(record.Attributes)
	*(*cLogRecord)(p) = cLogRecord{
		structSize: unsafe.Sizeof(cLogRecord{}), severityNumber: uint32(record.Severity),
		bodyType: uint32(record.Body.kind), body: a.anyValue(&record.Body), severityText: a.text(record.SeverityText),
		eventName: a.text(record.EventName), timeUnixNano: unixNano(record.Time),
		attributes: list.items, attributeCount: list.count,
	}
	C.agentotel_go_log(C.uint64_t(s.Handle()), C.uintptr_t(a.targetAt(target)), C.uintptr_t(uintptr(p)), a.answerAt())
	err := a.err()
	a.release()
	return err
}

// LogJSON records a log record that is said in JSON.
func (s *Session) LogJSON(target Target, text string) error {
	a := newArena()
	defer a.release()
	C.agentotel_go_log_json(C.uint64_t(s.Handle()), C.uintptr_t(a.targetAt(target)), C.uintptr_t(a.textAt(text)), a.answerAt())
	return a.err()
}

// NewLogHandler makes a slog.Handler whose records belong to the span of the context that they are logged with. Levels become
// severities as OpenTelemetry maps them (Info is 9), groups become prefixes of keys.
func NewLogHandler() slog.Handler { return logHandler{} }

type logHandler struct {
	attributes []Attribute
	prefix     string
}

func (h logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return LogEnabled(severityOf(level))
}

// severityOf a level: slog's Info is 0, OpenTelemetry's is 9; both leave four steps to a name.
func severityOf(level slog.Level) Severity {
	return Severity(min(max(int(level)+9, 1), 24))
}

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	attributes := make([]Attribute, len(h.attributes), len(h.attributes)+record.NumAttrs())
	copy(attributes, h.attributes)
	record.Attrs(func(attr slog.Attr) bool {
		attributes = appendAttr(attributes, h.prefix, attr)
		return true
	})
	return Log(ctx, LogRecord{
		Severity: severityOf(record.Level), SeverityText: record.Level.String(), Body: StringValue(record.Message),
		Time: record.Time, Attributes: attributes,
	})
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	all := h.attributes[:len(h.attributes):len(h.attributes)]
	for _, attr := range attrs {
		all = appendAttr(all, h.prefix, attr)
	}
	return logHandler{all, h.prefix}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return logHandler{h.attributes, h.prefix + name + "."}
}

func appendAttr(to []Attribute, prefix string, attr slog.Attr) []Attribute {
	value := attr.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if attr.Key != "" {
			prefix += attr.Key + "."
		}
		for _, member := range value.Group() {
			to = appendAttr(to, prefix, member)
		}
		return to
	}
	if attr.Key == "" {
		return to
	}
	return append(to, Attribute{prefix + attr.Key, valueOf(value)})
}

func valueOf(value slog.Value) Value {
	switch value.Kind() {
	case slog.KindString:
		return StringValue(value.String())
	case slog.KindInt64:
		return Int64Value(value.Int64())
	case slog.KindUint64:
		if value.Uint64() <= 1<<63-1 {
			return Int64Value(int64(value.Uint64()))
		}
	case slog.KindFloat64:
		return Float64Value(value.Float64())
	case slog.KindBool:
		return BoolValue(value.Bool())
	case slog.KindDuration:
		return Int64Value(int64(value.Duration()))
	case slog.KindTime:
		return StringValue(value.Time().Format(time.RFC3339Nano))
	case slog.KindAny:
		switch v := value.Any().(type) {
		case error:
			return StringValue(v.Error())
		case fmt.Stringer:
			return StringValue(v.String())
		case []byte:
			return BytesValue(v)
		case []string:
			return StringsValue(v)
		default:
			if text, err := json.Marshal(v); err == nil && len(text) > 0 && (text[0] == '{' || text[0] == '[') {
				return JSONValue(string(text))
			}
		}
	}
	return StringValue(value.String())
}
