#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Enrolment and deposits as a user meets them: with an authority that is there, away, or somebody else."""

import json
import os
import pty
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time

import live
import box as harness

AUTHORITY = None


def on_terminal(box, typed, *args):
    """Run with a controlling terminal on which one line is typed; (status, what was shown)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(box.work)
        os.execve(harness.SPAREKEY, [harness.SPAREKEY, *args], box.env)
    shown = b""
    time.sleep(0.3)
    os.write(fd, typed.encode() + b"\n")
    while True:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode("utf-8", "replace")


class Fake:
    """A TLS server on a given port that does what `act` does with each connection; with a key of
    its own, or with that of an authority's folder."""

    def __init__(self, port, act, of=None):
        if of is None:
            key = live.fixture.ec.generate_private_key(live.fixture.ec.SECP256R1())
            pem = live.fixture.private_pem(key) + live.fixture.certificate(key, "localhost", server=True)
        else:
            pem = (of / "authority/tls.key").read_bytes() + (of / "authority/tls.crt").read_bytes()
        self.folder = harness.tempfile.mkdtemp(prefix="spk-fake-")
        path = os.path.join(self.folder, "pem")
        with open(path, "wb") as f:
            f.write(pem)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(path)
        self.socket = socket.create_server(("127.0.0.1", port), reuse_port=False)
        self.act, self.seen = act, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            try:
                self.act(self, conn)
            except OSError:
                pass

    def close(self):
        self.socket.close()
        harness.shutil.rmtree(self.folder, ignore_errors=True)


def never_silent(box):
    """no hash and no terminal: refused; a wrong hash: refused; nothing is pinned"""
    p = box.run("enroll", AUTHORITY.url, ok=1)
    assert "no terminal" in p.stderr
    wrong = AUTHORITY.address[:-4] + ("0000" if AUTHORITY.address[-4:] != "0000" else "1111")
    p = box.run("enroll", wrong, ok=1)
    assert "not the one in the address" in p.stderr
    assert box.json("status")["authorities"] == []
    box.run("enroll", "http://127.0.0.1:1/#00", ok=2)


def fingerprint_by_hand(box):
    """the fingerprint is typed at the terminal, and not shown before"""
    other = live.enrolled(AUTHORITY)
    code = other.json("status")["authorities"][0]["fingerprint"]
    status, shown = on_terminal(box, "AAAAA-AAAAA-AAAAA-AAAAA", "enroll", AUTHORITY.url)
    assert status == 1 and code not in shown, shown
    assert box.json("status")["authorities"] == []
    status, shown = on_terminal(box, code.lower().replace("-", " "), "enroll", AUTHORITY.url)
    assert status == 0, shown
    assert box.json("status")["authorities"][0]["state"] == "enrolled"


def enrolment_twice(box):
    """enrolling again is no mistake"""
    live.enrolled(AUTHORITY, box)
    live.enrolled(AUTHORITY, box)
    assert len(box.json("status")["authorities"]) == 1
    p = box.run("enroll", "--update", ok=0)
    assert "nothing is new" in p.stderr


