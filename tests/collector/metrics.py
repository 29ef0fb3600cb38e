#!/usr/bin/env python3
"""The three signals of a replay at a real Collector, metrics checked from outside the library.

    metrics.py COLLECTOR REPLAY TRANSCRIPTS

Replays the transcripts over http/protobuf and gRPC, with cumulative and delta sums, a collection every few milliseconds, and
compares what the Collector's file exporter wrote with what follows from the transcripts by the replay rule
(examples/c/REPLAY.md): counts, sums and buckets of every duration, and the sums of tokens. One run is sampled at no trace, one
has a Collector that comes only after several collections. The exit status is 0 when nothing differs. Uses nothing but the
standard library, and shares no code with what it checks.
"""

import collections
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

MILLI = 1_000_000
OPERATION = [0.01 * 2**k for k in range(14)]
LONG = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]
TOKENS = [4.0**k for k in range(14)]
BOUNDS = {
    "gen_ai.client.operation.duration": OPERATION,
    "gen_ai.client.token.usage": TOKENS,
    "agentotel.tool.duration": LONG,
    "agentotel.session.duration": LONG,
}
AI = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o",
}
PATIENCE_S = 120


def key(attributes):
    return tuple(sorted(attributes.items()))


def tokens(length):
    return (length + 3) // 4


def expected(path):
    """The values that each histogram has, by name and attributes, and the counts."""
    values = collections.defaultdict(list)
    counts = collections.Counter()

    def measured(name, attributes, nanos):
        values[name, key(attributes)].append(nanos / 1e9)

    for line in pathlib.Path(path).read_text().splitlines():
        if not line.strip():
            continue
        session = json.loads(line)
        clock, read, names = 0, 0, {}
        for message in session["traj"]:
            text = len((message.get("content") or "").encode())
            calls = message.get("tool_calls") or []
            said = sum(len((call["function"]["name"] + call["function"]["arguments"]).encode()) for call in calls)
            if message["role"] == "user":
                clock += 5000 * MILLI
            elif message["role"] == "assistant":
                written = tokens(text + said)
                took = 200 * MILLI + 10 * MILLI * written
                clock += took
                names.update({call["id"]: call["function"]["name"] for call in calls})
                measured("gen_ai.client.operation.duration", AI, took)
                for kind, count in (("input", tokens(read)), ("output", written)):
                    values["gen_ai.client.token.usage", key({**AI, "gen_ai.token.type": kind})].append(count)
                counts["agentotel.event.count", key({"agentotel.event.kind": "llm"})] += 1
            elif message["role"] == "tool":
                took = 100 * MILLI + MILLI * tokens(text)
                clock += took
                attributes = {"gen_ai.tool.name": names.get(message["tool_call_id"], message.get("name"))}
                counts["agentotel.event.count", key({"agentotel.event.kind": "tool"})] += 1
                if (message.get("content") or "").startswith("Error"):
                    attributes["error.type"] = "tool_error"
                    error = {"agentotel.event.kind": "tool", "error.type": "tool_error"}
                    counts["agentotel.error.count", key(error)] += 1
                measured("agentotel.tool.duration", attributes, took)
            read += text + said
        reward = session.get("reward")
        state = "indeterminate" if reward is None else "success" if reward >= 1 else "fail"
        attributes = {"gen_ai.agent.name": "airline", "agentotel.session.end_state": state}
        if state == "fail":
            attributes["error.type"] = "_OTHER"
            counts["agentotel.error.count", key({"agentotel.event.kind": "session", "error.type": "_OTHER"})] += 1
        measured("agentotel.session.duration", attributes, clock)
    histograms = {}
    for (name, attributes), found in values.items():
        buckets = [0] * (len(BOUNDS[name]) + 1)
        for value in found:
            buckets[sum(value > bound for bound in BOUNDS[name])] += 1
        histograms[name, attributes] = (len(found), sum(found), buckets)
    return histograms, counts


def attributes_of(point):
    value = lambda attribute: next(iter(attribute["value"].values()))
    return key({attribute["key"]: value(attribute) for attribute in point.get("attributes", [])})


