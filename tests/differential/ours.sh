#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ours.sh PROGRAM: our half of the differential run alone: it sees enough, twice the same, and what it makes it can use.
set -eu
program=$(readlink -f "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" XDG_DATA_HOME="$dir/data" XDG_CONFIG_HOME="$dir/config"
cd "$dir"
"$program" observe >one
"$program" observe >two
cmp one two
[ "$(wc -l <one)" -gt 10000 ]
mkdir things
"$program" make things
"$program" use things >used
[ "$(wc -l <used)" = 67 ]
if grep -v -e ' = ok$' -e ' = 1$' used; then
    exit 1
fi
