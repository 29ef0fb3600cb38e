#!/bin/sh
# Measures the released library (target/release/libagentotel.so, or the first argument) and writes
# target/bench/summary.json. Fails when something could not be measured or an event was lost; timings are not judged.
# Further arguments go to the suite: `only=caller` runs one theme.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
library=${1:-$root/target/release/libagentotel.so}
[ $# -eq 0 ] || shift
for tool in valgrind strip cc cargo; do
  command -v "$tool" >/dev/null || { echo "run.sh: $tool is not installed" >&2; exit 2; }
done
[ -f "$library" ] || { echo "run.sh: $library is not there; build the release first" >&2; exit 2; }
target=$root/target/benches
cargo build --quiet --locked --release --manifest-path "$root/benches/Cargo.toml" --target-dir "$target"
exec "$target/release/agentotel-bench" run "library=$library" "out=$root/target/bench" "$@"
