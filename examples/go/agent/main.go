// A small real agent: a loop that asks a model over HTTP, streams its answer, and calls the tools that it wants, one of them
// on a server in another process.
//
//	agent [CONFIG]             the agent; it starts the tool server itself
//	agent --tools CONFIG       the tool server: continues the caller's trace
//
// The session is one trace: the model's calls and the tools below them, a tool that fails and is tried again, and the tool
// server's session below the call that was made to it.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"

	agentotel "github.com/agentotel/agentotel/bindings/go"
)

// model is a stub: what it says depends on how often it was asked. Each line is a chunk of its answer.
func model() http.Handler {
	var turn atomic.Int32
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch turn.Add(1) {
		case 1:
			fmt.Fprint(w, "I will look\nfor flights.\ncall find_flights OSL\n")
		case 2:
			fmt.Fprint(w, "Now the\nweather.\ncall weather OSL\n")
		default:
			fmt.Fprint(w, "There is a flight\nat 9:40,\nand it rains.\n")
		}
	})
}

// serveTools answers one call; its session continues the trace of whoever calls.
func serveTools() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	served := make(chan error, 1)
	server := &http.Server{Handler: agentotel.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, session := agentotel.StartSession(r.Context(), agentotel.WithSessionName("tool server"))
		place, _ := io.ReadAll(r.Body)
		ctx, work := agentotel.StartEvent(ctx, agentotel.MCPServer{Method: "tools/call", ToolName: "weather"})
		slog.InfoContext(ctx, "looked out of the window", "place", string(place))
		fmt.Fprintln(w, "rain")
		served <- errors.Join(work.End(), session.EndWith(agentotel.SessionEnd{State: agentotel.EndStateSuccess}))
	}))}
	go func() { _ = server.Serve(listener) }()
	err = <-served
	return errors.Join(err, server.Shutdown(context.Background()))
}

type agent struct {
	client    *http.Client
	modelURL  string
	toolURL   string
	timetable int // how often it was asked
}

// ask the model; its answer comes in lines, the last of which may want a tool.
func (a *agent) ask(ctx context.Context, prompt string) (last string, answered agentotel.SpanContext, err error) {
	ctx, call := agentotel.StartEvent(ctx, agentotel.LLM{
		RequestModel: "stub-1", Stream: agentotel.Truth(true), ServerAddress: "127.0.0.1", InputMessages: prompt,
	})
	if answered, err = call.Context(); err != nil {
		return "", answered, err
	}
	tokens := int64(0)
	err = a.post(ctx, a.modelURL, prompt, func(line string) {
		_ = call.Chunk(line)
		last = line
		tokens += 3
	})
	if err != nil {
		return "", answered, errors.Join(err, call.Fail(err))
	}
	reason := "stop"
	if strings.HasPrefix(last, "call ") {
		reason = "tool_calls"
	}
	return last, answered, call.EndWith(agentotel.LLM{
		FinishReasons: []string{reason}, InputTokens: agentotel.I64(int64(len(prompt) / 4)), OutputTokens: agentotel.I64(tokens),
	})
}

func (a *agent) post(ctx context.Context, url, body string, onLine func(string)) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		onLine(lines.Text())
	}
	return lines.Err()
}

// call a tool below the answer that asked for it; the second try is another span.
func (a *agent) call(ctx context.Context, name, argument string, answered agentotel.SpanContext) (result string, err error) {
	for range 2 {
		ctx, tool := agentotel.StartEvent(ctx, agentotel.Tool{Name: name, Type: "function"},
			agentotel.WithParent(answered.Target()))
		if name == "weather" {
			err = a.post(ctx, a.toolURL, argument, func(line string) { result += line })
		} else {
			result, err = a.findFlights(ctx, argument)
		}
		if err == nil {
			return result, tool.EndWith(agentotel.Tool{Result: result})
		}
		if failure := tool.End(agentotel.WithError(&agentotel.ErrorDetail{Type: "unreachable", Message: err.Error()})); failure != nil {
			return "", failure
		}
	}
	return "", err
}

// findFlights is a tool in this process, with a step of its own below it. The first try fails.
func (a *agent) findFlights(ctx context.Context, to string) (string, error) {
	_, query := agentotel.StartEvent(ctx, agentotel.Custom{Name: "query timetable"},
		agentotel.WithAttributes(agentotel.String("airport", to), agentotel.Int("try", a.timetable)))
	a.timetable++
	if a.timetable == 1 {
		err := errors.New("the timetable is not reachable")
		return "", errors.Join(err, query.Fail(err))
	}
	return `["9:40"]`, query.End()
}

func (a *agent) run(ctx context.Context, question string) (string, error) {
	prompt := question
	for {
		said, answered, err := a.ask(ctx, prompt)
		if err != nil || !strings.HasPrefix(said, "call ") {
			return said, err
		}
		words := strings.Fields(said)
		result, err := a.call(ctx, words[1], words[2], answered)
		if err != nil {
			return "", err
		}
		prompt += "\n" + result
	}
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() (err error) {
	config, tools := "", len(os.Args) > 1 && os.Args[1] == "--tools"
	if len(os.Args) > 1 {
		config = os.Args[len(os.Args)-1]
	}
	library, err := agentotel.Init(context.Background(), agentotel.WithConfig(config))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, library.Close()) }()
	slog.SetDefault(slog.New(agentotel.NewLogHandler()))
	if tools {
		return serveTools()
	}

	stub := httptest.NewServer(model())
	defer stub.Close()
	server := exec.Command(os.Args[0], "--tools", config)
	server.Stderr = os.Stderr
	output, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Wait()) }()
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return err
	}

	ctx, session := agentotel.StartSession(context.Background(), agentotel.WithAgent("travel-agent"), agentotel.WithProvider("stub"))
	own := agent{
		client:   &http.Client{Transport: agentotel.Transport{}},
		modelURL: stub.URL, toolURL: "http://" + strings.TrimSpace(address),
	}
	said, err := own.run(ctx, "When can I fly to Oslo, and what is the weather there?")
	if err != nil {
		return errors.Join(err, session.EndWith(agentotel.SessionEnd{State: agentotel.EndStateFail, Reason: err.Error()}))
	}
	fmt.Println(said)
	return session.EndWith(agentotel.SessionEnd{State: agentotel.EndStateSuccess})
}
