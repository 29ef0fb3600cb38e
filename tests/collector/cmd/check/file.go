// The scenario `file`: a file that the library's file exporter wrote is read by a Collector, whose own file
// exporter writes it again; that must be every session as the rule says. The lines themselves must be written
// as the Collector writes them.
package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"agentotel.dev/tests/collector/internal/collector"
	"agentotel.dev/tests/collector/internal/compare"
	"agentotel.dev/tests/collector/internal/jsonlines"
	"agentotel.dev/tests/collector/internal/otlpjson"
)

// signalsRead is how many signals the Collector reads from a file, each apart.
const signalsRead = 2

func checkFile(ctx context.Context, arguments []string, output io.Writer) error {
	o := newOptions("file", output)
	input := o.flags.String("input", "", "the file of OTLP JSON lines (required)")
	ids := o.flags.String("ids", "", "the ids that the recording program wrote down")
	service := o.flags.String("service", "", "the service name that must be in it (default: any)")
	if err := o.parse(arguments, "input"); err != nil {
		return err
	}
	v := &verdict{scenario: "file", started: time.Now()}
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
	if err := absolute(&o.collector, input, ids); err != nil {
		return err
	}
	v.differences, err = otlpjson.RoundTrip(*input, shownDifferences)
	if err != nil {
		return err
	}
	data, err := readThroughCollector(ctx, v, o.collector, directory, *input)
	if err != nil {
		return err
	}
	v.sessions(expected, data, compare.Origin{ServiceName: *service})
	if *ids != "" {
		if err := v.idsFile(*ids, data); err != nil {
			return err
		}
	}
	return v.say(output)
}

// readThroughCollector lets a Collector read a file, and reads what it wrote.
func readThroughCollector(
	ctx context.Context, v *verdict, binary, directory, input string,
) (*otlpjson.Data, error) {
	c, err := collector.Start(ctx, collector.Options{Binary: binary, Directory: directory, ReadFile: input})
	if err != nil {
		return nil, err
	}
	defer c.Kill()
	ends, err := c.WaitLog(ctx, jsonlines.EndMessage, signalsRead)
	if err != nil {
		return nil, fmt.Errorf("collector: %s is not read to its end: %w\n%s", input, err, c.LogTail())
	}
	for _, end := range ends {
		if !strings.Contains(end, `"refused":0`) {
			v.differences = append(v.differences, "the Collector refused lines: "+end)
		}
	}
	if err := c.Stop(); err != nil {
		return nil, err
	}
	return otlpjson.ReadFile(c.Output())
}
