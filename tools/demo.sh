#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh [FILE...]: the whole story on real files, in a temporary folder, with an authority on
# loopback. Each step says in one line what happened and how long it took. Exit status 0 only when
# everything was as promised.
set -euo pipefail
export LC_ALL=C.UTF-8

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${SPK_BUILD:-$root/build}
archive_mib=${SPK_DEMO_MIB:-256} # of the archive that is made when no files are given
ready_within=30                  # seconds until the authority must be there
seen_within=300                  # seconds until the officers must see the request
ctl=$build/src/ctl/sparekeyctl
spk=$build/src/cli/sparekey

dir=''
authority=''
begun=$EPOCHREALTIME
step_begun=$begun

cleanup() {
    local status=$?
    trap - EXIT INT TERM HUP
    if [ -n "$authority" ]; then
        kill -TERM "$authority" 2>/dev/null || true
        wait "$authority" 2>/dev/null || true
    fi
    [ -z "$dir" ] || rm -rf "$dir"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

die() {
    printf 'demo: %s\n' "$*" >&2
    if [ -n "$dir" ] && [ -s "$dir/log" ]; then
        printf 'demo: the last that the programs said:\n' >&2
        tail -n 12 "$dir/log" >&2
    fi
    exit 1
}

# seconds FROM: since then, with hundredths
seconds() {
    local us=$((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}))
    printf '%d.%02d' $((us / 1000000)) $((us / 10000 % 100))
}

# say WHAT HAPPENED: and how long it took since the line before
say() {
    printf '%7s s  %s\n' "$(seconds "$step_begun")" "$*"
    step_begun=$EPOCHREALTIME
}

# as WHO COMMAND...: with that person's own folders; what it says besides its result goes to the log
as() {
    local home=$dir/$1
    shift
    XDG_CONFIG_HOME=$home/config XDG_DATA_HOME=$home/data "$@" 2>>"$dir/log"
}

human() { numfmt --to=iec-i --suffix=B "$1"; }

temporary_folder() {
    local place
    for place in "${TMPDIR:-/tmp}" /var/tmp; do
        if [ "$(df --output=avail -B1 "$place" 2>/dev/null | tail -n 1)" -gt "$1" ]; then
            dir=$(mktemp -d "$place/sparekey-demo.XXXXXX")
            return 0
        fi
    done
    die "there is no temporary folder with $(human "$1") to spare; set TMPDIR"
}

# -- what is to be sealed
if [ ! -x "$ctl" ] || [ ! -x "$spk" ]; then
    die "not built yet: './run build' makes $ctl and $spk"
fi
files=()
total=0
for f in "$@"; do
    [ -f "$f" ] || die "${f@Q} is not a file"
    case $f in
        /*) files+=("$f") ;;
        *) files+=("$PWD/$f") ;;
    esac
    total=$((total + $(stat -Lc %s -- "$f")))
done
if [ $# = 0 ]; then
    total=$((archive_mib << 20))
    temporary_folder $((total * 3 + (64 << 20)))
    mkdir "$dir/mine"
    /usr/bin/python3 "$root/tools/demo-files.py" "$dir/mine" "$archive_mib"
    files=("$dir/mine/picture.png" "$dir/mine/last will.pdf" "$dir/mine/backup.tar")
    say "made a picture, a PDF and an archive of $archive_mib MiB to seal"
else
    temporary_folder $((total * 2 + (64 << 20)))
fi
cd "$dir"

# -- the authority and its people
for who in alice bob; do
    as $who "$ctl" officer new $who >/dev/null
done
"$ctl" policy new --officer alice/config/sparekey/officer/alice.pub \
    --officer bob/config/sparekey/officer/bob.pub --quorum 2 --out policy.note 2>>log
for who in alice bob; do
    as $who "$ctl" policy sign policy.note --yes >/dev/null
done
say "two recovery officers, alice and bob, made identities and signed the policy: both must approve"

"$ctl" init authority --policy policy.note --listen 127.0.0.1:0 >/dev/null 2>>log || die "no authority was made"
say "made an authority: RSA-3072 key in the holder's folder, certificate, store"

"$ctl" start authority --ready-file "$dir/address" >>log 2>&1 &
authority=$!
while [ ! -s address ]; do
    kill -0 "$authority" 2>/dev/null || die "the authority did not start"
    [ "${SECONDS}" -lt "$ready_within" ] || die "the authority was not ready within $ready_within s"
    sleep 0.05
done
address=$(cat address)
for who in alice bob; do
    as $who "$ctl" officer join "$address" >/dev/null
done
say "authority runs at ${address%%#*}; both officers pinned it"

as owner "$spk" init --name "Olga Owner" --contact "telephone 555-0100" --sheet "$dir/sheet.txt" >/dev/null
as owner "$spk" enroll "$address" >/dev/null
say "the owner made her key pairs, pinned the authority by its hash and enrolled"

# -- seal
sealed=()
for i in "${!files[@]}"; do
    mkdir -p "sealed/$i"
    name=${files[i]##*/}
    sealed[i]="sealed/$i/$name.spk"
    as owner "$spk" encrypt -o "${sealed[i]}" -- "${files[i]}" >/dev/null ||
        die "${files[i]@Q} could not be sealed"
    say "sealed ${name@Q}, $(human "$(stat -Lc %s -- "${files[i]}")"), its session key deposited"
