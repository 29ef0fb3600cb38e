// Package expect computes, from agent transcripts alone, what a Collector must receive when the replay
// example has recorded them: the second implementation of the replay rule, which shares no code with the
// first. This file reads the transcripts (one JSON object a line, OpenAI chat messages); rule.go turns them
// into sessions.
package expect

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Transcript is one line of the input.
type Transcript struct {
	TaskID   *int64    `json:"task_id"`
	Trial    int64     `json:"trial"`
	Reward   *float64  `json:"reward"`
	Messages []Message `json:"traj"`
}

// Message is one chat message. A null content is nil.
type Message struct {
	Role       string     `json:"role"`
	Content    *string    `json:"content"`
	ToolCalls  []ToolCall `json:"tool_calls"`
	ToolCallID string     `json:"tool_call_id"`
	Name       string     `json:"name"`
}

// ToolCall is one call that an assistant's message asks for.
type ToolCall struct {
	ID       string `json:"id"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

// text is the content, or nothing.
func (m Message) text() string {
	if m.Content == nil {
		return ""
	}
	return *m.Content
}

// callBytes is the length of all names and arguments that the message's tool calls carry.
func (m Message) callBytes() int {
	total := 0
	for _, call := range m.ToolCalls {
		total += len(call.Function.Name) + len(call.Function.Arguments)
	}
	return total
}

// ReadFile reads every transcript of a file. An error wraps fs.ErrNotExist when the file is missing.
func ReadFile(path string) ([]Transcript, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	transcripts, err := Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return transcripts, nil
}

// Read reads transcripts, one JSON object a line; blank lines are passed over and not counted.
func Read(input io.Reader) ([]Transcript, error) {
	var transcripts []Transcript
	lines := bufio.NewReader(input)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if trimmed := bytes.TrimSpace(line); len(trimmed) != 0 {
			var transcript Transcript
			if err := json.Unmarshal(trimmed, &transcript); err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
			transcripts = append(transcripts, transcript)
		}
		if errors.Is(err, io.EOF) {
			return transcripts, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
