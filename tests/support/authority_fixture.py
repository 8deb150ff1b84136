# SPDX-License-Identifier: Apache-2.0
"""A whole authority for tests: a folder with a holder's keys, a running sparekey-holder, a running
sparekeyd, officers, and owners who speak HTTPS with plain Python.

    with Authority(build_dir) as a:
        ann = a.enrol("Ann")
        ann.deposit(b"K" * 32, "a description")

What owners and officers do here is written from doc/spec/, not from the C code.
"""
import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import shutil
import ssl
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

CALG_AES_256 = 0x6610
OAEP, DERIVED = 1, 2


def h(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text, validate=True)


def attrs(pairs):
    out = struct.pack(">H", len(pairs))
    for kind, value in sorted(pairs):
        out += struct.pack(">HI", kind, len(value)) + value
    return out


def u64(v):
    return struct.pack(">Q", v)


def tree_root(entries):
    if not entries:
        return h(b"")
    if len(entries) == 1:
        return h(b"\0" + entries[0])
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return h(b"\x01" + tree_root(entries[:split]) + tree_root(entries[split:]))


def sub(key, label, ctx, n):
    info = b"sparekey/1 " + label + b"\0" + ctx
    out, block, i = b"", b"", 1
    while len(out) < n:
        block = hmac.new(key, block + info + bytes([i]), hashlib.sha384).digest()
        out, i = out + block, i + 1
    return out[:n]


def mgf1(seed, n):
    out, i = b"", 0
    while len(out) < n:
        out, i = out + hashlib.sha1(seed + struct.pack(">I", i)).digest(), i + 1
    return out[:n]


def oaep_wrap(key, pub, file_id):
    """SIMPLEBLOB of a session key with derived OAEP padding."""
    k = (pub.key_size + 7) // 8
    seed = sub(key, b"oaep seed", h(spki(pub)) + file_id, 20)
    db = hashlib.sha1(b"").digest() + b"\0" * (k - len(key) - 42) + b"\x01" + key
    masked = bytes(a ^ b for a, b in zip(db, mgf1(seed, len(db))))
    head = bytes(a ^ b for a, b in zip(seed, mgf1(masked, 20)))
    num = pub.public_numbers()
    m = int.from_bytes(b"\0" + head + masked, "big")
    cipher = pow(m, num.e, num.n).to_bytes(k, "big")
    return struct.pack("<BBHII", 1, 2, 0, CALG_AES_256, 0xA400) + cipher[::-1]


def spki(pub):
    return pub.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)


class KeyPool:
    """RSA pairs are slow to make: those of earlier runs are used again, each once in a process."""

    folder = Path(tempfile.gettempdir()) / f"spk-test-keys-{os.getuid()}"
    used = 0

    @classmethod
    def take(cls):
        cls.folder.mkdir(mode=0o700, exist_ok=True)
        path = cls.folder / f"{cls.used}.pem"
        cls.used += 1
        if path.exists():
            return serialization.load_pem_private_key(path.read_bytes(), None)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        part = cls.folder / f"{os.getpid()}.part"
        part.write_bytes(private_pem(key))
        part.rename(path)
        return key


def new_rsa():
    return KeyPool.take()


def pss(key, message):
    return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def statement(key, kind, authority, data):
    return pss(key, b"sparekey/1 statement\n" + kind + b"\n" + authority + data)


def uuid7():
    ms = int(time.time() * 1000).to_bytes(6, "big")
    r = bytearray(os.urandom(10))
    r[0] = 0x70 | r[0] & 0x0F
    r[2] = 0x80 | r[2] & 0x3F
    return ms + bytes(r)


def certificate(key, name, server=False):
    now = datetime.datetime.utcnow()
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    b = (x509.CertificateBuilder().subject_name(who).issuer_name(who)
         .public_key(key.public_key()).serial_number(x509.random_serial_number())
         .not_valid_before(now - datetime.timedelta(days=1))
         .not_valid_after(now + datetime.timedelta(days=365)))
    if server:
        b = b.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return b.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def private_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Signer:
    """An Ed25519 key with the name it signs notes under."""

    def __init__(self, name):
        self.key = ed25519.Ed25519PrivateKey.generate()
        self.pub = self.key.public_key().public_bytes(serialization.Encoding.Raw,
                                                      serialization.PublicFormat.Raw)
        self.rename(name)

    def rename(self, name):
        self.name = name
        self.id = h(name.encode() + b"\n\x01" + self.pub)[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64(bytes([1]) + self.pub)}"

    def note(self, text):
        return text + "\n" + self.line(text)

    def line(self, text):
        return f"\u2014 {self.name} {b64(self.id + self.key.sign(text.encode()))}\n"


