#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD: the differential run. One source, built for libcryptoapi of the build folder and, with mingw-w64, for
# Wine's CryptoAPI; what the two print is compared, and what each makes is used by the other.
set -eu
here=$(dirname "$(readlink -f "$0")")
lib=$(readlink -f "$1")/src/cryptoapi
dir=$(mktemp -d)
export WINEPREFIX="$dir/wine" WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
unset DISPLAY WAYLAND_DISPLAY || true
trap 'wineserver -k 2>/dev/null || true; rm -rf "$dir"' EXIT

flags='-std=gnu17 -O1 -Wall -Wextra -Werror'
# shellcheck disable=SC2086 # a list of options
cc $flags -I"$here/../../include/cryptoapi" -o "$dir/ours" "$here"/*.c -L"$lib" -lcryptoapi
# shellcheck disable=SC2086
x86_64-w64-mingw32-gcc $flags -static -o "$dir/wine.exe" "$here"/*.c -ladvapi32

# Wine tells bad padding; so must we where the two are compared.
export HOME="$dir" XDG_DATA_HOME="$dir/data" XDG_CONFIG_HOME="$dir/config" LD_LIBRARY_PATH="$lib"
export CRYPTOAPI_BAD_PADDING=report
wineboot -i >"$dir/boot.log" 2>&1 || { cat "$dir/boot.log" >&2; exit 1; }
wine_run() { wine "$dir/wine.exe" "$@" 2>"$dir/wine.err" | tr -d '\r'; }

"$dir/ours" observe >"$dir/ours.log"
wine_run observe >"$dir/wine.log"
status=0
/usr/bin/python3 "$here/compare.py" "$dir/ours.log" "$dir/wine.log" "$here/known.txt" || status=1

mkdir "$dir/a" "$dir/b"
cd "$dir" # paths that both sides understand
"$dir/ours" make a
wine_run make b
"$dir/ours" use b >ours.use
wine_run use a >wine.use
for log in ours.use wine.use; do
    if [ "$(wc -l <"$log")" != 67 ] || grep -v -e ' = ok$' -e ' = 1$' "$log"; then
        echo "$log: something that the other side made could not be used"
        status=1
    fi
done
[ "$status" != 0 ] || echo "keys, BLOBs, ciphertexts, hashes and signatures of either side are good on the other"
exit "$status"