def accepted_and_proven(box):
    """a deposit is made, proven offline, and confirmed by the authority"""
    live.enrolled(AUTHORITY, box)
    box.write("a", os.urandom(10_000))
    j = box.json("encrypt", "a")
    assert j["deposits"][0]["state"] == "accepted"
    v = box.json("verify", "--online", "--payload", "a.spk")
    at = v["authorities"][0]
    assert v["verdict"] == "proven" and at["proven"] and at["confirmed"] and at["file_alone"]
    assert at["index"] == j["deposits"][0]["index"]
    end = time.monotonic() + 20  # the key holder opens it in the background
    while "holder_opened" not in (at := box.json("verify", "--online", "a.spk")["authorities"][0]):
        assert time.monotonic() < end
        time.sleep(0.2)
    assert abs(at["holder_opened"] - time.time()) < 60
    assert "key holder last opened it at " in box.run("verify", "--online", "a.spk", ok=0).stdout
    there = box.json("status", "--online")["authorities"][0]
    assert (there["deposits"], there["proven"], there["wrong"], there["oldest_proof"]) == (1, 1, 0, at["holder_opened"])
    assert "found right by the key holder: 1, all since " in box.run("status", "--online", ok=0).stdout
    assert "deposits" not in box.json("status")["authorities"][0]
    v = box.json("verify", "--no-key", "a.spk")
    assert v["verdict"] == "accepted" and not v["authorities"][0]["proven"]
    assert box.json("verify", "--online", "--no-key", "a.spk")["authorities"][0]["confirmed"]
    assert not v["unchecked"] and "as it says itself" not in box.run("verify", "--no-key", "a.spk", ok=0).stdout
    # who has neither keys nor an authority takes it from the file, and is told so
    stranger = {**box.env, "HOME": str(box.work / "stranger")}
    stranger = {k: v for k, v in stranger.items() if not k.startswith("XDG_")}
    os.mkdir(stranger["HOME"])
    for args in (["a.spk"], ["--json", "a.spk"]):
        p = subprocess.run([harness.SPAREKEY, "verify", *args], cwd=box.work, env=stranger, capture_output=True, text=True)
        assert p.returncode == 0 and ("accepted, as it says itself" in p.stdout or json.loads(p.stdout)["unchecked"]), p


def description(box):
    """the description is the file's name, or what was said, and can be found again"""
    live.enrolled(AUTHORITY, box)
    box.write("tax 2026.pdf")
    box.run("encrypt", "tax 2026.pdf", ok=0)
    box.run("encrypt", "--description", "ünique words", "-o", "x.spk", "tax 2026.pdf", ok=0)
    p = box.run("encrypt", "--description", "two\nlines", "-o", "y.spk", "tax 2026.pdf", ok=2)
    assert "plain text" in p.stderr


def require_without_authority(box):
    """policy require: no deposit, no file"""
    with live.Authority() as a:
        live.enrolled(a, box)
        a.keep_port()
        a.stop("daemon")
        box.write("a")
        p = box.run("encrypt", "a", ok=1)
        assert "cannot be reached" in p.stderr and "nothing was written" in p.stderr, p.stderr
        assert box.names() == ["a"]
        for i in range(600):
            box.write(f"t/{i}")
        p = box.run("encrypt", "-r", "t", ok=1)
        assert sorted(os.listdir(box.work / "t")) == sorted(map(str, range(600)))
        a.start_server()
        box.run("encrypt", "-r", "t", "a", "nosuch", ok=1)
        box.run("encrypt", "-r", "t", "a", ok=0)
        assert box.names() == ["a", "a.spk", "t"]
        assert len(os.listdir(box.work / "t")) == 1200


def spool_and_sync(box):
    """policy spool: kept durably, said aloud, sent later, noted in the file"""
    with live.Authority() as a:
        live.enrolled(a, box)
        a.keep_port()
        a.stop("daemon")
        box.write("a", b"spooled")
        box.write("b", b"moved away")
        p = box.run("encrypt", "--policy", "spool", "a", "b", ok=0)
        assert "SPOOLED" in p.stdout and "'sparekey sync'" in p.stderr
        assert len(live.spool(box)) == 2
        assert box.json("verify", "a.spk", ok=3)["verdict"] == "spooled"
        assert box.run("sync", ok=1).stderr.count("cannot be reached") == 2
        assert len(live.spool(box)) == 2
        os.mkdir(box.work / "d")
        os.rename(box.work / "b.spk", box.work / "d/b.spk")
        a.start_server()
        p = box.run("sync", ok=0)
        assert live.spool(box) == []
        assert box.json("verify", "--online", "a.spk")["verdict"] == "proven"
        assert any(s["type"] == "accepted" for s in box.json("inspect", "a.spk")["slots"])
        assert not any(s["type"] == "accepted" for s in box.json("inspect", "d/b.spk")["slots"])
        assert box.json("verify", "d/b.spk")["verdict"] == "proven"
        assert box.run("decrypt", "-o", "-", "a.spk", binary=True, ok=0).stdout == b"spooled"
        box.run("sync", ok=0)


