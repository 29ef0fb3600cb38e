// The scenario `tier`: the configurations of deploy/collector as they are, a host, a gateway and two back ends, with the
// replay program before them and a receiver behind each back end. One back end is killed under load and started again.
// All that the program wrote down must have arrived, nothing else, and every trace at one back end alone. What
// arrives twice was under way when it was killed; it is counted, and no difference.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	// The Collectors compress what they send.
	_ "google.golang.org/grpc/encoding/gzip"

	"agentotel.dev/tests/collector/internal/collector"
	"agentotel.dev/tests/collector/internal/compare"
)

const (
	// The load goes on for this long before the kill, while the back end is down, and once it is back.
	beforeKill = 2 * time.Second
	downTime   = 3 * time.Second
	afterwards = 2 * time.Second
	// leastTraces is what each back end must have had for the run to mean something.
	leastTraces = 100
)

// store receives what one back end sends, and remembers the ids of its spans.
type store struct {
	ptraceotlp.UnimplementedGRPCServer
	server *grpc.Server
	listen net.Listener
	mutex  sync.Mutex
	spans  map[compare.ID]int
	// last is when something came.
	last time.Time
}

// logStore takes log records, which are not compared.
type logStore struct {
	plogotlp.UnimplementedGRPCServer
}

func (*logStore) Export(context.Context, plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	return plogotlp.NewExportResponse(), nil
}

func startStore() (*store, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	const mostBytes = 64 << 20
	s := &store{server: grpc.NewServer(grpc.MaxRecvMsgSize(mostBytes)), listen: listener, spans: map[compare.ID]int{}}
	ptraceotlp.RegisterGRPCServer(s.server, s)
	plogotlp.RegisterGRPCServer(s.server, &logStore{})
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

func (s *store) Export(_ context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.last = time.Now()
	for _, resource := range request.Traces().ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				s.spans[compare.ID{Trace: span.TraceID().String(), Span: span.SpanID().String()}]++
			}
		}
	}
	return ptraceotlp.NewExportResponse(), nil
}

// received copies what has come.
func (s *store) received() (map[compare.ID]int, time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	spans := make(map[compare.ID]int, len(s.spans))
	for id, count := range s.spans {
		spans[id] = count
	}
	return spans, s.last
}

func checkTier(ctx context.Context, arguments []string, output io.Writer) error {
	o := newOptions("tier", output)
	program := o.flags.String("replay", "", "the replay program (required)")
	deploy := o.flags.String("deploy", "", "the directory of the configurations (required)")
	if err := o.parse(arguments, "replay", "deploy"); err != nil {
		return err
	}
	started := time.Now()
	if err := absolute(&o.collector, &o.transcripts, program, deploy); err != nil {
		return err
	}
	ctx, cancel := o.bounded(ctx)
	defer cancel()
	directory, remove, err := o.directory()
	if err != nil {
		return err
	}
	defer remove()
	t := &tier{options: o, program: *program, deploy: *deploy, directory: directory}
	defer t.stop()
	written, err := t.run(ctx)
	if err != nil {
		return err
	}
	return t.verdict(written, started, output)
}

// tier is all that runs.
type tier struct {
	*options
	program, deploy, directory string
	stores                     [2]*store
	running                    []*collector.Collector
}

func (t *tier) stop() {
	for _, c := range t.running {
		c.Kill()
	}
	for _, s := range t.stores {
		if s != nil {
			s.server.Stop()
		}
	}
}

// start runs one of the configurations, with a directory for its storage and log.
func (t *tier) start(
	ctx context.Context, name, config string, ports collector.Ports, variables ...string,
) (*collector.Collector, error) {
	directory := filepath.Join(t.directory, name)
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, err
	}
	c, err := collector.Start(ctx, collector.Options{
		Binary: t.collector, Directory: directory, Ports: ports,
		Config: filepath.Join(t.deploy, config),
		Variables: append(variables,
			"OTELCOL_STORAGE="+filepath.Join(directory, "storage"), "OTELCOL_INSECURE=true"),
	})
	if err == nil {
		t.running = append(t.running, c)
	}
	return c, err
}

// run starts everything, records under load, kills one back end meanwhile and starts it again. It returns the ids that
// were written down.
func (t *tier) run(ctx context.Context) ([]compare.ID, error) {
	var backends [2]*collector.Collector
	for i := range t.stores {
		var err error
		if t.stores[i], err = startStore(); err != nil {
			return nil, err
		}
		if backends[i], err = t.backend(ctx, i, collector.Ports{}); err != nil {
			return nil, err
		}
	}
	gateway, err := t.start(ctx, "gateway", "gateway.yaml", collector.Ports{},
		"OTELCOL_BACKEND_1="+backends[0].GRPCAddress(), "OTELCOL_BACKEND_2="+backends[1].GRPCAddress())
	if err != nil {
		return nil, err
	}
	host, err := t.start(ctx, "host", "host.yaml", collector.Ports{}, "OTELCOL_NEXT="+gateway.GRPCAddress())
	if err != nil {
		return nil, err
	}
	enough := make(chan struct{})
	type load struct {
		ids []compare.ID
		err error
	}
	loaded := make(chan load, 1)
	go func() {
		ids, err := t.record(ctx, host.HTTPEndpoint(), enough)
		loaded <- load{ids, err}
	}()
	err = t.outage(ctx, backends[0])
	close(enough)
	result := <-loaded
	if err := errors.Join(err, result.err); err != nil {
		return nil, err
	}
	return result.ids, t.settle(ctx, result.ids)
}

