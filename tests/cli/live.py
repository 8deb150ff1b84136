# SPDX-License-Identifier: Apache-2.0
"""sparekey against a running authority: the fixture of tests/support, and votes on requests that
the program has opened."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import authority_fixture as fixture  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402

import box as harness  # noqa: E402

# tests knock more often in a minute than people do in an hour
RATES = "requests_per_hour = 100000\nrequests_per_owner = 1000\nrecords_per_hour = 100000\nenrolments_per_hour = 100000\n"


def attrs(data):
    """{type: [values]} of a canonical attribute list"""
    out, at = {}, 2
    for _ in range(int.from_bytes(data[:2], "big")):
        kind, n = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 6], "big")
        out.setdefault(kind, []).append(data[at + 6 : at + 6 + n])
        at += 6 + n
    return out


class _Half:
    """The public half where the fixture expects a pair."""

    def __init__(self, der):
        self._key = serialization.load_der_public_key(der)

    def public_key(self):
        return self._key


class _Owner:
    def __init__(self, owner_id):
        self.id = owner_id


class Authority(fixture.Authority):
    def __init__(self, conf="", **policy):
        super().__init__(harness.BUILD, conf + RATES, **policy)

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    @property
    def address(self):
        return f"{self.url}/#{fixture.h(self.statement.encode()).hex()}"

    def keep_port(self):
        """So that the server can come back under the address that clients have pinned."""
        path = self.folder / "authority/sparekeyd.conf"
        path.write_text(path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{self.port}"))

    def new_tls_key(self):
        """Another TLS key and certificate; its H(SPKI) in hex."""
        tls = fixture.ec.generate_private_key(fixture.ec.SECP256R1())
        folder = self.folder / "authority"
        (folder / "tls.key").write_bytes(fixture.private_pem(tls))
        (folder / "tls.crt").write_bytes(fixture.certificate(tls, "localhost", server=True))
        return fixture.h(fixture.spki(tls.public_key())).hex()

    def rotate(self, officers, tls=None):
        """The next key epoch with its statement, signed by so many officers; both processes stopped."""
        folder = self.folder / "authority"
        text = subprocess.run(
            [harness.BUILD / "src/holder/sparekey-holder", "key", "rotate", "--dir", self.folder / "holder", "--statement", folder / "statement-1.note", "--bits", "2048"],
            check=True,
            stdout=subprocess.PIPE,
        ).stdout.decode()
        text = text.split("\n\n")[0].rstrip("\n") + "\n"
        if tls is not None:
            text = "".join(f"tls {tls}\n" if line.startswith("tls ") else line + "\n" for line in text.splitlines())
        note = text + "\n" + "".join(o.line(text) for o in self.officers[:officers])
        (folder / "statement-2.note").write_text(note)
        return note

    def request(self, hash_hex):
        """A request that the program has opened, as officers see it."""
        r = fixture.Request()
        r.hash = bytes.fromhex(hash_hex)
        shown = self.wait_request(r)
        r.record = fixture.unb64(shown["record"])
        assert fixture.h(r.record) == r.hash
        a = attrs(r.record)
        r.owner, r.keyx, r.sign = _Owner(a[2][0]), _Half(a[6][0]), _Half(a[7][0])
        r.reason = a[5][0].decode() if 5 in a else ""
        return r

    def approve(self, hash_hex, persons=2, **kw):
        request = self.request(hash_hex)
        kw.setdefault("authority", attrs(request.record)[1][0].hex())  # of the epoch that was asked
        for officer in self.officers[:persons]:
            answer = officer.vote(request, **kw)
            assert answer.status == 200, answer
        return request


def enrolled(authority, box=None):
    """A box with keys that is registered with the authority."""
    b = box or harness.Box()
    b.run("enroll", authority.address, ok=0)
    return b


def lose_keys(box):
    """What a dead disk does, as far as the keys are concerned."""
    for path in (box.home / ".local/share/sparekey/containers").glob("*"):
        path.unlink()


def containers(box):
    return sorted(
        bytes.fromhex(p.name).decode()
        for p in (box.home / ".local/share/sparekey/containers").iterdir()
        if not p.name.startswith(".")
    )


def spool(box):
    folder = box.home / ".local/share/sparekey/spool"
    return sorted(os.listdir(folder)) if folder.exists() else []
