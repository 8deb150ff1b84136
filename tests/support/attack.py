# SPDX-License-Identifier: Apache-2.0
"""What an attacker of an authority has: the wire between it and its owners, a stolen TLS key, the database, the
holder's socket. Built on authority_fixture (the authority itself) and sparekey_cli (its users).
"""
import contextlib
import http.server
import json
import os
import socket
import sqlite3
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import authority_fixture as fixture
import log_verifier
import sparekey_cli
from authority_fixture import b64, h, unb64

BUILD = Path(os.environ.get("SPK_BUILD", "build")).resolve()
SPAREKEY = BUILD / "src/cli/sparekey"
SPAREKEYCTL = BUILD / "src/ctl/sparekeyctl"
HOLDER = BUILD / "src/holder/sparekey-holder"
need, equal = sparekey_cli.need, sparekey_cli.equal

# a test knocks more often in a minute than people do in an hour
RATES = ("requests_per_hour = 100000\nrequests_per_owner = 10000\nrecords_per_hour = 100000\n"
         "enrolments_per_hour = 100000\n")


def said(answer, status, *words):
    """The answer has this status, and an error's sentence has these words."""
    need(answer.status == status, f"{answer}, not {status}")
    for word in words:
        need(word in answer.json.get("message", ""), f"{answer} does not say {word!r}")
    return answer


def pairs_of(data):
    """[(type, value)] of a canonical attribute list"""
    out, at = [], 2
    for _ in range(int.from_bytes(data[:2], "big")):
        kind, n = struct.unpack(">HI", data[at:at + 6])
        out.append((kind, data[at + 6:at + 6 + n]))
        at += 6 + n
    return out


def tree_path(entries, i):
    """Hashes from the leaf upwards (RFC 6962 §2.1.1)."""
    if len(entries) == 1:
        return []
    split = 1
    while split * 2 < len(entries):
        split *= 2
    if i < split:
        return tree_path(entries[:split], i) + [fixture.tree_root(entries[split:])]
    return tree_path(entries[split:], i - split) + [fixture.tree_root(entries[:split])]


def unwrap(blob, key):
    """The session key in a SIMPLEBLOB with OAEP."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    return key.decrypt(blob[12:][::-1], padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))


class Site(fixture.Authority):
    """An authority on a fixed port whose programs' messages are kept."""

    def __init__(self, conf="", rates=RATES, **policy):
        self.logs = Path(tempfile.mkdtemp(prefix="spk-attack-"))
        super().__init__(BUILD, rates + conf, **policy)

    def _spawn(self, argv):
        r, w = os.pipe()
        with open(self.logs / Path(argv[0]).name, "ab") as log:
            p = subprocess.Popen([str(x) for x in argv] + ["--ready-fd", str(w)], pass_fds=[w], stderr=log)
        os.close(w)
        with os.fdopen(r) as f:
            line = f.readline()
        if not line.startswith("ready"):
            code = p.wait(60)
            raise Refused(f"{argv[0]} did not start (exit {code}): {self.log(Path(argv[0]).name)[-300:]}")
        return p, line.split()

    def log(self, program="sparekeyd"):
        return (self.logs / program).read_text("utf-8", "replace")

    def start_server(self):
        super().start_server()
        path = self.folder / "authority/sparekeyd.conf"
        text = path.read_text()
        if "127.0.0.1:0\n" in text:
            path.write_text(text.replace("127.0.0.1:0\n", f"127.0.0.1:{self.port}\n"))

    def restart(self, *what):
        what = what or ("daemon",)
        for name in what:
            self.stop(name)
        if "holder" in what:
            self.start_holder()
        if "daemon" in what:
            self.start_server()
        end = time.monotonic() + 30  # the server looks for its holder by itself, a little later
        while self.holder and self.http.get("/v1/status").json["holder"] != "ready":
            need(time.monotonic() < end, "the server does not find its holder")
            time.sleep(0.05)

    def __exit__(self, *_):
        super().__exit__()
        logs = "".join(self.log(p.name) for p in self.logs.iterdir())
        sparekey_cli.shutil.rmtree(self.logs, ignore_errors=True)
        at = max(logs.find("Sanitizer"), logs.find("runtime error"))
        need(at < 0, f"a program of the authority says: {logs[max(0, at - 200):at + 3000]}")

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def address(self, port=None):
        return f"https://127.0.0.1:{port or self.port}/#{h(self.statement.encode()).hex()}"

    @contextlib.contextmanager
    def database(self):
        """The operator's own hand, or who has taken his place: the server is away meanwhile."""
        self.stop("daemon")
        db = sqlite3.connect(self.folder / "authority/sparekey.db")
        try:
            yield db
            db.commit()
        finally:
            db.close()
            self.start_server()

    @contextlib.contextmanager
    def editing(self):
        """The database of a server that does not run."""
        db = sqlite3.connect(self.folder / "authority/sparekey.db")
        try:
            yield db
            db.commit()
        finally:
            db.close()

    def put_database(self, data):
        for name in ("sparekey.db-wal", "sparekey.db-shm"):
            (self.folder / "authority" / name).unlink(missing_ok=True)
        (self.folder / "authority/sparekey.db").write_bytes(data)

    @contextlib.contextmanager
    def away(self):
        """Its port is free for somebody else meanwhile."""
        self.http.close()
        self.stop("daemon")
        try:
            yield
        finally:
            self.start_server()

    def ask(self, owner, **kw):
        """An open request of the owner's, seen by the officers."""
        r = owner.new_request(**kw)
        said(self.http.post("/v1/requests", r.body), 202)
        self.wait_request(r)
        return r

    def opened(self, told):
        """A request that the program sparekey has opened and told of, as officers see it."""
        r = fixture.Request()
        r.hash = bytes.fromhex(told["request"])
        equal(told["code"], code_of(r.hash), "the code that is read out")
        pairs = dict(pairs_of(unb64(self.wait_request(r)["record"])))
        r.owner = type("Owner", (), {"id": pairs[2]})
        halves = [fixture.serialization.load_der_public_key(pairs[k]) for k in (6, 7)]
        r.keyx, r.sign = (type("Half", (), {"public_key": lambda _, k=k: k})() for k in halves)
        return r

    def approve(self, request, persons=2, **kw):
        for officer in self.officers[:persons]:
            a = officer.vote(request, **kw)
            need(a.status == 200, f"not approved: {a}")
        return request

    def keys(self, request):
        """What a requester is given, after the successor."""
        return request.http.get(request.path("/keys"))

    def log_of(self, name):
        """A log, read from its public files and checked from its entries upwards."""
        note = self.http.get("/v1/authority").json["logs"]
        keys = log_verifier.logs_note(note, self.vkey, h(self.genesis_text()).hex())
        out = log_verifier.Log(lambda path: said(self.http.get(f"/log/{name}/{path}"), 200).body,
                               keys[0 if name == "deposits" else 1])
        out.check()
        return out

    def genesis_text(self):
        return (self.genesis.split("\n\n")[0] + "\n").encode()

    def entries_of(self, request):
        """What officers are told that stands in the log about a request."""
        return said(self.officers[0].get(f"/v1/officer/requests/{request.hash.hex()}"), 200).json["entries"]

    def store_check(self):
        return subprocess.run([SPAREKEYCTL, "store", "check", self.folder], capture_output=True, text=True, timeout=60)


