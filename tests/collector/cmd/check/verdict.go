// What a scenario says at its end: one line with what was compared, and the first differences when there are
// any.
package main

import (
	"fmt"
	"io"
	"time"

	"agentotel.dev/tests/collector/internal/compare"
	"agentotel.dev/tests/collector/internal/expect"
	"agentotel.dev/tests/collector/internal/otlpjson"
)

// shownDifferences is how many differences are written out.
const shownDifferences = 20

// verdict collects what a scenario found.
type verdict struct {
	scenario    string
	started     time.Time
	matched     expect.Totals
	ids         int
	differences []string
}

// sessions compares what arrived with what was expected, and demands that all of it was compared.
func (v *verdict) sessions(expected []expect.Session, data *otlpjson.Data, origin compare.Origin) {
	report := compare.Sessions(expected, data, origin)
	v.matched = report.Matched
	v.differences = append(v.differences, report.Differences...)
	if floor := expect.Count(expected); v.matched != floor {
		v.differences = append(v.differences, fmt.Sprintf("compared %+v, expected %+v", v.matched, floor))
	}
}

// idsFile compares the ids that the recording program wrote down with those that arrived.
func (v *verdict) idsFile(path string, data *otlpjson.Data) error {
	written, err := compare.ReadIDs(path)
	if err != nil {
		return fmt.Errorf("ids: %w", err)
	}
	v.ids = len(written)
	v.differences = append(v.differences, compare.IDs(written, data)...)
	return nil
}

// say writes the summary and gives the scenario's result.
func (v *verdict) say(output io.Writer) error {
	fmt.Fprintf(output, "%s: compared %d sessions, %d spans, %d logs, %d ids in %.1f s: %d differences\n",
		v.scenario, v.matched.Sessions, v.matched.Spans, v.matched.Logs, v.ids,
		time.Since(v.started).Seconds(), len(v.differences))
	if len(v.differences) == 0 {
		return nil
	}
	for _, difference := range v.differences[:min(shownDifferences, len(v.differences))] {
		fmt.Fprintf(output, "  %s\n", difference)
	}
	if more := len(v.differences) - shownDifferences; more > 0 {
		fmt.Fprintf(output, "  … and %d more\n", more)
	}
	return errDiffers
}
