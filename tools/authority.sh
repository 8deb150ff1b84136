#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# authority.sh [DIR]: an authority on loopback, to play with, with two officers whose identities are
# in DIR too. Runs until interrupted; the same DIR again starts it again. SPK_LISTEN: where.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${SPK_BUILD:-$root/build}
listen=${SPK_LISTEN:-127.0.0.1:8443}
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

# To be read by the shell of whoever plays.
write_env() {
    {
        printf '# . this file: then you are the owner; alice COMMAND and bob COMMAND act as officers\n'
        printf "export PATH=%q:%q:\"\$PATH\"\n" "$build/src/cli" "$build/src/ctl"
        printf 'export XDG_CONFIG_HOME=%q XDG_DATA_HOME=%q\n' "$dir/owner/config" "$dir/owner/data"
        for who in alice bob; do
            printf '%s() { XDG_CONFIG_HOME=%q XDG_DATA_HOME=%q "$@"; }\n' \
                $who "$dir/$who/config" "$dir/$who/data"
        done
    } >"$dir/env"
}

tell() {
    cat <<END

The authority is ready, and runs until you press ^C. In another terminal:

  . $(printf %q "$dir/env")
  sparekey init --name 'Olga Owner' --contact 'telephone 555-0100'
  sparekey enroll '$1'

  sparekey encrypt FILE                     seals it as FILE.spk, deposits its key
  sparekey verify FILE.spk                  can it come back?
  sparekey decrypt FILE.spk -o COPY

  rm -r "\$XDG_DATA_HOME/sparekey/containers"  the keys are lost
  sparekey decrypt FILE.spk -o COPY         fails
  sparekey recover FILE.spk                 makes new keys, opens a request, shows a code

  alice sparekeyctl request list
  alice sparekeyctl request approve REQUEST  shows what is verified, asks for the code
  bob sparekeyctl request approve REQUEST

  sparekey recover FILE.spk                 the session key comes back
  sparekey decrypt FILE.spk -o COPY

END
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
    make_authority
fi
write_env
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
