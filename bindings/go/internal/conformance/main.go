//go:build cgo

// The scenario of tests/conformance/scenario.json as a Go program carries it out:
//
//	conformance ROLE SCENARIO CONFIG CONTEXT
package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	agentotel "github.com/agentotel/agentotel/bindings/go"
)

type object = map[string]any

func giveUp(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}

func parse(text []byte) object {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var all object
	if err := decoder.Decode(&all); err != nil {
		giveUp("%v", err)
	}
	return all
}

func readFile(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		giveUp("%v", err)
	}
	return text
}

func str(value any) string {
	text, _ := value.(string)
	return text
}

func sub(value any) object {
	found, _ := value.(object)
	return found
}

func list(value any) []any {
	found, _ := value.([]any)
	return found
}

func integer(value any) int64 {
	number, _ := value.(json.Number)
	found, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil && number != "" {
		giveUp("%v", err)
	}
	return found
}

func float(value any) float64 {
	number, _ := value.(json.Number)
	found, _ := number.Float64()
	return found
}

func unhex(digits any) []byte {
	raw, err := hex.DecodeString(str(digits))
	if err != nil {
		giveUp("%v", err)
	}
	return raw
}

// text: itself, {"hex": "6100"}, or {"repeat": ["x", 10]}.
func text(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case object:
		if digits, ok := value["hex"]; ok {
			return string(unhex(digits))
		}
		if repeat := list(value["repeat"]); repeat != nil {
			return strings.Repeat(str(repeat[0]), int(integer(repeat[1])))
		}
	}
	giveUp("no text: %v", value)
	return ""
}

func slice[T any](values any, one func(any) T) []T {
	var all []T
	for _, value := range list(values) {
		all = append(all, one(value))
	}
	return all
}

func truth(value any) bool { return value.(bool) }

func valueOf(value any) agentotel.Value {
	switch value := value.(type) {
	case bool:
		return agentotel.BoolValue(value)
	case json.Number:
		return agentotel.Int64Value(integer(value))
	case object:
		for form, inner := range value {
			switch form {
			case "double":
				return agentotel.Float64Value(float(inner))
			case "bytes":
				return agentotel.BytesValue(unhex(inner))
			case "json":
				return agentotel.JSONValue(str(inner))
			case "strings":
				return agentotel.StringsValue(slice(inner, text))
			case "bools":
				return agentotel.BoolsValue(slice(inner, truth))
			case "int64s":
				return agentotel.Int64sValue(slice(inner, integer))
			case "doubles":
				return agentotel.Float64sValue(slice(inner, float))
			}
		}
	}
	return agentotel.StringValue(text(value))
}

// attributesOf an object; their order does not matter.
func attributesOf(value any) []agentotel.Attribute {
	var all []agentotel.Attribute
	for _, key := range sorted(sub(value)) {
		all = append(all, agentotel.Attribute{Key: key, Value: valueOf(sub(value)[key])})
	}
	return all
}

var enumerations = map[reflect.Type]map[string]uint32{
	reflect.TypeFor[agentotel.LLMOperation]():      {"chat": 1, "text_completion": 2, "generate_content": 3},
	reflect.TypeFor[agentotel.Counting]():          {"inclusive": 0, "cache_separate": 1, "reasoning_separate": 2},
	reflect.TypeFor[agentotel.AgentOperation]():    {"invoke": 1, "create": 2},
	reflect.TypeFor[agentotel.ApprovalDecision]():  {"approved": 1, "denied": 2, "expired": 3},
	reflect.TypeFor[agentotel.GuardrailDecision](): {"allowed": 1, "blocked": 2, "modified": 3, "flagged": 4},
	reflect.TypeFor[agentotel.MemoryOperation]():   {"search": 1, "read": 2, "write": 3, "update": 4, "delete": 5},
	reflect.TypeFor[agentotel.Kind]():              {"custom": 0, "llm": 1, "tool": 2},
	reflect.TypeFor[agentotel.SpanKind]():          {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5},
	reflect.TypeFor[agentotel.StatusCode]():        {"unset": 0, "ok": 1, "error": 2},
	reflect.TypeFor[agentotel.Severity](): {
		"trace": 1, "debug": 5, "info": 9, "warn": 13, "warn2": 14, "error": 17, "fatal": 21,
	},
	reflect.TypeFor[agentotel.EndState](): {"indeterminate": 0, "success": 1, "fail": 2},
	reflect.TypeFor[agentotel.Signal]():   {"traces": 1, "logs": 2, "metrics": 3},
}

