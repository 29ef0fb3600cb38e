// A Collector process: started with a configuration in a directory of its own, ready when it answers, stopped
// by SIGTERM so that its file exporter writes everything out, and never left behind.
package collector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// startAttempts is how often a start is tried when the chosen ports were taken in the meantime.
	startAttempts = 3
	startTimeout  = 60 * time.Second
	stopTimeout   = 30 * time.Second
	pollInterval  = 20 * time.Millisecond

	readyMessage = "Everything is ready"
	portTaken    = "address already in use"
)

// Options say what a Collector does.
type Options struct {
	// Binary is the Collector's program.
	Binary string
	// Directory takes the configuration, the output and the log; it must exist.
	Directory string
	// Ports of the OTLP receivers; zero means a free one.
	Ports Ports
	// ReadFile names a file of OTLP JSON lines to read instead of receiving OTLP.
	ReadFile string
	// Secured makes the receivers speak TLS with these certificates.
	Secured *Certificates
	// Config names a configuration to run as it is, in place of one that is made up. It takes the addresses to listen on
	// from the variables OTELCOL_GRPC and OTELCOL_HTTP.
	Config string
	// Variables are added to its environment.
	Variables []string
	// Mutual makes them ask for a client's, from the same authority.
	Mutual bool
}

// Collector is a running Collector.
type Collector struct {
	ports   Ports
	scheme  string
	output  string
	logPath string
	command *exec.Cmd
	// exited is closed when the process has ended; exitErr is set before.
	exited  chan struct{}
	exitErr error
}

// Start runs a Collector and returns when it is ready. The process does not outlive the context.
func Start(ctx context.Context, options Options) (*Collector, error) {
	var last error
	for range startAttempts {
		collector, err := start(ctx, options)
		if err == nil {
			return collector, nil
		}
		last = err
		if !strings.Contains(err.Error(), portTaken) || options.Ports != (Ports{}) {
			break
		}
	}
	return nil, last
}

func start(ctx context.Context, options Options) (*Collector, error) {
	ports, err := freePorts(options.Ports)
	if err != nil {
		return nil, err
	}
	c := &Collector{
		ports:   ports,
		scheme:  "http",
		output:  filepath.Join(options.Directory, "received.jsonl"),
		logPath: filepath.Join(options.Directory, "collector.log"),
		exited:  make(chan struct{}),
	}
	if options.Secured != nil {
		c.scheme = "https"
	}
	configPath := options.Config
	if configPath == "" {
		config, err := document(options, ports, c.output)
		if err != nil {
			return nil, err
		}
		configPath = filepath.Join(options.Directory, "collector.yaml")
		if err := os.WriteFile(configPath, config, 0o600); err != nil {
			return nil, err
		}
	}
	log, err := os.Create(c.logPath)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c.command = exec.CommandContext(ctx, options.Binary, "--config", configPath)
	c.command.Env = append(os.Environ(), options.Variables...)
	c.command.Env = append(c.command.Env,
		fmt.Sprintf("OTELCOL_GRPC=%s:%d", loopback, ports.GRPC), fmt.Sprintf("OTELCOL_HTTP=%s:%d", loopback, ports.HTTP))
	c.command.Stdout, c.command.Stderr = log, log
	c.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	go func() {
		c.exitErr = c.command.Wait()
		close(c.exited)
	}()
	ready, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := c.waitReady(ready, options.ReadFile == ""); err != nil {
		c.Kill()
		return nil, fmt.Errorf("collector: not ready: %w\n%s", err, c.LogTail())
	}
	return c, nil
}

// HTTPEndpoint is the base URL for OTLP over HTTP.
func (c *Collector) HTTPEndpoint() string {
	return fmt.Sprintf("%s://%s:%d", c.scheme, loopback, c.ports.HTTP)
}

// GRPCEndpoint is the URL for OTLP over gRPC.
func (c *Collector) GRPCEndpoint() string {
	return fmt.Sprintf("%s://%s:%d", c.scheme, loopback, c.ports.GRPC)
}

