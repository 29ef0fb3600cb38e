#!/bin/sh
# dist.sh SO ARCHIVE OUT: what `make install` installs, as a tarball for others, with its SHA-256 and, in CycloneDX, what was
# built into it. The same input gives the same bytes.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
name=agentotel-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
mkdir -p "$3"
out=$(cd "$3" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
DESTDIR=$work PREFIX=/$name "$root/tools/install.sh" "$1" "$2"
"$root/tools/sbom.py" "$root" >"$work/$name/share/doc/agentotel/sbom.cdx.json"
cp "$work/$name/share/doc/agentotel/sbom.cdx.json" "$out/$name.cdx.json"
when=$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$when" -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" "$name.cdx.json" >"$name.sha256")
echo "$out/$name.tar.gz"
