#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""po/POTFILES lists exactly the sources that have translated strings, in order."""

import re

import tree

USES = re.compile(r"\b(_|N_|ngettext)\s*\(")


def main():
    # where the macros are defined is not where they are used
    used = [
        p
        for p in tree.files(["src"], (".c", ".h"))
        if USES.search(re.sub(r"^\s*#\s*define.*$", "", tree.bare_c(tree.read(p)), flags=re.MULTILINE))
    ]
    listed = tree.read("po/POTFILES").split()
    problems = [f"po/POTFILES: {p} is missing" for p in used if p not in listed]
    problems += [f"po/POTFILES: {p} has no translated string" for p in listed if p not in used]
    if listed != sorted(listed):
        problems.append("po/POTFILES: not in order")
    tree.finish(problems, "translated sources")


if __name__ == "__main__":
    main()