func word[T ~uint32](said any) T {
	var all uint32
	words := enumerations[reflect.TypeFor[T]()]
	for _, one := range append(list(said), said) {
		if one, ok := one.(string); ok {
			number, known := words[one]
			if !known {
				giveUp("%v has no %s", reflect.TypeFor[T](), one)
			}
			all |= number
		}
	}
	return T(all)
}

// fill sets the fields of a detail by their names in C.
func fill(into any, fields object) {
	at := reflect.ValueOf(into).Elem()
	for name, said := range fields {
		plain := strings.ReplaceAll(name, "_", "")
		field := at.FieldByNameFunc(func(own string) bool { return strings.EqualFold(own, plain) })
		if !field.IsValid() {
			giveUp("%T has no field %s", into, name)
		}
		switch pointer := field.Addr().Interface().(type) {
		case *string:
			*pointer = text(said)
		case *[]string:
			*pointer = slice(said, text)
		case *bool:
			*pointer = said.(bool)
		case *agentotel.OptInt64:
			*pointer = agentotel.I64(integer(said))
		case *agentotel.OptFloat64:
			*pointer = agentotel.F64(float(said))
		case *agentotel.OptBool:
			*pointer = agentotel.Truth(said.(bool))
		case *agentotel.LLMOperation:
			*pointer = word[agentotel.LLMOperation](said)
		case *agentotel.Counting:
			*pointer = word[agentotel.Counting](said)
		case *agentotel.AgentOperation:
			*pointer = word[agentotel.AgentOperation](said)
		case *agentotel.ApprovalDecision:
			*pointer = word[agentotel.ApprovalDecision](said)
		case *agentotel.GuardrailDecision:
			*pointer = word[agentotel.GuardrailDecision](said)
		case *agentotel.MemoryOperation:
			*pointer = word[agentotel.MemoryOperation](said)
		case *agentotel.Kind:
			*pointer = word[agentotel.Kind](said)
		default:
			giveUp("%s is of an unknown type", name)
		}
	}
}

var details = map[string]func() agentotel.Detail{
	"llm":        func() agentotel.Detail { return &agentotel.LLM{} },
	"tool":       func() agentotel.Detail { return &agentotel.Tool{} },
	"action":     func() agentotel.Detail { return &agentotel.Action{} },
	"embeddings": func() agentotel.Detail { return &agentotel.Embeddings{} },
	"retrieval":  func() agentotel.Detail { return &agentotel.Retrieval{} },
	"agent":      func() agentotel.Detail { return &agentotel.Agent{} },
	"workflow":   func() agentotel.Detail { return &agentotel.Workflow{} },
	"mcp_client": func() agentotel.Detail { return &agentotel.MCPClient{} },
	"mcp_server": func() agentotel.Detail { return &agentotel.MCPServer{} },
	"handoff":    func() agentotel.Detail { return &agentotel.Handoff{} },
	"plan":       func() agentotel.Detail { return &agentotel.Plan{} },
	"approval":   func() agentotel.Detail { return &agentotel.Approval{} },
	"guardrail":  func() agentotel.Detail { return &agentotel.Guardrail{} },
	"memory":     func() agentotel.Detail { return &agentotel.Memory{} },
	"compaction": func() agentotel.Detail { return &agentotel.Compaction{} },
	"evaluation": func() agentotel.Detail { return &agentotel.Evaluation{} },
	"feedback":   func() agentotel.Detail { return &agentotel.Feedback{} },
}

