#!/bin/sh
# The tests of the C++ header, against the artefacts as they are released:
#
#   SO=…/libagentotel.so A=…/libagentotel-only.a OUT=… tests/cpp/run.sh
#
# A tool that is missing is a failure when CI=true.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../abi/common.sh"
: "${SO:?}" "${A:?}" "${OUT:?}"
root=$(cd "$here/../.." && pwd)
warnings='-Wall -Wextra -Wpedantic -Werror'
mkdir -p "$OUT/so"
OUT=$(cd "$OUT" && pwd)
ln -sf "$(realpath "$SO")" "$OUT/so/libagentotel.so.0"

# The header compiles as everything that it serves, with and without exceptions.
for compiler in g++ clang++; do
  if ! have $compiler; then
    skipped "agentotel.hpp with $compiler" "apt-get install g++ clang"
    continue
  fi
  compiled=
  for standard in c++17 c++20 c++2b; do
    for more in '' -fno-exceptions; do
      # shellcheck disable=SC2086
      if $compiler -std=$standard $warnings $more -I"$root/include" -fsyntax-only "$here/header.cpp" >"$OUT/log" 2>&1; then
        compiled="$compiled $standard$more"
      else
        failed "agentotel.hpp: $compiler -std=$standard $more"
        head -n 20 "$OUT/log"
      fi
    done
  done
  passed "agentotel.hpp: $compiler:$compiled"
done

# Every function of the C header is called by the C++ one.
functions=$(sed -n 's/^[a-z].*[ *]\(agentotel_[a-z0-9_]*\)(.*/\1/p' "$root/include/agentotel.h" |
  grep -v '^agentotel_\(str_of\|cstr\|i64_of\|f64_of\|bool_of\|text_buffer_of\|zeroed_\|attr.*\)$' | sort -u)
missing=$(for name in $functions; do grep -q "\b$name(" "$root/include/agentotel.hpp" || echo "$name"; done)
count=$(echo "$functions" | wc -l)
# shellcheck disable=SC2086
if [ -n "$missing" ]; then
  failed 'agentotel.hpp: not called:' $missing
elif [ "$count" -lt 50 ]; then
  failed "agentotel.hpp: only $count functions found in agentotel.h"
else
  passed "agentotel.hpp: calls all $count functions of agentotel.h"
fi
if have python3; then
  if (cd "$root" && python3 tools/bindings.py --check); then
    passed 'bindings: what is generated is as the header has it'
  else
    failed 'bindings: something generated is stale'
  fi
else
  skipped 'generated parts of the bindings' 'apt-get install python3'
fi

have g++ || finish || exit 1
have g++ || exit 0

build() { # build NAME SOURCE FLAGS...
  program=$OUT/$1
  source=$here/$2
  shift 2
  # shellcheck disable=SC2086
  g++ -std=c++17 $warnings -O1 -g -pthread -I"$root/include" "$source" "$@" -o "$program" || {
    failed "build: $program"
    return 1
  }
}
shared="$OUT/so/libagentotel.so.0 -Wl,-rpath,$OUT/so"
static="$(realpath "$A") -lgcc_s -ldl -lm"
# shellcheck disable=SC2086
for name in binding stress; do
  build $name-so $name.cpp $shared && { "$OUT/$name-so" || failed "$name-so"; }
done
# shellcheck disable=SC2086
build binding-a binding.cpp $static && { "$OUT/binding-a" || failed binding-a; }
# shellcheck disable=SC2086
for name in binding stress; do
  build $name-asan $name.cpp -fsanitize=address,undefined -fno-sanitize-recover=undefined $shared &&
    { STRESS_EVENTS=500 "$OUT/$name-asan" || failed "$name-asan"; }
done
rm -rf /tmp/agentotel-cpp-*
if finish; then echo 'The C++ interface: all passed.'; else echo 'The C++ interface: FAILED.'; fi
finish
