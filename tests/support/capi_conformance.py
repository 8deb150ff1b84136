#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""doc/cryptoapi-conformance.md from a run of the tests of tests/capi.

check|write CHECKLIST PAGE TEST...: runs each test program, takes the result of every capi_NNN, and
compares the page with what it should say, or writes it."""

import os
import re
import subprocess
import sys

HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# What libcryptoapi is tested for
Made from a run of `meson test --suite capi` by `tests/support/capi_conformance.py`; do not edit. Line NNN is shown by the test `capi_NNN` in `tests/capi/`. The codes are those of `winerror.h`.
"""
# lines that no test of that name shows, and why
ELSEWHERE = {
    "076": "about a server, shown by its own tests: one answer whatever the padding is (line 045, `crypto-constant-time`), "
           "wrong, swapped and foreign BLOBs (`tests/unit/holder/test_release.c`), who may ask at all (`tests/proc/test_rules_requests.py`)",
    "078": "shown by `./run differential`, which installs Wine (`tests/differential`)",
}
# tests of tests/capi that a line needs beside its own, and what else is to say
ALSO = {
    "021": (["pair_of_16384_bits"], "made: sizes from 384 to 4096 bits; a pair of 16384 bits is used by `pair_of_16384_bits`, and made by `./run soak`, as it takes minutes"),
    "027": (["session_keys", "refused_blobs", "private_keys"], "the memory is searched by `session_keys`, `refused_blobs`, `private_keys` (`test_wipe.c`)"),
    "045": ([], "the time is measured by `crypto-constant-time`"),
}


def results(programs):
    found = {}
    for program in programs:
        env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
        out = subprocess.run([program], env=env, capture_output=True, text=True, check=False).stdout
        for verdict, number in re.findall(r"^(ok|not ok) \d+ - (?:capi_(?=\d))?(\w+)", out, re.MULTILINE):
            found[number] = verdict == "ok"
    return found


def page(checklist, found):
    text, done, total = "", 0, 0
    for line in checklist:
        if line.startswith("# "):
            text += f"\n## {line[2:]}\n| line | what | result |\n|---|---|---|\n"
            continue
        number, what = line.split(" ", 1)
        total += 1
        if number in ELSEWHERE:
            answer = ELSEWHERE[number]
        else:
            names, remark = ALSO.get(number, ([], ""))
            names = [number, *names]
            answer = "passes" if all(found.get(n) for n in names) else "FAILS" if all(n in found for n in names) else "NO TEST"
            done += answer == "passes"
            answer += "; " + remark if remark else ""
        what = what.replace("|", "\\|").replace("*", "\\*")
        text += f"| {number} | {what} | {answer} |\n"
    return HEAD + f"\n{done} of {total} lines pass.\n" + text


def main():
    mode, checklist, path = sys.argv[1:4]
    with open(checklist, encoding="utf-8") as f:
        lines = f.read().splitlines()
    text = page(lines, results(sys.argv[4:]))
    if mode == "write":
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return 0
    with open(path, encoding="utf-8") as f:
        same = f.read() == text
    if not same:
        print(text)
        print(f"{path} is not what this run says; write it anew with: {sys.argv[0]} write ...")
    return 0 if same and "FAILS" not in text and "NO TEST" not in text else 1


if __name__ == "__main__":
    sys.exit(main())