func sorted(all object) []string {
	var keys []string
	for key := range all {
		keys = append(keys, key)
	}
	// Keys are few; what matters is that runs are alike.
	for i := range keys {
		for j := i + 1; j < len(keys); j++ {
			if keys[j] < keys[i] {
				keys[i], keys[j] = keys[j], keys[i]
			}
		}
	}
	return keys
}

// named is what a step has named: a session, an event in flight, or a span.
type named struct {
	session *agentotel.Session
	event   *agentotel.Event
	ended   bool
	span    agentotel.SpanContext
}

type scenario struct {
	all         object
	config      string
	contextPath string

	lock     sync.Mutex
	named    map[string]*named
	remote   agentotel.RemoteContext
	released chan struct{}
	exported atomic.Uint64
}

func (s *scenario) find(name any) *named {
	s.lock.Lock()
	defer s.lock.Unlock()
	found := s.named[str(name)]
	if found == nil {
		giveUp("nothing is called %v", name)
	}
	return found
}

func (s *scenario) nameIt(name any, own *named) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.named[str(name)] = own
}

func (s *scenario) session(name any) *agentotel.Session {
	if str(name) == "" {
		return nil
	}
	return s.find(name).session
}

func (s *scenario) target(name any) agentotel.Target {
	if str(name) == "" {
		return agentotel.Target{}
	}
	if found := s.find(name); found.event == nil || found.ended {
		return found.span.Target()
	} else {
		return found.event.Target()
	}
}

func (s *scenario) event(said object) (agentotel.Detail, []agentotel.EventOption) {
	var detail agentotel.Detail = agentotel.Custom{}
	var options []agentotel.EventOption
	if said == nil {
		return nil, nil
	}
	add := func(option agentotel.EventOption) { options = append(options, option) }
	var code agentotel.StatusCode
	var message string
	for _, name := range sorted(said) {
		value := said[name]
		if make := details[name]; make != nil {
			detail = make()
			fill(detail, sub(value))
			continue
		}
		switch name {
		case "name":
			add(agentotel.WithName(str(value)))
		case "parent":
			add(agentotel.WithParent(s.target(value)))
		case "parent_index":
			add(agentotel.WithParentIndex(int(integer(value))))
		case "duration_nano":
			add(agentotel.WithDuration(time.Duration(integer(value))))
		case "span_kind":
			add(agentotel.WithSpanKind(word[agentotel.SpanKind](value)))
		case "status_code":
			code = word[agentotel.StatusCode](value)
		case "status_message":
			message = str(value)
		case "event_id":
			add(agentotel.WithID(str(value)))
		case "error":
			add(agentotel.WithError(errorOf(value)))
		case "attributes":
			add(agentotel.WithAttributes(attributesOf(value)...))
		case "links":
			add(agentotel.WithLinks(slice(value, func(one any) agentotel.Link {
				return agentotel.Link{
					Context: s.find(sub(one)["to"]).span, TraceState: str(sub(one)["trace_state"]),
					Attributes: attributesOf(sub(one)["attributes"]),
				}
			})...))
		case "span_events":
			add(agentotel.WithSpanEvents(slice(value, func(one any) agentotel.SpanEvent {
				return agentotel.SpanEvent{Name: str(sub(one)["name"]), Attributes: attributesOf(sub(one)["attributes"])}
			})...))
		default:
			giveUp("an event has no %s", name)
		}
	}
	if code != 0 || message != "" {
		add(agentotel.WithStatus(code, message))
	}
	return detail, options
}

func errorOf(said any) *agentotel.ErrorDetail {
	detail := &agentotel.ErrorDetail{}
	fill(detail, sub(said))
	return detail
}

