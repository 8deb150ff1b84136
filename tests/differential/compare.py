#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py OURS WINE KNOWN: two logs of the differential run must agree but for what KNOWN lists.

Each line of KNOWN that is no comment is a regular expression for "NAME = OURS | WINE'S" ("nothing" where no bytes
are, "-" where no line is), two blanks or more, and a reason. One that nothing matches is an error too.
"""
import re
import sys


def log(path):
    """{name: results}, in order; a name that is there twice has them behind each other"""
    seen = {}
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            name, separator, value = line.rstrip("\r\n").rpartition(" = ")
            if separator:
                seen[name] = f"{seen[name]} {value}" if name in seen else value
    return seen


def entries(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                pattern, reason = re.split(r" {2,}", line.rstrip(), maxsplit=1)
                yield re.compile(pattern), reason


def main():
    ours, wine = log(sys.argv[1]), log(sys.argv[2])
    known = [[pattern, reason, 0] for pattern, reason in entries(sys.argv[3])]
    problems, expected = [], 0
    for name in [*ours, *(n for n in wine if n not in ours)]:
        a, b = ours.get(name, "-"), wine.get(name, "-")
        if a == b:
            continue
        told = f"{name} = {a or 'nothing'} | {b or 'nothing'}"
        entry = next((e for e in known if e[0].fullmatch(told)), None)
        if entry is None:
            problems.append(f"not expected: {told[:240]}")
        else:
            entry[2] += 1
            expected += 1
    problems += [f"matches nothing: {e[0].pattern}" for e in known if e[2] == 0]
    for p in problems:
        print(p)
    same = sum(wine.get(n) == v for n, v in ours.items())
    print(f"{same} observations agree, {expected} differ as listed, {len(problems)} problems")
    sys.exit(1 if problems or same < 10000 else 0)


if __name__ == "__main__":
    main()
