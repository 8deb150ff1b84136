#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real witness, asked by a log of our own: what it signs, what it refuses, and what it remembers when it is killed."""
import http.client
import http.server
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import log_model  # noqa: E402
import log_verifier  # noqa: E402
from attack import equal, need, said  # noqa: E402

WITNESS = attack.BUILD / "src/witness/sparekey-witness"
NAME, ORIGIN = "witness.test/w1", "log.test/deposits"


class Tree:
    """A log whose leaf i is u64 i, or another one from a certain leaf on."""

    def __init__(self, forked_at=None):
        self.forked_at = forked_at

    def leaves(self, n):
        fork = self.forked_at
        return [log_verifier.leaf_hash(i.to_bytes(8, "big") + (b"x" if fork is not None and i >= fork else b""))
                for i in range(n)]

    def root(self, n):
        return log_verifier.root(self.leaves(n))

    def growth(self, m, n):
        """RFC 6962 §2.1.2"""
        def sub(m, leaves, whole):
            if m == len(leaves):
                return [] if whole else [log_verifier.root(leaves)]
            k = log_verifier.split(len(leaves))
            if m <= k:
                return sub(m, leaves[:k], whole) + [log_verifier.root(leaves[k:])]
            return sub(m - k, leaves[k:], False) + [log_verifier.root(leaves[:k])]
        return sub(m, self.leaves(n), True) if m else []


class Witness:
    def __init__(self, *logs):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="spk-witness-"))
        self.dir = self.folder / "w"
        r = subprocess.run([str(WITNESS), "init", "--dir", str(self.dir), "--name", NAME], capture_output=True, text=True)
        equal(r.returncode, 0, r.stderr)
        self.vkey = r.stdout.strip()
        (self.dir / "witness.conf").write_text("listen = 127.0.0.1:0\n" + "".join(f"log = {v}\n" for v in logs))
        self.process = self.port = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop(signal.SIGTERM)
        said = (self.folder / "log").read_text()
        need("Sanitizer" not in said and "runtime error" not in said, said)
        shutil.rmtree(self.folder)

    def start(self):
        r, w = os.pipe()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([str(WITNESS), "run", "--dir", str(self.dir), "--ready-fd", str(w)],
                                            pass_fds=[w], stderr=log)
        os.close(w)
        with os.fdopen(r) as f:
            line = f.readline().split()
        need(line[:1] == ["ready"], (self.folder / "log").read_text())
        self.port = int(line[1])
        conf = self.dir / "witness.conf"
        conf.write_text(conf.read_text().replace("127.0.0.1:0\n", f"127.0.0.1:{self.port}\n"))

    def stop(self, sig):
        self.process.send_signal(sig)
        return self.process.wait(30)

    def post(self, body, path="/add-checkpoint", method="POST"):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            c.request(method, path, body)
            r = c.getresponse()
            return r.status, r.read().decode(), r.getheader("Content-Type")
        finally:
            c.close()

    def ask(self, log, old, size, tree, signer=None, proof=None):
        root = tree.root(size)
        text = f"{log.name}\n{size}\n{log_model.b64(root)}\n"
        proof = tree.growth(old, size) if proof is None and old <= size else proof or []
        note = text + "\n" + (signer or log).sign(text)
        body = f"old {old}\n" + "".join(log_model.b64(p) + "\n" for p in proof) + "\n" + note
        return (*self.post(body.encode())[:2], text)


def holds(witness, line, text):
    """The cosignature, checked without the program's help; its time."""
    name, keyid, key = witness.vkey.split("+", 2)
    key = log_verifier.unb64(key)
    equal((name, key[0]), (NAME, 4), "verifier key")
    need(line.startswith(f"\u2014 {NAME} ") and line.endswith("\n"), line)
    raw = log_verifier.unb64(line.split(" ")[2][:-1])
    equal((len(raw), raw[:4].hex()), (76, keyid), "signature line")
    at = int.from_bytes(raw[4:12], "big")
    signed = f"cosignature/v1\ntime {at}\n{text}".encode()
    log_verifier.Ed25519PublicKey.from_public_bytes(key[1:]).verify(raw[12:], signed)
    need(abs(at - time.time()) < 60, "time")
    return at


