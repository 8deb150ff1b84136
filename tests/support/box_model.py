#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Independent model of sealing to an X25519 key: RFC 7748 on plain integers, RFC 5869 on hmac, and
AES-256-GCM of python3-cryptography.  Prints the vector of tests/unit/crypto/test_ed25519.c."""
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

P = 2**255 - 19


def x25519(scalar, u):
    k = bytearray(scalar)
    k[0] &= 248
    k[31] = k[31] & 127 | 64
    k, x1 = int.from_bytes(k, "little"), int.from_bytes(u, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a % P, c * b % P, a * a % P, b * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def public(scalar):
    return x25519(scalar, (9).to_bytes(32, "little"))


def seal(recipient, ephemeral_priv, info, msg):
    ephemeral = public(ephemeral_priv)
    prk = hmac.digest(ephemeral + recipient, x25519(ephemeral_priv, recipient), hashlib.sha256)
    key = hmac.digest(prk, info + b"\1", hashlib.sha256)
    return ephemeral + AESGCM(key).encrypt(bytes(12), msg, b"")


def main():
    # RFC 7748 section 5.2, first vector and first iteration.
    assert x25519(
        bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
        bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
    ).hex() == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    nine = (9).to_bytes(32, "little")
    assert public(nine).hex() == "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"
    priv, ephemeral = bytes(range(1, 33)), bytes(range(65, 97))
    print("public", public(priv).hex())
    print("sealed", seal(public(priv), ephemeral, b"sparekey/1 test", b"a share of a key").hex())


if __name__ == "__main__":
    main()