func (s *scenario) startSession(step object) error {
	var options []agentotel.SessionOption
	said := sub(step["options"])
	add := func(option agentotel.SessionOption) { options = append(options, option) }
	ctx := context.Background()
	for name, value := range said {
		switch name {
		case "name":
			add(agentotel.WithSessionName(str(value)))
		case "conversation_id":
			add(agentotel.WithConversation(str(value)))
		case "user_id":
			add(agentotel.WithUser(str(value)))
		case "tags":
			add(agentotel.WithTags(slice(value, text)...))
		case "agent_name":
			add(agentotel.WithAgent(str(value)))
		case "agent_id":
			add(agentotel.WithAgentDetails(str(value), str(said["agent_version"]), str(said["agent_description"])))
		case "provider":
			add(agentotel.WithProvider(str(value)))
		case "attributes":
			add(agentotel.WithSessionAttributes(attributesOf(value)...))
		case "resumed":
			add(agentotel.WithResumed(s.find(value).span, str(said["previous_session_id"])))
		case "remote":
			ctx = agentotel.ContextWithRemote(ctx, s.remote)
		}
	}
	_, session := agentotel.StartSession(ctx, options...)
	span, err := session.Context()
	s.nameIt(step["id"], &named{session: session, span: span})
	return errors.Join(session.Err(), err)
}

func compare(expected any, name string, value uint64) {
	if said, ok := sub(expected)[name]; ok && uint64(integer(said)) != value {
		giveUp("%s is %d, expected %v", name, value, said)
	}
}

func (s *scenario) init(which any) error {
	config := s.config
	if name := str(which); name != "" && name != "main" {
		text, _ := json.Marshal(sub(s.all["configurations"])[name])
		config = string(text)
	}
	_, err := agentotel.Init(context.Background(), agentotel.WithConfig(config))
	return err
}

func (s *scenario) run(step object) error {
	id, session := step["id"], s.session(step["session"])
	detail, options := s.event(sub(step["event"]))
	switch step["do"] {
	case "init":
		return s.init(step["config"])
	case "session":
		return s.startSession(step)
	case "record":
		span, err := session.Record(detail, options...)
		s.nameIt(id, &named{span: span})
		return err
	case "record_all":
		all := slice(step["events"], func(one any) agentotel.Recorded {
			detail, options := s.event(sub(one))
			return agentotel.Recorded{Detail: detail, Options: options}
		})
		contexts, err := session.RecordAll(all)
		if len(contexts) != len(all) {
			giveUp("%d of %d events were recorded", len(contexts), len(all))
		}
		return err
	case "record_json":
		_, err := session.RecordJSON(str(step["json"]))
		return err
	case "start":
		event, err := session.Start(detail, options...)
		if err != nil {
			return err
		}
		span, err := event.Context()
		s.nameIt(id, &named{event: &event, span: span})
		return err
	case "update":
		return s.find(id).event.Update(detail, options...)
	case "chunk":
		return s.find(id).event.Chunk(text(step["content"]))
	case "first_token":
		return s.find(id).event.FirstToken()
	case "end":
		own := s.find(id)
		own.ended = true
		return own.event.EndWith(detail, options...)
	case "error":
		return session.RecordError(errorOf(step["error"]), s.target(step["target"]))
	case "log":
		said := sub(step["record"])
		return session.Log(s.target(step["target"]), agentotel.LogRecord{
			Severity: word[agentotel.Severity](said["severity_number"]), Body: valueOf(said["body"]),
			SeverityText: str(said["severity_text"]), EventName: str(said["event_name"]),
			Attributes: attributesOf(said["attributes"]),
		})
	case "attributes":
		return session.SetAttributes(attributesOf(step["attributes"])...)
	case "end_session":
		said := sub(step["end"])
		return s.find(id).session.EndWith(agentotel.SessionEnd{
			State: word[agentotel.EndState](said["end_state"]), Reason: str(said["reason"]), ErrorType: str(said["error_type"]),
		})
	case "threads":
		var branches sync.WaitGroup
		for _, branch := range list(step["branches"]) {
			branches.Add(1)
			go func() {
				defer branches.Done()
				s.runAll(list(branch))
			}()
		}
		branches.Wait()
		return nil
	case "expect":
		err := s.run(sub(step["step"]))
		var status agentotel.Status
		if !errors.As(err, &status) || status.Error() != step["status"] {
			giveUp("%v, expected %v: %v", err, step["status"], step)
		}
		return nil
	case "baggage":
		return session.SetBaggage(str(step["key"]), str(step["value"]), "")
	case "baggage_is":
		entry, err := session.Baggage(str(step["key"]))
		if entry.Value != step["value"] {
			giveUp("baggage is %q", entry.Value)
		}
		return err
	case "inject":
		headers := map[string]string{}
		err := session.Inject(s.target(step["target"]), func(key, value string) { headers[key] = value })
		written, _ := json.Marshal(headers)
		return errors.Join(err, os.WriteFile(s.contextPath, written, 0o600))
	case "extract":
		headers := http.Header{}
		for key, value := range parse(readFile(s.contextPath)) {
			headers.Set(key, str(value))
		}
		var err error
		s.remote, err = agentotel.Extract(headers)
		return err
	case "shutdown":
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(integer(step["timeout_ms"]))*time.Millisecond)
		defer cancel()
		return agentotel.Shutdown(ctx)
	case "release":
		close(s.released)
		return nil
	case "stats":
		all, err := agentotel.GetStats(word[agentotel.Signal](step["signal"]))
		is := step["is"]
		compare(is, "offered", all.Offered)
		compare(is, "accepted_caller", all.AcceptedCaller)
		compare(is, "accepted_derived", all.AcceptedDerived)
		compare(is, "duplicate", all.Duplicate)
		compare(is, "head_unsampled", all.HeadUnsampled)
		compare(is, "filtered", all.Filtered)
		compare(is, "repaired_utf8", all.RepairedUTF8)
		compare(is, "truncated_values", all.TruncatedValues)
		compare(is, "dropped_attributes", all.DroppedAttributes)
		compare(is, "refused_argument", all.Refused[agentotel.RefusedArgument])
		compare(is, "refused_handle", all.Refused[agentotel.RefusedHandle])
		return err
	case "exporter_stats":
		all, err := agentotel.GetExporterStats(str(step["name"]), word[agentotel.Signal](step["signal"]))
		if err != nil {
			return err
		}
		is := step["is"]
		compare(is, "accepted", all.Accepted)
		compare(is, "exported", all.Exported)
		compare(is, "pending", all.Pending)
		compare(is, "handed_over", s.exported.Load())
		return nil
	}
	giveUp("there is no step %v", step["do"])
	return nil
}

