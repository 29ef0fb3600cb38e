#!/bin/sh
# What is in the NuGet package, and that a program runs with it alone: package.sh LIBRARY OUT, after build.sh OUT.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
library=$1
out=$2/nuget
mkdir -p "$out"
package=$("$root/tools/nuget.sh" "$library" "$2" "$out")
python3 - "$package" <<'END'
import sys, xml.etree.ElementTree as xml, zipfile
archive = zipfile.ZipFile(sys.argv[1])
names = set(archive.namelist())
rids = [name.split("/")[1] for name in names if name.startswith("runtimes/")]
wanted = {"AgentOtel.nuspec", "README.md", "LICENSE-APACHE", "LICENSE-MIT", "_rels/.rels", "[Content_Types].xml",
          "lib/netstandard2.0/AgentOtel.dll", "lib/netstandard2.0/AgentOtel.xml", f"runtimes/{rids[0]}/native/libagentotel.so"}
if names != wanted or len(rids) != 1 or rids[0] not in ("linux-x64", "linux-arm64"):
    sys.exit(f"the package has {sorted(names ^ wanted)}")
nuspec = xml.fromstring(archive.read("AgentOtel.nuspec"))
said = {element.tag.split("}")[1]: element.text for element in nuspec.iter()}
if said["id"] != "AgentOtel" or said["license"] != "Apache-2.0 OR MIT" or said["version"] not in sys.argv[1]:
    sys.exit(f"the nuspec says {said}")
if archive.read(f"runtimes/{rids[0]}/native/libagentotel.so")[:4] != b"\x7fELF":
    sys.exit("the library is none")
documented = xml.fromstring(archive.read("lib/netstandard2.0/AgentOtel.xml"))
if len(documented.findall("./members/member")) < 500:
    sys.exit("the documentation is not there")
END
# As NuGet lays it out for a program.
consumer=$out/consumer
rm -rf "$consumer"
mkdir -p "$consumer"
(cd "$consumer" && python3 -m zipfile -e "$package" unpacked)
cp "$consumer/unpacked/lib/netstandard2.0/AgentOtel.dll" "$consumer"
cp -r "$consumer/unpacked/runtimes" "$consumer"
cp "$2/quickstart.exe" "$consumer"
rm -rf "$consumer/unpacked"
cat >"$consumer/config.json" <<END
{"exporters":[{"type":"file","path":"$consumer/out.jsonl"}]}
END
env -u AGENTOTEL_LIBRARY -u LD_LIBRARY_PATH AGENTOTEL_CONFIG_FILE="$consumer/config.json" mono "$consumer/quickstart.exe"
grep -q 'invoke_agent travel-agent' "$consumer/out.jsonl"