def test_signs_and_refuses():
    """what continues is signed, everything else has its own answer, and a fork leaves its proof"""
    log, tree = log_model.Key(ORIGIN, b"\7" * 32, 1), Tree()
    other = log_model.Key(ORIGIN, b"\x08" * 32, 1)
    with Witness(log.vkey()) as w:
        equal(stat.S_IMODE((w.dir / "witness.key").stat().st_mode), 0o600, "mode of the key")
        again = subprocess.run([str(WITNESS), "init", "--dir", str(w.dir), "--name", "x"], capture_output=True, text=True)
        equal(again.returncode, 1, "a second key")
        second = subprocess.run([str(WITNESS), "run", "--dir", str(w.dir)], capture_output=True, text=True, timeout=30)
        equal(second.returncode, 1, "a second witness on one folder")
        status, line, text = w.ask(log, 0, 5, tree)
        equal(status, 200, line)
        holds(w, line, text)
        status, line, text = w.ask(log, 5, 13, tree)
        equal(status, 200, line)
        holds(w, line, text)
        equal(w.ask(log, 13, 13, tree)[0], 200, "the same again")
        # another size than the last one
        for old, size in ((0, 5), (5, 13), (12, 20)):
            equal(w.ask(log, old, size, tree)[:2], (409, "13\n"), f"{old} to {size}")
        equal(w.post(b"old 0\n\n" + (text + "\n" + log.sign(text)).encode())[2], "text/x.tlog.size", "type")
        equal(w.ask(log, 13, 9, tree)[0], 400, "a tree that shrinks")
        # proofs
        good = tree.growth(13, 20)
        for proof in (good[:-1], good + [good[0]], list(reversed(good)), [b"\0" * 32] * len(good), []):
            equal(w.ask(log, 13, 20, tree, proof=proof)[0], 422, "a proof")
        # who signed, and for what
        equal(w.ask(log, 13, 20, tree, signer=other)[0], 403, "another key")
        equal(w.ask(log_model.Key("other.test/deposits", b"\7" * 32, 1), 0, 5, tree)[0], 404, "another log")
        for body in (b"", b"old 13\n", b"old 13\n\nnothing\n", b"old x\n\n" + text.encode(), b"x" * 20000,
                     ("old 13\n\n" + text + "extension\n\n" + log.sign(text + "extension\n")).encode()):
            equal(w.post(body)[0], 400, f"{body[:40]}")
        equal(w.post(b"", "/")[0], 404, "another path")
        equal(w.post(None, method="GET")[0], 405, "another method")
        # forks: at the same size, and further on
        need(not list(w.dir.glob("*.fork")), "a proof of a fork that was none")
        equal(w.ask(log, 13, 13, Tree(3))[:2], (409, "13\n"), "another tree of the same size")
        equal(len(list(w.dir.glob("*.fork"))), 1, "proof of the fork")
        equal(w.ask(log, 13, 20, Tree(3))[0], 422, "another tree")
        equal(w.ask(log, 13, 20, tree)[0], 200, "the first tree goes on")


def test_killed():
    """killed at any moment: what was signed is remembered, and no older or other tree is signed afterwards"""
    log, tree = log_model.Key(ORIGIN, b"\7" * 32, 1), Tree()
    with Witness(log.vkey()) as w:
        signed, size = 0, 0
        for round_ in range(6):
            gone = threading.Timer(0.02 + 0.015 * round_, lambda: w.process.send_signal(signal.SIGKILL))
            gone.start()
            try:
                while True:
                    status, answer, _ = w.ask(log, size, size + 1, tree)
                    if status == 409:
                        size = int(answer)
                        continue
                    equal(status, 200, answer)
                    signed = size = size + 1
            except (OSError, http.client.HTTPException):
                pass
            gone.join()
            equal(w.process.wait(30), -9, "status")
            w.start()
            status, answer, _ = w.ask(log, 0, 1, Tree(0))
            if signed:
                equal(status, 409, answer)
                need(int(answer) in (signed, signed + 1), f"{answer} after {signed}")
                size = int(answer)
                equal(w.ask(log, size, size, Tree(0))[0], 409, "a fork after a kill")
            else:
                tree = Tree(0) if status == 200 else tree
                size = signed = 1 if status == 200 else int(answer)
        need(signed > 10, f"only {signed} were signed")
        # a state that was spoiled is not begun anew
        w.stop(signal.SIGTERM)
        state = next(w.dir.glob("*.checkpoint"))
        state.write_text(state.read_text().replace(f"\n{size}\n", f"\n{size - 1}\n"))
        r = subprocess.run([str(WITNESS), "run", "--dir", str(w.dir)], capture_output=True, text=True, timeout=30)
        equal(r.returncode, 1, "started on a state that was altered")


def served(site, log="deposits"):
    """(size, text, lines) of the checkpoint that is shown."""
    note = said(site.http.get(f"/log/{log}/checkpoint"), 200).body.decode()
    text, lines = note.split("\n\n")
    return int(text.split("\n")[1]), text + "\n", [x + "\n" for x in lines.splitlines()]


