#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second, small implementation of doc/spec/key-blobs.md, for its test vectors.

    keyblob_model.py make DIR    write DIR/blobs.txt from the keys DIR/rsa-*.pem
    keyblob_model.py check DIR   fail unless DIR/blobs.txt is what `make` would write

Numbers, paddings and RSA are done here by hand; the Python cryptography library reads the keys and
opens every BLOB once more on its own.  What is random in a real BLOB comes from SHA-512 of a fixed
text here, so that the file is always the same.
"""
import hashlib
import hmac
import struct
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

BITS = (2048, 3072, 4096)
K = bytes(range(0x40, 0x60))
FILE_ID = bytes.fromhex("0194f0a1b2c37d4e8f90a1b2c3d4e5f6")
KEYX, SIGN, AES_256 = 0xA400, 0x2400, 0x6610


def stream(label, n):
    out = b""
    while len(out) < n:
        out += hashlib.sha512(f"{label} {len(out)}".encode()).digest()
    return out[:n]


def nonzero(data, n):
    out = bytes(b for b in data if b)
    assert len(out) >= n
    return out[:n]


def header(kind, alg):
    return struct.pack("<BBHI", kind, 2, 0, alg)


def le(number, width):
    return number.to_bytes(width, "little")


def public_blob(num, alg):
    n = num.public_numbers.n
    width = n.bit_length() // 8
    head = header(6, alg) + b"RSA1" + struct.pack("<II", n.bit_length(), num.public_numbers.e)
    return head + le(n, width)


def private_blob(num, alg):
    n = num.public_numbers.n
    width = n.bit_length() // 8
    half = (width + 1) // 2
    head = header(7, alg) + b"RSA2" + struct.pack("<II", n.bit_length(), num.public_numbers.e)
    primes = (num.p, num.q, num.dmp1, num.dmq1, num.iqmp)
    return head + le(n, width) + b"".join(le(x, half) for x in primes) + le(num.d, width)


def mgf1(seed, n):
    out = b""
    while len(out) < n:
        out += hashlib.sha1(seed + struct.pack(">I", len(out) // 20)).digest()
    return out[:n]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def oaep(message, seed, k):
    db = hashlib.sha1(b"").digest() + bytes(k - 42 - len(message)) + b"\x01" + message
    masked = xor(db, mgf1(seed, len(db)))
    return b"\0" + xor(seed, mgf1(masked, 20)) + masked


def v15(message, ps, k):
    assert len(ps) == k - 3 - len(message) and 0 not in ps
    return b"\0\x02" + ps + b"\0" + message


def encrypt(num, em):
    n, e = num.public_numbers.n, num.public_numbers.e
    return pow(int.from_bytes(em, "big"), e, n)


def simple_blob(c, k, alg=AES_256):
    return header(1, alg) + struct.pack("<I", KEYX) + le(c, k)


def sub(label, ctx, n):
    info = b"sparekey/1 " + label + b"\0" + ctx
    return HKDFExpand(algorithm=hashes.SHA384(), length=n, info=info).derive(K)


def rejected(num, c, k):
    """What a v1.5 BLOB with bad padding opens to."""
    secret = hashlib.sha256(b"sparekey/1 reject" + num.d.to_bytes(k, "big")).digest()
    return hmac.new(secret, c.to_bytes(k, "big"), hashlib.sha256).digest()


def bad_blocks(k):
    """Name and block, one fault each."""
    ps = nonzero(stream("bad", 4 * k), k - 35)
    good = v15(K, ps, k)
    yield "first byte", b"\x01" + good[1:]
    yield "block type", b"\0\x01" + good[2:]
    yield "zero in padding, first", good[:2] + b"\0" + good[3:]
    yield "zero in padding, last", good[:-34] + b"\0" + good[-33:]
    yield "no separator", good[:-33] + b"\x07" + good[-32:]
    yield "key of 31 bytes", b"\0\x02" + ps + b"\x09" + b"\0" + K[1:]
    yield "key of 33 bytes", b"\0\x02" + ps[1:] + b"\0\x33" + K
    yield "all zero", bytes(k - 1) + b"\x02"


def key_lines(name, key):
    num = key.private_numbers()
    n = num.public_numbers.n
    k = n.bit_length() // 8
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    ctx = hashlib.sha256(spki).digest() + FILE_ID
    sha1 = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)

    yield "key", name
    yield "spki", spki.hex()
    for spec, alg in (("keyx", KEYX), ("sign", SIGN)):
        yield f"public_{spec}", public_blob(num, alg).hex()
        yield f"private_{spec}", private_blob(num, alg).hex()
    seeds = (("derived", sub(b"oaep seed", ctx, 20)), ("random", stream("seed", 20)))
    for how, seed in seeds:
        c = encrypt(num, oaep(K, seed, k))
        assert key.decrypt(c.to_bytes(k, "big"), sha1) == K
        yield f"oaep_{how}", simple_blob(c, k).hex()
    pads = (("derived", sub(b"v15 padding", ctx, 2 * k)), ("random", stream("ps", 2 * k)))
    for how, pad in pads:
        c = encrypt(num, v15(K, nonzero(pad, k - 35), k))
        assert key.decrypt(c.to_bytes(k, "big"), padding.PKCS1v15()) == K
        yield f"v15_{how}", simple_blob(c, k).hex()
    for fault, block in bad_blocks(k):
        c = encrypt(num, block)
        yield "bad", fault
        yield "bad_blob", simple_blob(c, k).hex()
        yield "bad_opens_to", rejected(num, c, k).hex()


def text(folder):
    lines = ["# made by tests/support/keyblob_model.py", f"session_key: {K.hex()}",
             f"file_id: {FILE_ID.hex()}"]
    for bits in BITS:
        pem = (folder / f"rsa-{bits}.pem").read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        lines += [f"{name}: {value}" for name, value in key_lines(f"rsa-{bits}", key)]
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    folder = Path(sys.argv[2])
    target = folder / "blobs.txt"
    if sys.argv[1] == "make":
        target.write_text(text(folder))
    elif target.read_text() != text(folder):
        sys.exit(f"{target} is not what this model makes")


if __name__ == "__main__":
    main()
