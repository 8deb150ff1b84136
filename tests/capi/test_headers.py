#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The installed headers as programs use them: each alone as C11 and C++17, for both widths of wchar_t, and the
exported names against the prototypes, these against the manual. Arguments: the library, the headers' folder,
exports.map, the manual's folder, the C compiler."""

import os
import re
import subprocess
import sys

WARN = "-Wall -Wextra -Werror -pedantic-errors -fsyntax-only".split()


def compile_alone(compiler, folder, header, language, options):
    line = f'#include <{header}>\nint cryptoapi_header_test;\n'
    done = subprocess.run(
        compiler + WARN + options + ["-I", folder, "-x", language, "-"], input=line, capture_output=True, text=True, check=False
    )
    return [] if done.returncode == 0 else [f"{header} as {' '.join(options)}: {done.stderr}"]


def check_wmain(compiler, folder):
    """Arguments of 16 bits for a program that takes those of 32 would be nonsense."""
    line = "#include <windows.h>\nint wmain(int c, wchar_t **v) { return c + (v[0][0] != 0); }\n"
    problems = []
    for options, want in (["-fshort-wchar"], ""), ([], "compile with -fshort-wchar"):
        command = compiler + WARN + ["-std=c11", "-I", folder, "-x", "c", "-"] + options
        done = subprocess.run(command, input=line, capture_output=True, text=True, check=False)
        if (done.returncode == 0) != (want == "") or want not in done.stderr:
            problems.append(f"wmain with {options}: {done.stderr}")
    return problems


def prototypes(folder):
    names = set()
    for header in os.listdir(folder):
        with open(os.path.join(folder, header), encoding="utf-8") as f:
            text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.DOTALL)
        text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
        names |= set(re.findall(r"WIN(?:ADV|BASE)API[^;()#]*?\b(\w+)\(", text))
    return names


def normal(text):
    return re.sub(r"\s+", " ", text).strip()


def declared_with_parameters(folder):
    found = {}
    for header in os.listdir(folder):
        with open(os.path.join(folder, header), encoding="utf-8") as f:
            text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.DOTALL)
        text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
        for m in re.finditer(r"WIN(?:ADV|BASE)API ([^;()]*?)\b(\w+)\((.*?)\);", text, re.DOTALL):
            result = normal(re.sub(r"\b(WINAPI|__cdecl)\b", "", m.group(1)))
            found[m.group(2)] = [result] + [normal(a) for a in m.group(3).split(",")]
    return found


def described(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".3"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            text = f.read()
        for m in re.finditer(r"^\.Ft (.*)\n\.Fo (\w+)\n((?:\.Fa .*\n)*)\.Fc", text, re.MULTILINE):
            found[m.group(2)] = [m.group(1)] + [a[4:].strip('"') for a in m.group(3).splitlines()]
    return found


def check_pages(headers, pages):
    want, have = declared_with_parameters(headers), described(pages)
    return [
        f"{name}: {have.get(name, 'no page')} in the manual, {want.get(name, 'nothing')} in the headers"
        for name in sorted(set(want) | set(have))
        if want.get(name) != have.get(name)
    ]


def main():
    library, folder, exports, pages = sys.argv[1:5]
    compiler = sys.argv[5:]
    problems = check_pages(folder, pages) + check_wmain(compiler, folder)
    cplusplus = ["c++" if compiler[0].endswith("cc") else "clang++"]
    for header in sorted(os.listdir(folder)):
        for width in ([], ["-fshort-wchar"], ["-DUNICODE", "-fshort-wchar"], ["-DUNICODE", "-D_UNICODE"]):
            problems += compile_alone(compiler, folder, header, "c", ["-std=c11"] + width)
            problems += compile_alone(cplusplus, folder, header, "c++", ["-std=c++17"] + width)
    with open(exports, encoding="utf-8") as f:
        listed = set(re.findall(r"\b(\w+);", f.read().split("global:")[1].split("local:")[0]))
    out = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    there = {line.split()[2].split("@")[0] for line in out.splitlines() if line.split()[1] in "TDBRVW"}
    declared = prototypes(folder)
    problems += [f"exported but not on the list: {n}" for n in there - listed]
    problems += [f"on the list but not exported: {n}" for n in listed - there]
    problems += [f"declared but not on the list: {n}" for n in declared - listed]
    problems += [f"on the list but not declared: {n}" for n in listed - declared]
    print("\n".join(problems) or f"{len(listed)} names, all declared")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
