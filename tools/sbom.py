#!/usr/bin/env python3
"""sbom.py ROOT: the crates that the library is built of, as a CycloneDX 1.5 document, from what cargo says of Cargo.lock."""

import json
import subprocess
import sys

rustc = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
host = next(line.split()[1] for line in rustc.splitlines() if line.startswith("host:"))
metadata = json.loads(subprocess.run(
    ["cargo", "metadata", "--locked", "--format-version=1", "--filter-platform", host],
    capture_output=True, text=True, check=True, cwd=sys.argv[1]).stdout)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
root = metadata["resolve"]["root"]


def needed(of):
    """What is built in: neither tests' nor build scripts' dependencies."""
    return [dependency["pkg"] for dependency in nodes[of]["deps"]
            if any(kind["kind"] is None for kind in dependency["dep_kinds"])]


found, waiting = {root}, [root]
while waiting:
    for one in needed(waiting.pop()):
        if one not in found:
            found.add(one)
            waiting.append(one)


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package):
    own = {"type": "library", "bom-ref": purl(package), "name": package["name"], "version": package["version"],
           "purl": purl(package)}
    if package.get("license"):
        own["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    return own


ordered = sorted((packages[one] for one in found), key=purl)
json.dump({
    "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
    "metadata": {"component": component(packages[root])},
    "components": [component(package) for package in ordered if package["id"] != root],
    "dependencies": [{"ref": purl(package), "dependsOn": sorted(purl(packages[one]) for one in needed(package["id"]))}
                     for package in ordered],
}, sys.stdout, indent=1)
print()
