#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The systemd units are well-formed, and the holder's is as closed as it claims to be. $1: the folder of the units.
set -eu
command -v systemd-analyze >/dev/null || exit 77
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# The programs and users of a unit need not be installed where this runs.
for unit in "$1"/*.service "$1"/*.socket "$1"/user/*; do
    sed -e 's,^ExecStart=/usr/bin/[a-z-]*,ExecStart=/bin/true,' -e '/^Documentation=/d' \
        -e 's,^\(SocketUser\|User\)=.*,\1=root,' -e 's,^\(SocketGroup\|Group\)=.*,\1=root,' "$unit" >"$dir/${unit##*/}"
done
out=$(systemd-analyze verify --man=no --recursive-errors=no "$dir"/sparekey-holder.socket \
    "$dir"/sparekey-holder.service "$dir"/sparekeyd.service "$dir"/sparekey-witness.service \
    "$dir"/sparekey-watch.service "$dir"/sparekey-watch.timer 2>&1) || { echo "$out"; exit 1; }
# verify says what it does not know and goes on; that is a mistake in ours
if echo "$out" | grep -E 'sparekey.*(Unknown|Failed|Invalid|ignoring|not executable)'; then
    exit 1
fi
for unit in "$1"/*.service; do
    cp "$unit" "$dir/score.service"
    limit=25 # in tenths: 2.5 is "OK"
    case $unit in *holder*) limit=10 ;; esac
    systemd-analyze security --offline=yes --threshold=$limit --no-pager "$dir/score.service" >"$dir/score" ||
        { cat "$dir/score"; exit 1; }
    tail -n 1 "$dir/score"
done
