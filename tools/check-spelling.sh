#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# codespell on code and prose; tools/spelling.txt lists the words it gets wrong.
cd "$(dirname "$0")/.." || exit 1
command -v codespell >/dev/null || exit 77
set --
for path in src include tests bench tools doc man packaging examples po run .ci/run ./*.md; do
    [ -e "$path" ] && set -- "$@" "$path"
done
codespell --quiet-level 2 --ignore-words tools/spelling.txt \
    --skip '*/vectors/*,*/corpus_*,*.pem,*.po,*.pot,./tools/spelling.txt,*/__pycache__/*' "$@"
