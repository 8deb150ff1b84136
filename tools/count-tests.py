#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the cases of `meson test` runs and ends with the line "N passed, N failed".

usage: count-tests.py [--broken NAME]... NAME=BUILD_DIR...

A test that speaks TAP counts one for each of its cases, any other one for itself. A build that does
not compile (--broken) and a build without a test log count as one failure.
"""

import argparse
import json
import os
import re
import sys

TAP = re.compile(r"^(not )?ok\b[^#\n]*(#\s*skip)?", re.IGNORECASE)
GOOD = ("OK", "EXPECTEDFAIL")
TAIL_LINES = 40


def count_one(test):
    """(passed, failed, skipped) of one entry of a test log."""
    passed = failed = skipped = 0
    for line in test.get("stdout", "").splitlines():
        m = TAP.match(line)
        if m and m.group(2):
            skipped += 1
        elif m and m.group(1):
            failed += 1
        elif m:
            passed += 1
    result = test["result"]
    if result == "SKIP":
        return passed, failed, skipped + 1
    if result not in GOOD and failed == 0:
        failed = 1  # it crashed, ran out of time, or failed outside its cases
    if result in GOOD and passed + failed + skipped == 0:
        passed = 1
    return passed, failed, skipped


def report(name, test):
    print(f"--- {name}: {test['name']}: {test['result']}")
    text = test.get("stdout", "") + test.get("stderr", "")
    print("\n".join(text.splitlines()[-TAIL_LINES:]))


def read_log(build):
    path = os.path.join(build, "meson-logs", "testlog.json")
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return [json.loads(line) for line in f if line.strip()]
    except OSError:
        return []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--broken", action="append", default=[])
    parser.add_argument("builds", nargs="*")
    args = parser.parse_args()
    total = [0, 0, 0]
    for name in args.broken:
        print(f"--- {name}: does not build")
        total[1] += 1
    for entry in args.builds:
        name, _, build = entry.partition("=")
        tests = read_log(build)
        if not tests:
            print(f"--- {name}: no tests ran")
            total[1] += 1
        for test in tests:
            counts = count_one(test)
            total = [a + b for a, b in zip(total, counts)]
            if counts[1]:
                report(name, test)
    passed, failed, skipped = total
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