def spool_is_for_files(box):
    """a file that could not be sealed leaves nothing in the spool"""
    import resource

    with live.Authority() as a:
        live.enrolled(a, box)
        a.stop("daemon")
        box.write("big", os.urandom(3 << 20))
        box.write("t/big", os.urandom(3 << 20))

        def limited(*args):
            return subprocess.run(
                [harness.SPAREKEY, "encrypt", "--policy", "spool", *args],
                cwd=box.work,
                env=box.env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
            )

        for args in (["big"], ["-r", "t"]):
            p = limited(*args)
            assert p.returncode == 1 and b"File too large" in p.stderr and live.spool(box) == [], (args, p.stderr)
        with open("/dev/full", "wb") as full:
            p = subprocess.run(
                [harness.SPAREKEY, "encrypt", "--policy", "spool", "-o", "-", "big"],
                cwd=box.work,
                env=box.env,
                stdin=subprocess.DEVNULL,
                stdout=full,
                stderr=subprocess.PIPE,
            )
        assert p.returncode == 1 and live.spool(box) == [], p.stderr
        box.run("encrypt", "--policy", "spool", "big", ok=0)
        assert len(live.spool(box)) == 1


def no_deposit_for_what_cannot_be_sealed(box):
    """the file is sealed before its deposit is made"""
    live.enrolled(AUTHORITY, box)

    def deposits():
        with sqlite3.connect(AUTHORITY.folder / "authority/sparekey.db") as db:
            return db.execute("SELECT count(*) FROM deposits").fetchone()[0]

    n = deposits()
    if os.path.exists("/proc/self/mem"):
        # opens, and cannot be read from its start
        assert box.run("encrypt", "-o", "x.spk", "/proc/self/mem").returncode == 1
        assert deposits() == n and "x.spk" not in box.names()


def refused_is_not_spooled(box):
    """policy spool keeps what may succeed later, and names no policy that is not set"""
    locked = harness.Box(keys=False)

    def with_pass(word, *args, ok):
        r, w = os.pipe()
        os.write(w, word + b"\n")
        os.close(w)
        try:
            return locked.run(*args, "--passphrase-fd", r, ok=ok, pass_fds=(r,), binary=True)
        finally:
            os.close(r)

    with_pass(b"right", "init", "--bits", "2048", "-q", "--passphrase", ok=0)
    with_pass(b"right", "enroll", AUTHORITY.address, ok=0)
    locked.write("a", b"x")
    for out in ("a.spk", "-"):
        p = with_pass(b"wrong", "encrypt", "--policy", "spool", "-o", out, "a", ok=1)
        assert "passphrase" in p.stderr and "policy require" not in p.stderr and p.stdout == b"", p.stderr
        assert "a.spk" not in locked.names() and live.spool(locked) == []
    assert "would be refused again" in p.stderr
    locked.clean()


def damaged_spool(box):
    """a damaged spool entry is told and kept, and does not stop the others"""
    with live.Authority() as a:
        live.enrolled(a, box)
        a.keep_port()
        a.stop("daemon")
        for name in "ab":
            box.write(name)
        box.run("encrypt", "-q", "--policy", "spool", "a", "b", ok=0)
        entry = box.home / ".local/share/sparekey/spool" / live.spool(box)[0]
        data = bytearray(entry.read_bytes())
        data[300] ^= 1
        entry.write_bytes(bytes(data))
        a.start_server()
        p = box.run("sync", ok=1)
        assert entry.name in p.stderr
        assert live.spool(box) == [entry.name]


def refuses(box, port_action, *words):
    """encrypt against a server of somebody else under the pinned address"""
    with live.Authority() as a:
        live.enrolled(a, box)
        (box.home / ".config/sparekey/config").write_text("timeout = 2\n")
        a.stop("daemon")
        fake = Fake(a.port, port_action)
        try:
            box.write("a")
            p = box.run("encrypt", "a", ok=1)
            for word in words:
                assert word in p.stderr, p.stderr
            assert box.names() == ["a"]
            return fake, p
        finally:
            fake.close()