def note_text(kind, fields):
    return f"sparekey/1 {kind}\n" + "".join(f"{k} {v}\n" for k, v in fields)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def lines(self):
        return [json.loads(x) for x in self.body.decode().splitlines()]

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Client:
    """One keep-alive HTTPS connection, perhaps with a client certificate."""

    observe = None  # called with (method, path, answer) of every call

    def __init__(self, port, folder=None, key=None):
        self.port = port
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        if key is not None:
            path = Path(folder) / f"client-{h(spki(key.public_key())).hex()[:16]}.pem"
            if not path.exists():
                path.touch(0o600)
                path.write_bytes(private_pem(key) + certificate(key, "client"))
            self.context.load_cert_chain(path)
        self.conn = None

    def close(self):
        if self.conn is not None:
            self.conn.close()
        self.conn = None

    def call(self, method, path, body=None, headers=None, raw=None, ctype="application/json"):
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        sent = dict(headers or {})
        if data is not None:
            sent.setdefault("Content-Type", ctype)
        for attempt in (0, 1):
            fresh = self.conn is None
            if fresh:
                self.conn = http.client.HTTPSConnection("127.0.0.1", self.port,
                                                        context=self.context, timeout=60)
            try:
                self.conn.request(method, path, data, sent)
                r = self.conn.getresponse()
                answer = Answer(r.status, dict(r.getheaders()), r.read())
                if Client.observe is not None:
                    Client.observe(method, path, answer)
                return answer
            except (http.client.HTTPException, OSError):
                self.close()
                if fresh or attempt:
                    raise
        raise AssertionError("not reached")

    def get(self, path, **kw):
        return self.call("GET", path, **kw)

    def post(self, path, body=None, **kw):
        return self.call("POST", path, body, **kw)


class Owner:
    def __init__(self, authority, name, keyx=None, sign=None):
        self.a, self.name = authority, name
        self.keyx, self.sign = keyx or new_rsa(), sign or new_rsa()
        self.veto = Signer("veto")
        self.record = attrs([(1, name.encode()), (2, b"ring " + name.encode()),
                             (3, spki(self.keyx.public_key())), (4, spki(self.sign.public_key())),
                             (5, self.veto.pub), (6, os.urandom(16)), (7, u64(int(time.time())))])
        self.id = h(self.record)
        self.veto.rename("veto/" + self.id.hex())
        self.signature = statement(self.sign, b"enrolment", authority.key_id, self.record)
        self.http = authority.client(self.sign)

    def enrolment(self, **more):
        return {"record": b64(self.record), "signature": b64(self.signature), **more}

    def make_deposit(self, key, description, file_id=None, core=b"", policy=1, flags=OAEP | DERIVED,
                     owner=None):
        """A deposit as the client sends it, and what belongs to it."""
        file_id = file_id or uuid7()
        owner = owner or self.id
        r_priv = [(1, owner), (2, file_id), (3, description.encode())]
        if core:
            r_priv.append((4, core))
        r_priv = attrs(r_priv)
        blob = oaep_wrap(key, self.a.pub, file_id)
        head = struct.pack(">HHIII", 1, flags, CALG_AES_256, self.a.epoch, policy)
        middle = file_id + sub(key, b"commitment", file_id, 32) + self.a.key_id + h(blob)
        tag = hmac.new(sub(key, b"deposit", file_id, 32), b"sparekey/1 deposit\0" + head + middle +
                       bytes(32) + h(owner) + h(r_priv), hashlib.sha256).digest()
        salt = os.urandom(32)
        return {"r_pub": b64(head + u64(0) + middle + tag + bytes(32)), "salt": b64(salt),
                "r_priv": b64(r_priv), "blob": b64(blob)}

    def file_record(self, key, description):
        """Slots 5 and 2 of a sealed file that was never deposited."""
        d = self.make_deposit(key, description)
        r_pub, r_priv, salt = unb64(d["r_pub"]), unb64(d["r_priv"]), unb64(d["salt"])
        file_id, r = r_pub[24:40], os.urandom(16)
        opened = r_pub[:16] + r_pub[24:] + h(salt + r_priv) + self.id
        sealed = AESGCM(sub(key, b"record", file_id + self.a.key_id + r, 32)).encrypt(
            bytes(12), salt + r_priv, opened + r)
        return {"record": b64(opened + r + sealed), "blob": d["blob"]}

    def deposit(self, key, description, **kw):
        return self.http.post("/v1/deposits", self.make_deposit(key, description, **kw))

    def new_request(self, kind=1, serials=None, reason="laptop stolen"):
        """A recovery request with new pairs: body, hash, record, the requester's connection."""
        r = Request()
        r.owner, r.keyx, r.sign = self, new_rsa(), new_rsa()
        if serials is None:
            select = b"\x01" + bytes(36)
        else:
            serials = sorted(serials)
            select = b"\x02" + struct.pack(">I", len(serials)) + tree_root(serials)
        r.record = attrs([(1, self.a.key_id), (2, self.id), (3, u64(kind)), (4, select),
                          (5, reason.encode()), (6, spki(r.keyx.public_key())),
                          (7, spki(r.sign.public_key())), (8, os.urandom(16)),
                          (9, u64(int(time.time())))])
        r.hash = h(r.record)
        r.body = {"record": b64(r.record),
                  "sig_sign": b64(statement(r.sign, b"request", self.a.key_id, r.record)),
                  "sig_keyx": b64(statement(r.keyx, b"possession", self.a.key_id, r.record))}
        if serials is not None:
            r.body["serials"] = [s.hex() for s in serials]
        r.http = self.a.client(r.sign)
        return r


