// The scenarios against a real Collector. The replay program is this test program, started again with a
// variable that makes it record what the rule says, faithfully or with one thing spoilt; so the whole way is
// walked, from processes and ports to the verdict. Needs the Collector built (the variable OTELCOL names it,
// or target/collector/otelcol).
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"agentotel.dev/tests/collector/internal/collector"
	"agentotel.dev/tests/collector/internal/expect"
	"agentotel.dev/tests/collector/internal/recorder"
)

// spoilVariable makes this program the replay program; its value says what is spoilt.
const spoilVariable = "CHECK_TEST_SPOIL"

const (
	small    = "../../internal/expect/testdata/transcripts.jsonl"
	recorded = "../../../../../shared/data/agent-sessions/airline.jsonl"
)

func TestMain(m *testing.M) {
	if spoil, found := os.LookupEnv(spoilVariable); found {
		if err := recordAsReplay(spoil, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// recordAsReplay takes the replay program's arguments and environment.
func recordAsReplay(spoil string, arguments []string) error {
	flags := flag.NewFlagSet("replay", flag.ContinueOnError)
	flags.Int("threads", 1, "")
	repeat := flags.Int("repeat", 1, "")
	ids := flags.String("ids", "", "")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	recording, err := record(flags.Arg(0), *repeat, os.Getenv("OTEL_SERVICE_NAME"))
	if err != nil {
		return err
	}
	written := recording.IDs()
	spans := recording.Traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	switch spoil {
	case "attribute":
		spans.At(1).Attributes().PutInt("gen_ai.usage.input_tokens", 1)
	case "lost":
		spans.RemoveIf(func(span ptrace.Span) bool { return span.Name() == "execute_tool book" })
	case "nothing":
		spans.RemoveIf(func(ptrace.Span) bool { return true })
	case "twice":
		spans.At(1).CopyTo(spans.AppendEmpty())
	case "ids":
		written = written[strings.Index(written, "\n")+1:]
	case "fail":
		return errors.New("said before the end")
	case "hang":
		time.Sleep(time.Minute)
	}
	if err := os.WriteFile(*ids, []byte(written), 0o600); err != nil {
		return err
	}
	return recording.Send(context.Background(),
		os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
}

func record(path string, repeat int, service string) (*recorder.Recording, error) {
	transcripts, err := expect.ReadFile(path)
	if err != nil {
		return nil, err
	}
	options := expect.DefaultOptions()
	options.Repeat = repeat
	sessions, err := expect.Sessions(transcripts, options)
	if err != nil {
		return nil, err
	}
	return recorder.Record(sessions, service)
}

// binary finds the Collector.
func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("OTELCOL")
	if path == "" {
		path = "../../../../target/collector/otelcol"
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no Collector: %v; build it with: go build -o target/collector/otelcol .", err)
	}
	return path
}

// check runs a scenario and gives its exit status and what it wrote.
func check(t *testing.T, arguments ...string) (int, string) {
	t.Helper()
	var output bytes.Buffer
	code := run(t.Context(), arguments, &output, &output)
	return code, output.String()
}

func expectResult(t *testing.T, wantCode int, says string, code int, output string) {
	t.Helper()
	if code != wantCode || !strings.Contains(output, says) {
		t.Errorf("expected status %d and %q, got %d and:\n%s", wantCode, says, code, output)
	}
}

// replay runs the scenario `replay` with this program as the replay program.
func replay(t *testing.T, spoil string, arguments ...string) (int, string) {
	t.Helper()
	t.Setenv(spoilVariable, spoil)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return check(t, append([]string{"replay", "--collector", binary(t), "--replay", program}, arguments...)...)
}

func TestAFaithfulReplayPasses(t *testing.T) {
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		t.Run(protocol, func(t *testing.T) {
			code, output := replay(t, "", "--transcripts", small, "--protocol", protocol)
			expectResult(t, 0, "compared 3 sessions, 11 spans, 1 logs, 11 ids", code, output)
		})
	}
}

func TestTheRecordedSessionsPassTwiceOver(t *testing.T) {
	if _, err := os.Stat(recorded); err != nil {
		t.Skipf("no recorded sessions: %v", err)
	}
	code, output := replay(t, "", "--transcripts", recorded, "--repeat", "2")
	expectResult(t, 0, "compared 200 sessions, 3680 spans, 42 logs, 3680 ids", code, output)
}

func TestASpoiltReplayFails(t *testing.T) {
	for spoil, says := range map[string]string{
		"attribute": "gen_ai.usage.input_tokens: expected 4 (int64), got 1 (int64)",
		"lost":      "has not arrived",
		"nothing":   "compared 0 sessions",
		"twice":     "arrived 2 times",
		"ids":       "was not written down",
		"fail":      "said before the end",
	} {
		t.Run(spoil, func(t *testing.T) {
			code, output := replay(t, spoil, "--transcripts", small)
			expectResult(t, 1, says, code, output)
		})
	}
}

func TestAReplayThatHangsIsEnded(t *testing.T) {
	started := time.Now()
	code, output := replay(t, "hang", "--transcripts", small, "--timeout", "3s")
	expectResult(t, 1, "took longer than 3s", code, output)
	if took := time.Since(started); took > 15*time.Second {
		t.Errorf("took %s", took)
	}
}

// writeLines writes a recording as a file exporter does.
func writeLines(t *testing.T, recording *recorder.Recording, spoil func(string) string) string {
	t.Helper()
	traces, err := (&ptrace.JSONMarshaler{}).MarshalTraces(recording.Traces)
	if err != nil {
		t.Fatal(err)
	}
	logs, err := (&plog.JSONMarshaler{}).MarshalLogs(recording.Logs)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "exported.jsonl")
	if err := os.WriteFile(path, []byte(spoil(fmt.Sprintf("%s\n%s\n", traces, logs))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func replacing(old, with string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, with, 1) }
}

func TestAFileIsReadAndCompared(t *testing.T) {
	recording, err := record(small, 1, "file-test")
	if err != nil {
		t.Fatal(err)
	}
	ids := filepath.Join(t.TempDir(), "ids.txt")
	if err := os.WriteFile(ids, []byte(recording.IDs()), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		spoil func(string) string
		code  int
		says  string
	}{
		"faithful":   {func(s string) string { return s }, 0, "3 sessions, 11 spans, 1 logs, 11 ids"},
		"wrong name": {replacing("chat gpt-4o", "chat"), 1, "name: expected"},
		"misspelt":   {replacing("spanId", "spanid"), 1, "spanid: written as"},
		"twice":      {func(s string) string { return s + s }, 1, "arrived more than once"},
		"cut off":    {func(s string) string { return s[:len(s)-20] }, 1, "line 2"},
		"empty":      {func(string) string { return "" }, 1, "compared 0 sessions"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			code, output := check(t, "file", "--collector", binary(t), "--transcripts", small,
				"--input", writeLines(t, recording, test.spoil), "--ids", ids, "--service", "file-test")
			expectResult(t, test.code, test.says, code, output)
		})
	}
}

func TestMissingTranscriptsAreSkipped(t *testing.T) {
	code, output := check(t, "replay", "--collector", "none", "--replay", "none",
		"--transcripts", "no/such/file")
	expectResult(t, 0, "SKIP: replay: no/such/file", code, output)
}

func TestWrongArgumentsAreNamed(t *testing.T) {
	for says, arguments := range map[string][]string{
		"usage:":                  {"restart"},
		"--replay is required":    {"replay", "--collector", "c", "--transcripts", "t"},
		"--collector is required": {"file", "--input", "i", "--transcripts", "t"},
		"--protocol: expected": {
			"replay", "--collector", "c", "--transcripts", "t", "--replay", "r", "--protocol", "udp",
		},
		"--compression: expected": {
			"replay", "--collector", "c", "--transcripts", "t", "--replay", "r", "--compression", "lz4",
		},
		"--tls: expected": {
			"replay", "--collector", "c", "--transcripts", "t", "--replay", "r", "--tls", "some",
		},
		"--repeat: expected": {
			"replay", "--collector", "c", "--transcripts", "t", "--replay", "r", "--repeat", "0",
		},
		"unexpected argument": {
			"replay", "--collector", "c", "--transcripts", "t", "--replay", "r", "more",
		},
	} {
		code, output := check(t, arguments...)
		expectResult(t, 2, says, code, output)
	}
}

func TestACollectorThatCannotStartSaysWhy(t *testing.T) {
	_, err := collector.Start(t.Context(), collector.Options{
		Binary: binary(t), Directory: t.TempDir(), ReadFile: "/no/such/file",
	})
	if err == nil || !strings.Contains(err.Error(), "/no/such/file") {
		t.Errorf("expected an error that names the file, got %v", err)
	}
}

func TestACollectorThatIsStoppedIsGone(t *testing.T) {
	c, err := collector.Start(t.Context(), collector.Options{Binary: binary(t), Directory: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	process := c.Process()
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(process, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", process, err)
	}
	if err := c.Stop(); err == nil {
		t.Error("a Collector that had ended was stopped")
	}
}
