#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The C sources are as `./run fmt` leaves them.
cd "$(dirname "$0")/.." || exit 1
command -v clang-format >/dev/null || exit 77
find src include tests bench -name '*.[ch]' -print0 2>/dev/null | xargs -0 clang-format --dry-run --Werror
