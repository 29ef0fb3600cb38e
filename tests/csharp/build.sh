#!/bin/sh
# Compiles the C# library, its logging assembly and the programs of the tests, examples and benchmarks with Mono's compiler:
# tests/csharp/build.sh OUT. With the .NET SDK the project files do.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
bindings=$root/bindings/csharp
stub=Microsoft.Extensions.Logging.Abstractions

compile() { mcs -langversion:7.2 -nologo -optimize+ -warn:4 -warnaserror -r:System.Core.dll "$@"; }

# A public thing without documentation is a warning, and so a failure.
compile -unsafe -target:library -doc:"$out/AgentOtel.xml" -out:"$out/AgentOtel.dll" \
  "$bindings"/AgentOtel/*.cs "$bindings"/AgentOtel/Generated/*.cs
compile -target:library -out:"$out/$stub.dll" "$root"/tests/csharp/stub/*.cs
compile -target:library -doc:"$out/AgentOtel.Extensions.Logging.xml" -r:"$out/AgentOtel.dll" -r:"$out/$stub.dll" \
  -out:"$out/AgentOtel.Extensions.Logging.dll" "$bindings"/AgentOtel.Extensions.Logging/*.cs
tests=
for name in Behaviour CallbackClaims Check Garbage Kept Logging Processes Program Stress; do
  tests="$tests $root/tests/csharp/$name.cs"
done
# shellcheck disable=SC2086
compile -r:"$out/AgentOtel.dll" -r:"$out/AgentOtel.Extensions.Logging.dll" -r:"$out/$stub.dll" -out:"$out/tests.exe" $tests
compile -unsafe -out:"$out/layout.exe" "$root/tests/csharp/Layout.g.cs" "$bindings"/AgentOtel/*.cs \
  "$bindings"/AgentOtel/Generated/*.cs
compile -r:"$out/AgentOtel.dll" -out:"$out/conformance.exe" "$root/tests/conformance/conformance.cs" \
  "$root/tests/csharp/Json.cs" "$root/tests/csharp/Fields.g.cs"
compile -unsafe -r:"$out/AgentOtel.dll" -out:"$out/bench.exe" "$root/benches/bindings/Bench.cs"
compile -r:"$out/AgentOtel.dll" -out:"$out/quickstart.exe" "$root/examples/csharp/Quickstart.cs"
compile -r:"$out/AgentOtel.dll" -out:"$out/agent.exe" "$root"/examples/csharp/Agent.cs "$root"/examples/csharp/Http.cs
