#!/bin/sh
# install.sh SO ARCHIVE: installs the library as it was built below DESTDIR/PREFIX: headers, the shared library under its
# version with its links, the archive, pkg-config and CMake files that find everything from where they stand, and the
# documentation.
#
#   PREFIX=/usr/local   where it will be     DESTDIR=   what stands before that meanwhile     LIBDIR=lib   below PREFIX
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
so=$1
archive=$2
PREFIX=${PREFIX:-/usr/local}
LIBDIR=${LIBDIR:-lib}
to=${DESTDIR:-}$PREFIX
lib=$to/$LIBDIR
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
major=${version%%.*}
rest=${version#*.}
minor=${rest%%.*}
# What the archive needs beside the C library: the unwinder.
private='-lgcc_s -lpthread -ldl -lm'

# From a file in `LIBDIR/pkgconfig` or `LIBDIR/cmake/agentotel` back to the prefix.
up=..
case $LIBDIR in */*) up=../.. ;; esac

fill() { # fill TEMPLATE LIBS PRIVATE UP
  sed -e "s|@version@|$version|g" -e "s|@major@|$major|g" -e "s|@minor@|$minor|g" -e "s|@lib@|$LIBDIR|g" \
    -e "s|@libs@|$2|" -e "s|@private@|$3|" -e "s|@up@|$4|g" "$root/tools/package/$1"
}

install -d "$to/include" "$lib/pkgconfig" "$lib/cmake/agentotel" "$to/share/doc/agentotel"
install -m 644 "$root/include/agentotel.h" "$root/include/agentotel.hpp" "$to/include"
# The library's symbols are its dynamic ones: what else there is serves debuggers of the build.
install -m 755 "$so" "$lib/libagentotel.so.$version"
if command -v strip >/dev/null; then strip --strip-unneeded "$lib/libagentotel.so.$version"; fi
ln -sf "libagentotel.so.$version" "$lib/libagentotel.so.$major"
ln -sf "libagentotel.so.$major" "$lib/libagentotel.so"
install -m 644 "$archive" "$lib/libagentotel.a"
fill agentotel.pc.in '-L${libdir} -lagentotel' '' "$up/.." >"$lib/pkgconfig/agentotel.pc"
fill agentotel.pc.in "\${libdir}/libagentotel.a $private" '' "$up/.." >"$lib/pkgconfig/agentotel-static.pc"
fill agentotel-config.cmake.in '' '' "$up/.." >"$lib/cmake/agentotel/agentotel-config.cmake"
fill agentotel-config-version.cmake.in '' '' "$up" >"$lib/cmake/agentotel/agentotel-config-version.cmake"
chmod 644 "$lib"/pkgconfig/*.pc "$lib"/cmake/agentotel/*.cmake
install -m 644 "$root/README.md" "$root/CHANGELOG.md" "$root"/LICENSE-* "$to/share/doc/agentotel"
install -m 644 "$root"/docs/* "$to/share/doc/agentotel"
