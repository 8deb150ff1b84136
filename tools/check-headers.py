#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone. Arguments: the compiler command."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import tree

FLAGS = "-std=gnu17 -Wall -Wextra -Werror -fsyntax-only -D_GNU_SOURCE -x c".split()


def compile_one(compiler, path):
    line = f'#include "{os.path.join(tree.ROOT, path)}"\n'
    include = ["-I" + os.path.join(tree.ROOT, d) for d in ("src", "include", "include/cryptoapi")]
    done = subprocess.run(
        compiler + FLAGS + include + ["-"], input=line, capture_output=True, text=True, check=False
    )
    return [] if done.returncode == 0 else [f"{path}: does not compile alone\n{done.stderr}"]


def main():
    compiler = sys.argv[1:] or ["cc"]
    paths = tree.files(["src", "include"], (".h",))
    with ThreadPoolExecutor(2) as pool:
        problems = [p for found in pool.map(lambda x: compile_one(compiler, x), paths) for p in found]
    tree.finish(problems, f"{len(paths)} headers")


if __name__ == "__main__":
    main()
