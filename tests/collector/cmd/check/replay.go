// The scenario `replay`: the replay program sends the transcripts to a Collector over OTLP; what the
// Collector wrote must be every session as the rule says, and exactly the ids that the program wrote down.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"agentotel.dev/tests/collector/internal/collector"
	"agentotel.dev/tests/collector/internal/compare"
	"agentotel.dev/tests/collector/internal/otlpjson"
)

// serviceName is what the replay program is told to call itself.
const serviceName = "agentotel-replay-check"

// killDelay is how long a program that was told to end may take before its pipes are closed.
const killDelay = 5 * time.Second

func checkReplay(ctx context.Context, arguments []string, output io.Writer) error {
	o := newOptions("replay", output)
	program := o.flags.String("replay", "", "the replay program (required)")
	threads := o.flags.Int("threads", 2, "how many threads replay")
	protocol := o.flags.String("protocol", "http/protobuf", "how it sends: http/protobuf, http/json or grpc")
	compression := o.flags.String("compression", "none", "how it compresses: none, gzip or zstd")
	security := o.flags.String("tls", "none", "who has certificates: none, server or mutual")
	if err := o.parse(arguments, "replay"); err != nil {
		return err
	}
	err := errors.Join(
		oneOf("--protocol", *protocol, "http/protobuf", "http/json", "grpc"),
		oneOf("--compression", *compression, "none", "gzip", "zstd"),
		oneOf("--tls", *security, "none", "server", "mutual"))
	if err != nil {
		return err
	}
	v := &verdict{scenario: "replay", started: time.Now()}
	expected, err := o.expected(output)
	if err != nil || expected == nil {
		return err
	}
	ctx, cancel := o.bounded(ctx)
	defer cancel()
	directory, remove, err := o.directory()
	if err != nil {
		return err
	}
	defer remove()
	ids := filepath.Join(directory, "ids.txt")
	if err := absolute(&o.collector, &o.transcripts, program, &ids); err != nil {
		return err
	}
	plan := collector.Options{Binary: o.collector, Directory: directory, Mutual: *security == "mutual"}
	variables := []string{
		"OTEL_EXPORTER_OTLP_PROTOCOL=" + *protocol,
		"OTEL_EXPORTER_OTLP_COMPRESSION=" + *compression,
		"OTEL_SERVICE_NAME=" + serviceName,
	}
	if *security != "none" {
		certificates, err := collector.WriteCertificates(directory)
		if err != nil {
			return err
		}
		plan.Secured = &certificates
		variables = append(variables, "OTEL_EXPORTER_OTLP_CERTIFICATE="+certificates.Authority)
		if plan.Mutual {
			variables = append(variables,
				"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE="+certificates.ClientCert,
				"OTEL_EXPORTER_OTLP_CLIENT_KEY="+certificates.ClientKey)
		}
	}
	c, err := collector.Start(ctx, plan)
	if err != nil {
		return err
	}
	defer c.Kill()
	endpoint := c.HTTPEndpoint()
	if *protocol == "grpc" {
		endpoint = c.GRPCEndpoint()
	}
	command := exec.CommandContext(ctx, *program,
		"--threads", strconv.Itoa(*threads), "--repeat", strconv.Itoa(o.repeat), "--ids", ids, o.transcripts)
	command.Env = environment(append(variables, "OTEL_EXPORTER_OTLP_ENDPOINT="+endpoint)...)
	if err := runProgram(command, filepath.Join(directory, "replay.log")); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", *program, err), context.Cause(ctx))
	}
	if err := c.Stop(); err != nil {
		return err
	}
	data, err := otlpjson.ReadFile(c.Output())
	if err != nil {
		return err
	}
	v.sessions(expected, data, compare.Origin{ServiceName: serviceName})
	if err := v.idsFile(ids, data); err != nil {
		return err
	}
	return v.say(output)
}

// oneOf says whether an argument is among those that are expected.
func oneOf(name, given string, expected ...string) error {
	if slices.Contains(expected, given) {
		return nil
	}
	return fmt.Errorf("%w: %s: expected one of %s, got %q", errUsage, name, strings.Join(expected, ", "), given)
}

// environment is ours without what would configure the library or send its requests elsewhere, plus some.
func environment(plus ...string) []string {
	var kept []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		name = strings.ToUpper(name)
		ours := strings.HasPrefix(name, "OTEL_") || strings.HasPrefix(name, "AGENTOTEL_")
		if !ours && !strings.HasSuffix(name, "_PROXY") {
			kept = append(kept, variable)
		}
	}
	return append(kept, plus...)
}

// runProgram runs a program to its end with its output in a file, whose end becomes part of an error.
func runProgram(command *exec.Cmd, logPath string) error {
	log, err := os.Create(logPath)
	if err != nil {
		return err
	}
	defer log.Close()
	command.Stdout, command.Stderr = log, log
	command.WaitDelay = killDelay
	// A group of its own, so that what it has started ends with it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	if err := command.Run(); err != nil {
		const tail = 2000
		said, _ := os.ReadFile(logPath)
		return fmt.Errorf("%w; it said:\n%s", err, said[max(0, len(said)-tail):])
	}
	return nil
}
