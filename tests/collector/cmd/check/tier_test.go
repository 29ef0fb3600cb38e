// What the scenario `tier` must notice; the scenario itself is run by run.sh, with the recording library.
package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"agentotel.dev/tests/collector/internal/compare"
)

func TestTierNoticesWhatIsLostAlienOrSplit(t *testing.T) {
	id := func(trace, span int) compare.ID {
		return compare.ID{Trace: fmt.Sprintf("%032x", trace), Span: fmt.Sprintf("%016x", span)}
	}
	cases := map[string]struct {
		spoil func(first, second map[compare.ID]int)
		says  string
	}{
		"as it must be": {func(_, _ map[compare.ID]int) {}, ""},
		"sent again":    {func(first, _ map[compare.ID]int) { first[id(0, 1)]++ }, ""},
		"lost":          {func(first, _ map[compare.ID]int) { delete(first, id(0, 1)) }, "has not arrived"},
		"alien":         {func(first, _ map[compare.ID]int) { first[id(0, 3)]++ }, "was not written down"},
		"split": {func(first, second map[compare.ID]int) {
			delete(first, id(0, 1))
			second[id(0, 1)]++
		}, "is at both back ends"},
		"one idle": {func(first, second map[compare.ID]int) {
			for id, count := range first {
				second[id] = count
				delete(first, id)
			}
		}, "0 traces, expected at least"},
	}
	for name, each := range cases {
		t.Run(name, func(t *testing.T) {
			spans := [2]map[compare.ID]int{{}, {}}
			var written []compare.ID
			for trace := range 2 * leastTraces {
				for span := 1; span <= 2; span++ {
					written = append(written, id(trace, span))
					spans[trace%2][id(trace, span)]++
				}
			}
			each.spoil(spans[0], spans[1])
			tier := &tier{stores: [2]*store{{spans: spans[0]}, {spans: spans[1]}}}
			var output bytes.Buffer
			err := tier.verdict(written, time.Now(), &output)
			if (err == nil) != (each.says == "") || !strings.Contains(output.String(), each.says) {
				t.Errorf("expected %q, got %v:\n%s", each.says, err, output.String())
			}
		})
	}
}