def another_key(box):
    """another TLS key under the pinned address is refused before anything is sent"""

    def act(fake, conn):
        with fake.context.wrap_socket(conn, server_side=True) as tls:
            fake.seen.append(tls.recv(65536))

    fake, _ = refuses(box, act, "another key")
    assert all(not data for data in fake.seen), fake.seen


def no_tls(box):
    """a server that speaks no TLS"""

    def act(fake, conn):
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        conn.close()

    refuses(box, act, "sparekey: error: ")


def hangs(box):
    """a server that accepts and says nothing: given up after the time limit"""
    kept = []
    start = time.monotonic()
    refuses(box, lambda fake, conn: kept.append(conn), "cannot be reached")
    assert time.monotonic() - start < 15


def hangs_up(box):
    """a server that hangs up at once"""
    refuses(box, lambda fake, conn: conn.close(), "sparekey: error: ")


def question(tls):
    """One request off the connection: its first line; b"" at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = tls.recv(65536)
        if not more:
            return b""
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            n = int(line.split(b":")[1])
            while len(body) < n:
                body += tls.recv(65536)
    return head.split(b"\r\n")[0]


def strange_answers(box):
    """the pinned server breaks off, says too much, speaks something else: each told as what it is"""
    ok = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    broke, gone, long, other, http = "broke off", "or hung up", "is too long", "it should not", ": not HTTP"
    answers = [
        (ok + b"Content-Length: 1000\r\n\r\n{", broke),
        (ok + b"Transfer-Encoding: chunked\r\n\r\n40\r\n{", broke),
        (ok + b"Content-Le", broke),
        (b"HTTP/1.1 200 " + b"A" * 100_000, gone),
        (b"HTTP/1.1 200 " + b"A" * 200_000 + b"\r\n\r\n", long),
        (ok + b"X: " + b"A" * 200_000 + b"\r\nContent-Length: 2\r\n\r\n{}", long),
        (ok + (b"X: " + b"A" * 1000 + b"\r\n") * 1000 + b"Content-Length: 2\r\n\r\n{}", long),
        (ok + b"Content-Length: 9000000\r\n\r\n" + b"A" * 9_000_000, long),
        (b"220 mail.example.org ESMTP\r\n", http),
        (b"A" * 100_000, http),
        (ok + b"Content-Length: 2\r\n\r\n{]", other),
        (b"", gone),
    ]
    with live.Authority() as a:
        live.enrolled(a, box)
        a.stop("daemon")
        box.write("a")

        def act(fake, conn):
            with fake.context.wrap_socket(conn, server_side=True) as tls:
                fake.seen.append(question(tls))
                tls.sendall(answer)

        fake = Fake(a.port, act, of=a.folder)
        for answer, words in answers:
            fake.seen.clear()
            p = box.run("encrypt", "a", ok=1)
            assert words in p.stderr and "memory" not in p.stderr, (answer[:60], p.stderr)
            assert fake.seen[0].startswith(b"POST /v1/deposits "), fake.seen
            assert box.names() == ["a"]
        fake.close()


def endless_list(box):
    """a list that never ends is given up, in words"""
    with live.Authority() as a:
        live.enrolled(a, box)
        a.stop("daemon")

        def act(fake, conn):
            with fake.context.wrap_socket(conn, server_side=True) as tls:
                while question(tls):
                    fake.seen.append(1)
                    body = b'{"requests": [], "next": %d}' % len(fake.seen)
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        fake = Fake(a.port, act, of=a.folder)
        p = box.run("requests", ok=1)
        assert "too long" in p.stderr and len(fake.seen) > 100, (len(fake.seen), p.stderr)
        fake.close()


def killed_between(box):
    """kill -9 during encrypt -r: what has a name has its deposit; the next run does the rest"""
    live.enrolled(AUTHORITY, box)
    for i in range(400):
        box.write(f"t/{i:03}", os.urandom(100))
    for delay in (0.05, 0.1, 0.2):
        p = subprocess.Popen([harness.SPAREKEY, "encrypt", "-r", "t"], cwd=box.work, env=box.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        p.send_signal(signal.SIGKILL)
        p.wait()
        sealed = [n for n in sorted(os.listdir(box.work / "t")) if n.endswith(".spk")]
        assert not any(n.startswith(".") for n in os.listdir(box.work / "t"))
        if sealed:
            out = box.run("verify", "--json", *[f"t/{n}" for n in sealed], ok=0).stdout
            assert all(json.loads(line)["verdict"] == "proven" for line in out.splitlines())
    box.run("encrypt", "-r", "t", ok=0)
    assert len(os.listdir(box.work / "t")) == 800
    box.run("verify", "-q", "--online", *[f"t/{i:03}.spk" for i in range(0, 400, 40)], ok=0)


def several_authorities(box):
    """require means all of them, unless need says how many; failures are named"""
    with live.Authority() as two:
        box.run("enroll", "--name", "one", AUTHORITY.address, ok=0)
        box.run("enroll", "--name", "two", two.address, ok=0)
        two.keep_port()
        box.write("a", b"x")
        j = box.json("encrypt", "a")
        assert [d["state"] for d in j["deposits"]] == ["accepted", "accepted"]
        v = box.json("verify", "a.spk")
        assert v["needed"] == 2 and all(at["proven"] for at in v["authorities"])
        two.stop("daemon")
        p = box.run("encrypt", "-f", "a", ok=1)
        assert "authority two" in p.stderr and "authority one" not in p.stderr
        (box.home / ".config/sparekey/config").write_text("need = 1\n")
        p = box.run("encrypt", "-f", "a", ok=0)
        assert "not deposited at two" in p.stderr and "NO deposit at two" in p.stdout
        assert "error" not in p.stderr
        assert box.json("verify", "a.spk")["verdict"] == "proven"
        (box.home / ".config/sparekey/config").write_text("need = 3\n")
        assert "fewer authorities" in box.run("encrypt", "-f", "a", ok=1).stderr


def pending_enrolment(box):
    """an enrolment that waits for an officer takes no deposits yet, and says so"""
    with live.Authority(conf="enrolment = approval\n") as a:
        p = box.run("enroll", a.address, ok=0)
        assert "pending" in p.stdout
        box.write("a")
        assert "wait for an officer" in box.run("encrypt", "a", ok=1).stderr
        owner = box.json("status")["owner"]
        r = a.officers[0].post(f"/v1/officer/enrolments/{owner}", {"decision": "approve"})
        assert r.status == 200, r
        assert "enrolled" in box.run("enroll", "--update", ok=0).stdout
        box.run("encrypt", "a", ok=0)


def rolled_back_policy(box):
    """a policy or statement that does not continue what is pinned is refused"""
    live.enrolled(AUTHORITY, box)
    folder = next((box.home / ".config/sparekey/authorities").iterdir())
    for name in ("policy-1.note", "statement-1.note"):
        path = folder / name
        good = path.read_text()
        path.write_text(good.replace("1", "2", 1))
        box.write("a")
        p = box.run("encrypt", "-f", "a", ok=1)
        assert str(folder) in p.stderr, p.stderr
        path.write_text(good)
    box.run("encrypt", "-f", "a", ok=0)


def next_policy(box):
    """a next policy is taken with the quorum of the present one"""
    with live.Authority() as a:
        live.enrolled(a, box)
        note = a.next_policy(wait=5)
        r = a.officers[0].post("/v1/officer/policy", {"note": note})
        assert r.status == 200, r
        assert "policy 2" in box.run("enroll", "--update", ok=0).stdout
        box.write("a")
        box.run("encrypt", "a", ok=0)
        assert box.json("inspect", "a.spk")["authorities"][0]["policy"] == 2


def new_epoch(box):
    """a new key with the officers' quorum: taken by --update; old files stay proven"""
    with live.Authority() as a:
        live.enrolled(a, box)
        a.keep_port()
        box.write("old", b"old")
        box.run("encrypt", "old", ok=0)
        a.stop("daemon")
        a.stop("holder")
        a.rotate(officers=2)
        a.start_holder()
        a.start_server()
        box.write("between", b"between")
        box.run("encrypt", "between", ok=0)  # deposits for an older epoch stay welcome
        assert box.json("inspect", "between.spk")["authorities"][0]["epoch"] == 1
        assert "key epoch 2" in box.run("enroll", "--update", ok=0).stdout
        box.write("new", b"new")
        box.run("encrypt", "new", ok=0)
        assert box.json("inspect", "new.spk")["authorities"][0]["epoch"] == 2
        for name in ("old.spk", "between.spk", "new.spk"):
            v = box.json("verify", "--online", name)
            assert v["verdict"] == "proven" and v["authorities"][0]["proven"], v
        # a new owner with the old address follows the chain
        other = harness.Box()
        other.run("enroll", a.address, ok=0)
        assert other.json("status")["authorities"][0]["epoch"] == 2
        live.lose_keys(box)
        j = box.json("recover", "--all", "--bits", "2048", ok=4)
        a.approve(j["request"])
        box.run("recover", ok=0)
        for name in ("old", "between", "new"):
            assert box.run("decrypt", "-o", "-", name + ".spk", ok=0).stdout == name
        other.clean()