class Refused(Exception):
    """A program did not start."""


class HolderLine:
    """The holder's socket in the hands of whoever has taken the server over (doc/spec/holder.md)."""

    HELLO, CHECK, RELEASE, STATUS, POLICY, OPEN, DENY, VETO = 1, 3, 4, 6, 8, 9, 10, 11
    SUCCESSOR, REWRAP, APPROVE, STATE = 12, 13, 14, 15
    OK, REFUSED, BAD, BUSY = 0, 1, 2, 3

    def __init__(self, site):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(20)
        self.socket.connect(str(site.folder / "run/holder.sock"))
        self.seq = 0
        self.hello = self.ask(self.HELLO, [(1, fixture.u64(1))])[1]

    def ask(self, kind, pairs):
        self.seq += 1
        body = fixture.attrs(pairs)
        self.socket.send(struct.pack(">4sHHII", b"SKP1", kind, 0, len(body), self.seq) + body)
        data = self.socket.recv(65536)
        magic, got, status, n, seq = struct.unpack(">4sHHII", data[:16])
        need((magic, got, seq, n) == (b"SKP1", kind, self.seq, len(data) - 16), f"frame {data[:16]!r}")
        return status, dict(pairs_of(data[16:])) if n else {}

    def close(self):
        self.socket.close()


class Relay:
    """Sits on the wire: passes on, cuts, stalls, crawls, or drops into silence."""

    def __init__(self, to):
        self.to = to
        self.pass_on()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def pass_on(self):
        self.down = self.up = None  # bytes per connection until it acts; None: never
        self.stall = False          # then falls silent instead of hanging up
        self.crawl = None           # bytes at a time, with a pause between
        self.refuse = False

    def _accept(self):
        while True:
            try:
                near, _ = self.socket.accept()
            except OSError:
                return
            if self.refuse:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                near.close()
                continue
            self.open.append((near, far))
            for a, b, limit in ((near, far, self.up), (far, near, self.down)):
                threading.Thread(target=self._pump, args=(a, b, limit, near, far), daemon=True).start()

    def _pump(self, a, b, limit, near, far):
        left = limit
        with contextlib.suppress(OSError):
            while True:
                data = a.recv(self.crawl or 65536)
                if not data:
                    break
                if left is not None:
                    data, left = data[:left], left - len(data)
                b.sendall(data)
                if self.crawl:
                    time.sleep(0.001)
                if left is not None and left <= 0:
                    if self.stall:
                        return
                    break
        for s in (near, far):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.socket.close()
        for pair in self.open:
            for s in pair:
                s.close()