class Request:
    owner = keyx = sign = record = hash = body = http = None

    def path(self, rest=""):
        return f"/v1/requests/{self.hash.hex()}{rest}"


class Officer(Signer):
    def __init__(self, authority, person):
        super().__init__("officer/" + person)
        self.a, self.person = authority, person
        self.seal = x25519.X25519PrivateKey.generate().public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def header(self, method, path, body=b"", when=None, nonce=None):
        text = note_text("officer-query", [
            ("authority", self.a.key_id.hex()), ("method", method), ("path", path),
            ("body", h(body).hex()), ("time", int(when if when is not None else time.time())),
            ("nonce", (nonce or os.urandom(16)).hex())])
        return {"Sparekey-Officer": b64(self.note(text).encode())}

    def get(self, path):
        return self.a.http.get(path, headers=self.header("GET", path))

    def post(self, path, body):
        raw = json.dumps(body).encode()
        return self.a.http.post(path, raw=raw, headers=self.header("POST", path, raw))

    def vote_note(self, what, approve=True, round_=1, life=3600, **change):
        """Reads the request as an officer's tool does, and signs."""
        shown = self.get(f"/v1/officer/requests/{what.hash.hex()}").json
        fields = {
            "authority": self.a.key_id.hex(), "request": what.hash.hex(),
            "owner": what.owner.id.hex(),
            "scope": f"{shown['scope']['count']} {shown['scope']['root']}",
            "recipient": h(spki(what.keyx.public_key())).hex(),
            "signer": h(spki(what.sign.public_key())).hex(), "evidence": h(b"seen").hex(),
            "decision": "approve" if approve else "deny",
            "policy": f"{self.a.policy_number} {self.a.policy_hash.hex()}", "round": round_,
            "time": int(time.time()), "expires": int(time.time()) + life,
            "log": self.a.recoveries_log}
        fields.update(change)
        return self.note(note_text("approval", fields.items()))

    def vote(self, request, **kw):
        return self.a.http.post("/v1/officer/approvals", {"note": self.vote_note(request, **kw)})


