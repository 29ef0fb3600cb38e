// Package loadbalancing stands in for the Collector's load-balancing exporter, which cannot be had as a module: the same
// type name and, as far as they are used here, the same keys. A trace id is hashed onto a fixed list of back ends; each
// has an official OTLP exporter of its own, with the queue, storage and retry that are configured. Log records
// go by their trace id likewise.
package loadbalancing

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var typeName = component.MustNewType("loadbalancing")

// Config is what the configuration says.
type Config struct {
	RoutingKey string   `mapstructure:"routing_key"`
	Protocol   Protocol `mapstructure:"protocol"`
	Resolver   Resolver `mapstructure:"resolver"`
}

// Protocol is how the back ends are reached; each gets these settings with an endpoint of its own.
type Protocol struct {
	OTLP otlpexporter.Config `mapstructure:"otlp"`
}

// Resolver says which back ends there are.
type Resolver struct {
	Static struct {
		Hostnames []string `mapstructure:"hostnames"`
	} `mapstructure:"static"`
}

// Validate refuses what is not done here.
func (c *Config) Validate() error {
	if c.RoutingKey != "traceID" {
		return fmt.Errorf("routing_key: expected traceID, got %q", c.RoutingKey)
	}
	if len(c.Resolver.Static.Hostnames) == 0 {
		return errors.New("resolver.static.hostnames: expected at least one")
	}
	return nil
}

// NewFactory makes the exporter known to a Collector.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(typeName, defaults,
		exporter.WithTraces(newTraces, component.StabilityLevelDevelopment),
		exporter.WithLogs(newLogs, component.StabilityLevelDevelopment))
}

func defaults() component.Config {
	config := &Config{RoutingKey: "traceID"}
	if otlp, is := otlpexporter.NewFactory().CreateDefaultConfig().(*otlpexporter.Config); is {
		config.Protocol.OTLP = *otlp
	}
	// Each back end has its own in its place.
	config.Protocol.OTLP.ClientConfig.Endpoint = "replaced:4317"
	return config
}

// balancer has one exporter for each back end, in the order of the list.
type balancer[E component.Component] struct{ backends []E }

func newBalancer[E component.Component](
	settings exporter.Settings, config component.Config,
	build func(exporter.Settings, component.Config) (E, error),
) (balancer[E], error) {
	var b balancer[E]
	own, is := config.(*Config)
	if !is {
		return b, fmt.Errorf("unexpected configuration %T", config)
	}
	for _, hostname := range own.Resolver.Static.Hostnames {
		otlp := own.Protocol.OTLP
		otlp.ClientConfig.Endpoint = hostname
		// A name of its own, so that it has a queue of its own.
		settings.ID = component.NewIDWithName(otlpexporter.NewFactory().Type(), hostname)
		backend, err := build(settings, &otlp)
		if err != nil {
			return b, fmt.Errorf("%s: %w", hostname, err)
		}
		b.backends = append(b.backends, backend)
	}
	return b, nil
}

func (b balancer[E]) Start(ctx context.Context, host component.Host) error {
	for _, backend := range b.backends {
		if err := backend.Start(ctx, host); err != nil {
			return err
		}
	}
	return nil
}

func (b balancer[E]) Shutdown(ctx context.Context) error {
	var failures []error
	for _, backend := range b.backends {
		failures = append(failures, backend.Shutdown(ctx))
	}
	return errors.Join(failures...)
}

func (balancer[E]) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

// choose gives the place in the list that a trace id belongs to.
func (b balancer[E]) choose(id pcommon.TraceID) int {
	hash := fnv.New32a()
	_, _ = hash.Write(id[:])
	return int(hash.Sum32() % uint32(len(b.backends)))
}

type traces struct{ balancer[exporter.Traces] }

func newTraces(ctx context.Context, settings exporter.Settings, config component.Config) (exporter.Traces, error) {
	b, err := newBalancer(settings, config, func(s exporter.Settings, c component.Config) (exporter.Traces, error) {
		return otlpexporter.NewFactory().CreateTraces(ctx, s, c)
	})
	return traces{b}, err
}

func (t traces) ConsumeTraces(ctx context.Context, data ptrace.Traces) error {
	parts := make([]ptrace.Traces, len(t.backends))
	for place := range parts {
		part := ptrace.NewTraces()
		data.CopyTo(part)
		part.ResourceSpans().RemoveIf(func(resource ptrace.ResourceSpans) bool {
			resource.ScopeSpans().RemoveIf(func(scope ptrace.ScopeSpans) bool {
				scope.Spans().RemoveIf(func(span ptrace.Span) bool { return t.choose(span.TraceID()) != place })
				return scope.Spans().Len() == 0
			})
			return resource.ScopeSpans().Len() == 0
		})
		parts[place] = part
	}
	var failures []error
	for place, part := range parts {
		if part.SpanCount() > 0 {
			failures = append(failures, t.backends[place].ConsumeTraces(ctx, part))
		}
	}
	return errors.Join(failures...)
}

type logs struct{ balancer[exporter.Logs] }

func newLogs(ctx context.Context, settings exporter.Settings, config component.Config) (exporter.Logs, error) {
	b, err := newBalancer(settings, config, func(s exporter.Settings, c component.Config) (exporter.Logs, error) {
		return otlpexporter.NewFactory().CreateLogs(ctx, s, c)
	})
	return logs{b}, err
}

func (l logs) ConsumeLogs(ctx context.Context, data plog.Logs) error {
	var failures []error
	for place, backend := range l.backends {
		part := plog.NewLogs()
		data.CopyTo(part)
		part.ResourceLogs().RemoveIf(func(resource plog.ResourceLogs) bool {
			resource.ScopeLogs().RemoveIf(func(scope plog.ScopeLogs) bool {
				scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool { return l.choose(record.TraceID()) != place })
				return scope.LogRecords().Len() == 0
			})
			return resource.ScopeLogs().Len() == 0
		})
		if part.LogRecordCount() > 0 {
			failures = append(failures, backend.ConsumeLogs(ctx, part))
		}
	}
	return errors.Join(failures...)
}
