#!/usr/bin/env python3
"""Has programs of several languages carry out one scenario, and compares what comes of it.

    run.py [--collector OTELCOL] [--keep DIRECTORY] NAME=PROGRAM...

Each program is run as the caller, and the program of the next language as the callee that continues its trace in another
process. What they exported, through the library's file exporter and, with a Collector, through that one's, has to be equal
when ids and times are taken out. Every field that tests/conformance/fields.inc lists has to be in the scenario.
"""

import argparse
import base64
import difflib
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
# Attributes that differ from run to run: ids, and what is measured.
VOLATILE = {"session.id", "gen_ai.response.time_to_first_chunk", "agentotel.event.elapsed"}
VOLATILE_RESOURCE = re.compile(r"^(process\.|host\.|os\.|service\.instance\.id$|telemetry\.)")


def value_of(value):
    """An AnyValue, whose maps are in order."""
    if "kvlistValue" in value:
        return {"map": {one["key"]: value_of(one["value"]) for one in value["kvlistValue"].get("values", [])}}
    if "arrayValue" in value:
        return {"list": [value_of(one) for one in value["arrayValue"].get("values", [])]}
    if "intValue" in value:
        return {"int": int(value["intValue"])}
    if "doubleValue" in value:
        return {"double": float(value["doubleValue"])}
    if "bytesValue" in value:
        return {"bytes": base64.b64decode(value["bytesValue"]).hex()}
    return dict(value)


def attributes_of(attributes, volatile=lambda key: key in VOLATILE):
    return {a["key"]: "(varies)" if volatile(a["key"]) else value_of(a.get("value", {})) for a in attributes or []}


def normalised(lines):
    """All that was exported as trees of spans without ids and times, in an order of their own."""
    spans, logs, resources = {}, [], []
    for line in lines:
        for of in line.get("resourceSpans", []):
            resources.append(of["resource"])
            for scope in of["scopeSpans"]:
                for span in scope["spans"]:
                    spans[span["traceId"], span["spanId"]] = {**span, "scope": scope.get("scope", {})}
        for of in line.get("resourceLogs", []):
            resources.append(of["resource"])
            for scope in of["scopeLogs"]:
                logs += scope["logRecords"]
    children, records = {}, {}
    for (trace, _), span in spans.items():
        parent = (trace, span.get("parentSpanId") or "")
        children.setdefault(parent if parent in spans else None, []).append(span)
    for record in logs:
        at = (record.get("traceId") or "", record.get("spanId") or "")
        records.setdefault(at if at in spans else None, []).append(record)

    def in_order(all_of_them):
        return sorted(all_of_them, key=lambda one: json.dumps(one, sort_keys=True))

    def log_tree(record):
        return {
            "severity": record.get("severityNumber", 0), "severity_text": record.get("severityText", ""),
            "body": value_of(record.get("body", {})), "event_name": record.get("eventName", ""),
            "attributes": attributes_of(record.get("attributes")), "flags": record.get("flags", 0),
            "dropped": record.get("droppedAttributesCount", 0),
        }

    def link_tree(link):
        to = spans.get((link["traceId"], link["spanId"]))
        return {
            "to": to["name"] if to else "unknown", "attributes": attributes_of(link.get("attributes")),
            "trace_state": link.get("traceState", ""),
        }

    def tree(span):
        own = (span["traceId"], span["spanId"])
        long = int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])
        return {
            "name": span["name"], "kind": span.get("kind", 0), "flags": span.get("flags", 0),
            "status": span.get("status", {}), "trace_state": span.get("traceState", ""), "scope": span["scope"],
            "attributes": attributes_of(span.get("attributes")), "dropped": span.get("droppedAttributesCount", 0),
            "in order": long >= 0,
            "events": [{"name": e["name"], "attributes": attributes_of(e.get("attributes"))} for e in span.get("events", [])],
            "links": [link_tree(link) for link in span.get("links", [])],
            "logs": in_order(log_tree(record) for record in records.get(own, [])),
            "children": in_order(tree(child) for child in children.get(own, [])),
        }

    return {
        "resources": in_order({json.dumps(attributes_of(r.get("attributes"), VOLATILE_RESOURCE.match), sort_keys=True)
                               for r in resources}),
        "traces": in_order(tree(span) for span in children.get(None, [])),
        "logs": in_order(log_tree(record) for record in records.get(None, [])),
    }


