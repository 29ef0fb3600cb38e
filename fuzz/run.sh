#!/bin/sh
# Builds the fuzz targets and runs each for a while.
#
#   SECONDS_EACH=…   how long each runs; 20 unless AGENTOTEL_LONG is set, then an hour
#   TARGETS=…        some of them
#   ASAN=1           with AddressSanitizer, which is of use to the target `calls`
#
# Built by cargo alone, with the flags that cargo-fuzz gives: the stable compiler knows what a fuzzer asks of it, once it is
# told that this is wanted. No sanitizer unless asked for: the readers are not unsafe, and half the time goes into the building.
set -eu
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-20}
[ -z "${AGENTOTEL_LONG:-}" ] || seconds=${SECONDS_EACH:-3600}
if ! command -v c++ >/dev/null; then
  echo 'SKIP: fuzz targets — libFuzzer needs a C++ compiler: apt-get install g++'
  [ "${CI:-}" != true ]
  exit
fi
host=$(rustc -vV | sed -n 's/^host: //p')
out=$PWD/target/fuzz
sanitizer=
[ -z "${ASAN:-}" ] || { out=$out-asan && sanitizer=-Zsanitizer=address; }
# The target is named, so that build scripts are not instrumented.
RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$out \
  RUSTFLAGS="$sanitizer --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares" \
  cargo build --quiet --release --locked --target "$host" --manifest-path fuzz/Cargo.toml
for target in ${TARGETS:-recovery config reply redaction event_json propagation calls}; do
  log=$out/$target.log
  mkdir -p "$out/corpus/$target"
  "$out/$host/release/$target" "$out/corpus/$target" -artifact_prefix="$out/$target-" \
    -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 2>"$log" || {
    tail -40 "$log"
    echo "FAIL  fuzz target $target"
    exit 1
  }
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  # A target that hardly ran has shown nothing. An input of `calls` is many calls, and may start and stop the library.
  least=10000
  [ "$target" != calls ] || least=200
  if [ "${executed:-0}" -lt "$least" ]; then
    echo "FAIL  fuzz target $target: only ${executed:-0} inputs"
    exit 1
  fi
  echo "ok    fuzz target $target: $executed inputs"
done
