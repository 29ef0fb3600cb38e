// Sets of span ids: those that the recording program wrote down, because its call returned OK, against those
// that arrived. Nothing accepted may be missing, nothing may arrive that was not accepted, and nothing may
// arrive twice.
package compare

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"sort"

	"agentotel.dev/tests/collector/internal/otlpjson"
)

// ID is a span's identity, in lower-case hexadecimal.
type ID struct{ Trace, Span string }

func (id ID) String() string { return id.Trace + " " + id.Span }

// idLine is a trace id and a span id, 16 and 8 bytes.
var idLine = regexp.MustCompile(`^([0-9a-f]{32}) ([0-9a-f]{16})$`)

// ReadIDs reads a file with one `trace_id span_id` a line. Of a file whose writer was killed, a last line
// without its newline is not counted.
func ReadIDs(path string) ([]ID, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var ids []ID
	lines := bufio.NewReader(file)
	for number := 1; ; number++ {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return ids, nil
		}
		if err != nil {
			return nil, err
		}
		match := idLine.FindStringSubmatch(line[:len(line)-1])
		if match == nil {
			return nil, fmt.Errorf("%s: line %d: expected a trace id and a span id in hexadecimal, got %q",
				path, number, line)
		}
		ids = append(ids, ID{Trace: match[1], Span: match[2]})
	}
}

// IDs compares the ids written down with those that arrived, as exact multisets of ones.
func IDs(written []ID, data *otlpjson.Data) []string {
	accepted, arrived := map[ID]int{}, map[ID]int{}
	for _, id := range written {
		accepted[id]++
	}
	for _, span := range data.Spans {
		arrived[ID{Trace: span.TraceID, Span: span.SpanID}]++
	}
	var differences []string
	for id, count := range accepted {
		if count > 1 {
			differences = append(differences, fmt.Sprintf("id %s: written down %d times", id, count))
		}
		if arrived[id] == 0 {
			differences = append(differences, fmt.Sprintf("id %s: was accepted and has not arrived", id))
		}
	}
	for id, count := range arrived {
		if count > 1 {
			differences = append(differences, fmt.Sprintf("id %s: arrived %d times", id, count))
		}
		if accepted[id] == 0 {
			differences = append(differences, fmt.Sprintf("id %s: arrived and was not written down", id))
		}
	}
	sort.Strings(differences)
	return differences
}
