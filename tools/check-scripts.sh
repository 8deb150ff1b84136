#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every script passes shellcheck, and every Python file compiles.
cd "$(dirname "$0")/.." || exit 1
command -v shellcheck >/dev/null || exit 77
status=0
find tools tests bench packaging examples -name '*.sh' -print0 2>/dev/null |
    xargs -0 shellcheck -x run .ci/run || status=1
find tools tests bench -name '*.py' -print0 2>/dev/null |
    xargs -0 /usr/bin/python3 -c 'import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path, encoding="utf-8").read(), path)' || status=1
exit $status