def uncovered(scenario):
    """Fields of details that no step of the scenario has."""
    said = set()

    def look(value, inside=None):
        if isinstance(value, dict):
            for key, inner in value.items():
                if inside:
                    said.add((inside, key))
                look(inner, key)
        elif isinstance(value, list):
            for one in value:
                look(one, inside)

    look(scenario)
    fields = re.findall(r"^FIELD\((\w+), \w+, (\w+), \w+\)", (HERE / "fields.inc").read_text(), re.M)
    return [f"{detail}.{field}" for detail, field in fields if (detail, field) not in said]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Collector:
    """A Collector that writes what it receives to a file."""

    def __init__(self, program, out):
        self.port, self.out = free_port(), out
        config = out.with_suffix(".yaml")
        config.write_text(f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{self.port}"}}}}}}}}
exporters: {{file: {{path: "{out}"}}}}
service:
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
    logs: {{receivers: [otlp], exporters: [file]}}
    metrics: {{receivers: [otlp], exporters: [file]}}
""")
        self.process = subprocess.Popen([program, "--config", str(config)], stderr=subprocess.PIPE, text=True)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        sys.exit(f"the Collector does not start: {self.process.communicate()[1]}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def carry_out(name, caller, callee, directory, collector):
    """What both programs have exported: by the library's own file exporter, and by the Collector's."""
    scenario = HERE / "scenario.json"
    own, collected = directory / f"{name}.jsonl", directory / f"{name}.collected.jsonl"
    # The host exporter counts; the other ones write.
    exporters = [{"type": "host", "callback": "conformance", "batch": {"delay_ms": 10}}, {"type": "file", "path": str(own)}]
    running = None
    if collector:
        running = Collector(collector, collected)
        exporters.append({"type": "otlp", "endpoint": f"http://127.0.0.1:{running.port}"})
    config = directory / f"{name}.config.json"
    main = json.loads(scenario.read_text())["configurations"]["main"]
    config.write_text(json.dumps({**main, "exporters": exporters}))
    context = directory / f"{name}.context.json"
    for role, program in (("caller", caller), ("callee", callee)):
        done = subprocess.run([program, role, scenario, config, context], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            sys.exit(f"FAIL  conformance: {name}: {role} {program}: {done.stderr.strip()}")
    if running:
        running.stop()
    return lines_of(own), lines_of(collected) if running else None


def notices(lines):
    """That a comparison would fail if one attribute of one span were another, or a span stood elsewhere."""
    before = normalised(lines)
    for change in (lambda span: span["attributes"].append({"key": "x", "value": {"intValue": "1"}}),
                   lambda span: span.update(parentSpanId="0102030405060708"),
                   lambda span: span.update(kind=span["kind"] % 5 + 1)):
        changed = json.loads(json.dumps(lines))
        change(next(span for line in changed for of in line.get("resourceSpans", []) for scope in of["scopeSpans"]
                    for span in scope["spans"] if span.get("parentSpanId")))
        if normalised(changed) == before:
            sys.exit("FAIL  conformance: a difference is not noticed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--collector")
    parser.add_argument("--keep")
    parser.add_argument("programs", nargs="+")
    arguments = parser.parse_args()
    programs = [program.split("=", 1) for program in arguments.programs]
    missing = uncovered(json.loads((HERE / "scenario.json").read_text()))
    if missing:
        sys.exit(f"FAIL  conformance: the scenario does not say {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(arguments.keep or temporary)
        directory.mkdir(parents=True, exist_ok=True)
        for old in directory.glob("*.json*"):
            old.unlink()
        first = None
        for i, (name, caller) in enumerate(programs):
            other, callee = programs[(i + 1) % len(programs)]
            for how, lines in zip(("file", "Collector"), carry_out(name, caller, callee, directory, arguments.collector)):
                if lines is None:
                    continue
                text = json.dumps(normalised(lines), indent=1, sort_keys=True, ensure_ascii=False)
                (directory / f"{name}.{how}.normalised.json").write_text(text)
                if first is None:
                    first = text
                    notices(lines)
                if text != first:
                    diff = difflib.unified_diff(first.splitlines(), text.splitlines(), programs[0][0], name, n=6, lineterm="")
                    sys.exit(f"FAIL  conformance: {name} ({how}) is not {programs[0][0]}:\n" + "\n".join(list(diff)[:60]))
                spans = text.count('"children"')
                print(f"ok    conformance: {name} calls {other}, by {how}: {spans} spans")
        if spans < 40:
            sys.exit(f"FAIL  conformance: only {spans} spans came of the scenario")


main()