class Between(http.server.BaseHTTPRequestHandler):
    """Passes questions on to a witness, and adds to its answers the log's own line, spoiled, and its own line once more."""
    witness, asked, go_on = None, [], threading.Event()

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(body)
        if b"/deposits\n" in body:
            self.go_on.wait(4)
        try:
            status, answer, kind = self.witness.post(body)
        except OSError:
            self.close_connection = True
            return
        if status == 200:
            name, line = body.decode().splitlines()[-1].rsplit(" ", 1)
            raw = log_verifier.unb64(line)
            answer = f"{name} {log_model.b64(raw[:4] + bytes(len(raw) - 4))}\n" + answer + answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())


def serve_between(w):
    Between.witness = w
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def never_shrinks(site, ann):
    """two deposits, while the witness takes its time over the first"""
    serial = said(ann.deposit(b"K" * 32, "one"), 201).json["serial"]
    end = time.monotonic() + 20
    while not any(b"/deposits\n" in body for body in Between.asked):
        need(time.monotonic() < end, "the witness is not asked")
        time.sleep(0.02)
    said(ann.deposit(b"K" * 32, "two"), 201)
    equal(served(site)[0], 2, "what is shown before a witness has signed")
    Between.go_on.set()
    while len((now := served(site)[0::2])[1]) != 2:
        equal(now[0], 2, "what is shown after it")
        need(time.monotonic() < end, "it does not sign")
        time.sleep(0.02)
    equal(now[0], 2, "what is shown with its line")
    return serial


def wait_signed(site, size, n=2, seconds=20):
    end = time.monotonic() + seconds
    while True:
        now = served(site)
        if now[0] >= size and len(now[2]) == n:
            return now
        need(time.monotonic() < end, f"no checkpoint of {size} that the witness has signed: {now}; {site.log()[-500:]}")
        time.sleep(0.1)


def test_beside_an_authority():
    """its checkpoints and later receipts have the witness's line; without it deposits go on; a second history gets none"""
    with attack.Site() as site:
        for name in ("journal", "logs"):  # of a holder that has signed for nothing yet
            shutil.copyfile(site.folder / "holder" / name, site.folder / f"{name}.new")
        lines = site.http.get("/v1/authority").json["logs"].split("\n")
        logs = [lines[2].split(" ")[1], lines[3].split(" ")[1]]
        with Witness(*logs) as w, Witness(*logs) as late, serve_between(w) as between:
            late.stop(signal.SIGTERM)
            site.stop("daemon")
            empty = (site.folder / "authority/sparekey.db").read_bytes()
            conf = site.folder / "authority/sparekeyd.conf"
            plain = conf.read_text()
            conf.write_text(plain + "witness = http://127.0.0.1:1 " + w.vkey[:-4] + "AAA=\n")
            try:
                site.start_server()
                raise AssertionError("started with a key that is none")
            except attack.Refused:
                need("witness is an address and the key" in site.log(), site.log())
            conf.write_text(plain + f"witness = http://127.0.0.1:{between.server_port}/ {w.vkey}\n" +
                            f"witness = http://127.0.0.1:{late.port} {late.vkey}\n")
            site.start_server()
            ann = site.enrol("Ann")
            serial = never_shrinks(site, ann)
            size, text, lines = wait_signed(site, 2)
            holds(w, lines[1], text)
            receipt = said(ann.http.get(f"/v1/deposits/{serial}/receipt"), 200).json["receipt"]
            need(receipt.endswith("".join(lines)), receipt)
            # gone without a word: its line stays when that of another comes to it, and nobody waits for it
            equal(w.stop(signal.SIGKILL), -9, "status")
            late.start()
            need(lines[1] in wait_signed(site, 2, n=3)[2], "its line has gone")
            equal(late.stop(signal.SIGKILL), -9, "status")
            began = time.monotonic()
            for i in range(5):
                need("receipt" in said(ann.deposit(b"K" * 32, f"{i}"), 201).json, "no receipt")
            need(time.monotonic() - began < 3, "deposits wait for a witness that is gone")
            equal(served(site)[0], 2, "the checkpoint with its line is shown for a while")
            w.start()
            wait_signed(site, 7)
            # everything is put back to the beginning, holder and all: another history begins, and the witness knows
            site.stop("daemon")
            site.stop("holder")
            site.put_database(empty)
            for name in ("journal", "logs"):
                shutil.copyfile(site.folder / f"{name}.new", site.folder / "holder" / name)
            site.start_holder()
            site.start_server()
            bob = site.enrol("Bob")
            for i in range(9):
                said(bob.deposit(b"K" * 32, f"{i}"), 201)
            end = time.monotonic() + 30
            while "seen another log than this" not in site.log():
                need(time.monotonic() < end, site.log()[-500:])
                time.sleep(0.2)
            size, text, lines = served(site)
            equal(len(lines), 1, "lines under another history")


if __name__ == "__main__":
    sys.exit(attack.main(globals()))
