#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second, small implementation of doc/spec/log.md, for test vectors.

    log_model.py make DIR    write DIR/log.txt
    log_model.py check DIR   fail unless DIR/log.txt is what `make` would write

Trees and proofs are the recursive definitions of RFC 6962 §2.1, word for word; the Python
cryptography library makes the Ed25519 signatures.
"""
import base64
import hashlib
import hmac
import struct
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN = "sparekey.example/deposits"
WITNESS = "witness.example/w1"
SIZES = [1, 2, 3, 5, 8, 255, 256, 257, 511, 512, 513, 70000]


def h(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


# --- trees ---------------------------------------------------------------------------------------
LEAVES = [h(b"\0" + struct.pack(">Q", i)) for i in range(max(SIZES))]
ROOTS = {}


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root(lo, n):
    """MTH(D[lo:lo+n])"""
    if n == 0:
        return h(b"")
    if n == 1:
        return LEAVES[lo]
    if (lo, n) not in ROOTS:
        k = split(n)
        ROOTS[lo, n] = h(b"\1" + root(lo, k) + root(lo + k, n - k))
    return ROOTS[lo, n]


def path(i, lo, n):
    if n == 1:
        return []
    k = split(n)
    if i < k:
        return path(i, lo, k) + [root(lo + k, n - k)]
    return path(i - k, lo + k, n - k) + [root(lo, k)]


def growth(m, lo, n, old_is_known=True):
    if m == n:
        return [] if old_is_known else [root(lo, m)]
    k = split(n)
    if m <= k:
        return growth(m, lo, k, old_is_known) + [root(lo + k, n - k)]
    return growth(m - k, lo + k, n - k, False) + [root(lo, k)]


# --- notes ---------------------------------------------------------------------------------------
class Key:
    def __init__(self, name, seed, kind):
        self.name, self.kind = name, kind
        self.key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = h(name.encode() + b"\n" + bytes([kind]) + self.public)[:4]

    def vkey(self):
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"

    def line(self, signature):
        return f"— {self.name} {b64(self.id + signature)}\n"

    def sign(self, text):
        return self.line(self.key.sign(text.encode()))

    def cosign(self, text, time):
        signed = f"cosignature/v1\ntime {time}\n{text}"
        return self.line(struct.pack(">Q", time) + self.key.sign(signed.encode()))


def checkpoint(size, root_hash):
    return f"{ORIGIN}\n{size}\n{b64(root_hash)}\n"


def tile_path(level, n, width):
    groups = []
    digits = f"{n:03d}"
    digits = digits.rjust(-(-len(digits) // 3) * 3, "0")
    for at in range(0, len(digits), 3):
        groups.append(digits[at : at + 3])
    name = "/".join(["x" + g for g in groups[:-1]] + [groups[-1]])
    return f"tile/{level}/{name}" + (f".p/{width}" if width < 256 else "")


def tile_paths(size):
    out = []
    for level in range(8):
        nodes = size // 256**level
        out += [tile_path(level, n, 256) for n in range(nodes // 256)]
        if nodes % 256:
            out.append(tile_path(level, nodes // 256, nodes % 256))
    return out


def lines():
    log = Key(ORIGIN, bytes([1]) * 32, 1)
    witness = Key(WITNESS, bytes([2]) * 32, 4)
    yield "log.vkey", log.vkey().encode()
    yield "witness.vkey", witness.vkey().encode()
    for n in SIZES:
        yield f"root.{n}", root(0, n)
    for i, n in [(0, 1), (5, 8), (6, 7), (255, 256), (256, 257), (300, 513), (69999, 70000), (1, 70000)]:
        yield f"path.{i}.{n}", b"".join(path(i, 0, n))
    for m, n in [(1, 2), (3, 5), (6, 8), (255, 257), (256, 512), (257, 513), (512, 70000), (69999, 70000)]:
        yield f"growth.{m}.{n}", b"".join(growth(m, 0, n))
    text = checkpoint(513, root(0, 513))
    note = text + "\n" + log.sign(text) + witness.cosign(text, 1700000000)
    yield "checkpoint", note.encode()
    proof = f"c2sp.org/tlog-proof@v1\nextra {b64(struct.pack('>Q', 300))}\nindex 300\n"
    proof += "".join(b64(p) + "\n" for p in path(300, 0, 513)) + "\n" + note
    yield "proof", proof.encode()
    names = tile_paths(70000)
    yield "tiles.70000", "\n".join([names[0], names[272], *names[273:]]).encode()
    yield "tile.large", tile_path(0, 1234067, 256).encode()


def cosign_lines():
    """A checkpoint of eight entries that a witness has signed, and the question that it answered."""
    log = Key(ORIGIN, bytes([1]) * 32, 1)
    witness = Key(WITNESS, bytes([2]) * 32, 4)
    known = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    level = [h(b"\0" + bytes.fromhex(k)) for k in known]
    while len(level) > 1:
        level = [h(b"\1" + level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    text = checkpoint(8, level[0])
    yield "cosigned", (text + "\n" + log.sign(text) + witness.cosign(text, 1700000000)).encode()
    text = checkpoint(513, root(0, 513))
    question = "old 257\n" + "".join(b64(p) + "\n" for p in growth(257, 0, 513)) + "\n" + text + "\n" + log.sign(text)
    yield "add-checkpoint", question.encode()
    yield "cosignature", witness.cosign(text, 1700000000).encode()


def hkdf(key, salt, info):
    """HKDF-SHA-256, 32 bytes"""
    prk = hmac.new(salt, key, hashlib.sha256).digest()
    return hmac.new(prk, info + b"\1", hashlib.sha256).digest()


def request_entry(kind, epoch, time, salt, request, detail, deposit, own):
    request_hash = h(b"sparekey/1 request\0" + salt + request + h(detail))
    return struct.pack(">BBHIQ", 1, kind, 0, epoch, time) + request_hash + struct.pack(">QQ", deposit, own)


def wire_lines():
    """the logs note and the entries of the recoveries log"""
    seed, genesis = bytes([9]) * 32, h(b"genesis")
    holder = Key("sparekey.example/holder", seed, 1)
    keys = []
    for word in ("deposits", "recoveries"):
        made = hkdf(seed, genesis, b"sparekey/1 " + word.encode() + b" log")
        yield f"seed.{word}", made
        keys.append(Key(f"sparekey.example/{word}", made, 1))
    body = f"sparekey/1 logs\ngenesis {genesis.hex()}\ndeposits {keys[0].vkey()}\nrecoveries {keys[1].vkey()}\n"
    yield "holder.vkey", holder.vkey().encode()
    yield "logs", (body + "\n" + holder.sign(body)).encode()
    yield "salt", h(b"sparekey/1 request salt\0" + b"request record")
    salt, request = bytes([0x5A]) * 32, h(b"request record")
    report = (f"sparekey/1 drill\ngenesis {genesis.hex()}\ntime 1700000000\ndeposits 1000\nrecoveries 12\nbackup 900 {h(b'root').hex()}\n"
              "made 1699990000\nsample 3\ngood 0\nbad 41\ngood 899\n").encode()
    yield "drill", (report.decode() + "\n" + holder.sign(report.decode())).encode()
    for kind, detail in [(16, b""), (17, b""), (18, b"denial\n"), (19, b""), (20, b""), (22, b"approval\n"), (23, b"veto\n"), (24, b"")]:
        drill = kind == 20
        yield f"entry.{kind}", request_entry(kind, 3, 1700000000123, salt, h(report) if drill else request, detail, 41, 2**64 - 1 if drill else 7)
    head = struct.pack(">BBHIQ", 1, 25, 0, 4, 1700000000123)
    yield "entry.25", head + h(b"old") + h(b"new")
    for kind in (32, 34):
        yield f"entry.{kind}", struct.pack(">BBHIQ", 1, kind, 0, 5, 1700000000123) + h(b"text\n")


def receipt_lines():
    """A receipt: deposit 300 of 513, the other leaves as above."""
    global LEAVES
    log = Key(ORIGIN, bytes([1]) * 32, 1)
    fields = struct.pack(">HHIII", 1, 3, 0x6610, 2, 5) + struct.pack(">Q", 1700000000123)
    r_pub = fields + bytes(range(0xA0, 0xB0)) + b"".join(h(x) for x in (b"C", b"authority", b"blob", b"T", b"owner tag"))
    p = h(b"P")
    entry = struct.pack(">BBHIQ", 1, 1, 0, 2, 1700000000123) + h(b"sparekey/1 deposit\0" + r_pub + p) + h(b"owner tag")
    plain, LEAVES = LEAVES, LEAVES[:300] + [h(b"\0" + entry)] + LEAVES[301:513]
    ROOTS.clear()
    text = checkpoint(513, root(0, 513))
    hashes = "".join(b64(x) + "\n" for x in path(300, 0, 513))
    LEAVES = plain
    ROOTS.clear()
    assert len(r_pub) == 200 and len(entry) == 80
    yield "receipt.rpub", r_pub
    yield "receipt.p", p
    receipt = f"c2sp.org/tlog-proof@v1\nextra {b64(r_pub + p)}\nindex 300\n{hashes}\n{text}\n{log.sign(text)}"
    yield "receipt", receipt.encode()
    witness = Key(WITNESS, bytes([2]) * 32, 4)
    yield "receipt.witnessed", (receipt + witness.cosign(text, 1700000000)).encode()


def text():
    head = "# Made by tests/support/log_model.py; leaf i of the trees is u64 i; every value is hex, texts too.\n"
    return head + "".join(f"{name}: {value.hex()}\n" for name, value in [*lines(), *wire_lines(), *cosign_lines(), *receipt_lines()])


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    target = Path(sys.argv[2]) / "log.txt"
    if sys.argv[1] == "make":
        target.write_text(text())
    elif target.read_text() != text():
        sys.exit(f"{target} is not what this program makes")


if __name__ == "__main__":
    main()