def new_tls_key(box):
    """a new TLS key: refused alone, taken with a statement that a quorum has signed"""
    with live.Authority() as a:
        live.enrolled(a, box)
        a.keep_port()
        a.stop("daemon")
        good = (a.folder / "authority/tls.key").read_bytes(), (a.folder / "authority/tls.crt").read_bytes()
        tls = a.new_tls_key()
        box.write("a")
        try:
            a.start_server()
        except RuntimeError:
            pass  # the server itself may refuse a key that its statement does not name
        else:
            assert "another key" in box.run("encrypt", "a", ok=1).stderr
            p = box.run("enroll", "--update", ok=1)
            assert "another key" in p.stderr or "refused" in p.stderr
            a.stop("daemon")
        assert good[0] != (a.folder / "authority/tls.key").read_bytes()
        a.stop("holder")
        a.rotate(officers=2, tls=tls)
        a.start_holder()
        a.start_server()
        assert "another key" in box.run("encrypt", "a", ok=1).stderr
        assert "key epoch 2" in box.run("enroll", "--update", ok=0).stdout
        box.run("encrypt", "a", ok=0)


def forged_statement(box):
    """a statement without the quorum is refused, whatever the server says"""
    with live.Authority() as a:
        live.enrolled(a, box)
        a.stop("daemon")
        a.stop("holder")
        note = a.rotate(officers=1)
        authority = {"statement": note, "statements": [a.statement, note], "policies": [a.genesis], "limits": {"batch": 10, "body": 65536}}
        body = json.dumps(authority).encode()

        def act(fake, conn):
            with fake.context.wrap_socket(conn, server_side=True) as tls:
                tls.recv(65536)
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        fake = Fake(a.port, act)
        p = box.run("enroll", "--update", ok=1)
        assert "does not follow from what is pinned" in p.stderr, p.stderr
        # not even for a newcomer with the right hash of the first statement
        other = harness.Box()
        p = other.run("enroll", a.address, ok=1)
        assert other.json("status")["authorities"] == []
        # a chain without the pinned policy, a rolled back one, rubbish
        for change in ({"policies": []}, {"statements": []}, {"statements": ["x"]}, {"policies": "no"}):
            body = json.dumps({**authority, **change}).encode()
            box.run("enroll", "--update", ok=1)
        body = b"[" * 100000
        box.run("enroll", "--update", ok=1)
        assert box.json("status")["authorities"][0]["epoch"] == 1
        fake.close()
        other.clean()


if __name__ == "__main__":
    with live.Authority() as AUTHORITY:
        harness.main(
            [
                never_silent,
                fingerprint_by_hand,
                enrolment_twice,
                accepted_and_proven,
                description,
                require_without_authority,
                spool_and_sync,
                spool_is_for_files,
                no_deposit_for_what_cannot_be_sealed,
                refused_is_not_spooled,
                damaged_spool,
                another_key,
                no_tls,
                hangs,
                hangs_up,
                strange_answers,
                endless_list,
                killed_between,
                several_authorities,
                pending_enrolment,
                rolled_back_policy,
                next_policy,
                new_epoch,
                new_tls_key,
                forged_statement,
            ]
        )
