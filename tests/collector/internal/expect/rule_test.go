// The rule against values worked out by hand from three small transcripts: one that fails with tools, an
// error and a call id used twice; one that succeeds; one that has neither id nor reward, and a result that
// nobody asked for.
package expect

import (
	"reflect"
	"strings"
	"testing"
)

func fixture(t *testing.T, repeat int) []Session {
	t.Helper()
	transcripts, err := ReadFile("testdata/transcripts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	options := DefaultOptions()
	options.Repeat = repeat
	sessions, err := Sessions(transcripts, options)
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}

func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%s: expected %v, got %v", what, want, got)
	}
}

func TestBlankLinesAreNotCounted(t *testing.T) {
	sessions := fixture(t, 1)
	equal(t, "totals", Totals{Sessions: 3, Spans: 7 + 2 + 2, Logs: 1}, Count(sessions))
	equal(t, "start of the second", uint64(1_700_003_600_000_000_000), sessions[1].Root.StartNano)
}

func TestASessionThatFailsSaysWhy(t *testing.T) {
	root := fixture(t, 1)[0].Root
	// Five seconds of the user; 250, 101, 104, 230, 100 and 210 ms of the agent.
	equal(t, "end", uint64(1_700_000_005_995_000_000), root.EndNano)
	equal(t, "status", []any{StatusError, "task not solved"}, []any{root.Status, root.StatusMessage})
	equal(t, "attributes", Attributes{
		"session.id":                            "task-3-trial-1",
		"gen_ai.conversation.id":                "task-3-trial-1-conversation",
		"gen_ai.operation.name":                 "invoke_agent",
		"gen_ai.provider.name":                  "openai",
		"gen_ai.agent.name":                     "airline",
		"error.type":                            "_OTHER",
		"agentotel.session.end_state":           "fail",
		"agentotel.session.end_state_reason":    "task not solved",
		"agentotel.session.event_count":         int64(6),
		"agentotel.session.error_count":         int64(1),
		"agentotel.session.llm_count":           int64(3),
		"agentotel.session.tool_count":          int64(3),
		"agentotel.session.usage.input_tokens":  int64(4 + 14 + 17),
		"agentotel.session.usage.output_tokens": int64(5 + 3 + 1),
	}, root.Attributes)
}

func TestAnAssistantTurnIsAnLlmSpan(t *testing.T) {
	// Before it: 8 bytes of system and, two of its letters being two bytes long, 8 of the user.
	span := fixture(t, 1)[0].Children[0]
	equal(t, "start", uint64(1_700_000_005_000_000_000), span.StartNano)
	// find + {"q": "x"} + book + {} are 20 bytes, but null content none.
	equal(t, "end", uint64(1_700_000_005_250_000_000), span.EndNano)
	equal(t, "name", "chat gpt-4o", span.Name)
	equal(t, "kind", KindClient, span.Kind)
	equal(t, "attributes", Attributes{
		"gen_ai.operation.name":          "chat",
		"gen_ai.provider.name":           "openai",
		"gen_ai.request.model":           "gpt-4o",
		"gen_ai.response.model":          "gpt-4o",
		"gen_ai.response.id":             "task-3-trial-1-2",
		"gen_ai.response.finish_reasons": []any{"tool_calls"},
		"gen_ai.usage.input_tokens":      int64(4),
		"gen_ai.usage.output_tokens":     int64(5),
		"gen_ai.conversation.id":         "task-3-trial-1-conversation",
		"session.id":                     "task-3-trial-1",
		"replay.message.index":           int64(2),
		"replay.content.bytes":           int64(0),
	}, span.Attributes)
}

func TestAToolResultIsBelowTheLatestCallOfItsId(t *testing.T) {
	children := fixture(t, 1)[0].Children
	equal(t, "first use of c1", []any{0, "execute_tool find"}, []any{children[1].Parent, children[1].Name})
	equal(t, "second use of c1", []any{3, "execute_tool think"}, []any{children[4].Parent, children[4].Name})
}

func TestAToolErrorIsAStatusAndALogRecord(t *testing.T) {
	session := fixture(t, 1)[0]
	span := session.Children[2]
	equal(t, "status", []any{StatusError, "Error: no seats"}, []any{span.Status, span.StatusMessage})
	equal(t, "length", uint64(104_000_000), span.EndNano-span.StartNano)
	equal(t, "attributes", Attributes{
		"gen_ai.operation.name": "execute_tool",
		"gen_ai.tool.name":      "book",
		"gen_ai.tool.type":      "function",
		"gen_ai.tool.call.id":   "c2",
		"session.id":            "task-3-trial-1",
		"error.type":            "tool_error",
		"replay.message.index":  int64(4),
	}, span.Attributes)
	equal(t, "log records", []Log{{
		Span:      2,
		TimeNano:  span.EndNano,
		EventName: "exception",
		Severity:  SeverityError,
		Attributes: Attributes{
			"exception.type":    "tool_error",
			"exception.message": "Error: no seats",
			"session.id":        "task-3-trial-1",
		},
	}}, session.Logs)
}

func TestASessionThatSucceedsHasNoReason(t *testing.T) {
	session := fixture(t, 1)[1]
	equal(t, "status", []any{StatusUnset, ""}, []any{session.Root.Status, session.Root.StatusMessage})
	equal(t, "end state", any("success"), session.Root.Attributes["agentotel.session.end_state"])
	for _, absent := range []string{
		"agentotel.session.end_state_reason", "error.type", "agentotel.session.tool_count",
	} {
		if value, found := session.Root.Attributes[absent]; found {
			t.Errorf("%s is there: %v", absent, value)
		}
	}
	equal(t, "finish", any([]any{"stop"}), session.Children[0].Attributes["gen_ai.response.finish_reasons"])
	equal(t, "bytes of escaped text", any(int64(11)), session.Children[0].Attributes["replay.content.bytes"])
}

func TestWhatATranscriptLacksIsMadeUp(t *testing.T) {
	session := fixture(t, 1)[2]
	equal(t, "id", "line-2", session.ID)
	equal(t, "end state", any("indeterminate"), session.Root.Attributes["agentotel.session.end_state"])
	equal(t, "orphan", []any{RootParent, "execute_tool orphan"},
		[]any{session.Children[0].Parent, session.Children[0].Name})
}

func TestARepeatedFileGoesOnInTime(t *testing.T) {
	sessions := fixture(t, 2)
	equal(t, "id", "task-3-trial-1-r1", sessions[3].ID)
	equal(t, "start", uint64(1_700_010_800_000_000_000), sessions[3].Root.StartNano)
	equal(t, "line id", "line-5-r1", sessions[5].ID)
}

func TestAnUnknownRoleIsRefused(t *testing.T) {
	transcripts, err := Read(strings.NewReader(`{"traj": [{"role": "narrator"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Sessions(transcripts, DefaultOptions())
	if err == nil || !strings.Contains(err.Error(), "narrator") {
		t.Errorf("expected an error that names the role, got %v", err)
	}
}
