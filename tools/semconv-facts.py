#!/usr/bin/env python3
"""Derives tests/semconv/facts.json from the model files of the OpenTelemetry semantic conventions.

    tools/semconv-facts.py DIRECTORY > tests/semconv/facts.json

DIRECTORY holds folders of the published `model/` of a release (gen-ai, mcp, openai, ...), each with its YAML files. The
facts are which attributes there are, of which type, and what each span and event requires of them. Needs PyYAML.
"""
import json
import pathlib
import sys

import yaml

VERSION = "1.41.1"
# What the conventions used here refer to, and what is defined in folders that are not needed otherwise.
ELSEWHERE = {
    "aws.bedrock.guardrail.id": "string",
    "aws.bedrock.knowledge_base.id": "string",
    "azure.resource_provider.namespace": "string",
    "client.address": "string",
    "client.port": "int",
    "jsonrpc.protocol.version": "string",
    "jsonrpc.request.id": "string",
    "network.protocol.name": "string",
    "network.protocol.version": "string",
    "network.transport": "string",
    "rpc.response.status_code": "string",
}
# Other folders have spans and events that no agent makes.
FOLDERS = ["error", "exceptions", "gen-ai", "mcp", "openai", "otel", "process", "server", "service", "session", "user"]


def type_of(attribute):
    """The type's name; one of a few words is a string, and others may be added to them."""
    kind = attribute["type"]
    return kind if isinstance(kind, str) else "string"


def level_of(attribute):
    """(level, condition) of a reference."""
    level = attribute.get("requirement_level", "recommended")
    if isinstance(level, str):
        return level, None
    ((level, condition),) = level.items()
    return level, " ".join(condition.split())


def referred(group, groups):
    """The references of a group with those that it extends; its own ones win."""
    base = dict(referred(groups[group["extends"]], groups)) if "extends" in group else {}
    for attribute in group.get("attributes", []):
        if "ref" in attribute:
            before = base.get(attribute["ref"])
            if before is None or "requirement_level" in attribute:
                base[attribute["ref"]] = level_of(attribute)
    return base


def requirements(group, groups):
    """What a span or event says of attributes, by level."""
    told = {"required": [], "conditionally_required": {}, "recommended": {}, "opt_in": []}
    for name, (level, condition) in sorted(referred(group, groups).items()):
        if isinstance(told[level], dict):
            told[level][name] = condition or ""
        else:
            told[level].append(name)
    return told


def main(directory):
    groups, attributes = {}, dict(ELSEWHERE)
    for folder in FOLDERS:
        for path in sorted((directory / folder).glob("*.yaml")):
            for group in yaml.safe_load(path.read_text())["groups"]:
                groups[group["id"]] = group
                for attribute in group.get("attributes", []):
                    if "id" in attribute:
                        attributes[attribute["id"]] = type_of(attribute)
    spans, events = {}, {}
    for name, group in groups.items():
        if group["type"] == "span":
            spans[name] = {"kind": group["span_kind"], **requirements(group, groups)}
        elif group["type"] == "event":
            events[group["name"]] = requirements(group, groups)
    # Exceptions in general are an attribute group, for whoever names the event.
    events["exception"] = requirements(groups["log-exception"], groups)
    facts = {
        "notice": "Derived from the model files of the OpenTelemetry semantic conventions "
        + VERSION
        + ", Copyright The OpenTelemetry Authors, licensed under the Apache License, Version 2.0 "
        "(http://www.apache.org/licenses/LICENSE-2.0); changed in form. Made by tools/semconv-facts.py.",
        "version": VERSION,
        "namespaces": sorted({name.split(".")[0] for name in attributes}),
        "attributes": dict(sorted(attributes.items())),
        "spans": dict(sorted(spans.items())),
        "events": dict(sorted(events.items())),
    }
    json.dump(facts, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
