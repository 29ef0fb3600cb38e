#!/bin/sh
# The tests of the Go module, against an installed library: STAGE=… tests/go/run.sh [--fast]
#
# Plainly, with the archive, under the race detector, and with every pointer that is written checked (cgocheck2); the latter
# two build Go's own library anew the first time, which takes minutes. A tool that is missing is a failure when CI=true.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../abi/common.sh"
: "${STAGE:?}"
if ! have go || ! have pkg-config || ! have gcc; then
  skipped 'the tests of the Go module' 'install Go (https://go.dev/dl), pkg-config and gcc'
  finish
  exit
fi
stage=$(cd "$STAGE" && pwd)
export PKG_CONFIG_PATH="$stage/lib/pkgconfig" LD_LIBRARY_PATH="$stage/lib"
root=$(cd "$here/../.." && pwd)
cd "$root/bindings/go" || exit 1

# passes WHAT COMMAND...
passes() {
  what=$1
  shift
  if "$@"; then passed "Go: $what"; else failed "Go: $what"; fi
}
formatted() { [ -z "$(gofmt -l . "$root/examples/go" "$root/benches/bindings/go" "$root/tests/install")" ]; }
said() { # without cgo, the first thing said is what to do
  CGO_ENABLED=0 go build . 2>&1 | grep -q 'agentotel_needs_cgo_set_CGO_ENABLED_to_1'
}
passes gofmt formatted
passes vet go vet ./...
passes 'vet of the examples' sh -c "cd $root/examples/go && go vet ./..."
passes 'CGO_ENABLED=0 is said' said
passes tests go test ./...
if [ "${1:-}" != --fast ]; then
  passes 'tests, the archive' env LD_LIBRARY_PATH= go test -short -tags agentotel_static .
  passes 'tests, race detector' go test -race .
  passes 'tests, cgocheck2' env GOEXPERIMENT=cgocheck2 go test -short .
fi
finish