class Authority:
    """Programs from the build folder; everything else in a temporary one."""

    def __init__(self, build, conf="", holder=True, persons=("alice", "bob", "carol"), **policy):
        self.build = Path(build)
        self.folder = Path(tempfile.mkdtemp(prefix="spk-authority-"))
        self.epoch, self.with_holder = 1, holder
        self.daemon = self.holder = self.http = None
        for name in ("holder", "authority", "run"):
            (self.folder / name).mkdir(mode=0o700)
        self.officers = [Officer(self, p) for p in persons]
        self._make_policy(policy)
        self._make_holder()
        self._make_server(conf)

    def _make_policy(self, change):
        values = {"number": 1, "previous": "none", "quorum": 2, "deny": 1, "wait": 0,
                  "request-life": 2592000, "approval-life": 604800, "override-quorum": 0,
                  "override-wait": 0, "need-derived": "yes"}
        values.update({k.replace("_", "-"): v for k, v in change.items()})
        self.policy_fields = list(values.items()) + [self._officer_line(o) for o in self.officers]
        text = note_text("policy", self.policy_fields)
        self.genesis = text + "\n" + "".join(o.line(text) for o in self.officers)
        self.policy_hash, self.policy_number = h(text.encode()), 1
        (self.folder / "authority/policy-1.note").write_text(self.genesis)

    @property
    def recoveries_log(self):
        """What a vote must name; the log begins before the first request can be decided about."""
        lines = self.http.get("/v1/authority").json["logs"].split("\n")
        return [x.split(" ")[1] for x in lines if x.startswith("recoveries ")][0].split("+")[0]

    @staticmethod
    def _officer_line(o):
        return ("officer", f"{o.vkey} person={o.person} seal={b64(o.seal)} owners=none")

    def next_policy(self, signers=None, **change):
        """The note of policy n+1, with the same officers."""
        values = dict(self.policy_fields[:-len(self.officers)])
        values.update({"number": self.policy_number + 1, "previous": self.policy_hash.hex()})
        values.update({k.replace("_", "-"): v for k, v in change.items()})
        fields = list(values.items()) + [self._officer_line(o) for o in self.officers]
        text = note_text("policy", fields)
        return text + "\n" + "".join(o.line(text) for o in (signers or self.officers))

    def _make_holder(self):
        out = subprocess.run(
            [self.build / "src/holder/sparekey-holder", "init", "--dir", self.folder / "holder",
             "--name", "backup.test", "--bits", "2048", "--policy",
             self.folder / "authority/policy-1.note"], check=True, stdout=subprocess.PIPE).stdout
        made = json.loads(out)
        self.spki = unb64(made["spki"])
        self.key_id = h(self.spki)
        self.pub = serialization.load_der_public_key(self.spki)
        self.vkey = made["vkey"]

    def _make_server(self, conf):
        tls = ec.generate_private_key(ec.SECP256R1())
        folder = self.folder / "authority"
        (folder / "tls.key").touch(0o600)
        (folder / "tls.key").write_bytes(private_pem(tls))
        (folder / "tls.crt").write_bytes(certificate(tls, "localhost", server=True))
        text = note_text("authority", [
            ("name", "backup.test"), ("epoch", 1), ("key", b64(self.spki)), ("previous", "none"),
            ("holder", self.vkey), ("tls", h(spki(tls.public_key())).hex()),
            ("policy", self.policy_hash.hex())])
        self.statement = text
        (folder / "statement-1.note").write_text(text)
        self.conf = "listen = 127.0.0.1:0\n" + conf
        (folder / "sparekeyd.conf").write_text(self.conf)

    def client(self, key=None):
        return Client(self.port, self.folder, key)

    def _spawn(self, argv):
        r, w = os.pipe()
        p = subprocess.Popen([str(x) for x in argv] + ["--ready-fd", str(w)], pass_fds=[w])
        os.close(w)
        with os.fdopen(r) as f:
            line = f.readline()
        if not line.startswith("ready"):
            p.wait()
            raise RuntimeError(f"{argv[0]} did not start (exit {p.returncode})")
        return p, line.split()

    def start_holder(self):
        self.holder, _ = self._spawn(
            [self.build / "src/holder/sparekey-holder", "run", "--dir", self.folder / "holder",
             "--socket", self.folder / "run/holder.sock"])

    def start_server(self):
        new = [] if (self.folder / "authority/sparekey.db").exists() else ["--new-store"]
        self.daemon, words = self._spawn(
            [self.build / "src/authority/sparekeyd", "--config",
             self.folder / "authority/sparekeyd.conf", *new])
        self.port = int(words[1])
        self.http = self.client()

    def stop(self, what="daemon", sig=15):
        p = getattr(self, what)
        if p is not None:
            p.send_signal(sig)
            code = p.wait(60)
            setattr(self, what, None)
            return code
        return None

    def __enter__(self):
        try:
            if self.with_holder:
                self.start_holder()
            self.start_server()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop("daemon")
        self.stop("holder")
        shutil.rmtree(self.folder, ignore_errors=True)

    def enrol(self, name, **more):
        owner = Owner(self, name)
        r = self.http.post("/v1/owners", owner.enrolment(**more))
        if r.status != 201:
            raise RuntimeError(f"not enrolled: {r}")
        return owner

    def wait_request(self, request, state="open", seconds=20):
        """Until officers can see it in this state."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            r = self.officers[0].get(f"/v1/officer/requests/{request.hash.hex()}")
            if r.status == 200 and r.json["state"] == state:
                return r.json
            time.sleep(0.1)
        raise AssertionError(f"the request did not become {state}: {r}")
