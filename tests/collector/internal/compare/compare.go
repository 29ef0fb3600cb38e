// Package compare holds what arrived at a Collector against what the replay rule says: every session and
// every span exactly once, with its parent, times, attributes and status, and nothing besides. It reads plain
// values and writes differences as sentences; it knows neither files nor processes. ids.go compares sets of
// ids, span.go single spans and records.
package compare

import (
	"fmt"
	"sort"

	"agentotel.dev/tests/collector/internal/expect"
	"agentotel.dev/tests/collector/internal/otlpjson"
)

// Report is what a comparison found.
type Report struct {
	// Matched counts what was compared and found as it must be or not: each expected item that has arrived.
	Matched expect.Totals
	// Differences are sentences, in the order of the expected sessions.
	Differences []string
}

// sortFrom orders the differences that were found after a mark, where they came in no order.
func (r *Report) sortFrom(mark int) { sort.Strings(r.Differences[mark:]) }

func (r *Report) differ(format string, values ...any) {
	r.Differences = append(r.Differences, fmt.Sprintf(format, values...))
}

// Origin says what resource and scope everything must have come under.
type Origin struct {
	ServiceName string
}

// spanKey is a span's identity.
type spanKey struct{ trace, span string }

// trace is what arrived under one trace id.
type trace struct {
	id    string
	roots []otlpjson.Span
	// children are keyed by the message that they come from.
	children map[int64][]otlpjson.Span
	// strangers carry no message index.
	strangers []otlpjson.Span
	logs      map[string][]otlpjson.Log
}

// sessionKey finds a session: its id, and its start, which differs for each line of a file.
type sessionKey struct {
	id    string
	start uint64
}

// Sessions compares everything that arrived with the expected sessions.
func Sessions(expected []expect.Session, data *otlpjson.Data, origin Origin) *Report {
	report := &Report{}
	compareOrigins(report, data, origin)
	compareDuplicates(report, data)
	traces := group(report, data)
	for _, session := range expected {
		key := sessionKey{session.ID, session.Root.StartNano}
		found := traces[key]
		if len(found) == 0 {
			report.differ("session %s: has not arrived", session.ID)
			continue
		}
		if len(found) > 1 {
			report.differ("session %s: arrived %d times, under different trace ids", session.ID, len(found))
		}
		compareSession(report, session, found[0])
		delete(traces, key)
	}
	mark := len(report.Differences)
	for key := range traces {
		report.differ("session %q starting at %d: arrived and is not expected", key.id, key.start)
	}
	report.sortFrom(mark)
	return report
}

// compareDuplicates reports every span that arrived more than once.
func compareDuplicates(report *Report, data *otlpjson.Data) {
	counts := map[spanKey]int{}
	for _, span := range data.Spans {
		key := spanKey{span.TraceID, span.SpanID}
		counts[key]++
		if counts[key] == 2 {
			report.differ("span %s of trace %s (%s): arrived more than once",
				span.SpanID, span.TraceID, span.Name)
		}
		if span.TraceID == "" || span.SpanID == "" {
			report.differ("span %q: trace id %q and span id %q, expected both",
				span.Name, span.TraceID, span.SpanID)
		}
	}
}

// group orders what arrived by trace, and traces by session.
func group(report *Report, data *otlpjson.Data) map[sessionKey][]*trace {
	traces := map[string]*trace{}
	at := func(id string) *trace {
		if traces[id] == nil {
			traces[id] = &trace{
				id:       id,
				children: map[int64][]otlpjson.Span{},
				logs:     map[string][]otlpjson.Log{},
			}
		}
		return traces[id]
	}
	for _, span := range data.Spans {
		t := at(span.TraceID)
		index, found := span.Attributes.Values[expect.MessageIndexKey].(int64)
		switch {
		case found:
			t.children[index] = append(t.children[index], span)
		case span.ParentID == "":
			t.roots = append(t.roots, span)
		default:
			t.strangers = append(t.strangers, span)
		}
	}
	for _, record := range data.Logs {
		t := at(record.TraceID)
		t.logs[record.SpanID] = append(t.logs[record.SpanID], record)
	}
	ids := make([]string, 0, len(traces))
	for id := range traces {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	sessions := map[sessionKey][]*trace{}
	for _, id := range ids {
		t := traces[id]
		if len(t.roots) != 1 {
			report.differ("trace %s: %d root spans, expected 1", id, len(t.roots))
		}
		if len(t.roots) == 0 {
			continue
		}
		session, _ := t.roots[0].Attributes.Values["session.id"].(string)
		key := sessionKey{session, t.roots[0].StartNano}
		sessions[key] = append(sessions[key], t)
	}
	return sessions
}

func compareSession(report *Report, session expect.Session, got *trace) {
	report.Matched.Sessions++
	root := got.roots[0]
	report.Matched.Spans++
	compareSpan(report, "session "+session.ID+": root", session.Root, "", root)

	// The ids of the expected children, by their place, so that parents can be looked up.
	ids := make([]string, len(session.Children))
	arrived := make([]*otlpjson.Span, len(session.Children))
	for place, child := range session.Children {
		index, _ := child.Attributes[expect.MessageIndexKey].(int64)
		found := got.children[index]
		delete(got.children, index)
		name := childName(session, place)
		if len(found) == 0 {
			report.differ("%s: has not arrived", name)
			continue
		}
		if len(found) > 1 {
			report.differ("%s: arrived %d times", name, len(found))
		}
		ids[place] = found[0].SpanID
		arrived[place] = &found[0]
	}
	for place, child := range session.Children {
		if arrived[place] == nil {
			continue
		}
		parent := root.SpanID
		if child.Parent != expect.RootParent {
			parent = ids[child.Parent]
		}
		report.Matched.Spans++
		compareSpan(report, childName(session, place), child, parent, *arrived[place])
	}
	mark := len(report.Differences)
	for index, spans := range got.children {
		report.differ("session %s: span %q of message %d is not expected", session.ID, spans[0].Name, index)
	}
	for _, span := range got.strangers {
		report.differ("session %s: span %q is not expected", session.ID, span.Name)
	}
	report.sortFrom(mark)
	compareLogs(report, session, ids, got)
}

func childName(session expect.Session, place int) string {
	child := session.Children[place]
	index := child.Attributes[expect.MessageIndexKey]
	return fmt.Sprintf("session %s: message %v (%s)", session.ID, index, child.Name)
}

func compareLogs(report *Report, session expect.Session, ids []string, got *trace) {
	for _, record := range session.Logs {
		id := ids[record.Span]
		if id == "" {
			// The span itself is missing, which was said.
			continue
		}
		name := childName(session, record.Span) + ": log record"
		found := got.logs[id]
		delete(got.logs, id)
		if len(found) == 0 {
			report.differ("%s: has not arrived", name)
			continue
		}
		if len(found) > 1 {
			report.differ("%s: arrived %d times", name, len(found))
		}
		report.Matched.Logs++
		compareLog(report, name, record, found[0])
	}
	mark := len(report.Differences)
	for id, records := range got.logs {
		report.differ("session %s: log record %q on span %q is not expected",
			session.ID, records[0].EventName, id)
	}
	report.sortFrom(mark)
}
