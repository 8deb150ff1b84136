#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two implementations of doc/spec/sealed-file.md against each other: interop.py SEALED_TOOL SUPPORT_DIR"""
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

TOOL = sys.argv[1]
sys.path.insert(0, sys.argv[2])
import sealed_reader as model  # noqa: E402

KNOWN = "ec4afb4dd1a3ec16ab694245a7ec8fba9516562bf807e3f7005548c69a164582"
rng = random.Random(20261122)
failures = 0


def check(what, condition):
    global failures
    if not condition:
        failures += 1
        print(f"not ok - {what}")


def tool(*args, data=None):
    """(exit status, word, standard output)"""
    r = subprocess.run([TOOL, *map(str, args)], input=data, capture_output=True, check=False)
    return r.returncode, r.stderr.decode().strip(), r.stdout


def word_of(data, pair):
    try:
        model.open_file(data, pair)
        return "ok"
    except model.Refused as e:
        return str(e)


def sizes():
    yield from (0, 1, 4063, 4064, 4065, 8128, 70000, 3 * 65504)
    for _ in range(6):
        yield rng.randrange(400000)


def ours_opens_there(d, der, pair):
    for n in sizes():
        for seg_len, compact, threads in ((4096, 1, 1), (65536, 0, 3), (10007, -1, 2)):
            plain = rng.randbytes(n)
            (d / "in").write_bytes(plain)
            status, word, _ = tool("seal", der, d / "in", d / "out", seg_len, compact, threads)
            check(f"tool seals {n}/{seg_len}: {word}", status == 0)
            got, meta = model.open_file((d / "out").read_bytes(), pair)
            check(f"model opens {n}/{seg_len}/{compact}", got == plain)
            check("model reads metadata", meta[1] == b"a name" and meta[2] == b"\0\0\x01\xa0")
            status, word, piped = tool("seal", der, "-", "-", seg_len, compact, threads, data=plain)
            check(f"model opens a pipe's {n}", model.open_file(piped, pair)[0] == plain)


def theirs_opens_here(d, der, pair):
    for n in sizes():
        for seg_len, compact in ((4096, True), (65536, False)):
            plain = rng.randbytes(n)
            data = model.write_file(plain, pair.public_key(), seg_len, compact, 1024, b"name")
            (d / "in").write_bytes(data)
            status, word, _ = tool("open", der, d / "in", d / "out", 2)
            check(f"tool opens {n}/{seg_len}: {word}", status == 0)
            check(f"tool reads {n}/{seg_len}", (d / "out").read_bytes() == plain)
            status, word, piped = tool("open", der, "-", "-", 2, data=data)
            check(f"tool opens a pipe's {n}: {word}", piped == plain)


def damaged(data):
    """(what, bytes) for many kinds of damage."""
    core, area = 88, 1024
    for at in (*range(0, 90), *range(core, core + area, 37), *range(core + area, len(data), 411)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << rng.randrange(8)
        yield f"flip at {at}", bytes(flipped)
    for n in (0, 1, 8, 15, 16, 87, 88, 1000, core + area + 73, core + area + 74, len(data) - 1,
              core + area + 74 + 4096, core + area + 74 + 4097, core + area + 74 + 2 * 4096):
        yield f"cut to {n}", data[:n]
    for more in (b"x", bytes(5000), data[core + area + 74 :], data[-100:]):
        yield f"{len(more)} more", data + more


def both_refuse_alike(d, der, pair):
    data = model.write_file(rng.randbytes(10000), pair.public_key(), 4096, True, 1024, b"name")
    refused = 0
    for what, bad in damaged(data):
        (d / "in").write_bytes(bad)
        _, word, _ = tool("open", der, d / "in", d / "out", 2)
        expected = word_of(bad, pair)
        # A key area that was cut short is damage to one and too little to the other.
        alike = word == expected or {word, expected} <= {"auth", "truncated"} and "cut" in what
        check(f"{what}: tool says {word}, model {expected}", alike)
        refused += word != "ok"
    check("most damage is refused", refused > 100)


def main():
    pair = rsa.generate_private_key(65537, 2048)
    check("known answer", model.h(model.known_answer()).hex() == KNOWN)
    with tempfile.TemporaryDirectory() as name:
        d = Path(name)
        der = d / "pair.der"
        der.write_bytes(pair.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
        ours_opens_there(d, der, pair)
        theirs_opens_here(d, der, pair)
        both_refuse_alike(d, der, pair)
    print("failed" if failures else "ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
