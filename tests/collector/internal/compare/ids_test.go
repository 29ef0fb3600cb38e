// Sets of ids that agree, and each way in which they may not.
package compare

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"agentotel.dev/tests/collector/internal/otlpjson"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ids.txt")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheIdsOfAFaithfulRecordingAgree(t *testing.T) {
	_, recording := recorded(t)
	written, err := ReadIDs(write(t, recording.IDs()))
	if err != nil {
		t.Fatal(err)
	}
	if len(written) != 11 {
		t.Errorf("expected 11 ids, got %d", len(written))
	}
	if differences := IDs(written, arrived(recording)); len(differences) != 0 {
		t.Error(differences)
	}
}

func TestEachWayOfDisagreeingIsNamed(t *testing.T) {
	one, two := ID{"t1", "s1"}, ID{"t2", "s2"}
	span := func(id ID) otlpjson.Span { return otlpjson.Span{TraceID: id.Trace, SpanID: id.Span} }
	cases := map[string]struct {
		written []ID
		arrived []otlpjson.Span
		says    string
	}{
		"lost":          {[]ID{one, two}, []otlpjson.Span{span(one)}, "t2 s2: was accepted and has not arrived"},
		"not accepted":  {[]ID{one}, []otlpjson.Span{span(one), span(two)}, "t2 s2: arrived and was not written"},
		"arrived twice": {[]ID{one}, []otlpjson.Span{span(one), span(one)}, "t1 s1: arrived 2 times"},
		"written twice": {[]ID{one, one}, []otlpjson.Span{span(one)}, "t1 s1: written down 2 times"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			differences := IDs(test.written, &otlpjson.Data{Spans: test.arrived})
			if len(differences) != 1 || !strings.Contains(differences[0], test.says) {
				t.Errorf("expected one that says %q, got %q", test.says, differences)
			}
		})
	}
}

func TestALineThatIsNoIdIsRefused(t *testing.T) {
	for _, line := range []string{"x\n", "\n", "0123 4567\n", strings.Repeat("A", 32) + " 0123456789abcdef\n"} {
		if _, err := ReadIDs(write(t, line)); err == nil {
			t.Errorf("%q was accepted", line)
		}
	}
}

func TestAnUnfinishedLastLineIsNotCounted(t *testing.T) {
	trace, span := strings.Repeat("ab", 16), strings.Repeat("cd", 8)
	ids, err := ReadIDs(write(t, trace+" "+span+"\n"+trace+" cd"))
	if want := []ID{{trace, span}}; err != nil || !reflect.DeepEqual(want, ids) {
		t.Errorf("expected %v, got %v, %v", want, ids, err)
	}
}
