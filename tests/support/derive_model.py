#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Independent model of what Sparekey derives from a session key, and of the paddings of SIMPLEBLOBs.

Written from RFC 2104, RFC 5869 and RFC 8017 on hashlib and plain integers only.  Run it to print
tests/vectors/crypto/derive.txt:

    python3 tests/support/derive_model.py > tests/vectors/crypto/derive.txt
"""
import hashlib
import random


def sha256(data):
    return hashlib.sha256(data).digest()


def hmac(name, key, data):
    block = hashlib.new(name).block_size
    if len(key) > block:
        key = hashlib.new(name, key).digest()
    key = key.ljust(block, b"\0")
    inner = hashlib.new(name, bytes(b ^ 0x36 for b in key) + data).digest()
    return hashlib.new(name, bytes(b ^ 0x5C for b in key) + inner).digest()


def hkdf_expand(name, prk, info, n):
    out, t, i = b"", b"", 1
    while len(out) < n:
        t = hmac(name, prk, t + info + bytes([i]))
        out += t
        i += 1
    return out[:n]


def sub(key, label, ctx, n):
    return hkdf_expand("sha384", key, b"sparekey/1 " + label + b"\0" + ctx, n)


def commitment(key, file_id):
    return sub(key, b"commitment", file_id, 32)


def oaep_seed(key, spki_hash, file_id):
    return sub(key, b"oaep seed", spki_hash + file_id, 20)


def v15_padding(key, spki_hash, file_id, k):
    stream = sub(key, b"v15 padding", spki_hash + file_id, 2 * k)
    ps = bytes(b for b in stream if b)[: k - 3 - 32]
    assert len(ps) == k - 3 - 32
    return ps


def mgf1(name, seed, n):
    out, i = b"", 0
    while len(out) < n:
        out += hashlib.new(name, seed + i.to_bytes(4, "big")).digest()
        i += 1
    return out[:n]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


L_HASH = hashlib.sha1(b"").digest()


def oaep_mask(db, seed, first=b"\0"):
    masked = xor(db, mgf1("sha1", seed, len(db)))
    return first + xor(seed, mgf1("sha1", masked, 20)) + masked


def oaep_encode(msg, seed, k):
    return oaep_mask(L_HASH + bytes(k - len(msg) - 42) + b"\1" + msg, seed)


def v15_encode(msg, ps):
    return b"\0\2" + ps + b"\0" + msg


def der(tag, body):
    n = len(body)
    if n < 128:
        head = bytes([tag, n])
    else:
        size = (n.bit_length() + 7) // 8
        head = bytes([tag, 0x80 | size]) + n.to_bytes(size, "big")
    return head + body


def der_uint(v):
    return der(2, v.to_bytes(v.bit_length() // 8 + 1, "big"))


def spki(n, e):
    alg = der(0x30, der(6, bytes.fromhex("2a864886f70d010101")) + der(5, b""))
    return der(0x30, alg + der(3, b"\0" + der(0x30, der_uint(n) + der_uint(e))))


def is_prime(n, rng):
    for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        if n % p == 0:
            return n == p
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for _ in range(20):
        x = pow(rng.randrange(2, n - 1), d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime(bits, rng):
    while True:
        p = rng.getrandbits(bits) | 3 << (bits - 2) | 1
        if (p - 1) % 65537 and is_prime(p, rng):
            return p


def toy_pair(bits):
    """A pair for vectors only: made from a seed, so no secret."""
    rng = random.Random("sparekey vectors %d" % bits)
    p, q = prime(bits // 2, rng), prime(bits // 2, rng)
    return p * q, 65537, pow(65537, -1, (p - 1) * (q - 1)), p, q


def put(name, value):
    print("%s = %s" % (name, value.hex()))


def put_pair(bits, key, file_id):
    n, e, d, p, q = toy_pair(bits)
    k, half = bits // 8, bits // 16
    der_key = spki(n, e)
    h = sha256(der_key)
    seed = oaep_seed(key, h, file_id)
    em_oaep = oaep_encode(key, seed, k)
    em_v15 = v15_encode(key, v15_padding(key, h, file_id, k))
    print("\n# RSA-%d" % bits)
    name = "rsa%d " % bits
    for field, value, size in (("n", n, k), ("d", d, k), ("p", p, half), ("q", q, half),
                               ("dp", d % (p - 1), half), ("dq", d % (q - 1), half),
                               ("qinv", pow(q, -1, p), half)):
        put(name + field, value.to_bytes(size, "big"))
    put(name + "spki", der_key)
    put(name + "id", h)
    put(name + "seed", seed)
    put(name + "oaep em", em_oaep)
    put(name + "oaep c", pow(int.from_bytes(em_oaep, "big"), e, n).to_bytes(k, "big"))
    put(name + "v15 em", em_v15)
    put(name + "v15 c", pow(int.from_bytes(em_v15, "big"), e, n).to_bytes(k, "big"))


def put_bad_oaep(key, seed, k):
    """Blocks with one fault each; all must be refused with the same error."""
    zeros = bytes(k - 32 - 42)
    good = L_HASH + zeros + b"\1" + key
    flip = lambda i, v: good[:i] + bytes([good[i] ^ v]) + good[i + 1 :]
    print("\n# OAEP blocks with one fault, RSA-%d" % (8 * k))
    put("oaep bad first byte 01", oaep_mask(good, seed, b"\1"))
    put("oaep bad first byte 80", oaep_mask(good, seed, b"\x80"))
    put("oaep bad lhash first bit", oaep_mask(flip(0, 0x80), seed))
    put("oaep bad lhash last bit", oaep_mask(flip(19, 1), seed))
    put("oaep bad lhash of another label", oaep_mask(hashlib.sha1(b"x").digest() + good[20:], seed))
    put("oaep bad padding first", oaep_mask(flip(20, 1), seed))
    put("oaep bad padding last", oaep_mask(flip(20 + len(zeros) - 1, 0x40), seed))
    put("oaep bad separator 00", oaep_mask(flip(20 + len(zeros), 1), seed))
    put("oaep bad separator 03", oaep_mask(flip(20 + len(zeros), 2), seed))
    put("oaep bad no separator", oaep_mask(L_HASH + bytes(k - 41), seed))
    put("oaep bad early separator", oaep_mask(L_HASH + b"\1" + zeros + key, seed))
    put("oaep bad short message", oaep_encode(key[:31], seed, k))
    put("oaep bad long message", oaep_encode(key + b"\7", seed, k))
    put("oaep bad empty message", oaep_encode(b"", seed, k))
    put("oaep bad all zeros", bytes(k))


def main():
    key, file_id = bytes(range(32)), bytes(range(0xA0, 0xB0))
    print("# SPDX-License-Identifier: Apache-2.0")
    print("# Made by tests/support/derive_model.py; do not edit.")
    put("key", key)
    put("file_id", file_id)
    put("commitment", commitment(key, file_id))
    for label in (b"payload", b"key area", b"deposit", b"metadata", b"a label of our own"):
        put("sub " + label.decode(), sub(key, label, file_id, 32))
    put("sub empty ctx", sub(key, b"payload", b"", 200))
    put_bad_oaep(key, hashlib.sha1(b"seed").digest(), 384)
    for bits in (2048, 3072, 4096):
        put_pair(bits, key, file_id)


if __name__ == "__main__":
    main()
