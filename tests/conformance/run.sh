#!/bin/sh
# Builds the scenario's programs and compares what they export: SO=… STAGE=… OUT=… [COLLECTOR=…] tests/conformance/run.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../abi/common.sh"
: "${SO:?}" "${STAGE:?}" "${OUT:?}"
root=$(cd "$here/../.." && pwd)
if ! have python3; then
  skipped 'conformance' 'apt-get install python3'
  finish
  exit
fi
mkdir -p "$OUT"
out=$(cd "$OUT" && pwd)
stage=$(cd "$STAGE" && pwd)
export PKG_CONFIG_PATH="$stage/lib/pkgconfig" LD_LIBRARY_PATH="$stage/lib"
cjson=$root/examples/c/vendor/cjson
flags="-O0 -g -Wall -Wextra -pedantic -Werror -pthread -I$stage/include -I$cjson"
programs=
# made NAME COMMAND...: one more program, or a failure
made() {
  name=$1
  shift
  if "$@"; then programs="$programs $name=$out/$name"; else failed "conformance: build of $name"; fi
}
# shellcheck disable=SC2086
{
  made c gcc -std=c11 -D_GNU_SOURCE $flags "$here/conformance.c" "$cjson/cJSON.c" -L"$stage/lib" -lagentotel -lm -o "$out/c"
  if have g++; then
    gcc -c -O0 "$cjson/cJSON.c" -o "$out/cJSON.o" &&
      made cpp g++ -std=c++17 $flags "$here/conformance.cpp" "$out/cJSON.o" -L"$stage/lib" -lagentotel -o "$out/cpp"
  else
    skipped 'conformance of C++' 'apt-get install g++'
  fi
}
if have go && have pkg-config; then
  made go sh -c "cd '$root/bindings/go' && go build -o '$out/go' ./internal/conformance"
else
  skipped 'conformance of Go' 'install Go (https://go.dev/dl) and pkg-config'
fi
if have mcs && have mono; then
  csharp_made() {
    "$root/tests/csharp/build.sh" "$out/csharp-build" &&
      printf '#!/bin/sh\nAGENTOTEL_LIBRARY=%s/lib/libagentotel.so MONO_THREADS_SUSPEND=hybrid exec mono %s/csharp-build/conformance.exe "$@"\n' \
        "$stage" "$out" >"$out/csharp" && chmod +x "$out/csharp"
  }
  made csharp csharp_made
else
  skipped 'conformance of C#' 'apt-get install mono-mcs mono-runtime libmono-system-core4.0-cil'
fi
collector=
if [ -x "${COLLECTOR:-}" ]; then
  collector="--collector $COLLECTOR"
else
  skipped 'conformance through a Collector' 'install Go (https://go.dev/dl)'
fi
# shellcheck disable=SC2086
"$here/run.py" --keep "$out/kept" $collector $programs || failures=$((failures + 1))
finish
