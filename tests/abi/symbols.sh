#!/bin/sh
# symbols.sh SO A: what the artefacts export is the committed list, to the letter, and the shared library
# is linked as it must be: versioned, never unloaded, bound at once, its relocations read-only; small, and without a word
# of the machine that built it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
so=$1
archive=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

# same WHAT: compares the sorted list on stdin with the committed one.
same() {
  sort -u >"$work/found"
  if diff -u "$here/symbols.txt" "$work/found" >"$work/diff"; then
    passed "symbols: $1: $(wc -l <"$work/found") names, all of them listed"
  else
    failed "symbols: $1: $(grep -c '^[-+][^-+]' "$work/diff") differ from tests/abi/symbols.txt, first of all:"
    grep '^[-+][^-+]' "$work/diff" | head -n 10
  fi
}

nm -D --defined-only "$so" | awk '{ print $NF }' | same "$(basename "$so")"
nm -g --defined-only "$archive" 2>/dev/null | awk 'NF == 3 { print $3 }' | same "$(basename "$archive")"
sed -n 's/^[a-z].*[ *]\(agentotel_[a-z0-9_]*\)(.*/\1/p' "$here/../../include/agentotel.h" |
  grep -v '^agentotel_\(str_of\|cstr\|i64_of\|f64_of\|bool_of\|text_buffer_of\|zeroed_\|attr.*\)$' | same agentotel.h

# has WHAT PATTERN: in what readelf says of the shared library.
readelf -dlW "$so" >"$work/elf"
has() { if grep -q "$2" "$work/elf"; then passed "link: $1"; else failed "link: $1"; fi; }
has 'SONAME is libagentotel.so.0' 'SONAME.*\[libagentotel\.so\.0\]'
has 'never unloaded (NODELETE)' 'FLAGS_1.*NODELETE'
has 'bound at once (BIND_NOW)' 'FLAGS).*BIND_NOW'
has 'relocations are read-only (RELRO)' 'GNU_RELRO'
if grep -q TEXTREL "$work/elf"; then failed 'link: code is relocated'; fi
others=$(sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' "$work/elf" |
  grep -Ev '^(lib(c|m)\.so\.6|libgcc_s\.so\.1|libpthread\.so\.0|libdl\.so\.2|ld-linux.*|libc\.musl.*)$')
if [ -z "$others" ]; then passed 'link: needs the C library alone'; else failed "link: needs" $others; fi

# As it is installed: without the names for debuggers.
most=$((54 * 1024 * 1024 / 10))
strip -o "$work/stripped" "$so"
bytes=$(wc -c <"$work/stripped")
if [ "$bytes" -le "$most" ]; then passed "size: $bytes bytes"; else failed "size: $bytes bytes, at most $most"; fi
paths=$(strings -n 6 "$work/stripped" | grep -E "(${CARGO_HOME:-$HOME/.cargo}|$(cd "$here/../.." && pwd)|/home/|/root/)" | head -n 3)
if [ -z "$paths" ]; then passed 'no path of the build'; else failed "a path of the build:" $paths; fi
finish
