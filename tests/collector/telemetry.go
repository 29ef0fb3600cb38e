// The Collector's telemetry about itself: its log, as JSON lines on standard error, where the debug exporter
// writes too. No metrics and no traces of its own, so nothing but what was sent to it can reach a file that a
// test reads.
package main

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/service/telemetry"
	"go.uber.org/zap"
)

// telemetryConfig is empty: `service::telemetry` has nothing to set.
type telemetryConfig struct{}

func telemetryFactory() telemetry.Factory {
	return telemetry.NewFactory(
		func() component.Config { return &telemetryConfig{} },
		telemetry.WithCreateLogger(createLogger),
	)
}

func createLogger(
	_ context.Context, settings telemetry.LoggerSettings, _ component.Config,
) (*zap.Logger, component.ShutdownFunc, error) {
	config := zap.NewProductionConfig()
	// Sampling would drop lines that a test waits for.
	config.Sampling = nil
	config.OutputPaths = []string{"stderr"}
	build := settings.BuildZapLogger
	if build == nil {
		build = zap.Config.Build
	}
	logger, err := build(config)
	if err != nil {
		return nil, nil, err
	}
	shutdown := func(context.Context) error {
		// Standard error may be a pipe or a file that cannot be synced; that loses nothing.
		_ = logger.Sync()
		return nil
	}
	return logger, shutdown, nil
}
