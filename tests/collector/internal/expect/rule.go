// The replay rule: how a transcript becomes a session with times and token counts, which transcripts do not
// carry. It follows the rule that the replay example publishes, in the rule's order; everything here is a
// pure function of the transcripts and the options.
package expect

import (
	"errors"
	"fmt"
	"strings"
)

// Times of the rule, in nanoseconds.
const (
	millisecond = uint64(1_000_000)
	second      = 1000 * millisecond

	firstStart   = 1_700_000_000 * second
	betweenLines = 3600 * second
	userTurn     = 5 * second

	llmFixed     = 200 * millisecond
	llmPerToken  = 10 * millisecond
	toolFixed    = 100 * millisecond
	toolPerToken = 1 * millisecond
)

// bytesPerToken is the rule's estimate of a token.
const bytesPerToken = 4

// MessageIndexKey names the free attribute that tells which message a span comes from; it is unique in a
// session.
const MessageIndexKey = "replay.message.index"

// Options are the replay program's own.
type Options struct {
	Agent, Provider, Model string
	// Repeat is how many times the file is replayed; zero counts as one.
	Repeat int
}

// DefaultOptions are what the replay program uses when it is told nothing.
func DefaultOptions() Options {
	return Options{Agent: "airline", Provider: "openai", Model: "gpt-4o", Repeat: 1}
}

// Sessions gives every session that a replay of the transcripts records.
func Sessions(transcripts []Transcript, options Options) ([]Session, error) {
	sessions := make([]Session, 0, len(transcripts)*max(options.Repeat, 1))
	for round := range max(options.Repeat, 1) {
		for line, transcript := range transcripts {
			number := line + round*len(transcripts)
			session, err := newSession(transcript, number, round, options)
			if err != nil {
				return nil, fmt.Errorf("transcript %d: %w", line, err)
			}
			sessions = append(sessions, session)
		}
	}
	return sessions, nil
}

// tokens estimates a token count from a length in bytes.
func tokens(bytes int) uint64 {
	return uint64((bytes + bytesPerToken - 1) / bytesPerToken)
}

func sessionID(transcript Transcript, number, round int) string {
	id := fmt.Sprintf("line-%d", number)
	if transcript.TaskID != nil {
		id = fmt.Sprintf("task-%d-trial-%d", *transcript.TaskID, transcript.Trial)
	}
	if round > 0 {
		id += fmt.Sprintf("-r%d", round)
	}
	return id
}

// toolCall is a call that was asked for: by which child span, and for which tool.
type toolCall struct {
	span int
	name string
}

// replay is a session in the making: the rule's clock, and what earlier messages left behind.
type replay struct {
	options Options
	session Session
	clock   uint64
	// inputBytes is the length of all messages before the current one.
	inputBytes int
	// calls holds the latest call under each id: recorded transcripts use an id again for a later call.
	calls                     map[string]toolCall
	inputTokens, outputTokens uint64
	llmCount, toolCount       int64
	errorCount                int64
}

func newSession(transcript Transcript, number, round int, options Options) (Session, error) {
	start := firstStart + uint64(number)*betweenLines
	r := replay{options: options, clock: start, calls: map[string]toolCall{}}
	r.session.ID = sessionID(transcript, number, round)
	for index, message := range transcript.Messages {
		if err := r.message(index, message); err != nil {
			return Session{}, fmt.Errorf("message %d: %w", index, err)
		}
		r.inputBytes += len(message.text()) + message.callBytes()
	}
	r.session.Root = r.root(start, transcript.Reward)
	return r.session, nil
}

func (r *replay) message(index int, message Message) error {
	switch message.Role {
	case "system":
	case "user":
		r.clock += userTurn
	case "assistant":
		r.assistant(index, message)
	case "tool":
		return r.tool(index, message)
	default:
		return fmt.Errorf("role: expected system, user, assistant or tool, got %q", message.Role)
	}
	return nil
}

func (r *replay) conversationID() string { return r.session.ID + "-conversation" }