done
slots=$(as owner "$spk" inspect "${sealed[0]}" | grep -cE '^ +(user|authority|record|accepted|receipt) ') || true
say "inspect shows a header of $slots slots for keys and deposit, readable without any key"
for i in "${!files[@]}"; do
    verdict=$(as owner "$spk" verify "${sealed[i]}") || die "${sealed[i]@Q} cannot come back"
    case $verdict in
        *proven*"is the same"*"receipt is good"*) ;;
        *) die "verify says: $verdict" ;;
    esac
done
say "verify: proven; each deposited key was made again, and is the right one, and each receipt holds"

# -- lose the keys
rm -rf owner/data/sparekey/containers
if as owner "$spk" decrypt -o "lost.out" "${sealed[0]}" >/dev/null; then
    die "decrypt worked without keys"
fi
[ ! -e lost.out ] || die "decrypt left an output without keys"
say "the owner's key container is destroyed; decrypt now fails: $(grep -o 'none of your keys fits' log | tail -n 1)"

# -- recover
status=0
opened=$(as owner "$spk" recover --reason "laptop stolen" --contact "telephone 555-0199" --json "${sealed[@]}") ||
    status=$?
[ "$status" = 4 ] || die "recover ended with status $status instead of 4 (waiting)"
read -r request code < <(/usr/bin/python3 -c '
import json, sys
answer = json.loads(sys.argv[1])
print(answer["request"], answer["code"])' "$opened")
until as alice "$ctl" request list --json | grep -q "$request"; do
    [ "$SECONDS" -lt "$seen_within" ] || die "the officers do not see the request"
    sleep 0.1
done
say "with new keys she opened a request, and reads its code to the officers: $code"

if as alice "$ctl" request approve "$request" --code 00000-00000-00000-00000 >/dev/null; then
    die "an officer could approve with a wrong code"
fi
as alice "$ctl" request approve "$request" --code "$code" >/dev/null || die "alice could not approve"
say "alice checked the request, found the code right (a wrong one was refused), and approved: 1 of 2"
status=0
as owner "$spk" recover "${sealed[@]}" >/dev/null || status=$?
[ "$status" = 4 ] || die "one approval alone gave status $status instead of 4 (waiting)"
say "one officer alone is not enough: the request still waits"
as bob "$ctl" request approve "$request" --code "$code" >/dev/null || die "bob could not approve"
say "bob approved too: 2 of 2"
as owner "$spk" recover "${sealed[@]}" >/dev/null || die "the session keys did not come back"
say "the session keys came back under her new key, and the headers are repaired"

[ "$(as alice "$ctl" request show "$request" | grep -c ' log entry ')" = 3 ] || die "the log has not all of the request"
entries=$((5 + 2 * ${#files[@]})) # key, policy, request, two approvals; each release allowed, and done
case $("$ctl" log fsck authority 2>>"$dir/log") in
    *"recoveries log: $entries entries, $entries of them signed for"*" 0 faults"*) ;;
    *) die "log fsck does not find $entries entries of the recovery" ;;
esac
say "the public log has the request, both approvals and each key that left, nobody's name: $entries entries, all signed"

# -- and there it is again
for i in "${!files[@]}"; do
    as owner "$spk" decrypt -o "sealed/$i/out" "${sealed[i]}" >/dev/null || die "${sealed[i]@Q} does not open"
    cmp -s -- "sealed/$i/out" "${files[i]}" || die "${files[i]@Q} came back different"
    name=${files[i]##*/}
    say "decrypted ${name@Q}: equal, byte for byte"
    rm -f "sealed/$i/out"
done
printf '%7s s  %s\n' "$(seconds "$begun")" "in all: nobody recovered alone, and nothing was lost"
