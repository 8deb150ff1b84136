# SPDX-License-Identifier: Apache-2.0
"""Runs the benches that are named, or all of them, and prints the tables of doc/performance.md."""
import sys

import cryptoapi
import deposits
import seal
import tree

USAGE = """usage: bench/run.sh [NAME...]        (./run bench builds first)

  seal      one file of 1 GiB against cp and age
  tree      10,000 small files with their deposits against two RSA public operations a file
  deposits  deposits a second over HTTPS against the store alone
  cryptoapi libcryptoapi against bare OpenSSL, every algorithm

Without a name all of them. BENCH_ROUNDS, BENCH_MIB and BENCH_FILES make them shorter or longer."""
BENCHES = {"seal": seal.main, "tree": tree.main, "deposits": deposits.main,
           "cryptoapi": cryptoapi.main}


def main():
    if len(sys.argv) < 2 or {"-h", "--help", "help"} & set(sys.argv[1:]):
        print(USAGE)
        raise SystemExit(0 if len(sys.argv) > 1 else 2)
    names = sys.argv[2:] or list(BENCHES)
    for name in names:
        if name not in BENCHES:
            raise SystemExit("there is no bench '%s': %s" % (name, ", ".join(BENCHES)))
    for name in names:
        BENCHES[name](sys.argv[1])


main()
