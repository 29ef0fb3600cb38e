#!/bin/sh
# The agents of the examples: each exports one trace, with the tool server's session, from another process, below the call
# that was made to it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/abi/common.sh"
cd "$here/.." || exit 1

# agent LANGUAGE: what `make demo-LANGUAGE` exports.
agent() {
  file=target/$1.jsonl
  if ! ${MAKE:-make} -s "demo-$1" >"target/$1.txt" 2>&1; then
    failed "agent in $1"
    tail -n 20 "target/$1.txt"
    return
  fi
  traces=$(grep -o '"traceId":"[0-9a-f]*"' "$file" | sort -u | wc -l)
  for part in 'chat stub-1' 'execute_tool find_flights' 'tools/call weather' 'query timetable' 'looked out of the window' \
    unreachable 'agentotel.stream.chunk_count'; do
    grep -q "$part" "$file" || failed "agent in $1: no $part"
  done
  if [ "$traces" -eq 1 ] && grep -q 'and it rains' "target/$1.txt"; then
    passed "agent in $1: one trace"
  else
    failed "agent in $1: $traces traces"
  fi
}
if have g++ && have pkg-config; then agent cpp; else skipped 'agent in C++' 'apt-get install g++ pkg-config'; fi
if have go && have pkg-config; then agent go; else skipped 'agent in Go' 'install Go (https://go.dev/dl) and pkg-config'; fi
if have mcs && have mono; then agent csharp; else skipped 'agent in C#' 'apt-get install mono-mcs mono-runtime'; fi
finish
