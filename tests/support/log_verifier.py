#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks an authority's logs and receipts from the outside, knowing doc/spec/{log,receipt,notes,deposit}.md
and nothing else.

    log_verifier.py receipt LOG-KEY FILE           the receipt's deposit stands in the log
    log_verifier.py log LOG-KEY https://HOST/log/deposits|FOLDER [OLD-CHECKPOINT]
                                                   the whole log, from its entries upwards

LOG-KEY is the verifier key out of the logs note. Whatever does not hold ends it with one sentence.
"""
import base64
import hashlib
import ssl
import struct
import sys
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Wrong(Exception):
    pass


def need(what, why):
    if not what:
        raise Wrong(why)


def h(data):
    return hashlib.sha256(data).digest()


def unb64(text):
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, "base64 is not canonical")
    return data


# --- notes.md ----------------------------------------------------------------------------------------
class Key:
    """A verifier key: name+hex(keyid)+base64(type || key)."""

    def __init__(self, text):
        self.name, keyid, rest = text.strip().split("+", 2)
        rest = unb64(rest)
        need(rest[0] == 1 and len(rest) == 33, "not an Ed25519 key")
        self.public, self.id = rest[1:], h(self.name.encode() + b"\n" + rest)[:4]
        need(self.id.hex() == keyid, "the key id is not that of the key")

    def verify(self, note):
        """The text of a note that this key has signed."""
        need(note.endswith("\n") and "\n\n" in note, "not a signed note")
        need(all(c == "\n" or ord(c) >= 32 for c in note), "control characters in a note")
        cut = note.rindex("\n\n") + 1
        text, signed = note[:cut], False
        for line in note[cut + 1:-1].split("\n"):
            need(line.startswith("\u2014 ") and line.count(" ") == 2, "not a signature line")
            _, name, data = line.split(" ")
            data = unb64(data)
            if name == self.name and data[:4] == self.id:
                try:
                    Ed25519PublicKey.from_public_bytes(self.public).verify(data[4:], text.encode())
                except InvalidSignature:
                    raise Wrong(f"a signature of {name} does not hold") from None
                signed = True
        need(signed, f"not signed by {self.name}")
        return text


def logs_note(note, holder, genesis):
    """The keys of both logs, out of a note that the pinned holder key has signed (log.md §5)."""
    lines = Key(holder).verify(note).split("\n")
    need(len(lines) == 5 and lines[0] == "sparekey/1 logs" and lines[4] == "", "not a logs note")
    need(lines[1] == "genesis " + genesis, "the logs note is of another authority")
    need(lines[2].startswith("deposits ") and lines[3].startswith("recoveries "), "not a logs note")
    keys = Key(lines[2][9:]), Key(lines[3][11:])
    need(len({keys[0].public, keys[1].public, Key(holder).public}) == 3, "one key in two roles")
    return keys


# --- log.md §1: the trees of RFC 6962 ----------------------------------------------------------------
def leaf_hash(entry):
    return h(b"\0" + entry)


def node(left, right):
    return h(b"\1" + left + right)


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root(leaves):
    if not leaves:
        return h(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def climb(leaf, index, size, path):
    """The root that a path leads to: from the top down, as RFC 6962 §2.1.1 defines it."""
    need(0 <= index < size, "the index is not in the log")
    if size == 1:
        need(not path, "the path is too long")
        return leaf
    need(path, "the path is too short")
    k = split(size)
    if index < k:
        return node(climb(leaf, index, k, path[:-1]), path[-1])
    return node(path[-1], climb(leaf, index - k, size - k, path[:-1]))


# --- log.md §2 ---------------------------------------------------------------------------------------
def checkpoint(note, key):
    """(size, root) of a signed checkpoint."""
    lines = key.verify(note).split("\n")
    need(len(lines) == 4 and lines[3] == "" and lines[0] == key.name, "not a checkpoint of this log")
    need(lines[1] == str(int(lines[1])) and int(lines[1]) >= 0, "not a size")
    top = unb64(lines[2])
    need(len(top) == 32, "not a root")
    return int(lines[1]), top


# --- deposit.md §5 -----------------------------------------------------------------------------------
def deposit_entry(r_pub, p):
    need(len(r_pub) == 200 and len(p) == 32, "not a public record and a P")
    oc = h(b"sparekey/1 deposit\0" + r_pub + p)
    return b"\1\1\0\0" + r_pub[8:12] + r_pub[16:24] + oc + r_pub[168:200]


# --- log.md §6 ---------------------------------------------------------------------------------------
class Entry:
    """An entry of the recoveries log."""

    NO_DEPOSIT = 2**64 - 1

    def __init__(self, data):
        need(len(data) >= 48 and data[0] == 1 and data[2:4] == b"\0\0", "not an entry of the recoveries log")
        self.kind, self.hash = data[1], data[16:48]
        self.number, self.time_ms = struct.unpack(">IQ", data[4:16])
        of_request = self.kind in (16, 17, 18, 19, 20, 22, 23, 24)
        need(of_request or self.kind in (25, 32, 34), "an unknown kind of entry")
        need(len(data) == (64 if of_request else 80 if self.kind == 25 else 48), "an entry has another length")
        self.deposit, self.request = struct.unpack(">QQ", data[48:]) if of_request else (None, None)

    def is_of(self, salt, request_hash, detail=b""):
        """The entry hides this request, and with it this note."""
        return self.hash == h(b"sparekey/1 request\0" + salt + request_hash + h(detail))


# --- receipt.md --------------------------------------------------------------------------------------
class Receipt:
    """Parsed, verified; what it says of the deposit can be believed afterwards."""

    def __init__(self, text, key):
        need(len(text.encode()) <= 16384, "too long for a receipt")
        head, gap, note = text.partition("\n\n")
        need(gap == "\n\n", "no checkpoint in the receipt")
        lines = head.split("\n")
        need(len(lines) >= 3 and lines[0] == "c2sp.org/tlog-proof@v1", "not a proof")
        need(lines[1].startswith("extra ") and lines[2].startswith("index "), "not a receipt")
        extra = unb64(lines[1][6:])
        need(len(extra) == 232, "not the bytes of a deposit")
        self.r_pub, self.p = extra[:200], extra[200:]
        self.index = int(lines[2][6:])
        need(lines[2] == f"index {self.index}", "not an index")
        path = [unb64(x) for x in lines[3:]]
        need(len(path) <= 64 and all(len(x) == 32 for x in path), "not a path")
        self.size, self.root = checkpoint(note, key)
        self.entry = deposit_entry(self.r_pub, self.p)
        need(climb(leaf_hash(self.entry), self.index, self.size, path) == self.root,
             "the deposit does not stand in the log")
        self.epoch, self.policy = struct.unpack(">II", self.r_pub[8:16])
        self.time_ms = struct.unpack(">Q", self.r_pub[16:24])[0]
        self.serial, self.commitment = self.r_pub[24:40].hex(), self.r_pub[40:72]


# --- log.md §3 ---------------------------------------------------------------------------------------
def tile_path(level, n, width):
    digits = f"{n:03d}"
    digits = digits.rjust(-(-len(digits) // 3) * 3, "0")
    groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
    name = "/".join(["x" + g for g in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{name}" + (f".p/{width}" if width < 256 else "")


def tiles(size, level):
    """(number, width) of each tile of a level."""
    nodes = size >> (8 * level)
    full, rest = divmod(nodes, 256)
    return [(n, 256) for n in range(full)] + ([(full, rest)] if rest else [])


class Log:
    """A log as it is served; fetch(path) gives the bytes of a file of it."""

    def __init__(self, fetch, key):
        self.fetch, self.key = fetch, key
        self.size, self.root, self.entries = 0, h(b""), []

    def checkpoint(self):
        self.size, self.root = checkpoint(self.fetch("checkpoint").decode(), self.key)

    def read_entries(self):
        self.entries = []
        for n, width in tiles(self.size, 0):
            data, count = self.fetch(tile_path("entries", n, width)), 0
            while data:
                need(len(data) >= 2, "a bundle is cut off")
                length = struct.unpack(">H", data[:2])[0]
                need(length <= 1024 and len(data) >= 2 + length, "a bundle is cut off")
                self.entries.append(data[2:2 + length])
                data, count = data[2 + length:], count + 1
            need(count == width, "a bundle has another number of entries")

    def check(self):
        """The root from the entries, and every tile of hashes from them as well."""
        self.checkpoint()
        self.read_entries()
        leaves = [leaf_hash(e) for e in self.entries]
        need(root(leaves) == self.root, "the entries are not those that were signed")
        level, hashes = 0, leaves
        while hashes:
            for n, width in tiles(self.size, level):
                want = b"".join(hashes[256 * n:256 * n + width])
                need(self.fetch(tile_path(level, n, width)) == want, f"tile {n} of level {level} is wrong")
            hashes = [root(hashes[i:i + 256]) for i in range(0, len(hashes) - 255, 256)]
            level += 1
        return leaves

    def continues(self, note):
        """The log begins with what an older checkpoint says."""
        size, top = checkpoint(note, self.key)
        need(size <= self.size, "the log has shrunk")
        need(root([leaf_hash(e) for e in self.entries[:size]]) == top, "the log was forked")


def https(base):
    """Files below an address. Nothing here depends on who serves them."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def fetch(path):
        with urllib.request.urlopen(f"{base.rstrip('/')}/{path}", context=context) as r:
            return r.read()
    return fetch


def folder(base):
    """Files in a folder that a log was exported to."""
    def fetch(path):
        with open(f"{base.rstrip('/')}/{path}", "rb") as f:
            return f.read()
    return fetch


def main(argv):
    try:
        if len(argv) == 3 and argv[0] == "receipt":
            with open(argv[2], encoding="utf-8", newline="") as f:
                r = Receipt(f.read(), Key(argv[1]))
            print(f"{r.serial} is entry {r.index} of {r.size}, taken at {r.time_ms} ms")
        elif len(argv) in (3, 4) and argv[0] == "log":
            log = Log((https if argv[2].startswith("https:") else folder)(argv[2]), Key(argv[1]))
            log.check()
            if len(argv) == 4:
                with open(argv[3], encoding="utf-8", newline="") as f:
                    log.continues(f.read())
            print(f"{log.size} entries, root {base64.b64encode(log.root).decode()}")
        else:
            sys.exit(__doc__)
    except (Wrong, ValueError) as e:
        sys.exit(str(e))


if __name__ == "__main__":
    main(sys.argv[1:])
