#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls that src/ does without. tools/banned.txt lists the exceptions with their exact number."""

import re

import tree

# call -> what to use instead
BANNED = {
    "malloc calloc": "spk_calloc",
    "realloc reallocarray": "spk_reallocarray or struct spk_buf",
    "free": "spk_mem_free or scope cleanup",
    "strdup strndup asprintf vasprintf": "spk_strdup, struct spk_buf",
    "strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets alloca": "struct spk_buf",
    "memcmp bcmp": "spk_span_eq, or spk_ct_eq where a secret takes part",
    "explicit_bzero": "spk_wipe",
    "rand srand random srandom drand48 rand_r": "the generator of crypto/rng.h",
    "atoi atol atoll atof strtol strtoul strtoll strtoull strtod scanf sscanf fscanf": "spk_dec_parse",
    "system popen": "posix_spawn with an argument list",
    "tmpnam tempnam mktemp mkstemp tmpfile": "spk_newfile_open",
    "strtok ctime asctime gmtime localtime": "the calls that keep no state",
    "setjmp longjmp": "a result",
    "pthread_cond_timedwait pthread_mutex_timedlock sem_timedwait": "pthread_cond_clockwait: a clock may be set back",
    "goto": "scope cleanup",
}
# only programs speak to people; libraries return codes
PRINTS = "printf fprintf vprintf vfprintf puts fputs putchar perror".split()
MAY_PRINT = ("src/cli/", "src/ctl/", "src/term/")
WORDS = re.compile(r"\b(TODO|FIXME)\b")


def calls_in(path, text, banned):
    """{call: [line numbers]}"""
    found = {}
    bare = tree.bare_c(text)
    for call in banned:
        pattern = r"\bgoto\b" if call == "goto" else rf"(?<![\w.>])\b{call}\s*\("
        for m in re.finditer(pattern, bare):
            found.setdefault(call, []).append(bare.count("\n", 0, m.start()) + 1)
    return found


def read_allowed():
    allowed = {}
    for line in tree.read("tools/banned.txt").splitlines():
        if line.strip() and not line.startswith("#"):
            count, call, path = line.split()[:3]
            allowed[(path, call)] = int(count)
    return allowed


def main():
    instead = {c: why for calls, why in BANNED.items() for c in calls.split()}
    instead.update({c: "spk_log, or a result" for c in PRINTS})
    allowed = read_allowed()
    problems = []
    for path in tree.files(["src", "include"], (".c", ".h")):
        text = tree.read(path)
        skip = PRINTS if path.startswith(MAY_PRINT) else []
        for call, lines in calls_in(path, text, [c for c in instead if c not in skip]).items():
            may = allowed.pop((path, call), 0)
            if len(lines) != may:
                where = ", ".join(str(n) for n in lines)
                problems.append(
                    f"{path}: {call} {len(lines)} times (lines {where}), {may} allowed; use {instead[call]}"
                )
    for path, call in allowed:
        problems.append(f"tools/banned.txt: {path} no longer uses {call}: take the line out")
    for path in tree.files(["src", "include", "tests", "bench"], (".c", ".h", ".py", ".sh")):
        for n, line in enumerate(tree.read(path).splitlines(), 1):
            if WORDS.search(line):
                problems.append(f"{path}:{n}: finish it instead of leaving a note")
    tree.finish(problems, "banned calls")


if __name__ == "__main__":
    main()
