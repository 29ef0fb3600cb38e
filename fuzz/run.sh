#!/bin/sh
# Runs every fuzz target for a while.
#
#   SECONDS_EACH=…   how long each runs; 20 unless AGENTOTEL_LONG is set, then an hour
set -eu
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-20}
[ -z "${AGENTOTEL_LONG:-}" ] || seconds=${SECONDS_EACH:-3600}
if ! command -v cargo-fuzz >/dev/null; then
  echo 'SKIP: fuzz targets — cargo install cargo-fuzz --locked'
  [ "${CI:-}" != true ]
  exit
fi
# The stable compiler knows what a fuzzer asks of it, once it is told that this is wanted. No sanitizer: nothing here is
# unsafe, and without one half the time goes into the building.
export RUSTC_BOOTSTRAP=1
for target in recovery config reply; do
  cargo fuzz run --sanitizer none --fuzz-dir fuzz "$target" -- \
    -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 2>"target/fuzz-$target.log" || {
    tail -40 "target/fuzz-$target.log"
    echo "FAIL  fuzz target $target"
    exit 1
  }
  echo "ok    fuzz target $target: $(grep number_of_executed_units "target/fuzz-$target.log" | tr -s ' ')"
done
