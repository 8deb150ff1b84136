#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hard caps on sizes, and the licence line that every file starts with."""

import re

import tree

FILE_MAX = 800
HEADER_MAX = 200
FUNCTION_MAX = 100
PARAMS_MAX = 6
FOREIGN = re.compile(  # parameters that are another library's choice: callbacks, and what Windows has
    r"mhd_|CryptEncrypt$|CreateFile[AW]$|FormatMessage[AW]$|WideCharToMultiByte$"
)
SPDX = "SPDX-License-Identifier: Apache-2.0"
NAME = re.compile(r"(\w+)\s*\(")


def functions(lines):
    """(name, first line, lines, parameters) of each definition; relies on the braces of .clang-format."""
    start = None
    for i, line in enumerate(lines):
        if line == "{" and i > 0 and lines[i - 1].rstrip().endswith(")"):
            start = i
        elif line == "}" and start is not None:
            head_at = start - 1
            while head_at > 0 and lines[head_at].startswith((" ", "\t")):
                head_at -= 1
            head = " ".join(lines[head_at:start])
            name = NAME.search(head)
            if name is not None:
                params = head[name.end() - 1 :]
                depth1 = re.sub(r"\([^()]*\)", "", params[1:-1])  # pointers to functions
                count = 0 if depth1.strip() == "void" else depth1.count(",") + 1
                yield name.group(1), head_at + 1, i - head_at + 1, count
            start = None


def check_c(path, text):
    problems = []
    lines = tree.bare_c(text).split("\n")
    for name, at, length, params in functions(lines):
        if length > FUNCTION_MAX:
            problems.append(f"{path}:{at}: {name} has {length} lines, at most {FUNCTION_MAX}")
        if params > PARAMS_MAX and path.startswith("src/") and not FOREIGN.match(name):
            problems.append(f"{path}:{at}: {name} has {params} parameters, at most {PARAMS_MAX}")
    return problems


def main():
    problems = []
    folders = ["src", "include", "tests", "bench", "tools", "packaging", "examples"]
    for path in tree.files(folders, (".c", ".h", ".py", ".sh", ".sql")) + ["run", ".ci/run"]:
        text = tree.read(path)
        interface = path.endswith(".h") and path.startswith(("src/", "include/"))
        cap = HEADER_MAX if interface else FILE_MAX
        count = text.count("\n")
        if count > cap:
            problems.append(f"{path}: {count} lines, at most {cap}")
        if SPDX not in "\n".join(text.split("\n", 2)[:2]):
            problems.append(f"{path}: does not start with {SPDX}")
        if path.endswith((".c", ".h")):
            problems += check_c(path, text)
    tree.finish(problems, "sizes and licence lines")


if __name__ == "__main__":
    main()
