#!/bin/sh
# The tests of the C# library: SO=… OUT=… tests/csharp/run.sh [--fast]. With Mono, and with the .NET SDK where it is installed.
#
# Mono stops threads for a collection by signals unless it is told otherwise: MONO_THREADS_SUSPEND, see docs/csharp.md.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../abi/common.sh"
: "${SO:?}" "${OUT:?}"
root=$(cd "$here/../.." && pwd)
AGENTOTEL_LIBRARY=$(realpath "$SO")
export AGENTOTEL_LIBRARY MONO_THREADS_SUSPEND=hybrid
mkdir -p "$OUT"
out=$(cd "$OUT" && pwd)

# passes WHAT COMMAND...
passes() {
  what=$1
  shift
  if "$@"; then passed "C#: $what"; else failed "C#: $what"; fi
}
same_layout() {
  gcc -I"$root/include" "$here/layout.c" -o "$out/layout" && "$out/layout" >"$out/layout.c.txt" &&
    mono "$out/layout.exe" >"$out/layout.cs.txt" && diff "$out/layout.c.txt" "$out/layout.cs.txt" &&
    [ "$(wc -l <"$out/layout.c.txt")" -gt 600 ]
}
generated() { "$root/tools/bindings_csharp.py" --check && "$root/tools/bindings_csharp.py" --complete; }
tests() { mono "$out/tests.exe" >"$out/tests.txt" 2>&1 || { grep -v '^ok' "$out/tests.txt"; return 1; }; }
stress() { AGENTOTEL_STRESS_EVENTS=$1 mono "$out/tests.exe" stress >"$out/stress.txt" 2>&1 || { cat "$out/stress.txt"; return 1; }; }

passes 'generated from the header, every function called' generated
if have mcs && have mono; then
  if "$here/build.sh" "$out"; then
    passes 'sizes, offsets and numbers are those of C' same_layout
    passes 'tests' tests
    passes 'the package: its content, and a program with it alone' "$here/package.sh" "$AGENTOTEL_LIBRARY" "$out"
    if [ "${1:-}" != --fast ]; then passes 'stress: 100 threads, 10,000 events each' stress "${AGENTOTEL_STRESS_EVENTS:-10000}"; fi
  else
    failed 'C#: build with Mono'
  fi
else
  skipped 'the tests of C# with Mono' 'apt-get install mono-mcs mono-runtime libmono-system-core4.0-cil'
fi
if have dotnet; then
  passes '.NET: build' dotnet build -warnaserror "$root/bindings/csharp/AgentOtel.Extensions.Logging"
  passes '.NET: tests' dotnet run --project "$root/tests/csharp"
else
  # The SDK is in no distribution's packages: this one may be skipped anywhere.
  printf 'SKIP: %s\n' 'C# with the .NET SDK — https://dot.net'
fi
finish