def received(path, temporality):
    """What arrived: histograms and counts, delta ones added up, cumulative ones as they were last; and how much of all."""
    histograms, counts, seen = {}, {}, collections.Counter()
    latest = {}
    for line in path.read_text().splitlines():
        request = json.loads(line)
        for resource in request.get("resourceSpans", []):
            seen["spans"] += sum(len(scope["spans"]) for scope in resource["scopeSpans"])
        for resource in request.get("resourceLogs", []):
            seen["logs"] += sum(len(scope["logRecords"]) for scope in resource["scopeLogs"])
        for resource in request.get("resourceMetrics", []):
            seen["collections"] += 1
            for metric in (metric for scope in resource["scopeMetrics"] for metric in scope["metrics"]):
                data = metric.get("histogram") or metric.get("sum")
                wanted = 1 if temporality == "delta" else 2
                if data is None or metric["name"] not in BOUNDS and not metric["name"].endswith((".error.count", ".event.count")):
                    continue
                assert data["aggregationTemporality"] == wanted, metric
                for point in data["dataPoints"]:
                    where = metric["name"], attributes_of(point)
                    stands = (point["startTimeUnixNano"], point["timeUnixNano"])
                    assert stands > latest.get(where, ("", "")), f"{where}: {stands} came twice, or out of order"
                    latest[where] = stands
                    if "histogram" in metric:
                        assert [float(bound) for bound in point["explicitBounds"]] == BOUNDS[metric["name"]]
                        new = int(point["count"]), point["sum"], [int(count) for count in point["bucketCounts"]]
                        if temporality == "delta" and where in histograms:
                            old = histograms[where]
                            new = old[0] + new[0], old[1] + new[1], [a + b for a, b in zip(old[2], new[2])]
                        histograms[where] = new
                    else:
                        before = counts.get(where, 0) if temporality == "delta" else 0
                        counts[where] = before + int(point["asInt"])
    return histograms, counts, seen


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run(collector, replay, transcripts, protocol, temporality, sampler, late):
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        ports = {"http": free_port(), "grpc": free_port()}
        config = {
            "receivers": {"otlp": {"protocols": {name: {"endpoint": f"127.0.0.1:{port}"} for name, port in ports.items()}}},
            "exporters": {"file": {"path": str(directory / "out.jsonl")}},
            "service": {
                "pipelines": {
                    signal: {"receivers": ["otlp"], "exporters": ["file"]} for signal in ("traces", "logs", "metrics")
                },
            },
        }
        (directory / "config.yaml").write_text(json.dumps(config))
        log = open(directory / "collector.log", "w")
        start = lambda: subprocess.Popen([collector, "--config", directory / "config.yaml"], stdout=log, stderr=log)
        environment = {name: value for name, value in os.environ.items() if not re.match("OTEL_|AGENTOTEL_|.*_PROXY", name.upper())}
        port = ports["grpc" if protocol == "grpc" else "http"]
        environment |= {
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": temporality,
            "OTEL_METRIC_EXPORT_INTERVAL": "10",
            "OTEL_TRACES_SAMPLER": sampler,
            "OTEL_SERVICE_NAME": "agentotel-metrics-check",
        }
        running = None if late else start()
        try:
            if running:
                wait_for(port, running)
            command = [replay, "--threads", "2", "--ids", directory / "ids", transcripts]
            replaying = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            said = []
            reader = threading.Thread(target=lambda: said.append(replaying.stdout.read()))
            reader.start()
            if late:
                # Several intervals pass before anybody listens.
                time.sleep(0.3)
                running = start()
                wait_for(port, running)
            status = replaying.wait(PATIENCE_S)
            reader.join()
            assert status == 0, f"the replay ended with {status}: {said}"
            running.terminate()
            assert running.wait(PATIENCE_S) == 0, (directory / "collector.log").read_text()[-2000:]
        finally:
            if running and running.poll() is None:
                running.kill()
        return received(directory / "out.jsonl", temporality)


def wait_for(port, process):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the Collector has ended: see its log"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the Collector does not listen")


def main():
    collector, replay, transcripts = sys.argv[1:]
    if not os.path.exists(transcripts):
        print(f"SKIP: metrics of {transcripts}: it is not there")
        return
    histograms, counts = expected(transcripts)
    differences = 0
    for protocol, temporality, sampler, late in (
        ("http/protobuf", "cumulative", "always_on", False),
        ("grpc", "delta", "always_on", False),
        ("http/protobuf", "delta", "always_off", False),
        ("grpc", "delta", "always_on", True),
    ):
        found, found_counts, seen = run(collector, replay, transcripts, protocol, temporality, sampler, late)
        wrong = []
        for where in sorted(set(histograms) | set(found)):
            one, other = histograms.get(where), found.get(where)
            if one is None or other is None or one[0] != other[0] or one[2] != other[2] or abs(one[1] - other[1]) > 1e-6 * one[1]:
                wrong.append(f"{where}: expected {one}, got {other}")
        wrong += [
            f"{where}: expected {counts.get(where)}, got {found_counts.get(where)}"
            for where in sorted(set(counts) | set(found_counts))
            if counts.get(where) != found_counts.get(where)
        ]
        if (seen["spans"] > 0) != (sampler == "always_on"):
            wrong.append(f"{seen['spans']} spans arrived with {sampler}")
        how = f"{protocol}, {temporality}, {sampler}{', the Collector comes late' if late else ''}"
        print(
            f"metrics: {how}: {len(histograms)} histograms of {sum(one[0] for one in histograms.values())} values, "
            f"{len(counts)} counts, in {seen['collections']} collections beside {seen['spans']} spans and {seen['logs']} "
            f"log records: {len(wrong)} differences"
        )
        for difference in wrong[:10]:
            print(f"  {difference}")
        differences += len(wrong)
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
