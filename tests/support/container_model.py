#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second, small writer of doc/spec/key-container.md, for its test vectors.

    container_model.py make KEYS DIR    write the containers of DIR from the keys KEYS/rsa-*.pem
    container_model.py check KEYS DIR   fail unless they are what `make` would write

plain.spc       both pairs, no passphrase, name "Vector Ä 1"
passphrase.spc  the same under the passphrase "correct horse"
signature.spc   only a signature pair
empty.spc       no pair at all
Salts and IVs are fixed texts, so that the files are always the same.
"""
import hashlib
import struct
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

NAME = "Vector \u00c4 1"
PASSPHRASE = b"correct horse"
KEYX, SIGN = 1, 2


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + n.to_bytes(size, "big") + body


def seq(*parts):
    return der(0x30, *parts)


def octets(data):
    return der(0x04, data)


def integer(v):
    return der(0x02, v.to_bytes(v.bit_length() // 8 + 1, "big"))


def oid(dotted):
    first, second, *rest = (int(x) for x in dotted.split("."))
    out = bytes([40 * first + second])
    for v in rest:
        part = bytes([v & 0x7F])
        while v > 0x7F:
            v >>= 7
            part = bytes([0x80 | v & 0x7F]) + part
        out += part
    return der(0x06, out)


def encrypt(pkcs8, label):
    salt = hashlib.sha256(b"salt " + label).digest()[:16]
    iv = hashlib.sha256(b"iv " + label).digest()[:16]
    key = hashlib.scrypt(PASSPHRASE, salt=salt, n=1 << 15, r=8, p=1, maxmem=1 << 27, dklen=32)
    pad = 16 - len(pkcs8) % 16
    aes = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    secret = aes.update(pkcs8 + bytes([pad]) * pad) + aes.finalize()
    scrypt = seq(octets(salt), integer(1 << 15), integer(8), integer(1))
    kdf = seq(oid("1.3.6.1.4.1.11591.4.11"), scrypt)
    scheme = seq(oid("2.16.840.1.101.3.4.1.42"), octets(iv))
    return seq(seq(oid("1.2.840.113549.1.5.13"), seq(kdf, scheme)), octets(secret))


def entry(spec, key, passphrase):
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    pkcs8 = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption())
    if passphrase:
        pkcs8 = encrypt(pkcs8, bytes([spec]))
    return struct.pack(">BBH", spec, 0, len(spki)) + spki + struct.pack(">H", len(pkcs8)) + pkcs8


def container(keys, passphrase):
    name = NAME.encode()
    body = struct.pack(">H", len(name)) + name + bytes([len(keys)])
    body += b"".join(entry(spec, key, passphrase) for spec, key in keys)
    head = b"\x89SPC\r\n\x1a\n" + struct.pack(">HHI", 1, int(passphrase), 16 + len(body) + 32)
    return head + body + hashlib.sha256(head + body).digest()


def files(keys):
    def load(bits):
        return serialization.load_pem_private_key((keys / f"rsa-{bits}.pem").read_bytes(), None)

    both = [(KEYX, load(3072)), (SIGN, load(2048))]
    return {"plain.spc": container(both, False), "passphrase.spc": container(both, True),
            "signature.spc": container(both[1:], False), "empty.spc": container([], False)}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    folder = Path(sys.argv[3])
    for name, data in files(Path(sys.argv[2])).items():
        if sys.argv[1] == "make":
            (folder / name).write_bytes(data)
        elif (folder / name).read_bytes() != data:
            sys.exit(f"{folder / name} is not what this model makes")


if __name__ == "__main__":
    main()
