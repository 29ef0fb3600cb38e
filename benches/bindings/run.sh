#!/bin/sh
# run.sh LIBRARY OUT: what the bindings cost over the C interface, and beside their languages' SDKs. Builds the programs in
# OUT against LIBRARY, and prints one JSON object of figures for each.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
library=$(realpath "$1")
mkdir -p "$2"
out=$(cd "$2" && pwd)
for tool in g++ go valgrind pkg-config; do
  command -v $tool >/dev/null || { echo "run.sh: $tool is not installed" >&2; exit 2; }
done
# The archive is not measured; whatever was built stands in for it.
PREFIX=$out/stage "$root/tools/install.sh" "$library" "$root/target/release/libagentotel-only.a"
export PKG_CONFIG_PATH="$out/stage/lib/pkgconfig" LD_LIBRARY_PATH="$out/stage/lib"

# shellcheck disable=SC2046
g++ -std=c++17 -O2 $(pkg-config --cflags agentotel) "$root/benches/bindings/cost.cpp" -o "$out/cost" \
  $(pkg-config --libs agentotel)
"$out/cost"
# Instructions of the main thread for one event: those of 40,000 less those of 20,000.
instructions() {
  for events in 20000 40000; do
    # shellcheck disable=SC2086
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$out/cost" "$1" $events $2 2>&1 |
      sed -n 's/.*Collected : //p'
  done | awk 'NR == 1 { before = $1 } NR == 2 { printf "%.1f", ($1 - before) / 20000 }'
}
for kind in '' llm; do
  c=$(instructions c "$kind")
  cpp=$(instructions cpp "$kind")
  name=${kind:-10_attrs}
  echo "{\"c_instructions_per_event_$name\": $c, \"cpp_instructions_per_event_$name\": $cpp}"
done

(cd "$root/benches/bindings/go" && go build -o "$out/go-bench" .)
"$out/go-bench"

# Without Mono there are no figures of C#.
if command -v mcs >/dev/null && command -v mono >/dev/null; then
  "$root/tests/csharp/build.sh" "$out/csharp"
  AGENTOTEL_LIBRARY=$library mono "$out/csharp/bench.exe"
fi
