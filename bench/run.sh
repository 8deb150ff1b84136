#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every figure of doc/performance.md, measured here and now: bench/run.sh [NAME…]; SPK_BUILD names another build folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec /usr/bin/python3 "$here/bench.py" "${SPK_BUILD:-$here/../build}" "$@"
