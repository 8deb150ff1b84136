#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# authority.sh [DIR]: an authority on loopback, to play with, with two officers whose identities are
# in DIR too. Runs until interrupted; the same DIR again starts it again. SPK_LISTEN: where a new one listens.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(realpath -m -- "${SPK_BUILD:-$root/build}")
first_port=8443
ports=100 # that are tried
ready_within=30 # seconds
ctl=$build/src/ctl/sparekeyctl

die() {
    printf 'authority: %s\n' "$*" >&2
    exit 1
}

authority=''
stop() {
    local status=$?
    trap - EXIT INT TERM HUP
    if [ -n "$authority" ]; then
        kill -TERM "$authority" 2>/dev/null || true
        wait "$authority" 2>/dev/null || true
    fi
    exit "$status"
}

as() {
    local home=$dir/$1
    shift
    XDG_CONFIG_HOME=$home/config XDG_DATA_HOME=$home/data "$@"
}

make_authority() {
    local who
    for who in alice bob; do
        as $who "$ctl" officer new $who --quiet >/dev/null
    done
    "$ctl" policy new --officer "$dir/alice/config/sparekey/officer/alice.pub" --quorum 2 --quiet \
        --officer "$dir/bob/config/sparekey/officer/bob.pub" --out "$dir/policy.note"
    for who in alice bob; do
        as $who "$ctl" policy sign "$dir/policy.note" --yes >/dev/null 2>&1
    done
    "$ctl" init "$dir/authority" --policy "$dir/policy.note" --listen "$listen" --quiet
}

# A script in DIR/bin that runs a program as one of the people: write_script WHO PROGRAM
write_script() {
    {
        printf '#!/usr/bin/env bash\n# %s: %s with the keys and folders of this person\n' "$1" "${2##*/}"
        printf 'XDG_CONFIG_HOME=%q XDG_DATA_HOME=%q exec %q "$@"\n' "$dir/$1/config" "$dir/$1/data" "$2"
    } >"$dir/bin/$1"
    chmod 755 "$dir/bin/$1"
}

tell() {
    local bin keys
    bin=$(printf %q "$dir/bin")
    keys=$(printf %q "$dir/olga/data/sparekey/containers")
    cat <<END

The authority is ready, and runs until you press ^C. In another terminal, anywhere: olga is sparekey as an
owner, alice and bob are sparekeyctl as her recovery officers.

  $bin/olga init --name 'Olga Owner' --contact 'telephone 555-0100'
  $bin/olga enroll '$1'

  $bin/olga encrypt FILE              # seals it as FILE.spk, deposits its key
  $bin/olga verify FILE.spk           # can it come back?
  $bin/olga decrypt FILE.spk -o COPY

  rm -r $keys # the keys are lost
  $bin/olga decrypt FILE.spk -o COPY2 # fails
  $bin/olga recover FILE.spk          # makes new keys, opens a request, shows a code

  $bin/alice request list
  $bin/alice request approve REQUEST  # shows what is verified, asks for the code
  $bin/bob request approve REQUEST

  $bin/olga recover FILE.spk          # the session key comes back
  $bin/olga decrypt FILE.spk -o COPY2

END
}

# is_free HOST:PORT
is_free() {
    /usr/bin/python3 - "$1" <<'END'
import socket, sys
host, _, port = sys.argv[1].rpartition(":")
host = host.strip("[]")
with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind((host, int(port)))
    except OSError:
        sys.exit(1)
END
}

# Where a new authority listens: as it is told, or on the first port that is free from 8443 on.
choose_listen() {
    local port
    if [ -n "${SPK_LISTEN:-}" ]; then
        is_free "$SPK_LISTEN" ||
            die "$SPK_LISTEN is taken; SPK_LISTEN=127.0.0.1:PORT names another, without it a free port is taken"
        listen=$SPK_LISTEN
        return 0
    fi
    for ((port = first_port; port < first_port + ports; port++)); do
        listen=127.0.0.1:$port
        is_free "$listen" && return 0
    done
    die "no port from $first_port on is free; SPK_LISTEN=127.0.0.1:PORT names another"
}

# An authority that was made before keeps its address, for its people have pinned it.
check_listen() {
    listen=$(sed -n 's/^listen *= *//p' "$dir/authority/authority/sparekeyd.conf")
    is_free "$listen" || die "$listen is taken, perhaps by this authority in another terminal. Stop what listens there, or make another authority: ./run authority OTHER-FOLDER"
}

[ -x "$ctl" ] || die "not built yet: './run build' makes $ctl"
dir=${1:-${TMPDIR:-/tmp}/sparekey-authority-$(id -u)}
(umask 077 && mkdir -p -- "$dir")
dir=$(cd -- "$dir" && pwd)
[ -O "$dir" ] || die "$dir belongs to somebody else"
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ ! -d "$dir/authority" ]; then
    choose_listen
    make_authority
else
    check_listen
fi
mkdir -p "$dir/bin"
write_script olga "$build/src/cli/sparekey"
write_script alice "$ctl"
write_script bob "$ctl"
rm -f "$dir/address"
"$ctl" start "$dir/authority" --ready-file "$dir/address" &
authority=$!
until [ -s "$dir/address" ]; do
    kill -0 "$authority" 2>/dev/null || {
        authority=''
        die "it did not start; why stands above"
    }
    [ "$SECONDS" -lt "$ready_within" ] || die "it was not ready within $ready_within s"
    sleep 0.1
done
address=$(cat "$dir/address")
for who in alice bob; do
    [ -d "$dir/$who/config/sparekey/officer/authorities/authority" ] || as $who "$ctl" officer join "$address" >/dev/null
done
tell "$address"
wait "$authority"
