// The arguments that the scenarios share: where the transcripts are, how they were replayed, and how long it
// may all take. From them come the expected sessions.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"agentotel.dev/tests/collector/internal/expect"
)

// options are the arguments of a scenario.
type options struct {
	flags       *flag.FlagSet
	collector   string
	transcripts string
	repeat      int
	timeout     time.Duration
	keep        string
}

func newOptions(name string, output io.Writer) *options {
	o := &options{flags: flag.NewFlagSet(name, flag.ContinueOnError)}
	o.flags.SetOutput(output)
	o.flags.StringVar(&o.collector, "collector", "", "the Collector's program (required)")
	o.flags.StringVar(&o.transcripts, "transcripts", "", "the transcripts that are replayed (required)")
	o.flags.IntVar(&o.repeat, "repeat", 1, "how many times the transcripts are replayed")
	o.flags.DurationVar(&o.timeout, "timeout", 3*time.Minute, "the longest that all of it may take")
	o.flags.StringVar(&o.keep, "keep", "", "a directory that keeps the Collector's files (default: none)")
	return o
}

// parse reads the arguments; each of required must have been given.
func (o *options) parse(arguments []string, required ...string) error {
	if err := o.flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if o.flags.NArg() != 0 {
		return fmt.Errorf("%w: unexpected argument %q", errUsage, o.flags.Arg(0))
	}
	for _, name := range append([]string{"collector", "transcripts"}, required...) {
		if o.flags.Lookup(name).Value.String() == "" {
			return fmt.Errorf("%w: --%s is required", errUsage, name)
		}
	}
	if o.repeat < 1 {
		return fmt.Errorf("%w: --repeat: expected at least 1, got %d", errUsage, o.repeat)
	}
	return nil
}

// expected reads the transcripts and computes the sessions. When the transcripts are not there it says how to
// get them and returns none, without an error: they are not part of the project.
func (o *options) expected(output io.Writer) ([]expect.Session, error) {
	transcripts, err := expect.ReadFile(o.transcripts)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(output, "SKIP: %s: %s is not there: put any file of agent transcripts at this path, "+
			"one JSON object a line with task_id, trial, reward and traj (OpenAI chat messages); the "+
			"recorded ones are historical_trajectories/gpt-4o-airline.json of the public tau-bench repository (MIT), "+
			"its array written as one object a line\n", o.flags.Name(), o.transcripts)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(transcripts) == 0 {
		return nil, fmt.Errorf("%s: no transcripts in it", o.transcripts)
	}
	rule := expect.DefaultOptions()
	rule.Repeat = o.repeat
	return expect.Sessions(transcripts, rule)
}

// directory gives the scenario a directory, and a function that removes it again unless it is to be kept.
func (o *options) directory() (string, func(), error) {
	if o.keep != "" {
		return o.keep, func() {}, os.MkdirAll(o.keep, 0o700)
	}
	directory, err := os.MkdirTemp("", "agentotel-check-")
	return directory, func() { _ = os.RemoveAll(directory) }, err
}

// bounded limits the scenario's time.
func (o *options) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	cause := fmt.Errorf("took longer than %s", o.timeout)
	return context.WithTimeoutCause(ctx, o.timeout, cause)
}

// absolute lists paths that a program started in another directory must find.
func absolute(paths ...*string) error {
	for _, path := range paths {
		if *path == "" {
			continue
		}
		full, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = full
	}
	return nil
}
