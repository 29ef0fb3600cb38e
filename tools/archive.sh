#!/bin/sh
# archive.sh IN OUT: the static library as it is handed out. Rust's archive brings the whole standard library with global
# names; here all of it becomes one relocatable object, without what nothing refers to, in which only agentotel_* is
# global.
set -eu
in=$1
out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
keep=$(nm --defined-only --extern-only "$in" 2>/dev/null | awk '$3 ~ /^agentotel_/ { print "-u " $3 }' | sort -u)
[ -n "$keep" ] || { echo "archive.sh: $in defines no agentotel_ symbol" >&2; exit 1; }
# shellcheck disable=SC2086
ld -r --gc-sections $keep -o "$work/agentotel.o" "$in"
# The standard library's objects may carry LLVM bitcode, which the plugins of other tools' linkers trip over.
objcopy --wildcard --remove-section=.llvmbc --remove-section=.llvmcmd \
  --keep-global-symbol='agentotel_*' --strip-debug "$work/agentotel.o"
rm -f "$out"
ar rcsD "$out" "$work/agentotel.o"