func (r *replay) assistant(index int, message Message) {
	output := tokens(len(message.text()) + message.callBytes())
	input := tokens(r.inputBytes)
	start := r.clock
	r.clock += llmFixed + llmPerToken*output
	finish := "stop"
	if len(message.ToolCalls) != 0 {
		finish = "tool_calls"
	}
	for _, call := range message.ToolCalls {
		r.calls[call.ID] = toolCall{span: len(r.session.Children), name: call.Function.Name}
	}
	r.session.Children = append(r.session.Children, Span{
		Name:      "chat " + r.options.Model,
		Kind:      KindClient,
		Parent:    RootParent,
		StartNano: start,
		EndNano:   r.clock,
		Attributes: Attributes{
			"gen_ai.operation.name":          "chat",
			"gen_ai.provider.name":           r.options.Provider,
			"gen_ai.request.model":           r.options.Model,
			"gen_ai.response.model":          r.options.Model,
			"gen_ai.response.id":             fmt.Sprintf("%s-%d", r.session.ID, index),
			"gen_ai.response.finish_reasons": []any{finish},
			"gen_ai.usage.input_tokens":      int64(input),
			"gen_ai.usage.output_tokens":     int64(output),
			"gen_ai.conversation.id":         r.conversationID(),
			"session.id":                     r.session.ID,
			MessageIndexKey:                  int64(index),
			"replay.content.bytes":           int64(len(message.text())),
		},
	})
	r.llmCount++
	r.inputTokens += input
	r.outputTokens += output
}

func (r *replay) tool(index int, message Message) error {
	if message.ToolCallID == "" {
		return errors.New("tool_call_id: expected a string that is not empty")
	}
	call, known := r.calls[message.ToolCallID]
	if !known {
		call = toolCall{span: RootParent, name: message.Name}
	}
	content := message.text()
	start := r.clock
	r.clock += toolFixed + toolPerToken*tokens(len(content))
	span := Span{
		Name:      "execute_tool " + call.name,
		Kind:      KindInternal,
		Parent:    call.span,
		StartNano: start,
		EndNano:   r.clock,
		Attributes: Attributes{
			"gen_ai.operation.name": "execute_tool",
			"gen_ai.tool.name":      call.name,
			"gen_ai.tool.type":      "function",
			"gen_ai.tool.call.id":   message.ToolCallID,
			"session.id":            r.session.ID,
			MessageIndexKey:         int64(index),
		},
	}
	if strings.HasPrefix(content, "Error") {
		span.Attributes["error.type"] = "tool_error"
		span.Status, span.StatusMessage = StatusError, content
		r.errorCount++
		r.session.Logs = append(r.session.Logs, Log{
			Span:      len(r.session.Children),
			TimeNano:  r.clock,
			EventName: "exception",
			Severity:  SeverityError,
			Attributes: Attributes{
				"exception.type":    "tool_error",
				"exception.message": content,
				"session.id":        r.session.ID,
			},
		})
	}
	r.session.Children = append(r.session.Children, span)
	r.toolCount++
	return nil
}

func (r *replay) root(start uint64, reward *float64) Span {
	root := Span{
		Name:      "invoke_agent " + r.options.Agent,
		Kind:      KindInternal,
		Parent:    RootParent,
		StartNano: start,
		EndNano:   r.clock,
		Attributes: Attributes{
			"session.id":                    r.session.ID,
			"gen_ai.conversation.id":        r.conversationID(),
			"gen_ai.operation.name":         "invoke_agent",
			"gen_ai.provider.name":          r.options.Provider,
			"gen_ai.agent.name":             r.options.Agent,
			"agentotel.session.event_count": int64(len(r.session.Children)),
			"agentotel.session.error_count": r.errorCount,
		},
	}
	const state = "agentotel.session.end_state"
	switch {
	case reward == nil:
		root.Attributes[state] = "indeterminate"
	case *reward >= 1:
		root.Attributes[state] = "success"
	default:
		const reason = "task not solved"
		root.Attributes[state] = "fail"
		root.Attributes[state+"_reason"] = reason
		root.Attributes["error.type"] = "_OTHER"
		root.Status, root.StatusMessage = StatusError, reason
	}
	for key, value := range map[string]int64{
		"agentotel.session.llm_count":           r.llmCount,
		"agentotel.session.tool_count":          r.toolCount,
		"agentotel.session.usage.input_tokens":  int64(r.inputTokens),
		"agentotel.session.usage.output_tokens": int64(r.outputTokens),
	} {
		if value != 0 {
			root.Attributes[key] = value
		}
	}
	return root
}
