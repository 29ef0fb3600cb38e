#!/bin/sh
# The tests of the C interface, against the artefacts as they are released:
#
#   SO=…/libagentotel.so A=…/libagentotel.a PANIC_SO=…/libagentotel.so OUT=… tests/abi/run.sh [GROUP...]
#
# SO and A are the shared library and the archive, PANIC_SO a shared library built with the feature
# `test-panic`, OUT a directory for what is built. Each group of tests runs against both, plainly, under
# valgrind and with AddressSanitizer. One line a result; the exit status is 0 when nothing failed. A tool that
# is missing is a failure when CI=true.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
: "${SO:?}" "${A:?}" "${PANIC_SO:?}" "${OUT:?}"
CC=${CC:-gcc}
mkdir -p "$OUT/so" "$OUT/panic" "$OUT/logs"
OUT=$(cd "$OUT" && pwd)
rm -f "$OUT"/logs/*
root=$(cd "$here/../.." && pwd)
jobs=${JOBS:-$(nproc)}
cjson=$root/examples/c/vendor/cjson
flags="-std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -pedantic -Werror -pthread -I$root/include -I$cjson"
sources='arguments children counts diagnostics events every exporters formatters handles hosts injection json kinds lifecycle live logs main metrics'
sources="$sources processes propagation providers sampling sessions sink stats support texts threads values"

if ! echo '#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>' | $CC -fsyntax-only -x c - >/dev/null 2>&1; then
  skipped 'the tests of the C interface (cmocka)' 'apt-get install libcmocka-dev'
  finish
  exit
fi

# Building. The libraries are found by their SONAME.
ln -sf "$(realpath "$SO")" "$OUT/so/libagentotel.so.0"
ln -sf "$(realpath "$PANIC_SO")" "$OUT/panic/libagentotel.so.0"
static="$(realpath "$A") -lgcc_s -ldl -lm"
link_so="$OUT/so/libagentotel.so.0 -Wl,-rpath,$OUT/so"
link_panic="$OUT/panic/libagentotel.so.0 -Wl,-rpath,$OUT/panic"
asan='-fsanitize=address -fno-omit-frame-pointer'

build() { # build NAME FLAGS...: a program; says what the compiler said if it fails
  program=$1
  shift
  $CC "$@" -lcmocka -o "$OUT/$program" || {
    failed "build: $program"
    exit 1
  }
}
for kind in plain asan; do
  [ $kind = asan ] && more=$asan || more=
  mkdir -p "$OUT/$kind"
  for name in $sources panic dlopen; do echo "$here/$name.c"; done | xargs -P "$jobs" -I '{}' \
    sh -c "$CC $flags $more -c '{}' -o $OUT/$kind/\$(basename '{}' .c).o" || {
    failed "build: objects ($kind)"
    exit 1
  }
  $CC $flags $more -c "$cjson/cJSON.c" -o "$OUT/$kind/cJSON.o"
  objects=$OUT/$kind/cJSON.o
  for name in $sources; do objects="$objects $OUT/$kind/$name.o"; done
  build "so-$kind" $more -pthread $objects $link_so
  build "a-$kind" $more -pthread $objects $static
  build "panic-$kind" $more -pthread "$OUT/$kind/panic.o" "$OUT/$kind/every.o" "$OUT/$kind/support.o" \
    "$OUT/$kind/cJSON.o" $link_panic
  build "dlopen-$kind" $more -pthread "$OUT/$kind/dlopen.o" -ldl
done

# The runs: a line each, `LABEL TOOL PROGRAM [ARGUMENT]`.
groups=${*:-$("$OUT/so-plain" --list)}
runs() {
  for tool in $tools; do
    [ "$tool" = asan ] && kind=asan || kind=plain
    for library in so a; do
      for group in $groups; do echo "$library/$tool/$group $tool $OUT/$library-$kind $group"; done
    done
    if [ $# -eq 0 ]; then
      echo "so/$tool/panic $tool $OUT/panic-$kind"
      echo "so/$tool/dlopen $tool $OUT/dlopen-$kind $(realpath "$SO")"
    fi
  done
}

cat >"$OUT/run-one" <<EOF
#!/bin/sh
# LABEL TOOL PROGRAM [ARGUMENT]
label=\$1 tool=\$2
shift 2
log=$OUT/logs/\$(echo "\$label" | tr / -)
export TEST_SYMBOLS=$here/symbols.txt CMOCKA_MESSAGE_OUTPUT=STDOUT
case \$tool in
valgrind)
  export TEST_VALGRIND=1 TEST_DIVISOR=40
  # A forked child leaves what it inherited alone: that is no leak.
  case \$label in */processes | */hosts | */exporters) leaks=no ;; *) leaks=full ;; esac
  set -- valgrind --quiet --error-exitcode=9 --leak-check=\$leaks --errors-for-leak-kinds=definite \\
    --show-leak-kinds=definite --child-silent-after-fork=yes "\$@" ;;
asan)
  export TEST_DIVISOR=4
  case \$label in */processes) export ASAN_OPTIONS=detect_leaks=0 ;; esac ;;
esac
if timeout 170 "\$@" >"\$log" 2>&1 && ! grep -q 'runtime error' "\$log"; then
  echo "ok    \$label (\$(grep -c '^\[       OK' "\$log") tests)"
else
  echo "FAIL  \$label (status \$?; \$log)"
  grep -v '^\[ RUN\|^\[       OK' "\$log" | head -n 40
  exit 1
fi
EOF
chmod +x "$OUT/run-one"

tools='plain asan'
if have valgrind; then
  tools='plain valgrind asan'
else
  skipped 'valgrind' 'apt-get install valgrind'
fi

"$here/headers.sh" || failures=$((failures + 1))
"$here/snapshot.sh" || failures=$((failures + 1))
if have nm && have readelf; then
  "$here/symbols.sh" "$SO" "$A" || failures=$((failures + 1))
else
  skipped 'symbols' 'apt-get install binutils'
fi
runs "$@" | xargs -P "$jobs" -L 1 "$OUT/run-one" || failures=$((failures + 1))
if finish; then echo 'The C interface: all passed.'; else echo 'The C interface: FAILED.'; fi
finish
