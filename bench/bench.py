# SPDX-License-Identifier: Apache-2.0
"""Runs the benches that are named, or all of them, and prints the tables of doc/performance.md."""
import sys

import deposits
import seal
import tree

BENCHES = {"seal": seal.main, "tree": tree.main, "deposits": deposits.main}


def main():
    if len(sys.argv) < 2:
        raise SystemExit("usage: bench.py BUILD-FOLDER [%s]" % "|".join(BENCHES))
    names = sys.argv[2:] or list(BENCHES)
    for name in names:
        if name not in BENCHES:
            raise SystemExit("there is no bench '%s': %s" % (name, ", ".join(BENCHES)))
    for name in names:
        BENCHES[name](sys.argv[1])


main()
