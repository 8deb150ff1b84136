#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the example programs. $1: the folder that they were built in.
set -eu
bin=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_DATA_HOME="$dir/data" XDG_CONFIG_HOME="$dir/config" HOME="$dir"
cd "$dir"

[ "$("$bin/example_export_session_key" key.blob)" = "268 bytes" ]
[ "$(od -An -tx1 -N12 key.blob | tr -d ' \n')" = 010200001066000000a40000 ]

for size in 0 1 999 1000 1001 2000 5000; do
    head -c "$size" /dev/urandom >plain
    "$bin/example_crypt_file" encrypt plain cipher
    "$bin/example_crypt_file" decrypt cipher again
    cmp plain again
done

# What cannot be read makes no good file, and no good file is lost for it.
if "$bin/example_crypt_file" encrypt . cipher 2>/dev/null; then exit 1; fi
if "$bin/example_crypt_file" decrypt plain again 2>/dev/null; then exit 1; fi
cmp plain again

text=$(printf 'Attack at dawn.\nx')
[ "$("$bin/example_password_key" 1134-kelp "${text%x}")" = 06812b80ab55a17de995925380e5f300 ]
"$bin/example_sign" | grep -q '^cryptoapi example$'
"$bin/example_old_style" | grep -q 'Microsoft Strong Cryptographic Provider, 39 characters'
[ "$(printf abc | "$bin/sample_console" text)" = "text 2 ab" ]
echo "examples: fine"