func (t *tier) backend(ctx context.Context, number int, ports collector.Ports) (*collector.Collector, error) {
	next := "OTELCOL_NEXT=" + t.stores[number].listen.Addr().String()
	return t.start(ctx, fmt.Sprintf("backend-%d", number+1), "backend.yaml", ports, next)
}

// outage kills the first back end in the middle of the load and starts it again where it was.
func (t *tier) outage(ctx context.Context, first *collector.Collector) error {
	// Not before it has passed something on: until then nothing of its own would be at stake.
	for spans, _ := t.stores[0].received(); len(spans) == 0; spans, _ = t.stores[0].received() {
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("the first back end has passed nothing on: %w", err)
		}
	}
	if err := pause(ctx, beforeKill); err != nil {
		return err
	}
	first.Kill()
	if err := pause(ctx, downTime); err != nil {
		return err
	}
	if _, err := t.backend(ctx, 0, first.Ports()); err != nil {
		return err
	}
	return pause(ctx, afterwards)
}

func pause(ctx context.Context, duration time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(duration):
		return nil
	}
}

// record replays the transcripts again and again until it is enough; the ids that were written down.
func (t *tier) record(ctx context.Context, endpoint string, enough <-chan struct{}) ([]compare.ID, error) {
	var all []compare.ID
	for round := 0; ; round++ {
		select {
		case <-enough:
			return all, nil
		default:
		}
		path := filepath.Join(t.directory, fmt.Sprintf("ids-%d.txt", round))
		command := exec.CommandContext(ctx, t.program, "--threads", "2", "--repeat", "20", "--ids", path, t.transcripts)
		command.Env = environment("OTEL_SERVICE_NAME="+serviceName, "OTEL_EXPORTER_OTLP_ENDPOINT="+endpoint)
		if err := runProgram(command, filepath.Join(t.directory, "replay.log")); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", t.program, err), context.Cause(ctx))
		}
		ids, err := compare.ReadIDs(path)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
}

// settle waits until all that was written down is there, or until nothing more comes.
func (t *tier) settle(ctx context.Context, written []compare.ID) error {
	const quiet = 15 * time.Second
	started := time.Now()
	for {
		first, lastFirst := t.stores[0].received()
		second, lastSecond := t.stores[1].received()
		missing := 0
		for _, id := range written {
			if first[id]+second[id] == 0 {
				missing++
			}
		}
		isQuiet := time.Since(started) > quiet && time.Since(lastFirst) > quiet && time.Since(lastSecond) > quiet
		if missing == 0 || isQuiet {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d spans are still missing: %w", missing, len(written), err)
		}
	}
}

// verdict compares the ids, and looks for traces that are in two places.
func (t *tier) verdict(written []compare.ID, started time.Time, output io.Writer) error {
	var differences []string
	accepted := map[compare.ID]bool{}
	for _, id := range written {
		accepted[id] = true
	}
	places := map[string]int{}
	arrived, twice := map[compare.ID]bool{}, 0
	var traces [2]int
	for place, s := range t.stores {
		spans, _ := s.received()
		for id, count := range spans {
			if known, found := places[id.Trace]; !found {
				places[id.Trace] = place
				traces[place]++
			} else if known != place {
				differences = append(differences, fmt.Sprintf("trace %s: is at both back ends", id.Trace))
			}
			if !accepted[id] {
				differences = append(differences, fmt.Sprintf("id %s: arrived and was not written down", id))
			}
			arrived[id] = true
			twice += count - 1
		}
	}
	for id := range accepted {
		if !arrived[id] {
			differences = append(differences, fmt.Sprintf("id %s: was accepted and has not arrived", id))
		}
	}
	for place, count := range traces {
		if count < leastTraces {
			differences = append(differences,
				fmt.Sprintf("back end %d: %d traces, expected at least %d", place+1, count, leastTraces))
		}
	}
	fmt.Fprintf(output, "tier: %d spans of %d and %d traces at two back ends, one killed and restarted, "+
		"%d sent again, in %.1f s: %d differences\n", len(accepted), traces[0], traces[1], twice,
		time.Since(started).Seconds(), len(differences))
	for _, difference := range differences[:min(shownDifferences, len(differences))] {
		fmt.Fprintf(output, "  %s\n", difference)
	}
	if len(differences) > 0 {
		return errDiffers
	}
	return nil
}
