#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second, small implementation of doc/spec/{deposit,statements,notes,policy}.md, for test vectors.

    wire_model.py make DIR    write DIR/wire.txt from the keys DIR/*.pem
    wire_model.py check DIR   fail unless DIR/wire.txt is what `make` would write

Lists, texts, trees, codes, paddings and RSA are done here by hand; the Python cryptography library
reads keys, makes Ed25519 signatures and the AES-GCM of slot 5, and verifies every RSA signature once
more on its own.  What is random in real life comes from SHA-512 of a fixed text, so that the file is
always the same.
"""
import base64
import hashlib
import hmac
import struct
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

K = bytes(range(32))
FILE_ID = bytes.fromhex("0194f0a1b2c37d4e8f90a1b2c3d4e5f6")
SALT = bytes([0x5A] * 32)
RECORD_R = bytes([0xC3] * 16)
OWNER_TAG = bytes([0x07] * 32)
TIME_MS = 1700000000123
NOW = 1700000000
AES_256 = 0x6610
OAEP, DERIVED = 1, 2


def h(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def stream(label, n):
    out = b""
    while len(out) < n:
        out += hashlib.sha512(f"{label} {len(out)}".encode()).digest()
    return out[:n]


# --- derivation from the session key -------------------------------------------------------------
def sub(label, ctx, n):
    info = b"sparekey/1 " + label + b"\0" + ctx
    out, block, i = b"", b"", 1
    while len(out) < n:
        block = hmac.new(K, block + info + bytes([i]), hashlib.sha384).digest()
        out, i = out + block, i + 1
    return out[:n]


# --- RSA by hand ---------------------------------------------------------------------------------
class Key:
    def __init__(self, path):
        self.key = serialization.load_pem_private_key(path.read_bytes(), None)
        num = self.key.private_numbers()
        self.n, self.e, self.d = num.public_numbers.n, num.public_numbers.e, num.d
        self.k = (self.n.bit_length() + 7) // 8
        self.spki = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.id = h(self.spki)

    def public(self, block):
        return pow(int.from_bytes(block, "big"), self.e, self.n).to_bytes(self.k, "big")

    def pss(self, message, salt):
        bits = self.n.bit_length() - 1
        em_len = (bits + 7) // 8
        digest = h(b"\0" * 8 + h(message) + salt)
        db = b"\0" * (em_len - len(salt) - 32 - 2) + b"\x01" + salt
        masked = bytearray(xor(db, mgf1(digest, len(db), hashlib.sha256)))
        masked[0] &= 0xFF >> (8 * em_len - bits)
        em = bytes(masked) + digest + b"\xbc"
        sig = pow(int.from_bytes(em, "big"), self.d, self.n).to_bytes(self.k, "big")
        self.key.public_key().verify(
            sig, message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        return sig


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def mgf1(seed, n, algorithm):
    out, i = b"", 0
    while len(out) < n:
        out, i = out + algorithm(seed + struct.pack(">I", i)).digest(), i + 1
    return out[:n]


def oaep(message, seed, k):
    db = hashlib.sha1(b"").digest()
    db += b"\0" * (k - len(message) - 42) + b"\x01" + message
    masked = xor(db, mgf1(seed, len(db), hashlib.sha1))
    return b"\0" + xor(seed, mgf1(masked, 20, hashlib.sha1)) + masked


def simpleblob(key):
    seed = sub(b"oaep seed", key.id + FILE_ID, 20)
    cipher = key.public(oaep(K, seed, key.k))
    return struct.pack("<BBHII", 1, 2, 0, AES_256, 0xA400) + cipher[::-1]


def statement(key, kind, authority, data):
    message = b"sparekey/1 statement\n" + kind + b"\n" + authority.id + data
    return key.pss(message, stream("salt " + kind.decode(), 32))


# --- attribute lists, trees, codes, notes ---------------------------------------------------------
def attrs(pairs):
    out = struct.pack(">H", len(pairs))
    for kind, value in sorted(pairs):
        out += struct.pack(">HI", kind, len(value)) + value
    return out


def u64(v):
    return struct.pack(">Q", v)


def root(leaves):
    if not leaves:
        return h(b"")
    if len(leaves) == 1:
        return h(b"\0" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return h(b"\x01" + root(leaves[:split]) + root(leaves[split:]))


def code(digest):
    bits = int.from_bytes(digest, "big") >> 156
    letters = ["0123456789ABCDEFGHJKMNPQRSTVWXYZ"[(bits >> (95 - 5 * i)) & 31] for i in range(20)]
    return "-".join("".join(letters[i:i + 5]) for i in range(0, 20, 5))


class Signer:
    def __init__(self, name, byte):
        self.key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([byte] * 32))
        self.pub = self.key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.name = name
        self.id = h(name.encode() + b"\n\x01" + self.pub)[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64(bytes([1]) + self.pub)}"

    def line(self, text):
        return f"\u2014 {self.name} {b64(self.id + self.key.sign(text.encode()))}\n"


def note(text, signers):
    return text + "\n" + "".join(s.line(text) for s in signers)


def lines(kind, fields):
    return f"sparekey/1 {kind}\n" + "".join(f"{k} {v}\n" for k, v in fields)


def x25519_public(byte):
    key = x25519.X25519PrivateKey.from_private_bytes(bytes([byte] * 32))
    return key.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)


# --- the things themselves ------------------------------------------------------------------------
def deposit(out, authority, owner):
    commitment = sub(b"commitment", FILE_ID, 32)
    core = bytes.fromhex("8953504b0d0a1a0a") + struct.pack(">HHI", 1, 1, 88) + FILE_ID
    core += struct.pack(">QIIII", NOW, 4096, 65536, 0, 0) + commitment
    r_priv = attrs([(1, owner), (2, FILE_ID), (3, "Jahresabschluß 2025.ods".encode()), (4, core)])
    blob = simpleblob(authority)
    head = struct.pack(">HHIII", 1, OAEP | DERIVED, AES_256, 1, 1)
    middle = FILE_ID + commitment + authority.id + h(blob)
    tag = hmac.new(sub(b"deposit", FILE_ID, 32),
                   b"sparekey/1 deposit\0" + head + middle + OWNER_TAG + h(owner) + h(r_priv),
                   hashlib.sha256).digest()
    r_pub = head + u64(TIME_MS) + middle + tag + OWNER_TAG
    p = h(SALT + r_priv)
    oc = h(b"sparekey/1 deposit\0" + r_pub + p)
    entry = struct.pack(">BBHIQ", 1, 1, 0, 1, TIME_MS) + oc + OWNER_TAG
    opened = head + middle + tag + OWNER_TAG + p + owner
    sealed = AESGCM(sub(b"record", FILE_ID + authority.id + RECORD_R, 32)).encrypt(
        bytes(12), SALT + r_priv, opened + RECORD_R)
    out["deposit.blob"], out["deposit.core"], out["deposit.r_pub"] = blob, core, r_pub
    out["deposit.r_priv"], out["deposit.p"], out["deposit.t"] = r_priv, p, tag
    out["deposit.oc"], out["deposit.entry"] = oc, entry
    out["deposit.leaf"], out["deposit.record"] = h(b"\0" + entry), opened + RECORD_R + sealed
    return oc


def enrolment(out, authority, keyx, sign, veto):
    record = attrs([(1, "Ada Lovelace".encode()), (2, b"ada@example.org"), (2, b"+44 20 7946 0018"),
                    (3, keyx.spki), (4, sign.spki), (5, veto.pub), (6, bytes([0x66] * 16)),
                    (7, u64(NOW - 86400))])
    out["enrolment.record"], out["enrolment.owner"] = record, h(record)
    out["enrolment.signature"] = statement(sign, b"enrolment", authority, record)
    return h(record)


def request(out, authority, owner, keyx, sign):
    ids = [bytes([i] * 16) for i in (1, 2, 3)]
    select = b"\x02" + struct.pack(">I", len(ids)) + root(ids)
    record = attrs([(1, authority.id), (2, owner), (3, u64(1)), (4, select), (5, b"laptop stolen"),
                    (6, keyx.spki), (7, sign.spki), (8, bytes([0x77] * 16)), (9, u64(NOW)),
                    (10, b"ring 0018")])
    out["request.root"], out["request.record"], out["request.hash"] = root(ids), record, h(record)
    out["request.code"] = code(h(record)).encode()
    out["request.sig_sign"] = statement(sign, b"request", authority, record)
    out["request.sig_keyx"] = statement(keyx, b"possession", authority, record)
    return h(record)


def policies(out, officers):
    fields = [("number", 1), ("previous", "none"), ("quorum", 2), ("deny", 1), ("wait", 0),
              ("request-life", 2592000), ("approval-life", 604800), ("override-quorum", 3),
              ("override-wait", 604800), ("need-derived", "yes")]
    owners = {"alice": ",".join(sorted([h(b"alice 1").hex(), h(b"alice 2").hex()]))}
    for i, s in enumerate(officers):
        person = s.name.split("/")[1]
        fields.append(("officer", f"{s.vkey} person={person} seal={b64(x25519_public(0x21 + i))} "
                                  f"owners={owners.get(person, 'none')}"))
    genesis = lines("policy", fields)
    fields[0], fields[1], fields[4] = ("number", 2), ("previous", h(genesis.encode()).hex()), ("wait", 3600)
    second = lines("policy", fields)
    out["policy.genesis"] = note(genesis, officers).encode()
    out["policy.genesis.hash"] = h(genesis.encode())
    out["policy.second"] = note(second, officers[1:]).encode()
    out["policy.second.hash"] = h(second.encode())
    return h(genesis.encode())


def notes(out, facts):
    a, holder, veto, officer = facts["authority"], facts["holder"], facts["veto"], facts["officer"]
    hx = {k: v.hex() for k, v in facts.items() if isinstance(v, bytes)}
    fields = [("name", "backup.example"), ("epoch", 1), ("key", b64(a.spki)), ("previous", "none"),
              ("holder", holder.vkey), ("tls", h(b"tls key").hex()), ("policy", hx["policy"])]
    text = lines("authority", fields)
    out["authority.text"], out["authority.hash"] = text.encode(), h(text.encode())
    out["authority.code"] = code(h(text.encode())).encode()
    fields[5] = ("tls", h(b"another tls key").hex())
    fields.append(("follows", h(text.encode()).hex()))
    out["authority.tls.text"] = lines("authority", fields).encode()
    vote = [
        ("authority", a.id.hex()), ("request", hx["request"]), ("owner", hx["owner"]),
        ("scope", f"1 {hx['scope']}"), ("recipient", facts["keyx"].id.hex()),
        ("signer", facts["sign"].id.hex()), ("evidence", h(b"evidence").hex()),
        ("decision", "approve"), ("policy", f"1 {hx['policy']}"), ("round", 1), ("time", NOW),
        ("expires", NOW + 86400), ("log", "none")]
    out["approval.note"] = note(lines("approval", vote), [officer]).encode()
    vote[-1] = ("log", "backup.example/recoveries")
    out["approval.log.note"] = note(lines("approval", vote), [officer]).encode()
    text = lines("veto", [("authority", a.id.hex()), ("request", hx["request"])])
    out["veto.note"] = note(text, [veto]).encode()
    text = lines("successor", [
        ("authority", a.id.hex()), ("owner", hx["owner"]), ("number", 1), ("previous", hx["owner"]),
        ("keyx", b64(facts["keyx"].spki)), ("sign", b64(facts["sign"].spki)),
        ("request", hx["request"]), ("time", NOW + 60)])
    out["successor.note"] = note(text, [holder]).encode()
    text = lines("officer-query", [
        ("authority", a.id.hex()), ("method", "GET"), ("path", "/v1/officer/requests?state=open"),
        ("body", h(b"").hex()), ("time", NOW), ("nonce", (bytes([0x88] * 16)).hex())])
    out["query.note"] = note(text, [officer]).encode()


def vectors(folder):
    key = {p.stem: Key(p) for p in folder.glob("*.pem")}
    out = {"key": K, "file_id": FILE_ID, "salt": SALT, "record.r": RECORD_R, "owner_tag": OWNER_TAG}
    out["attrs"] = attrs([(9, b""), (2, b"b"), (2, b"ab"), (2, b"a"), (1, bytes(300)), (0xFFFF, b"z")])
    a = key["authority"]
    for name, k in sorted(key.items()):
        out[f"spki.{name}"] = k.spki
    # The veto key's name is made of the owner id, which covers the key: two steps.
    owner = enrolment(out, a, key["owner-keyx"], key["owner-sign"], Signer("veto", 0x31))
    veto = Signer("veto/" + owner.hex(), 0x31)
    oc = deposit(out, a, owner)
    req = request(out, a, owner, key["new-keyx"], key["new-sign"])
    officers = [Signer("officer/" + n, 0x11 + i) for i, n in enumerate(("alice", "bob", "carol"))]
    scope = root([u64(7) + oc])
    out["scope.root"] = scope
    policy = policies(out, officers)
    notes(out, {"authority": a, "holder": Signer("backup.example/holder", 0x41), "veto": veto,
                "officer": officers[1], "owner": owner, "request": req, "scope": scope,
                "policy": policy, "keyx": key["new-keyx"], "sign": key["new-sign"]})
    head = "# Made by tests/support/wire_model.py; every value is hex, texts too.\n"
    return head + "".join(f"{k}: {v.hex()}\n" for k, v in out.items())


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    folder = Path(sys.argv[2])
    text = vectors(folder)
    if sys.argv[1] == "make":
        (folder / "wire.txt").write_text(text)
    elif (folder / "wire.txt").read_text() != text:
        sys.exit("wire.txt is not what the model makes")


main()
