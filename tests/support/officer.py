#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A recovery officer without sparekeyctl: reads an identity file, signs queries and votes, and
recomputes what it signs. Follows doc/spec/notes.md and doc/spec/statements.md, shares no code with src/."""

import base64
import hashlib
import http.client
import json
import os
import ssl
import struct
import sys
import time
import urllib.parse

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

MAGIC = b"sparekey/1 officer-identity\n"


def sha(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def attrs(data):
    """{type: [values]} of a canonical attribute list"""
    (count,) = struct.unpack_from(">H", data)
    out, at = {}, 2
    for _ in range(count):
        kind, n = struct.unpack_from(">HI", data, at)
        out.setdefault(kind, []).append(data[at + 6 : at + 6 + n])
        at += 6 + n
    assert at == len(data)
    return out


class Officer:
    def __init__(self, path):
        with open(path, "rb") as f:
            data = f.read()
        assert data.startswith(MAGIC)
        a = attrs(data[len(MAGIC) :])
        self.name = "officer/" + a[1][0].decode()
        self.key = ed25519.Ed25519PrivateKey.from_private_bytes(a[5][0][:32])
        pub = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.keyid = sha(self.name.encode() + b"\n\x01" + pub)[:4]

    def note(self, kind, fields):
        text = f"sparekey/1 {kind}\n" + "".join(f"{k} {v}\n" for k, v in fields)
        return text + f"\n\u2014 {self.name} {b64(self.keyid + self.key.sign(text.encode()))}\n"


class Desk:
    """One officer's connection to one authority. The server is not authenticated here: what is
    signed is recomputed from the bytes that it sends."""

    def __init__(self, url, officer):
        u = urllib.parse.urlsplit(url)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.conn = http.client.HTTPSConnection(u.hostname, u.port, context=context, timeout=30)
        self.officer = officer
        a = self.call("GET", "/v1/authority")
        lines = dict(line.split(" ", 1) for line in a["statement"].splitlines()[1:] if " " in line)
        self.authority = sha(base64.b64decode(lines["key"])).hex()
        text = a["policies"][-1].split("\n\n")[0] + "\n"
        number = next(line.split()[1] for line in text.splitlines() if line.startswith("number "))
        self.policy = f"{number} {sha(text.encode()).hex()}"

    def call(self, method, path, body=None, signed=False):
        data = b"" if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if signed:
            query = self.officer.note(
                "officer-query",
                [
                    ("authority", self.authority),
                    ("method", method),
                    ("path", path),
                    ("body", sha(data).hex()),
                    ("time", int(time.time())),
                    ("nonce", os.urandom(16).hex()),
                ],
            )
            headers["Sparekey-Officer"] = b64(query.encode())
        self.conn.request(method, path, data or None, headers)
        r = self.conn.getresponse()
        answer = r.read()
        if r.status >= 300:
            raise RuntimeError(f"{method} {path}: {r.status} {answer.decode()}")
        return json.loads(answer) if answer else {}

    def requests(self):
        return self.call("GET", "/v1/officer/requests", signed=True)["requests"]

    def vote(self, request, code=None, approve=True, rounds=1, **override):
        """Approve or deny the request with this hash (hex); code is what the requester read out."""
        r = self.call("GET", f"/v1/officer/requests/{request}", signed=True)
        record = base64.b64decode(r["record"])
        assert sha(record).hex() == request, "the record is not that of the request"
        if code is not None:
            bits = int(request, 16) >> 156
            letters = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[(bits >> (95 - 5 * i)) & 31] for i in range(20))
            assert letters == code.replace("-", ""), "the code is not that of the request"
        a = attrs(record)
        fields = [
            ("authority", self.authority),
            ("request", request),
            ("owner", a[2][0].hex()),
            ("scope", f"{r['scope']['count']} {r['scope']['root']}"),
            ("recipient", sha(a[6][0]).hex()),
            ("signer", sha(a[7][0]).hex()),
            ("evidence", sha(record).hex()),
            ("decision", "approve" if approve else "deny"),
            ("policy", self.policy),
            ("round", rounds),
            ("time", int(time.time())),
            ("expires", int(time.time()) + 3600),
            ("log", "none"),
        ]
        fields = [(k, override.get(k, v)) for k, v in fields]
        return self.call("POST", "/v1/officer/approvals", {"note": self.officer.note("approval", fields)})


def main():
    if len(sys.argv) < 5:
        sys.exit("usage: officer.py IDENTITY URL approve|deny REQUEST [CODE]")
    desk = Desk(sys.argv[2], Officer(sys.argv[1]))
    print(desk.vote(sys.argv[4], sys.argv[5] if len(sys.argv) > 5 else None, sys.argv[3] == "approve"))


if __name__ == "__main__":
    main()
