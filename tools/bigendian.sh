#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The codec of key BLOBs on a big-endian machine: built for s390x, run by qemu-user. CC and RUN name others.
# There is no OpenSSL for that machine here, so a stand-in keeps the numbers of keys.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp)
trap 'rm -f "$out"' EXIT
${CC:-s390x-linux-gnu-gcc} -std=gnu17 -O2 -Wall -Wextra -static -D_GNU_SOURCE -Isrc -Itests/bigendian -Iinclude/cryptoapi -Iinclude \
    -o "$out" tests/bigendian/*.c src/base/*.c src/keyblob/header.c src/keyblob/simple.c src/keyblob/anyblob.c src/keyblob/blob.c \
    src/crypto/md2.c -pthread
${RUN-qemu-s390x} "$out" tests/vectors/capi/known.txt
