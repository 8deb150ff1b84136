#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An installed prefix is enough for a program: its headers, pkg-config file and library, and nothing of the source.
# $1: build folder, $2: source folder, $3: prefix, then the C compiler.
set -eu
build=$1 source=$2 prefix=$3
shift 3
command -v pkg-config >/dev/null || exit 77
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
if ! meson install -C "$build" --no-rebuild --destdir "$root" >"$root/log" 2>&1; then
    # with --no-rebuild a build folder may hold the tests alone
    grep -q "could not be found\|does not exist\|No such file" "$root/log" && exit 77
    cat "$root/log"
    exit 1
fi
pc=$(find "$root$prefix" -name cryptoapi.pc)
export PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_LIBDIR="${pc%/*}"
flags=$(pkg-config --cflags --libs cryptoapi)
libdir=$(pkg-config --variable=libdir cryptoapi)
case $libdir in
    "$root"*) ;;
    *) libdir=$root$libdir ;;
esac
cp "$source/examples/cryptoapi/password_key.c" "$root/program.c"
# shellcheck disable=SC2086 # the flags are words
"$@" -o "$root/program" "$root/program.c" $flags
text=$(printf 'Attack at dawn.\nx')
export HOME="$root" LD_LIBRARY_PATH="$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
[ "$("$root/program" 1134-kelp "${text%x}")" = 06812b80ab55a17de995925380e5f300 ]
[ -e "$root$prefix/share/man/man3/CryptImportKey.3" ]
echo "installed: fine"