class Impostor:
    """Answers for the authority, with its TLS key (stolen) or another, on its port."""

    def __init__(self, site, answer, stolen=True):
        self.seen = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def reply(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.seen.append((self.command, self.path, body))
                status, data = answer(self.command, self.path, body)
                raw = data if isinstance(data, bytes) else json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = reply

            def log_message(self, *_):
                pass

        self.folder = Path(tempfile.mkdtemp(prefix="spk-impostor-"))
        if stolen:
            pem = [(site.folder / "authority" / n).read_bytes() for n in ("tls.key", "tls.crt")]
        else:
            key = fixture.ec.generate_private_key(fixture.ec.SECP256R1())
            pem = [fixture.private_pem(key), fixture.certificate(key, "localhost", server=True)]
        (self.folder / "pem").write_bytes(b"".join(pem))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "pem")

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                s, where = self.socket.accept()
                s.settimeout(20)
                return context.wrap_socket(s, server_side=True, do_handshake_on_connect=False), where

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", site.port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        sparekey_cli.shutil.rmtree(self.folder, ignore_errors=True)


class Person(sparekey_cli.Box):
    """A user with keys of his own and the program as it is set up by default."""

    count = 0
    cli = None

    def __init__(self, name="me"):  # pylint: disable=super-init-not-called
        if Person.cli is None:
            Person.cli = sparekey_cli.Cli(SPAREKEY)
        Person.count += 1
        self.program = self.cli.program
        self.folder = self.cli.folder / f"person-{Person.count}"
        self.home, self.work = self.folder / "home", self.folder / "work"
        sparekey_cli.shutil.copytree(self.cli.home(name), self.home, symlinks=True)
        self.work.mkdir()
        self.env = self.cli.env(self.home)
        self.config().write_text("")

    def enrolled(self, site, port=None):
        self.good("enroll", site.address(port))
        return self

    def json(self, *args):
        return json.loads(self.good(*args, "--json").out)

    def lose_keys(self):
        for path in (self.home / ".local/share/sparekey/containers").iterdir():
            path.unlink()

    def spooled(self):
        folder = self.home / ".local/share/sparekey/spool"
        return sorted(os.listdir(folder)) if folder.exists() else []


class Ctl:
    """An officer with sparekeyctl on a machine of his own."""

    def __init__(self, folder, name):
        self.name, self.home = name, Path(folder) / f"ctl-{name}"
        self.home.mkdir(mode=0o700)
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

    def run(self, *args, stdin=None):
        p = subprocess.run([str(x) for x in (SPAREKEYCTL, *args)], env=self.env, cwd=self.home, capture_output=True,
                           stdin=subprocess.DEVNULL if stdin is None else None, input=stdin, timeout=60,
                           start_new_session=True)
        need(p.returncode in sparekey_cli.STATUSES, f"no documented status: {args} {p}")
        return p

    def good(self, *args, **kw):
        p = self.run(*args, **kw)
        need(p.returncode == 0, f"{args}: {p.returncode} {p.stderr.decode()}")
        return p

    def refused(self, *args, words=()):
        p = self.run(*args)
        text = p.stderr.decode()
        need(p.returncode == 1, f"{args}: {p.returncode} {text}")
        for word in words:
            need(word in text, f"{args} does not say {word!r}: {text}")
        return text


class DeskSite(Site):
    """One officer more, dave, who uses sparekeyctl."""

    def _make_policy(self, change):
        self.dave = Ctl(self.folder, "dave")
        line = self.dave.good("officer", "new", "dave").stdout.decode().strip()
        self.dave_line = tuple(line.split(" ", 1))
        super()._make_policy(change)
        self.policy_fields.append(self.dave_line)
        text = fixture.note_text("policy", self.policy_fields)
        path = self.folder / "authority/policy-1.note"
        path.write_text(text + "\n" + "".join(o.line(text) for o in self.officers))
        self.dave.good("policy", "sign", "--yes", path)
        self.genesis, self.policy_hash = path.read_text(), h(text.encode())

    def start_server(self):
        joined = getattr(self, "port", None) is not None
        super().start_server()
        if not joined:
            self.dave.good("officer", "join", self.address())


def code_of(request_hash):
    """What the requester reads out."""
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    n = int.from_bytes(request_hash, "big") >> (256 - 100)
    text = "".join(letters[n >> (95 - 5 * i) & 31] for i in range(20))
    return "-".join(text[i:i + 5] for i in range(0, 20, 5))


def main(names):
    """Runs test_* in their order; a test's first line says which attack it is. argv: words in names to run."""
    tests = [(n, f) for n, f in names.items() if n.startswith("test_") and callable(f)]
    if len(sys.argv) > 1:
        tests = [t for t in tests if any(word in t[0] for word in sys.argv[1:])]
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for i, (name, test) in enumerate(tests, 1):
        what = f"{name[5:]}: {(test.__doc__ or '').strip().splitlines()[0]}".replace("#", "")
        start = time.monotonic()
        try:
            test()
            print(f"ok {i} - {what}\n# {time.monotonic() - start:.1f} s", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {i} - {what}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            sys.stdout.flush()
    if Person.cli is not None:
        Person.cli.close()
    return 1 if failed else 0
