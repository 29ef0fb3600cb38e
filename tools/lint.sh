#!/bin/sh
# Formats and rules, as far as tools can check them. A tool that is missing is a failure when CI=true, and said otherwise.
set -u
cd "$(dirname "$0")/.." || exit 1
failures=0

run() {
  echo "lint: $1 ${2:-}"
  "$@" || { echo "FAIL  $*"; failures=$((failures + 1)); }
}
skip() {
  echo "SKIP: $1 — $2"
  [ "${CI:-}" != true ] || failures=$((failures + 1))
}

run cargo fmt --check
run cargo clippy --locked --quiet --all-targets --features schema,test-failpoints -- -D warnings
run cargo fmt --check --manifest-path benches/Cargo.toml
if command -v clang-format >/dev/null; then
  # shellcheck disable=SC2046
  run clang-format --dry-run --Werror \
    $(git ls-files '*.c' '*.h' '*.cpp' '*.hpp' ':!examples/c/vendor' ':!include/agentotel.h')
else
  skip clang-format 'apt-get install clang-format'
fi
if command -v cargo-deny >/dev/null; then
  run cargo deny --log-level error check licenses bans sources
else
  skip cargo-deny 'cargo install cargo-deny --locked'
fi
if command -v go >/dev/null; then
  unformatted=$(gofmt -l tests/collector bindings/go examples/go benches/bindings/go tests/install)
  [ -z "$unformatted" ] || { echo "FAIL  gofmt: $unformatted"; failures=$((failures + 1)); }
  run sh -c 'cd tests/collector && go vet ./...'
else
  skip gofmt 'install Go, https://go.dev/dl'
fi
[ "$failures" -eq 0 ] || { echo "lint: $failures failed"; exit 1; }
