#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the guides tell people to type is there: every command, and every option of it."""

import os
import pathlib
import re

import box
from ctl_people import CTL, SPAREKEY, People

SOURCE = pathlib.Path(os.environ["SPK_SOURCE"])
GUIDES = [SOURCE / "README.md", *sorted((SOURCE / "doc/guide").glob("*.md"))]
PROGRAMS = {"sparekey": SPAREKEY, "sparekeyctl": CTL}
# in a block of code, or between backquotes; a line that ends with a backslash goes on
TYPED = re.compile(r"(?:^ {4,}|`)(?:\$ |runuser -u \S+ -- )?(sparekey(?:ctl)?) ([a-z][^`\n]*)", re.MULTILINE)


def options(p, name, command, known={}):  # noqa: B006, a cache
    """The options of a command; None when there is no such command."""
    if (name, command) not in known:
        out = p.run("reader", *command.split(), "--help", program=PROGRAMS[name]).stdout
        there = out.startswith(f"usage: {name} {command} [options]")
        known[name, command] = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", out)) if there else None
    return known[name, command]


def typed():
    for path in GUIDES:
        for program, rest in TYPED.findall(path.read_text().replace("\\\n", " ")):
            yield path.name, program, rest.split("#")[0] if "://" not in rest else rest


def there(p):
    """every command in the guides is one, with these options"""
    seen = 0
    for where, name, rest in typed():
        words = rest.split()
        found = options(p, name, " ".join(words[:2])) or options(p, name, words[0])
        if found is None:  # a whole group
            r = p.run("reader", "help", words[0], program=PROGRAMS[name])
            assert r.returncode == 0 and r.stdout, (where, name, rest)
            continue
        seen += 1
        missing = set(re.findall(r"(?<!\S)\[?(--?[a-z][a-z-]*)", rest)) - found
        assert not missing, f"{where}: '{name} {rest}': there is no {missing}"
    assert seen > 30, seen


if __name__ == "__main__":
    box.main([there], People)
