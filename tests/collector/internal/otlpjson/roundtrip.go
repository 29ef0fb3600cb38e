// Whether lines are written as the Collector writes them: each is decoded and written again by the
// Collector's own JSON codec, and the two must say the same. A field that the codec does not know, a wrong
// spelling, a number where an id belongs would be lost on the way, silently; here it is a difference.
package otlpjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// RoundTrip reads a file's lines and returns one text for each place where a line, decoded and encoded again,
// says something else, at most limit of them.
func RoundTrip(path string, limit int) ([]string, error) {
	var differences []string
	number := 0
	err := eachLine(path, func(line []byte) error {
		number++
		if len(differences) >= limit {
			return nil
		}
		again, err := encodeAgain(line)
		if err != nil {
			return err
		}
		before, err := decodeAny(line)
		if err != nil {
			return err
		}
		after, err := decodeAny(again)
		if err != nil {
			return err
		}
		found := differ(fmt.Sprintf("request %d", number), before, after)
		differences = append(differences, found[:min(len(found), limit-len(differences))]...)
		return nil
	})
	return differences, err
}

func encodeAgain(line []byte) ([]byte, error) {
	field, err := signal(line)
	if err != nil {
		return nil, err
	}
	switch field {
	case "resourceSpans":
		var unmarshaler ptrace.JSONUnmarshaler
		traces, err := unmarshaler.UnmarshalTraces(line)
		if err != nil {
			return nil, err
		}
		return (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
	case "resourceLogs":
		var unmarshaler plog.JSONUnmarshaler
		logs, err := unmarshaler.UnmarshalLogs(line)
		if err != nil {
			return nil, err
		}
		return (&plog.JSONMarshaler{}).MarshalLogs(logs)
	}
	return line, nil
}

func decodeAny(line []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// differ compares two JSON values as protobuf's JSON form does: a field at its default may be left out, and a
// 64-bit integer may be a number or a string.
func differ(path string, before, after any) []string {
	if isDefault(before) && isDefault(after) {
		return nil
	}
	switch was := before.(type) {
	case map[string]any:
		is, ok := after.(map[string]any)
		if !ok && after != nil {
			break
		}
		var differences []string
		for _, key := range keys(was, is) {
			differences = append(differences, differ(path+"."+key, was[key], is[key])...)
		}
		return differences
	case []any:
		is, ok := after.([]any)
		if !ok || len(was) != len(is) {
			break
		}
		var differences []string
		for i := range was {
			differences = append(differences, differ(fmt.Sprintf("%s[%d]", path, i), was[i], is[i])...)
		}
		return differences
	default:
		if scalar(before) && scalar(after) && text(before) == text(after) {
			return nil
		}
	}
	return []string{describe(path, before, after)}
}

func describe(path string, before, after any) string {
	return fmt.Sprintf("%s: written as %s, the Collector writes %s", path, compact(before), compact(after))
}

func compact(value any) string {
	if value == nil {
		return "nothing"
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	if len(encoded) > 120 {
		return string(encoded[:120]) + "…"
	}
	return string(encoded)
}

func keys(maps ...map[string]any) []string {
	seen := map[string]bool{}
	var all []string
	for _, each := range maps {
		for key := range each {
			if !seen[key] {
				seen[key] = true
				all = append(all, key)
			}
		}
	}
	sort.Strings(all)
	return all
}

func scalar(value any) bool {
	switch value.(type) {
	case string, json.Number, bool:
		return true
	}
	return false
}

func text(value any) string { return fmt.Sprint(value) }

// isDefault is whether protobuf's JSON form may leave the value out.
func isDefault(value any) bool {
	switch typed := value.(type) {
	case nil:
		return true
	case string:
		return typed == "" || typed == "0"
	case json.Number:
		return typed == "0"
	case bool:
		return !typed
	case []any:
		return len(typed) == 0
	case map[string]any:
		for _, inner := range typed {
			if !isDefault(inner) {
				return false
			}
		}
		return true
	}
	return false
}
