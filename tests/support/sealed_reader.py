#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second, small reader and writer of sealed files, from doc/spec/sealed-file.md and nothing else.

    sealed_reader.py open PAIR.der FILE.spk OUT     open with an RSA pair (PKCS#8 DER)
    sealed_reader.py write PAIR.der IN FILE.spk     seal to the pair's public half
    sealed_reader.py known                          the known answer's SHA-256

It takes whole files into memory: it is here to check the specification, not to be used.
"""
import hashlib
import hmac
import os
import struct
import sys
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

MAGIC = bytes.fromhex("8953504B0D0A1A0A")
COMPACT = 1
OVERHEAD = 32
INTERNAL = 0xFFFFFFFF
OAEP, DERIVED = 1, 2
BLOB_HEAD = bytes.fromhex("010200001066000000a40000")


class Refused(Exception):
    """Carries the word of the specification: format, version, truncated, auth, nokey."""


def need(condition, word):
    if not condition:
        raise Refused(word)


def h(data):
    return hashlib.sha256(data).digest()


def expand(prk, info, n):
    return HKDFExpand(hashes.SHA384(), n, info).derive(prk)


def sub(key, label, ctx, n):
    return expand(key, b"sparekey/1 " + label.encode() + b"\0" + ctx, n)


# ---- core ------------------------------------------------------------------------------------------------


class Core:
    def __init__(self, file_id, created, area_len, seg_len, flags=0, tlvs=b"", commitment=bytes(32)):
        self.file_id, self.created, self.area_len = file_id, created, area_len
        self.seg_len, self.flags, self.tlvs, self.commitment = seg_len, flags, tlvs, commitment

    @property
    def areas(self):
        return 1 if self.flags & COMPACT else 2

    def build(self):
        return (
            MAGIC
            + struct.pack(">HHI", 1, 1, 88 + len(self.tlvs))
            + self.file_id
            + struct.pack(">QIIII", self.created, self.area_len, self.seg_len, self.flags, 0)
            + self.tlvs
            + self.commitment
        )

    @classmethod
    def parse(cls, data):
        need(data[:8] == MAGIC[: len(data[:8])] and data, "format")
        need(len(data) >= 16, "truncated")
        version, suite, core_len = struct.unpack(">HHI", data[8:16])
        need(version == 1 and suite == 1, "version")
        need(88 <= core_len <= 65536, "format")
        need(len(data) >= core_len, "truncated")
        created, area_len, seg_len, flags, zero = struct.unpack(">QIIII", data[32:56])
        core = cls(data[16:32], created, area_len, seg_len, flags, data[56 : core_len - 32],
                   data[core_len - 32 : core_len])
        need(zero == 0, "format")
        need(flags & ~COMPACT == 0, "version")
        need((256 if flags & COMPACT else 1024) <= area_len <= 65536, "format")
        need(not flags & COMPACT or area_len % 64 == 0, "format")
        need(4096 <= seg_len <= 16777216, "format")
        at, unknown = 0, False
        while at < len(core.tlvs):
            need(at + 4 <= len(core.tlvs), "format")
            kind, n = struct.unpack(">HH", core.tlvs[at : at + 4])
            at += 4 + n
            need(at <= len(core.tlvs) and (kind != 1 or n == 40), "format")
            unknown |= kind < 0x8000 and kind != 1
        need(not unknown, "version")
        return core


# ---- key areas -------------------------------------------------------------------------------------------


def area_mac(key, core, record):
    area_key = sub(key, "key area", core.file_id, 32)
    return hmac.digest(area_key, b"sparekey/1 area\0" + h(core.build()) + record, "sha256")


def build_area(key, core, slots, generation=1):
    body = b""
    for kind, flags, recipient, value in slots:
        body += struct.pack(">HHI", kind, flags, len(value)) + recipient + value
    record = b"KSLT" + struct.pack(">IQHH", 20 + len(body), generation, len(slots), 0) + body
    record += area_mac(key, core, record)
    record += h(record)
    need(len(record) <= core.area_len, "limit")
    return record + bytes(core.area_len - len(record))


def parse_area(area):
    """(generation, record, MAC, slots), or the word for what it is not."""
    need(len(area) >= 84 and area[:4] == b"KSLT", "damaged")
    used, generation, count, zero = struct.unpack(">IQHH", area[4:20])
    need(20 <= used <= len(area) - 64 and zero == 0 and count <= 256, "damaged")
    need(h(area[: used + 32]) == area[used + 32 : used + 64], "damaged")
    slots, at, unknown = [], 20, False
    for _ in range(count):
        need(at + 40 <= used, "damaged")
        kind, flags, n = struct.unpack(">HHI", area[at : at + 8])
        need(at + 40 + n <= used, "damaged")
        slots.append((kind, flags, area[at + 8 : at + 40], area[at + 40 : at + 40 + n]))
        at += 40 + n
        allowed = {1: 3, 2: 3, 3: 0, 4: 0, 5: 0, 6: 0}.get(kind)
        unknown |= kind < 0x8000 and (allowed is None or flags & ~allowed != 0)
    need(at == used, "damaged")
    need(not unknown, "version")
    return generation, area[:used], area[used : used + 32], slots


# ---- SIMPLEBLOBs (doc/spec/key-blobs.md), OAEP only ---------------------------------------------------------


def mgf1(seed, n):
    out = b"".join(hashlib.sha1(seed + struct.pack(">I", i)).digest() for i in range(n // 20 + 1))
    return out[:n]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def spki_of(public):
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def wrap(key, public, file_id, seed=None):
    numbers = public.public_numbers()
    k = (numbers.n.bit_length() + 7) // 8
    seed = seed or sub(key, "oaep seed", h(spki_of(public)) + file_id, 20)
    block = hashlib.sha1(b"").digest() + bytes(k - len(key) - 42) + b"\x01" + key
    block = xor(block, mgf1(seed, len(block)))
    em = b"\0" + xor(seed, mgf1(block, 20)) + block
    c = pow(int.from_bytes(em, "big"), numbers.e, numbers.n)
    return BLOB_HEAD + c.to_bytes(k, "little")


def unwrap(blob, pair):
    n, d = pair.private_numbers().public_numbers.n, pair.private_numbers().d
    k = (n.bit_length() + 7) // 8
    need(len(blob) == 12 + k and blob[:12] == BLOB_HEAD, "auth")
    c = int.from_bytes(blob[12:], "little")
    need(c < n, "auth")
    em = pow(c, d, n).to_bytes(k, "big")
    seed = xor(em[1:21], mgf1(em[21:], 20))
    block = xor(em[21:], mgf1(seed, k - 21))
    key = block[-32:]
    good = em[0] == 0 and block[:-32] == hashlib.sha1(b"").digest() + bytes(k - 32 - 42) + b"\x01"
    need(good, "auth")
    return key


# ---- payload ---------------------------------------------------------------------------------------------


class Floe:
    def __init__(self, key, aad, seg_len, iv):
        self.params = struct.pack(">BBII", 0, 0, seg_len, 32)
        self.iv, self.aad, self.seg_len = iv, aad, seg_len
        self.tag = self.kdf(key, b"HEADER_TAG:", 32)
        self.message_key = self.kdf(key, b"MESSAGE_KEY:", 48)

    def kdf(self, key, purpose, n):
        return expand(key, self.params + self.iv + purpose + self.aad, n)

    def aead(self, i):
        return AESGCM(self.kdf(self.message_key, b"DEK:" + struct.pack(">Q", i >> 20 << 20), 32))

    def seal(self, i, final, iv, text):
        length = len(text) + OVERHEAD if final else INTERNAL
        aad = struct.pack(">QB", i, final)
        return struct.pack(">I", length) + iv + self.aead(i).encrypt(iv, text, aad)

    def open(self, i, final, segment):
        need(OVERHEAD <= len(segment) <= self.seg_len, "auth")
        need(struct.unpack(">I", segment[:4])[0] == (len(segment) if final else INTERNAL), "auth")
        try:
            return self.aead(i).decrypt(segment[4:16], segment[16:], struct.pack(">QB", i, final))
        except InvalidTag:
            raise Refused("auth") from None


def payload(core, key, iv):
    return Floe(sub(key, "payload", core.file_id, 32), b"sparekey/1 payload\0" + h(core.build()),
                core.seg_len, iv)


def seal_payload(core, key, plain, iv, iv_of):
    floe = payload(core, key, iv)
    unit = core.seg_len - OVERHEAD
    n = max(1, -(-len(plain) // unit))
    out = [floe.params, floe.iv, floe.tag]
    for i in range(n):
        out.append(floe.seal(i, i == n - 1, iv_of(i), plain[i * unit : (i + 1) * unit]))
    return b"".join(out)


def fault(floe, i, final, segment):
    """The word for a segment that did not open ("Ends")."""
    if len(segment) < OVERHEAD:
        return "truncated"
    says = struct.unpack(">I", segment[:4])[0]
    try:
        if OVERHEAD <= says <= floe.seg_len and not (final and says == len(segment)):
            if says > len(segment):
                return "truncated"
            floe.open(i, True, segment[:says])
            return "format"
        if final and says == INTERNAL:
            if len(segment) == floe.seg_len:
                floe.open(i, False, segment)
            return "truncated"
    except Refused:
        pass
    return "auth"


def open_payload(core, key, data):
    need(len(data) >= 74, "truncated")
    floe = payload(core, key, data[10:42])
    need(data[:10] == floe.params and hmac.compare_digest(data[42:74], floe.tag), "auth")
    data = data[74:]
    n = -(-len(data) // core.seg_len)
    need(n > 0, "truncated")
    out = []
    for i in range(n):
        segment = data[i * core.seg_len : (i + 1) * core.seg_len]
        try:
            out.append(floe.open(i, i == n - 1, segment))
        except Refused:
            raise Refused(fault(floe, i, i == n - 1, segment)) from None
    return b"".join(out)


# ---- files -----------------------------------------------------------------------------------------------


def find_key(core, data, pair):
    me = h(spki_of(pair.public_key()))
    base = len(core.build())
    good, met, unknown = [], False, False
    for i in range(core.areas):
        area = data[base + i * core.area_len : base + (i + 1) * core.area_len]
        try:
            good.append(parse_area(area) + (i,))
        except Refused as e:
            unknown |= str(e) == "version"
    good.sort(key=lambda a: (-a[0], a[4]))
    for generation, record, mac, slots, _ in good:
        for kind, flags, recipient, blob in slots:
            if kind not in (1, 2) or recipient != me or not flags & OAEP:
                continue
            met = True
            try:
                key = unwrap(blob, pair)
            except Refused:
                continue
            c = hmac.compare_digest(sub(key, "commitment", core.file_id, 32), core.commitment)
            m = hmac.compare_digest(area_mac(key, core, record), mac)
            d = not flags & DERIVED or wrap(key, pair.public_key(), core.file_id) == blob
            if c and m and d:
                return key, slots
    need(not unknown, "version")
    need(good or len(data) >= base + core.areas * core.area_len, "truncated")
    raise Refused("auth" if met or not good else "nokey")


def read_metadata(core, key, body):
    r = body[:16]
    aead = AESGCM(sub(key, "metadata", core.file_id + r, 32))
    try:
        text = aead.decrypt(bytes(12), body[16:], h(core.build()))
    except InvalidTag:
        raise Refused("auth") from None
    (count,), at, items, last = struct.unpack(">H", text[:2]), 2, {}, -1
    for _ in range(count):
        tag, n = struct.unpack(">HI", text[at : at + 6])
        need(tag > last and at + 6 + n <= len(text), "format")
        items[tag], last = text[at + 6 : at + 6 + n], tag
        at += 6 + n
    need(at == len(text), "format")
    return items


def write_metadata(core, key, items):
    text = struct.pack(">H", len(items))
    for tag in sorted(items):
        text += struct.pack(">HI", tag, len(items[tag])) + items[tag]
    r = os.urandom(16)
    aead = AESGCM(sub(key, "metadata", core.file_id + r, 32))
    return r + aead.encrypt(bytes(12), text, h(core.build()))


def open_file(data, pair):
    """(plaintext, metadata items)"""
    core = Core.parse(data)
    key, slots = find_key(core, data, pair)
    meta = [read_metadata(core, key, body) for kind, _, _, body in slots if kind == 4]
    p0 = len(core.build()) + core.areas * core.area_len
    return open_payload(core, key, data[p0:]), meta[0] if meta else {}


def uuid7():
    ms = int(time.time() * 1000)
    b = bytearray(ms.to_bytes(6, "big") + os.urandom(10))
    b[6] = b[6] & 0x0F | 0x70
    b[8] = b[8] & 0x3F | 0x80
    return bytes(b)


def write_file(plain, public, seg_len=65536, compact=True, area_len=1024, name=b""):
    key = os.urandom(32)
    core = Core(uuid7(), int(time.time()), area_len, seg_len, COMPACT if compact else 0)
    core.commitment = sub(key, "commitment", core.file_id, 32)
    slots = [(1, OAEP | DERIVED, h(spki_of(public)), wrap(key, public, core.file_id))]
    if name:
        slots.append((4, 0, bytes(32), write_metadata(core, key, {1: name, 2: struct.pack(">I", 0o640)})))
    out = core.build() + core.areas * build_area(key, core, slots)
    return out + seal_payload(core, key, plain, os.urandom(32), lambda i: os.urandom(12))


def known_answer():
    key = bytes(range(32))
    core = Core(bytes(range(0xA0, 0xB0)), 1700000000, 1024, 4096)
    core.commitment = sub(key, "commitment", core.file_id, 32)
    slots = [(1, 0, h(b"spki"), BLOB_HEAD + 384 * b"\xcc")]
    plain = bytes(7 * i % 256 for i in range(10000))
    return core.build() + 2 * build_area(key, core, slots) + seal_payload(
        core, key, plain, bytes(range(0x40, 0x60)), lambda i: struct.pack(">III", 1, 2, i))


def load_pair(path):
    with open(path, "rb") as f:
        return serialization.load_der_private_key(f.read(), None)


def main(args):
    if args == ["known"]:
        print(h(known_answer()).hex())
        return 0
    if len(args) != 4 or args[0] not in ("open", "write"):
        print(__doc__, file=sys.stderr)
        return 2
    pair = load_pair(args[1])
    with open(args[2], "rb") as f:
        data = f.read()
    try:
        out = open_file(data, pair)[0] if args[0] == "open" else write_file(data, pair.public_key())
    except Refused as e:
        print(f"sealed_reader: {args[2]}: {e}", file=sys.stderr)
        return 1
    with open(args[3], "wb") as f:
        f.write(out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
