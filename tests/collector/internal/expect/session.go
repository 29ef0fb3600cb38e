// The data that the rule gives and that arrives at a Collector: sessions with their spans and log records, in
// plain values, so that neither the rule nor a comparison depends on how OTLP was carried.
package expect

// Span kinds and status codes, with the numbers of the OTLP trace protocol (trace.proto).
const (
	KindInternal = 1
	KindClient   = 3

	StatusUnset = 0
	StatusError = 2
)

// SeverityError is the severity number ERROR of the OTLP log protocol (logs.proto).
const SeverityError = 17

// Span.flags (trace.proto, SpanFlags): the W3C trace flags in the low byte, and that it is known whether the
// parent is remote. A local parent leaves the remote bit off.
const (
	FlagSampled      = 0x01
	FlagRandom       = 0x02
	FlagParentKnown  = 0x100
	FlagParentRemote = 0x200

	// FlagsLocalParent is what every span whose parent is local carries.
	FlagsLocalParent = FlagParentKnown | FlagSampled | FlagRandom
)

// RootParent is a span's Parent when its parent is the session's root.
const RootParent = -1

// Attributes are keyed by name; a value is a string, an int64 or a []any of strings, the types that OTLP
// gives.
type Attributes map[string]any

// Session is one session: its root, the spans below it in the order in which they were recorded, and error
// records.
type Session struct {
	ID       string
	Root     Span
	Children []Span
	Logs     []Log
}

// Span is one span as it must arrive.
type Span struct {
	Name string
	Kind int
	// Parent is the place in the session's Children of the span's parent, or RootParent. Unused for the root.
	Parent        int
	StartNano     uint64
	EndNano       uint64
	Attributes    Attributes
	Status        int
	StatusMessage string
}

// Log is one log record as it must arrive.
type Log struct {
	// Span is the place in the session's Children of the span that the record belongs to.
	Span       int
	TimeNano   uint64
	EventName  string
	Severity   int
	Attributes Attributes
}

// Totals counts what a list of sessions holds.
type Totals struct {
	Sessions, Spans, Logs int
}

// Count adds up sessions, spans (roots included) and log records.
func Count(sessions []Session) Totals {
	totals := Totals{Sessions: len(sessions)}
	for _, session := range sessions {
		totals.Spans += 1 + len(session.Children)
		totals.Logs += len(session.Logs)
	}
	return totals
}