// GRPCAddress is host and port for OTLP over gRPC.
func (c *Collector) GRPCAddress() string { return fmt.Sprintf("%s:%d", loopback, c.ports.GRPC) }

// Ports are those that it listens on.
func (c *Collector) Ports() Ports { return c.ports }

// Process is its process id.
func (c *Collector) Process() int { return c.command.Process.Pid }

// Output names the file that the file exporter writes; it is complete after Stop.
func (c *Collector) Output() string { return c.output }

// LogTail is the end of the Collector's log.
func (c *Collector) LogTail() string {
	const tail = 4000
	content, err := os.ReadFile(c.logPath)
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-tail):])
}

// waitReady waits until the pipelines run and, when it receives, both receivers answer.
func (c *Collector) waitReady(ctx context.Context, receives bool) error {
	if _, err := c.WaitLog(ctx, readyMessage, 1); err != nil {
		return err
	}
	if !receives {
		return nil
	}
	return c.poll(ctx, func() error {
		// Behind TLS nothing is asked: the first request would need the certificates.
		if c.scheme == "http" {
			if err := acceptsHTTP(ctx, c.HTTPEndpoint()); err != nil {
				return err
			}
		}
		return errors.Join(accepts(ctx, c.ports.HTTP), accepts(ctx, c.ports.GRPC))
	})
}

// accepts connects to a port.
func accepts(ctx context.Context, port int) error {
	dialer := net.Dialer{Timeout: time.Second}
	connection, err := dialer.DialContext(ctx, "tcp", fmt.Sprintf("%s:%d", loopback, port))
	if err != nil {
		return err
	}
	return connection.Close()
}

// acceptsHTTP sends a request without a span, which a receiver acknowledges and passes to nobody.
func acceptsHTTP(ctx context.Context, endpoint string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/v1/traces", http.NoBody)
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
		return fmt.Errorf("an empty request got %s", response.Status)
	}
	return nil
}

// WaitLog waits until the log has at least count lines with the text, and returns them.
func (c *Collector) WaitLog(ctx context.Context, text string, count int) ([]string, error) {
	var found []string
	err := c.poll(ctx, func() error {
		content, err := os.ReadFile(c.logPath)
		if err != nil {
			return err
		}
		found = found[:0]
		for line := range bytes.Lines(content) {
			if bytes.HasSuffix(line, []byte("\n")) && bytes.Contains(line, []byte(text)) {
				found = append(found, string(bytes.TrimSpace(line)))
			}
		}
		if len(found) < count {
			return fmt.Errorf("%q is %d times in the log, expected %d", text, len(found), count)
		}
		return nil
	})
	return found, err
}

// poll repeats an attempt until it succeeds, the context ends or the process does.
func (c *Collector) poll(ctx context.Context, attempt func() error) error {
	for {
		err := attempt()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-c.exited:
			return fmt.Errorf("it ended: %v: %w", c.exitErr, err)
		case <-time.After(pollInterval):
		}
	}
}

// Stop ends the process by SIGTERM and waits; an unclean end is an error, and so is one that has to be
// forced.
func (c *Collector) Stop() error {
	select {
	case <-c.exited:
		return fmt.Errorf("collector: ended before it was stopped: %v\n%s", c.exitErr, c.LogTail())
	default:
	}
	if err := c.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("collector: %w", err)
	}
	select {
	case <-c.exited:
	case <-time.After(stopTimeout):
		c.Kill()
		return fmt.Errorf("collector: still running %s after SIGTERM\n%s", stopTimeout, c.LogTail())
	}
	if c.exitErr != nil {
		return fmt.Errorf("collector: %w\n%s", c.exitErr, c.LogTail())
	}
	return nil
}

// Kill ends the process at once, if it still runs, and waits until it has.
func (c *Collector) Kill() {
	// An error says that it has ended, which is what is wanted.
	_ = c.command.Process.Kill()
	<-c.exited
}
