#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual pages are clean mdoc.
cd "$(dirname "$0")/.." || exit 1
command -v mandoc >/dev/null || exit 77
find man -name '*.[1-8]' -print0 2>/dev/null | xargs -0 -r mandoc -T lint -W warning
