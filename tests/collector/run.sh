#!/bin/sh
# Against a real OpenTelemetry Collector: builds it and its checker, replays recorded sessions through the C example, and
# compares what the Collector's file exporter wrote with what the checker computes from the transcripts.
#
#   COLLECTOR=… CHECK=…   where the two programs are built
#   REPLAY=…              the C example
#   SESSIONS=…            recorded sessions of a real agent; by default those beside the checkout, and skipped with a
#                         message where there are none
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
: "${COLLECTOR:?}" "${CHECK:?}" "${REPLAY:?}"
SESSIONS=${SESSIONS:-../shared/data/agent-sessions/airline.jsonl}
if ! command -v go >/dev/null; then
  echo 'SKIP: tests with a real Collector — install Go (https://go.dev/dl)'
  [ "${CI:-}" != true ]
  exit
fi
mkdir -p "$(dirname "$COLLECTOR")"
(cd tests/collector && go build -o "$root/$COLLECTOR" . && go build -o "$root/$CHECK" ./cmd/check)
(cd tests/collector && OTELCOL="$root/$COLLECTOR" go test ./...)

own=examples/c/transcript.jsonl
replay() {
  "$CHECK" replay --collector "$COLLECTOR" --replay "$REPLAY" --threads 2 "$@"
}
# Every protocol, compression and kind of TLS, each with each of the others at least once.
for how in 'http/protobuf none none' 'http/json gzip server' 'grpc zstd mutual' \
  'http/protobuf gzip mutual' 'http/json zstd none' 'grpc none server' \
  'http/protobuf zstd server' 'http/json none mutual' 'grpc gzip none'; do
  # shellcheck disable=SC2086
  set -- $how
  echo "replay over $1, compression $2, certificates of $3"
  replay --transcripts "$own" --protocol "$1" --compression "$2" --tls "$3"
done
# The configurations that are handed out, with one back end killed under load.
"$CHECK" tier --collector "$COLLECTOR" --replay "$REPLAY" --deploy deploy/collector --transcripts "$own"
replay --transcripts "$SESSIONS"
replay --transcripts "$SESSIONS" --protocol grpc --compression zstd --tls mutual
replay --transcripts "$SESSIONS" --protocol http/json --compression gzip --tls server

# Metrics, beside the other signals, over both transports.
for transcripts in "$own" "$SESSIONS"; do
  if command -v python3 >/dev/null; then
    python3 tests/collector/metrics.py "$COLLECTOR" "$REPLAY" "$transcripts"
  else
    echo 'SKIP: metrics at a Collector — install Python 3'
    [ "${CI:-}" != true ]
  fi
done

# What our own file exporter writes, read by the official codec and sent through a Collector.
for transcripts in "$own" "$SESSIONS"; do
  [ -f "$transcripts" ] || { echo "SKIP: file check with $transcripts — it is not there"; continue; }
  rm -f target/collector/replayed.jsonl target/collector/ids
  "$REPLAY" --out target/collector/replayed.jsonl --ids target/collector/ids "$transcripts" >/dev/null
  "$CHECK" file --collector "$COLLECTOR" --input target/collector/replayed.jsonl --transcripts "$transcripts" \
    --ids target/collector/ids
done
