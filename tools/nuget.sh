#!/bin/sh
# nuget.sh LIBRARY ASSEMBLIES OUT: lays out the NuGet package AgentOtel without the .NET SDK and zips it. ASSEMBLIES holds
# AgentOtel.dll and AgentOtel.xml as Mono has compiled them, for netstandard2.0; net8.0 comes from `dotnet pack` alone, which
# takes the native libraries from OUT/native.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
library=$1
assemblies=$2
out=$3
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
grep -q "<Version>$version</Version>" "$root/bindings/csharp/Directory.Build.props" ||
  { echo "nuget.sh: bindings/csharp/Directory.Build.props has another version than Cargo.toml" >&2; exit 1; }
case $(uname -m) in
  aarch64) rid=linux-arm64 ;;
  x86_64) rid=linux-x64 ;;
  *) echo "nuget.sh: no runtime identifier for $(uname -m)" >&2; exit 1 ;;
esac
tree=$out/tree
rm -rf "$tree" "$out/native"
mkdir -p "$tree/lib/netstandard2.0" "$tree/runtimes/$rid/native" "$tree/_rels" "$out/native/$rid"
cp "$assemblies/AgentOtel.dll" "$assemblies/AgentOtel.xml" "$tree/lib/netstandard2.0"
cp "$library" "$tree/runtimes/$rid/native/libagentotel.so"
if command -v strip >/dev/null; then strip --strip-unneeded "$tree/runtimes/$rid/native/libagentotel.so"; fi
cp "$tree/runtimes/$rid/native/libagentotel.so" "$out/native/$rid"
cp "$root/bindings/csharp/README.md" "$root"/LICENSE-* "$tree"
cat >"$tree/AgentOtel.nuspec" <<END
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>AgentOtel</id>
    <version>$version</version>
    <authors>agentotel maintainers</authors>
    <license type="expression">Apache-2.0 OR MIT</license>
    <readme>README.md</readme>
    <description>Agents report sessions, LLM calls and tools as OpenTelemetry, in some hundred nanoseconds an event.</description>
    <tags>opentelemetry otlp agents llm genai tracing</tags>
    <dependencies>
      <group targetFramework=".NETStandard2.0">
        <dependency id="System.Memory" version="4.5.5" />
        <dependency id="Microsoft.Bcl.AsyncInterfaces" version="8.0.0" />
      </group>
    </dependencies>
  </metadata>
</package>
END
cat >"$tree/_rels/.rels" <<END
<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/AgentOtel.nuspec" Id="R1" />
</Relationships>
END
cat >"$tree/[Content_Types].xml" <<END
<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" />
  <Default Extension="nuspec" ContentType="application/octet" />
  <Default Extension="dll" ContentType="application/octet" />
  <Default Extension="xml" ContentType="application/octet" />
  <Default Extension="so" ContentType="application/octet" />
  <Default Extension="md" ContentType="application/octet" />
  <Override PartName="/LICENSE-APACHE" ContentType="application/octet" />
  <Override PartName="/LICENSE-MIT" ContentType="application/octet" />
</Types>
END
package=$(realpath "$out")/AgentOtel.$version.nupkg
rm -f "$package"
python3 - "$tree" "$package" <<'END'
import pathlib, sys, zipfile
tree, package = pathlib.Path(sys.argv[1]), sys.argv[2]
with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(tree.rglob("*")):
        if path.is_file():
            # The same bytes whenever it is made.
            entry = zipfile.ZipInfo(str(path.relative_to(tree)), (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())
END
echo "$package"
