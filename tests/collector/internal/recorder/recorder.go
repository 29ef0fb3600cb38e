// Package recorder records expected sessions as a correct library would: it makes the OTLP requests that
// carry them and sends them to a Collector over HTTP or gRPC. It exists to prove the comparison itself, end
// to end, without the library; what it sends can be spoilt before it goes.
package recorder

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"agentotel.dev/tests/collector/internal/expect"
)

const schemaURL = "https://opentelemetry.io/schemas/1.41.1"

// Recording is what was recorded of some sessions.
type Recording struct {
	Traces ptrace.Traces
	Logs   plog.Logs
}

// Record makes the requests for sessions. Ids are derived from a session's place, so they are the same every
// time.
func Record(sessions []expect.Session, service string) (*Recording, error) {
	recording := &Recording{Traces: ptrace.NewTraces(), Logs: plog.NewLogs()}
	resourceSpans := recording.Traces.ResourceSpans().AppendEmpty()
	resourceSpans.SetSchemaUrl(schemaURL)
	fillResource(resourceSpans.Resource(), service)
	scopeSpans := resourceSpans.ScopeSpans().AppendEmpty()
	scopeSpans.SetSchemaUrl(schemaURL)
	scopeSpans.Scope().SetName("agentotel")
	resourceLogs := recording.Logs.ResourceLogs().AppendEmpty()
	resourceLogs.SetSchemaUrl(schemaURL)
	fillResource(resourceLogs.Resource(), service)
	scopeLogs := resourceLogs.ScopeLogs().AppendEmpty()
	scopeLogs.SetSchemaUrl(schemaURL)
	scopeLogs.Scope().SetName("agentotel")
	for place, session := range sessions {
		var trace pcommon.TraceID
		binary.BigEndian.PutUint64(trace[8:], uint64(place+1))
		root := spanID(0)
		none := pcommon.SpanID{}
		if err := fillSpan(scopeSpans.Spans().AppendEmpty(), trace, root, none, session.Root); err != nil {
			return nil, err
		}
		for i, child := range session.Children {
			parent := root
			if child.Parent != expect.RootParent {
				parent = spanID(child.Parent + 1)
			}
			span := scopeSpans.Spans().AppendEmpty()
			if err := fillSpan(span, trace, spanID(i+1), parent, child); err != nil {
				return nil, err
			}
		}
		for _, record := range session.Logs {
			log := scopeLogs.LogRecords().AppendEmpty()
			log.SetTraceID(trace)
			log.SetSpanID(spanID(record.Span + 1))
			log.SetFlags(expect.FlagSampled | expect.FlagRandom)
			log.SetEventName(record.EventName)
			log.SetSeverityNumber(plog.SeverityNumber(record.Severity))
			log.SetTimestamp(pcommon.Timestamp(record.TimeNano))
			if err := log.Attributes().FromRaw(record.Attributes); err != nil {
				return nil, err
			}
		}
	}
	return recording, nil
}

func spanID(place int) (id pcommon.SpanID) {
	binary.BigEndian.PutUint64(id[:], uint64(place+1))
	return id
}

func fillResource(resource pcommon.Resource, service string) {
	resource.Attributes().PutStr("service.name", service)
	resource.Attributes().PutStr("telemetry.sdk.name", "agentotel")
	resource.Attributes().PutStr("telemetry.sdk.language", "rust")
	resource.Attributes().PutStr("telemetry.sdk.version", "0.0.0")
}

func fillSpan(span ptrace.Span, trace pcommon.TraceID, id, parent pcommon.SpanID, from expect.Span) error {
	span.SetTraceID(trace)
	span.SetSpanID(id)
	span.SetParentSpanID(parent)
	span.SetFlags(expect.FlagsLocalParent)
	span.SetName(from.Name)
	span.SetKind(ptrace.SpanKind(from.Kind))
	span.SetStartTimestamp(pcommon.Timestamp(from.StartNano))
	span.SetEndTimestamp(pcommon.Timestamp(from.EndNano))
	span.Status().SetCode(ptrace.StatusCode(from.Status))
	span.Status().SetMessage(from.StatusMessage)
	return span.Attributes().FromRaw(from.Attributes)
}

// IDs lists `trace_id span_id` lines of every recorded span.
func (r *Recording) IDs() string {
	var lines strings.Builder
	for _, resource := range r.Traces.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				fmt.Fprintf(&lines, "%s %s\n", span.TraceID(), span.SpanID())
			}
		}
	}
	return lines.String()
}

// Send delivers a recording, by `http/protobuf` or `grpc`.
func (r *Recording) Send(ctx context.Context, protocol, endpoint string) error {
	switch protocol {
	case "http/protobuf":
		return r.sendHTTP(ctx, endpoint)
	case "grpc":
		return r.sendGRPC(ctx, endpoint)
	}
	return fmt.Errorf("protocol: expected http/protobuf or grpc, got %q", protocol)
}

func (r *Recording) sendHTTP(ctx context.Context, endpoint string) error {
	traces, err := ptraceotlp.NewExportRequestFromTraces(r.Traces).MarshalProto()
	if err != nil {
		return err
	}
	logs, err := plogotlp.NewExportRequestFromLogs(r.Logs).MarshalProto()
	if err != nil {
		return err
	}
	if err := post(ctx, endpoint+"/v1/traces", traces); err != nil {
		return err
	}
	return post(ctx, endpoint+"/v1/logs", logs)
}

func post(ctx context.Context, url string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}

func (r *Recording) sendGRPC(ctx context.Context, endpoint string) error {
	target := strings.TrimPrefix(endpoint, "http://")
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	traces := ptraceotlp.NewExportRequestFromTraces(r.Traces)
	if _, err := ptraceotlp.NewGRPCClient(connection).Export(ctx, traces); err != nil {
		return err
	}
	_, err = plogotlp.NewGRPCClient(connection).Export(ctx, plogotlp.NewExportRequestFromLogs(r.Logs))
	return err
}
