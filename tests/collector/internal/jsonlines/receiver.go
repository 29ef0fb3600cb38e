// Package jsonlines is a Collector receiver that reads a file of OTLP JSON lines, one export request a line,
// the form which the Collector's file exporter writes. Each line is decoded by the Collector's own JSON
// unmarshaler for the pipeline's signal and handed to the pipeline; lines of other signals are passed over.
// When the file's end is reached, one log line says how many requests went in and how many lines could not be
// decoded.
package jsonlines

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"
)

// TypeName is the receiver's name in a configuration.
const TypeName = "otlpjsonlines"

// EndMessage is logged once for each signal, when the whole file went into the pipeline.
const EndMessage = "OTLP JSON lines file read to its end"

// Config says which file is read.
type Config struct {
	// Path of the file. It is read once, from the beginning.
	Path string `mapstructure:"path"`
}

// Validate refuses a configuration without a path.
func (c *Config) Validate() error {
	if c.Path == "" {
		return errors.New("path: expected the name of a file of OTLP JSON lines, got an empty string")
	}
	return nil
}

// NewFactory makes the receiver's factory, for traces and logs.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(
		component.MustNewType(TypeName),
		func() component.Config { return &Config{} },
		receiver.WithTraces(newTraces, component.StabilityLevelAlpha),
		receiver.WithLogs(newLogs, component.StabilityLevelAlpha),
	)
}

func newTraces(
	_ context.Context, settings receiver.Settings, config component.Config, next consumer.Traces,
) (receiver.Traces, error) {
	consume := func(ctx context.Context, line []byte) error {
		var unmarshaler ptrace.JSONUnmarshaler
		traces, err := unmarshaler.UnmarshalTraces(line)
		if err != nil {
			return err
		}
		return next.ConsumeTraces(ctx, traces)
	}
	return newReader(settings, config, "traces", "resourceSpans", consume)
}

func newLogs(
	_ context.Context, settings receiver.Settings, config component.Config, next consumer.Logs,
) (receiver.Logs, error) {
	consume := func(ctx context.Context, line []byte) error {
		var unmarshaler plog.JSONUnmarshaler
		logs, err := unmarshaler.UnmarshalLogs(line)
		if err != nil {
			return err
		}
		return next.ConsumeLogs(ctx, logs)
	}
	return newReader(settings, config, "logs", "resourceLogs", consume)
}

// reader reads the file for one signal.
type reader struct {
	path    string
	field   string
	consume func(context.Context, []byte) error
	logger  *zap.Logger
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

func newReader(
	settings receiver.Settings, config component.Config, signal, field string,
	consume func(context.Context, []byte) error,
) (*reader, error) {
	typed, ok := config.(*Config)
	if !ok {
		return nil, fmt.Errorf("configuration: expected *jsonlines.Config, got %T", config)
	}
	logger := settings.Logger.With(zap.String("signal", signal), zap.String("path", typed.Path))
	return &reader{path: typed.Path, field: field, consume: consume, logger: logger}, nil
}

// Start opens the file, so that a missing one is an error of the Collector's start, and reads it aside.
func (r *reader) Start(_ context.Context, _ component.Host) error {
	file, err := os.Open(r.path)
	if err != nil {
		return err
	}
	// The context of Start ends with it; reading goes on until Shutdown.
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.done.Add(1)
	go func() {
		defer r.done.Done()
		defer file.Close()
		r.read(ctx, file)
	}()
	return nil
}

// Shutdown stops reading and waits for the reader.
func (r *reader) Shutdown(context.Context) error {
	if r.cancel != nil {
		r.cancel()
	}
	r.done.Wait()
	return nil
}

func (r *reader) read(ctx context.Context, file io.Reader) {
	lines := bufio.NewReaderSize(file, 1<<20)
	requests, refused := 0, 0
	for number := 1; ctx.Err() == nil; number++ {
		line, err := lines.ReadBytes('\n')
		if trimmed := bytes.TrimSpace(line); len(trimmed) != 0 {
			mine, decodeErr := hasField(trimmed, r.field)
			if decodeErr == nil && mine {
				decodeErr = r.consume(ctx, trimmed)
			}
			switch {
			case decodeErr != nil:
				refused++
				r.logger.Error("OTLP JSON line refused", zap.Int("line", number), zap.Error(decodeErr))
			case mine:
				requests++
			}
		}
		if errors.Is(err, io.EOF) {
			r.logger.Info(EndMessage, zap.Int("requests", requests), zap.Int("refused", refused))
			return
		}
		if err != nil {
			r.logger.Error("OTLP JSON lines file cannot be read", zap.Error(err))
			return
		}
	}
}

// hasField says whether a line is an object with the named field at its top.
func hasField(line []byte, field string) (bool, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(line, &top); err != nil {
		return false, err
	}
	_, found := top[field]
	return found, nil
}
