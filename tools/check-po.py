#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""po/POTFILES lists exactly the sources that have translated strings, in order; and every message of the program
that owners use has its translation in every language."""

import re

import tree

USES = re.compile(r"\b(_|N_|ngettext)\s*\(")
COMPLETE = ("src/cli/", "src/term/")  # what owners see; operators' messages follow as they are translated

STRING = r'"(?:\\.|[^"\\\n])*"'
STRINGS = rf"{STRING}(?:\s*{STRING})*"
COMMENTS_AND_STRINGS = re.compile(rf"//[^\n]*|/\*.*?\*/|({STRING})", re.DOTALL)
MESSAGE = re.compile(rf"\b(?:_|N_)\(\s*({STRINGS})\s*\)|\bngettext\(\s*({STRINGS})\s*,\s*({STRINGS})\s*,")
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def text_of(strings):
    """What some C or PO string literals in a row say together."""
    body = "".join(s[1:-1] for s in re.findall(STRING, strings))
    return re.sub(r"\\(.)", lambda m: ESCAPES[m.group(1)], body)


def messages(source):
    """The msgids in a C source; (one, many) where there is a plural."""
    source = source.replace("\\\n", " ")
    source = re.sub(r"^\s*#\s*include.*$", "", source, flags=re.MULTILINE)
    source = COMMENTS_AND_STRINGS.sub(lambda m: m.group(1) or " ", source)
    for m in MESSAGE.finditer(source):
        yield text_of(m.group(1)) if m.group(1) else (text_of(m.group(2)), text_of(m.group(3)))


def translated(po):
    """The msgids that a PO file has translations for, those that are only guessed left out."""
    found = set()
    for entry in re.split(r"\n\s*\n", po):
        lines = [line for line in entry.splitlines() if not line.startswith("#~")]
        if any(line.startswith("#,") and "fuzzy" in line for line in lines):
            continue
        part = {}
        key = None
        for line in lines:
            m = re.match(r"(msgid_plural|msgid|msgstr(?:\[\d\])?)\s+(.*)", line)
            if m:
                key = m.group(1)
                part[key] = m.group(2)
            elif line.startswith('"') and key:
                part[key] += line
        texts = {k: text_of(v) for k, v in part.items()}
        strs = [v for k, v in texts.items() if k.startswith("msgstr")]
        if strs and all(strs):
            plural = texts.get("msgid_plural")
            found.add((texts["msgid"], plural) if plural is not None else texts["msgid"])
    return found


def check_languages():
    for language in tree.read("po/LINGUAS").split():
        po = tree.read(f"po/{language}.po")
        have = translated(po)
        ids = [text_of(m) for m in re.findall(rf"^msgid\s+({STRINGS})", po, flags=re.MULTILINE)]
        yield from (f"po/{language}.po: {i!r} stands there twice" for i in sorted({i for i in ids if ids.count(i) > 1}))
        for path in tree.read("po/POTFILES").split():
            if path.startswith(COMPLETE):
                for message in messages(tree.read(path)):
                    if message not in have:
                        yield f"po/{language}.po: {path}: {message!r} is not translated"


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
    problems += check_languages()
    tree.finish(problems, "translated sources")


if __name__ == "__main__":
    main()
