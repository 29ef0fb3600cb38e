#!/bin/sh
# Compiles include/agentotel.h as every language that it serves, with every warning an error: alone, twice, and
# with all that it defines in use. Then checks that layout.c pins every number that the header defines.
set -u
here=$(cd "$(dirname "$0")" && pwd)
include=$here/../../include
. "$here/common.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo '#include <agentotel.h>' >"$work/alone.c"
printf '#include <agentotel.h>\n#include <agentotel.h>\n' >"$work/twice.c"
cp "$here/header_in_use.c" "$work/in_use.c"

# compile COMPILER LANGUAGE STANDARD: all three files.
compile() {
  for source in alone twice in_use; do
    if ! "$1" -x "$2" "-std=$3" -Wall -Wextra -pedantic -Werror -I"$include" -fsyntax-only "$work/$source.c" \
      >"$work/log" 2>&1; then
      failed "header: $1 -std=$3 ($source)"
      cat "$work/log"
      return
    fi
  done
  compiled="$compiled $3"
}

# accepts COMPILER LANGUAGE STANDARD: whether the compiler knows it at all.
accepts() { echo 'int none;' | "$1" -x "$2" "-std=$3" -fsyntax-only - >/dev/null 2>&1; }

for pair in 'gcc g++' 'clang clang++'; do
  set -- $pair
  if ! have "$1" || ! have "$2"; then
    skipped "header with $1 and $2" "apt-get install gcc g++ clang"
    continue
  fi
  compiled=
  for standard in c99 c11 c17 c2x; do
    if [ $standard != c2x ] || accepts "$1" c $standard; then compile "$1" c $standard; fi
  done
  for standard in c++11 c++14 c++17 c++20; do
    compile "$2" c++ $standard
  done
  passed "header: $1:$compiled"
done

unpinned=$(sed -n 's/^#define \(AGENTOTEL_[A-Z0-9_]*\) -\{0,1\}[0-9][0-9]*$/\1/p' "$include/agentotel.h" |
  while read -r name; do grep -q "NUMBER($name, " "$here/layout.c" || echo "$name"; done)
if [ -n "$unpinned" ]; then
  failed "layout: not pinned in layout.c:" $unpinned
elif "${CC:-cc}" -std=c11 -Wall -Wextra -pedantic -Werror -I"$include" -fsyntax-only "$here/layout.c"; then
  passed 'layout: every size, place and number is as pinned'
else
  failed 'layout: layout.c does not compile'
fi
finish
