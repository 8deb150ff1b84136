#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes point one way. The two tables below are the arrows of ARCHITECTURE.md."""

import re

import tree

# folder of src/ -> the folders it may include, besides itself
LAYERS = {
    "base": "",
    "crypto": "base",
    "keyblob": "base crypto",
    "keystore": "base crypto keyblob",
    "cryptoapi": "base crypto keyblob keystore",
    "sealed": "base crypto keyblob",
    "wire": "base crypto keyblob",
    "policy": "base wire",
    "translog": "base crypto wire",
    "store": "base wire",
    "client": "base crypto keyblob keystore sealed wire policy translog",
    "holder": "base crypto keyblob wire policy translog",
    "authority": "base crypto wire policy translog store",
    "witness": "base crypto wire translog",
    "term": "base crypto keyblob keystore sealed wire policy translog client",
    "cli": "base crypto keyblob keystore sealed wire policy translog client term",
    "ctl": "base crypto keyblob keystore sealed wire policy translog client term store",
}

# headers of other people's libraries -> the only folders that may include them
DOORS = {
    r"openssl/": "crypto",
    r"sqlite3\.h|libpq": "store",
    r"microhttpd\.h|gnutls/": "authority witness",
    r"curl/": "client authority",
    r"seccomp\.h|linux/seccomp|linux/filter": "holder",
    r"netinet/|netdb\.h": "client authority witness",
    r"arpa/": "client authority crypto",  # crypto: the text of an address in a certificate
    r"cryptoapi/|wincrypt\.h|windows\.h": "cryptoapi",
    r"sparekey/": "client term cli ctl",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def check(path, text):
    folder = path.split("/")[1]
    if folder not in LAYERS:
        return [f"{path}: src/{folder} has no line in the table of layers"]
    may = LAYERS[folder].split() + [folder]
    problems = []
    for kind, name in INCLUDE.findall(text):
        for door, allowed in DOORS.items():
            if re.match(door, name) and folder not in allowed.split():
                problems.append(f"{path}: <{name}> is for src/{allowed.replace(' ', ', src/')} only")
        first = name.split("/")[0]
        if kind == '"' and "/" not in name:
            problems.append(f'{path}: "{name}" is not spelled from src/')
        elif kind == '"' and first in LAYERS and first not in may:
            problems.append(f"{path}: src/{folder} may not include {name}")
    return problems


def main():
    problems = []
    for path in tree.files(["src"], (".c", ".h")):
        problems += check(path, tree.read(path))
    tree.finish(problems, "layers")


if __name__ == "__main__":
    main()