func (s *scenario) runAll(steps []any) {
	for _, step := range steps {
		if err := s.run(sub(step)); err != nil {
			giveUp("%v: %v", err, step)
		}
	}
}

func (s *scenario) registerCallbacks() error {
	return errors.Join(
		agentotel.RegisterExporter("conformance", func(batch agentotel.Batch) agentotel.ExportResult {
			if batch.Signal == agentotel.SignalTraces {
				s.exported.Add(batch.ItemCount)
			}
			return agentotel.ExportResult{}
		}),
		agentotel.RegisterExporter("stuck", func(agentotel.Batch) agentotel.ExportResult {
			<-s.released
			return agentotel.ExportResult{}
		}),
		agentotel.RegisterSampler("conformance", func(question agentotel.SamplingQuestion) agentotel.SamplingResult {
			return agentotel.SamplingResult{Keep: question.SessionName != "dropped"}
		}),
		agentotel.RegisterAttributeInjector("conformance", func(about agentotel.Injectee, add func(agentotel.Attribute) error) {
			if about.IsSession {
				_ = add(agentotel.Bool("injected.session", true))
			} else {
				_ = add(agentotel.Int("injected.kind", int(about.Kind)))
			}
		}),
	)
}

func main() {
	if len(os.Args) != 5 {
		giveUp("usage: %s ROLE SCENARIO CONFIG CONTEXT", os.Args[0])
	}
	s := &scenario{
		all: parse(readFile(os.Args[2])), config: string(readFile(os.Args[3])), contextPath: os.Args[4],
		named: map[string]*named{}, released: make(chan struct{}),
	}
	if err := errors.Join(s.registerCallbacks(), s.init("main")); err != nil {
		giveUp("%v", err)
	}
	s.runAll(list(sub(s.all["roles"])[os.Args[1]]))
}
