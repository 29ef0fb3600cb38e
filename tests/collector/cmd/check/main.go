// Command check proves, from outside the library, that what was recorded is what a Collector received. Each
// subcommand is one scenario: it starts the Collector, has something recorded or read, stops the Collector
// and compares the file that its file exporter wrote with what the replay rule says of the transcripts. The
// exit status is 0 when nothing differs, 1 when something does or fails, 2 when the arguments are wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// A scenario reads its own arguments.
type scenario func(ctx context.Context, arguments []string, output io.Writer) error

var scenarios = map[string]scenario{
	"replay": checkReplay,
	"file":   checkFile,
	"tier":   checkTier,
}

// errUsage says that the arguments are wrong; what was wrong has been written.
var errUsage = errors.New("usage")

// errDiffers says that something differs; what does has been written.
var errDiffers = errors.New("what arrived differs from what was expected")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, arguments []string, output, failures io.Writer) int {
	if len(arguments) == 0 || scenarios[arguments[0]] == nil {
		fmt.Fprintln(failures, "usage: check replay|file|tier [options] (-h lists them)")
		return 2
	}
	err := scenarios[arguments[0]](ctx, arguments[1:], output)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(failures, "check %s: %v\n", arguments[0], err)
		return 2
	}
	fmt.Fprintf(failures, "check %s: FAILED: %v\n", arguments[0], err)
	return 1
}
