// One span, one log record, one resource: each field against what it must be.
package compare

import (
	"fmt"
	"reflect"
	"sort"

	"agentotel.dev/tests/collector/internal/expect"
	"agentotel.dev/tests/collector/internal/otlpjson"
)

// What the library says about itself on every resource and scope.
const (
	libraryName = "agentotel"
	language    = "rust"
	schemaURL   = "https://opentelemetry.io/schemas/1.41.1"
)

// field reports a field that is not what it must be.
func field(report *Report, name, what string, want, got any) {
	if !reflect.DeepEqual(want, got) {
		report.differ("%s: %s: expected %s, got %s", name, what, show(want), show(got))
	}
}

// show writes a value with its type where the type matters.
func show(value any) string {
	switch typed := value.(type) {
	case nil:
		return "nothing"
	case string:
		if len(typed) > 100 {
			return fmt.Sprintf("%q… (%d bytes)", typed[:100], len(typed))
		}
		return fmt.Sprintf("%q", typed)
	case []any:
		return fmt.Sprintf("%q (array)", typed)
	case int64, float64, bool:
		return fmt.Sprintf("%v (%T)", typed, typed)
	}
	return fmt.Sprint(value)
}

func compareSpan(report *Report, name string, want expect.Span, parent string, got otlpjson.Span) {
	field(report, name, "name", want.Name, got.Name)
	field(report, name, "kind", want.Kind, got.Kind)
	field(report, name, "parent span id", parent, got.ParentID)
	field(report, name, "start", want.StartNano, got.StartNano)
	field(report, name, "end", want.EndNano, got.EndNano)
	field(report, name, "status code", want.Status, got.Status)
	field(report, name, "status message", want.StatusMessage, got.StatusMessage)
	compareFlags(report, name, got)
	field(report, name, "trace state", "", got.TraceState)
	field(report, name, "count of span events", 0, got.Events)
	field(report, name, "count of links", 0, got.Links)
	field(report, name, "count of what was dropped", uint32(0), got.Dropped)
	compareAttributes(report, name, want.Attributes, got.Attributes)
}

// compareFlags wants the exact flags of a local parent. A root has no parent of which it could be known where
// it is, so the bit for that is free there; the trace flags are not.
func compareFlags(report *Report, name string, got otlpjson.Span) {
	flags := got.Flags
	if got.ParentID == "" {
		flags |= expect.FlagParentKnown
	}
	if flags != expect.FlagsLocalParent {
		report.differ("%s: flags: expected %#x, got %#x", name, expect.FlagsLocalParent, got.Flags)
	}
}

func compareAttributes(report *Report, name string, want expect.Attributes, got otlpjson.Attributes) {
	for _, key := range got.Duplicate {
		report.differ("%s: attribute %s: occurs more than once", name, key)
	}
	for _, key := range sortedKeys(want) {
		field(report, name, "attribute "+key, want[key], got.Values[key])
	}
	for _, key := range sortedKeys(got.Values) {
		if _, expected := want[key]; !expected {
			report.differ("%s: attribute %s: expected nothing, got %s", name, key, show(got.Values[key]))
		}
	}
}

func sortedKeys[M ~map[string]any](values M) []string {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func compareLog(report *Report, name string, want expect.Log, got otlpjson.Log) {
	field(report, name, "event name", want.EventName, got.EventName)
	field(report, name, "severity", want.Severity, got.Severity)
	field(report, name, "time", want.TimeNano, got.TimeNano)
	field(report, name, "count of what was dropped", uint32(0), got.Dropped)
	// A log record's flags are optional (logs.proto); where they are given, they are its span's.
	if got.Flags != 0 && got.Flags != expect.FlagSampled|expect.FlagRandom {
		report.differ("%s: flags: expected those of its span or none, got %#x", name, got.Flags)
	}
	compareAttributes(report, name, want.Attributes, got.Attributes)
}

// compareOrigins checks each resource and scope once.
func compareOrigins(report *Report, data *otlpjson.Data, want Origin) {
	seen := map[*otlpjson.Origin]bool{}
	said := map[string]bool{}
	check := func(signal string, origin *otlpjson.Origin) {
		if seen[origin] {
			return
		}
		seen[origin] = true
		single := &Report{}
		compareOrigin(single, signal, want, origin)
		for _, difference := range single.Differences {
			// The same resource comes with every batch; it is said once.
			if !said[difference] {
				said[difference] = true
				report.Differences = append(report.Differences, difference)
			}
		}
	}
	for i := range data.Spans {
		check("traces", data.Spans[i].Origin)
	}
	for i := range data.Logs {
		check("logs", data.Logs[i].Origin)
	}
}

func compareOrigin(report *Report, signal string, want Origin, got *otlpjson.Origin) {
	resource := signal + ": resource"
	for _, key := range got.Resource.Duplicate {
		report.differ("%s: attribute %s: occurs more than once", resource, key)
	}
	attribute := func(key, value string) {
		field(report, resource, "attribute "+key, any(value), got.Resource.Values[key])
	}
	if want.ServiceName != "" {
		attribute("service.name", want.ServiceName)
	}
	attribute("telemetry.sdk.name", libraryName)
	attribute("telemetry.sdk.language", language)
	for _, key := range []string{"service.name", "telemetry.sdk.version"} {
		if text, _ := got.Resource.Values[key].(string); text == "" {
			report.differ("%s: attribute %s: expected a text, got %s",
				resource, key, show(got.Resource.Values[key]))
		}
	}
	field(report, resource, "schema URL", schemaURL, got.ResourceSchemaURL)
	scope := signal + ": scope"
	field(report, scope, "name", libraryName, got.ScopeName)
	field(report, scope, "schema URL", schemaURL, got.ScopeSchemaURL)
}
