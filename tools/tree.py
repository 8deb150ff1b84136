# SPDX-License-Identifier: Apache-2.0
"""What the checks share: which files there are, and C without its comments and strings."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SKIP = {".git", "__pycache__", "vectors"}
C_TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL
)


def files(folders, suffixes):
    """Paths relative to the root, sorted, of the files below some folders."""
    found = []
    for folder in folders:
        for base, dirs, names in os.walk(os.path.join(ROOT, folder)):
            dirs[:] = [d for d in dirs if d not in SKIP and not d.startswith(("build", "corpus_"))]
            for name in names:
                if name.endswith(suffixes):
                    found.append(os.path.relpath(os.path.join(base, name), ROOT))
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def bare_c(text):
    """C with comments and literals blanked; line numbers stay."""

    def blank(match):
        token = match.group(0)
        if token[0] in "\"'":
            return token[0] * 2
        return " " + "\n" * token.count("\n")

    return C_TOKENS.sub(blank, text)


def finish(problems, what):
    """Prints what was found and ends the program."""
    for p in problems:
        print(p)
    print(f"{what}: {len(problems)} problems" if problems else f"{what}: fine")
    sys.exit(1 if problems else 0)
