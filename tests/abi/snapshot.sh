#!/bin/sh
# snapshot.sh [--bless [--unreleased]]: the binary interface of include/agentotel.h (constants, structs with every field's
# place and type, functions with their types) is what abi.snapshot says. docs/abi.md says what may change when.
#
# An addition fails until it is written down: --bless does that, and the file is committed with the change. What breaks
# programs that were built before is refused, unless AGENTOTEL_ABI_VERSION is another, or --unreleased says that no release
# has had what is changed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
CC=${CC:-cc}
snapshot=$here/abi.snapshot
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

# describe FOLDER: the interface of the header in that folder.
describe() {
  awk -f "$here/describe.awk" "$1/agentotel.h" >"$work/describe.c" &&
    "$CC" -std=c11 -Wall -Werror -I"$1" "$work/describe.c" -o "$work/describe" && "$work/describe"
}
judge() { awk -f "$here/judge.awk" "$1" "$2"; }
version() { sed -n 's/^constant AGENTOTEL_ABI_VERSION : //p' "$1"; }

describe "$here/../../include" >"$work/now" || {
  failed 'snapshot: the header could not be described'
  finish
  exit
}

if [ "${1:-}" = --bless ]; then
  [ -f "$snapshot" ] || : >"$snapshot"
  judge "$snapshot" "$work/now" >"$work/verdict"
  if [ -s "$snapshot" ] && grep '^broken' "$work/verdict" && [ "${2:-}" != --unreleased ] &&
    [ "$(version "$snapshot")" = "$(version "$work/now")" ]; then
    failed 'snapshot: not written. This breaks what was built before: see docs/abi.md'
  else
    cp "$work/now" "$snapshot"
    passed "snapshot: written, $(wc -l <"$snapshot") lines"
  fi
  finish
  exit
fi

judge "$snapshot" "$work/now" >"$work/verdict"
if grep -q '^broken' "$work/verdict"; then
  failed 'snapshot: this breaks programs that were built before (docs/abi.md says what to do instead):'
  cat "$work/verdict"
elif [ -s "$work/verdict" ]; then
  failed 'snapshot: additions that are not written down; `tests/abi/snapshot.sh --bless` does that:'
  cat "$work/verdict"
elif cmp -s "$snapshot" "$work/now"; then
  passed "snapshot: $(wc -l <"$snapshot") lines of the interface are as written down"
else
  failed 'snapshot: in another order than written down; `tests/abi/snapshot.sh --bless` renews it'
fi

# Every function and number of the header is described: one that the reader above does not see would never be missed.
for name in $(cat "$here/symbols.txt"); do
  grep -q "^function $name : " "$work/now" || failed "snapshot: $name is not described"
done
numbers=$(grep -c '^#define AGENTOTEL_[A-Z0-9_]* -\{0,1\}[0-9][0-9]*$' "$here/../../include/agentotel.h")
[ "$(grep -c '^constant ' "$work/now")" -eq "$numbers" ] || failed 'snapshot: not every number is described'

# The judge itself: changes to a copy of the header, and what it has to say of each.
judged=0
# changed VERDICT WHAT SED...: WHAT is what the line has to begin with.
changed() {
  verdict=$1 what=$2
  shift 2
  mkdir -p "$work/changed"
  sed "$@" "$here/../../include/agentotel.h" >"$work/changed/agentotel.h"
  if describe "$work/changed" >"$work/other" && judge "$work/now" "$work/other" >"$work/said" &&
    grep -q "^$verdict $what" "$work/said" && { [ "$verdict" = broken ] || ! grep -q '^broken' "$work/said"; }; then
    judged=$((judged + 1))
  else
    failed "snapshot: the judge does not say: $verdict $what"
    cat "$work/said"
  fi
}
changed broken 'function agentotel_flush is gone' -e '/^agentotel_status agentotel_flush/d'
changed broken 'function agentotel_flush: was' -e 's/agentotel_flush(uint32_t/agentotel_flush(uint64_t/'
changed broken 'constant AGENTOTEL_ERR_LIMIT: was -14, is -15' -e 's/^\(#define AGENTOTEL_ERR_LIMIT\) -14$/\1 -15/'
changed broken 'field agentotel_tool.type: was' -e '/^} agentotel_tool;$/!{/sizeof(agentotel_tool)/,/^} agentotel_tool;$/s/^  agentotel_str type;$/  agentotel_str new_one;\n  agentotel_str type;/;}'
changed broken 'struct agentotel_attribute: was' -e 's/^} agentotel_attribute;$/  uint64_t new_one;\n&/'
changed broken 'field agentotel_live_event.name: was' -e 's/^  char name\[AGENTOTEL_LIVE_NAME_BYTES\];$/  uint8_t name[AGENTOTEL_LIVE_NAME_BYTES];/'
changed broken 'macro AGENTOTEL_STR(literal) is gone' -e '/^#define AGENTOTEL_STR(literal)/d'
changed added 'field agentotel_tool.new_one' -e 's/^} agentotel_tool;$/  agentotel_str new_one;\n&/'
changed added 'function agentotel_new_one' -e 's/^agentotel_status agentotel_flush/agentotel_status agentotel_new_one(void);\n&/'
changed added 'constant AGENTOTEL_ERR_NEW_ONE' -e 's/^#define AGENTOTEL_ERR_IN_CALLBACK -18$/&\n#define AGENTOTEL_ERR_NEW_ONE -99/'
[ "$judged" -eq 10 ] && passed "snapshot: the judge tells additions from breaks ($judged changes)"
finish
