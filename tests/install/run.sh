#!/bin/sh
# What `make install` makes, from outside: installed below DESTDIR, moved elsewhere, and used from there by consumers in
# directories of their own, built by pkg-config, CMake, plain compilers and Go, each way that there is.
#
#   SO=…/libagentotel.so A=…/libagentotel-only.a tests/install/run.sh
#
# A tool that is missing is a failure when CI=true.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../abi/common.sh"
: "${SO:?}" "${A:?}"
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)

if ! DESTDIR=$work/root PREFIX=/opt/agentotel "$root/tools/install.sh" "$SO" "$A"; then
  failed 'install'
  finish
  exit
fi
for file in include/agentotel.h include/agentotel.hpp "lib/libagentotel.so.$version" lib/libagentotel.so.0 lib/libagentotel.so \
  lib/libagentotel.a lib/pkgconfig/agentotel.pc lib/pkgconfig/agentotel-static.pc lib/cmake/agentotel/agentotel-config.cmake \
  lib/cmake/agentotel/agentotel-config-version.cmake share/doc/agentotel/README.md share/doc/agentotel/LICENSE-MIT; do
  [ -f "$work/root/opt/agentotel/$file" ] || failed "install: $file is not there"
done
# Everything is found from where it stands: the tree moves, and the sources are not referred to.
mv "$work/root/opt/agentotel" "$work/moved"
prefix=$work/moved
if grep -rn "$root\|$work" "$prefix/lib/pkgconfig" "$prefix/lib/cmake"; then failed 'install: a path is written down'; fi
passed "install: $version, moved to another place"

export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
mkdir "$work/use"
cp "$here"/consumer.* "$here/CMakeLists.txt" "$work/use"
cd "$work/use" || exit 1

# runs NAME PROGRAM: it records into a file.
runs() {
  rm -f "$work/out.jsonl"
  if LD_LIBRARY_PATH=$prefix/lib "$2" "$work/out.jsonl" && grep -q '"installed"' "$work/out.jsonl"; then
    passed "install: $1"
  else
    failed "install: $1"
  fi
}
# standalone NAME PROGRAM: it needs no shared library of ours.
standalone() {
  if readelf -d "$2" | grep -q 'NEEDED.*agentotel'; then failed "install: $1 is not static"; fi
  rm -f "$work/out.jsonl"
  if "$2" "$work/out.jsonl" && grep -q '"installed"' "$work/out.jsonl"; then
    passed "install: $1"
  else
    failed "install: $1"
  fi
}

if have gcc; then
  gcc consumer.c -I"$prefix/include" -L"$prefix/lib" -lagentotel -o plain
  runs 'plain gcc' ./plain
  gcc consumer.c -I"$prefix/include" "$prefix/lib/libagentotel.a" -lgcc_s -lpthread -ldl -lm -o plain-static
  standalone 'plain gcc, the archive' ./plain-static
  if readelf -d plain | grep -q 'NEEDED.*\[libagentotel.so.0\]'; then
    passed 'install: programs need libagentotel.so.0'
  else
    failed 'install: programs do not need libagentotel.so.0'
  fi
else
  skipped 'install: gcc' 'apt-get install gcc'
fi
if have pkg-config && have g++; then
  # shellcheck disable=SC2046
  g++ -std=c++17 consumer.cpp $(pkg-config --cflags --libs agentotel) -o by-pkg
  runs 'pkg-config, C++' ./by-pkg
  # shellcheck disable=SC2046
  g++ -std=c++17 consumer.cpp $(pkg-config --cflags --libs agentotel-static) -o by-pkg-static
  standalone 'pkg-config, C++, the archive' ./by-pkg-static
  [ "$(pkg-config --modversion agentotel)" = "$version" ] || failed 'install: pkg-config has another version'
else
  skipped 'install: pkg-config' 'apt-get install pkg-config g++'
fi
if have cmake; then
  if cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" >log 2>&1 && cmake --build build >>log 2>&1; then
    runs 'CMake, agentotel::agentotel' build/cmake-shared
    runs 'CMake, C++' build/cmake-cpp
    standalone 'CMake, agentotel::static' build/cmake-static
  else
    failed 'install: CMake'
    tail -n 20 log
  fi
else
  skipped 'install: CMake' 'apt-get install cmake'
fi
if have go && have pkg-config; then
  cp -r "$root/bindings/go" module
  cat >go.mod <<MOD
module consumer

go 1.24

require github.com/agentotel/agentotel/bindings/go v0.0.0

replace github.com/agentotel/agentotel/bindings/go => ./module
MOD
  mkdir -p consumer && mv consumer.go consumer/main.go
  go build -o by-go ./consumer
  runs 'Go' ./by-go
  go build -tags agentotel_static -o by-go-static ./consumer
  standalone 'Go, agentotel_static' ./by-go-static
else
  skipped 'install: Go' 'install Go (https://go.dev/dl) and pkg-config'
fi
cd / || exit 1
finish
