# SPDX-License-Identifier: Apache-2.0
"""Attacks on a running authority, and its bad days: hostile bytes, hung-up and slow clients, stolen deposits,
forged and replayed officers, edited databases, a holder that is not there, kill -9.

    test_authority.py BUILD-FOLDER
"""
import json
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from authority_fixture import (Authority, Officer, Owner, b64, certificate, h,  # noqa: E402
                               note_text, private_pem, statement, unb64)
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

BUILD = None


def tls(port, version=ssl.TLSVersion.TLSv1_3, cert=None):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
    ctx.minimum_version = ssl.TLSVersion.TLSv1_2
    ctx.maximum_version = version
    if cert:
        ctx.load_cert_chain(cert)
    s = ctx.wrap_socket(socket.create_connection(("127.0.0.1", port)))
    s.settimeout(20)
    return s


def answer_of(s):
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            part = s.recv(65536)
            if not part:
                break
            data += part
    except (ssl.SSLError, ConnectionError):
        pass
    return data


class Base(unittest.TestCase):
    conf, holder, policy = "", True, {}

    def setUp(self):
        self.a = Authority(BUILD, conf=self.conf, holder=self.holder, **self.policy)
        self.a.__enter__()
        self.addCleanup(self.a.__exit__)

    def refused(self, answer, status, code=None):
        self.assertEqual(answer.status, status, answer)
        if code:
            self.assertEqual(answer.json["error"], code)

    def alive(self):
        self.assertEqual(self.a.http.get("/v1/status").status, 200)

    def database(self):
        return sqlite3.connect(self.a.folder / "authority/sparekey.db")

    def opened(self, owner, **kw):
        q = owner.new_request(**kw)
        self.assertEqual(self.a.http.post("/v1/requests", q.body).status, 202)
        self.a.wait_request(q)
        return q


class Connections(Base):
    holder = False
    conf = "idle_timeout = 2\nmax_connections_per_source = 30\nmax_body_total = 3000000\n"

    def test_only_tls_13(self):
        with self.assertRaises(ssl.SSLError):
            tls(self.a.port, ssl.TLSVersion.TLSv1_2)
        s = tls(self.a.port)
        self.assertEqual(s.version(), "TLSv1.3")
        s.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(b" 200 ", answer_of(s))
        self.assertFalse(s.session_reused)
        self.assertFalse(s.session is not None and s.session.has_ticket)
        s.close()

    def test_plain_http_and_garbage(self):
        for data in (b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 20, b"\x16\x03\x01\xff\xff"):
            with socket.create_connection(("127.0.0.1", self.a.port)) as s:
                s.sendall(data)
        for data in (b"\0\1\2\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n", b"POST /v1/owners HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                     b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", b"G" * 9000,
                     b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n"):
            s = tls(self.a.port)
            try:
                s.sendall(data)
            except (ssl.SSLError, ConnectionError):
                pass
            self.assertNotIn(b" 200 ", answer_of(s))
            s.close()
        self.alive()

    def test_hang_up_in_the_middle(self):
        ann = self.a.enrol("Ann")
        pem = next(self.a.folder.glob("client-*.pem"))
        body = json.dumps(ann.make_deposit(os.urandom(32), "x")).encode()
        head = b"POST /v1/deposits HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        for cut in (0, 1, len(body) // 2, len(body) - 1):
            s = tls(self.a.port, cert=pem)
            s.sendall(head % len(body) + body[:cut])
            s.close()
        for _ in range(5):  # all of it, and gone before the answer
            s = tls(self.a.port, cert=pem)
            s.sendall(head % len(body) + body)
            s.shutdown(socket.SHUT_RDWR)
            s.close()
        self.alive()
        self.assertEqual(ann.http.post("/v1/deposits", raw=body).json["index"], 0)

    def test_slow_client_is_cut_off(self):
        s = tls(self.a.port)
        s.sendall(b"GET /v1/status HT")
        begin = time.monotonic()
        self.assertEqual(answer_of(s)[:12] in (b"", b"HTTP/1.1 408"), True)
        self.assertLess(time.monotonic() - begin, 15)
        self.alive()

    def test_too_many_connections(self):
        many = []
        try:
            for _ in range(60):
                many.append(socket.create_connection(("127.0.0.1", self.a.port), timeout=5))
            time.sleep(0.3)
        finally:
            for s in many:
                s.close()
        time.sleep(0.2)
        self.alive()

    def test_large_bodies_are_bounded_together(self):
        ann = self.a.enrol("Ann")
        pem = next(self.a.folder.glob("client-*.pem"))
        head = (b"POST /v1/deposits HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
                b"Content-Length: 1500000\r\n\r\n")
        waiting = []
        for _ in range(2):
            s = tls(self.a.port, cert=pem)
            s.sendall(head + b"x" * 1400000)
            waiting.append(s)
        for _ in range(20):  # a slow server may not have read the first two yet
            time.sleep(0.3)
            s = tls(self.a.port, cert=pem)
            s.sendall(head + b"x" * 1500000)
            answer = answer_of(s)
            s.close()
            if b" 503 " in answer:
                break
        self.assertIn(b" 503 ", answer)
        for w in waiting:
            w.close()
        time.sleep(0.3)
        self.assertEqual(ann.deposit(os.urandom(32), "room again").status, 201)

    def test_certificate_of_another_kind(self):
        pem = self.a.folder / "ec.pem"
        key = ec.generate_private_key(ec.SECP256R1())
        pem.write_bytes(private_pem(key) + certificate(key, "ec"))
        s = tls(self.a.port, cert=pem)
        s.sendall(b"GET /v1/owners/self HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(b" 401 ", answer_of(s))
        s.close()

    def test_hostile_json(self):
        ann = self.a.enrol("Ann")
        good = json.dumps(ann.make_deposit(os.urandom(32), "x"))
        bad = [b"[" * 60000, b'{"a":' * 9000, b"null", b"[]", b'"x"', b"{}", b"\xff\xfe", b"{\"r_pub\":\"\xff\"}",
               good.encode() + b"x", good.replace('"salt"', '"salt":"","salt"').encode(), good.replace("=", "").encode(),
               good.replace('"blob": "', '"blob": "\\u0000').encode(), b'{"r_pub":1,"salt":2,"r_priv":3,"blob":4}']
        for body in bad:
            self.refused(ann.http.post("/v1/deposits", raw=body), 413 if len(body) > 65536 else
                         ann.http.post("/v1/deposits", raw=body).status)
            self.assertIn(ann.http.post("/v1/deposits", raw=body).status, (400, 413, 422))
            self.assertIn(self.a.http.post("/v1/requests", raw=body).status, (400, 413, 429))
        self.assertEqual(ann.http.post("/v1/deposits", raw=good.encode()).status, 201)


class Deposits(Base):
    holder = True

    def test_stolen_and_wrong_deposits(self):
        """A thief deposits what he saw under his own name: another owner's row never matters, and the holder finds
        that the tag is not his."""
        ann, eve = self.a.enrol("Ann"), self.a.enrol("Eve")
        key = os.urandom(32)
        mine = ann.make_deposit(key, "mine")
        self.assertEqual(ann.http.post("/v1/deposits", mine).status, 201)
        self.refused(eve.http.post("/v1/deposits", mine), 422)  # names Ann
        stolen = eve.make_deposit(os.urandom(32), "mine now", file_id=bytes.fromhex(
            ann.http.get("/v1/deposits").json["deposits"][0]["serial"]))
        r_pub = bytearray(unb64(stolen["r_pub"]))
        theirs = unb64(mine["r_pub"])
        r_pub[40:72], r_pub[104:136] = theirs[40:72], theirs[104:136]  # C and H(blob) of Ann's
        stolen.update(r_pub=b64(bytes(r_pub)), blob=mine["blob"])
        self.assertEqual(eve.http.post("/v1/deposits", stolen).status, 201)
        again = ann.http.post("/v1/deposits", mine)
        self.assertEqual((again.status, again.json["duplicate"]), (200, True))
        for _ in range(100):
            state = eve.http.get("/v1/deposits").json["deposits"][0]["state"]
            if state != "accepted":
                break
            time.sleep(0.1)
        self.assertEqual(state, "wrong")
        self.assertEqual(ann.http.get("/v1/deposits").json["deposits"][0]["state"], "checked")
        q = self.opened(eve)
        for officer in self.a.officers[:2]:
            officer.vote(q)
        keys = q.http.get(q.path("/keys")).json
        self.assertEqual((keys["keys"], keys["refused"]), ([], [1]))

    def test_edited_row_does_not_stop_the_others(self):
        ann = self.a.enrol("Ann")
        for i in range(4):
            ann.deposit(os.urandom(32), f"file {i}")
        with self.database() as db:
            db.execute("UPDATE deposits SET blob = zeroblob(268) WHERE idx = 1")
        q = self.opened(ann)
        for officer in self.a.officers[:2]:
            officer.vote(q)
        keys = q.http.get(q.path("/keys")).json
        self.assertEqual([k["index"] for k in keys["keys"]], [0, 2, 3])
        with self.database() as db:  # after it was approved
            db.execute("UPDATE deposits SET salt = zeroblob(32) WHERE idx = 2")
        self.assertEqual(q.http.get(q.path("/keys")).json["refused"], [2])
        states = [d["state"] for d in q.http.get("/v1/deposits").json["deposits"]]
        self.assertEqual((states[1], states[2]), ("damaged", "damaged"))

    def test_deposit_moved_to_another_owner_in_the_database(self):
        ann, eve = self.a.enrol("Ann"), self.a.enrol("Eve")
        ann.deposit(os.urandom(32), "mine")
        with self.database() as db:
            db.execute("UPDATE deposits SET owner = (SELECT key FROM owners WHERE name = 'Eve')")
        q = self.opened(eve)
        for officer in self.a.officers[:2]:
            officer.vote(q)
        self.assertEqual(q.http.get(q.path()).json["count"], 0)
        self.assertEqual(q.http.get(q.path("/keys")).json["keys"], [])

    def test_record_made_by_a_stranger(self):
        """Whoever has the file has its slots, but not K: a changed record never becomes a deposit."""
        ann = self.a.enrol("Ann")
        good, other = ann.file_record(b"K" * 32, "x"), ann.file_record(b"L" * 32, "y")
        self.a.http.post("/v1/records", {**good, "blob": other["blob"]})
        eve = self.a.enrol("Eve")
        raw = bytearray(unb64(good["record"]))
        raw[224:256] = eve.id
        self.a.http.post("/v1/records", {**good, "record": b64(bytes(raw))})
        self.a.http.post("/v1/records", good)
        self.a.http.post("/v1/records", good)
        q = self.opened(ann)
        self.assertEqual(self.a.wait_request(q)["scope"]["count"], 1)
        self.assertEqual(eve.http.get("/v1/deposits").json["deposits"], [])


class Recovery(Base):
    conf = "requests_per_owner = 6\n"

    def test_nothing_tells_whether_an_owner_exists(self):
        ann = self.a.enrol("Ann")
        nobody = Owner(self.a, "Nobody")
        answers = []
        for who in (ann, nobody):
            q = who.new_request()
            opened, began = self.a.http.post("/v1/requests", q.body), time.time()
            time.sleep(0.7)
            state = q.http.get(q.path())
            seen = {**state.json, "request": "", "expires": round((state.json["expires"] - began) / 10)}
            note = who.veto.note(note_text("veto", [("authority", self.a.key_id.hex()), ("request", "00" * 32)]))
            answers.append([opened.status, list(opened.json), state.status, seen,
                            q.http.get(q.path("/keys")).status, q.http.post(q.path("/successor")).status,
                            self.a.http.post(q.path("/veto"), {"note": note}).body])
        self.assertEqual(answers[0], answers[1])
        for who in (ann, nobody):
            codes = [self.a.http.post("/v1/requests", who.new_request().body).status for _ in range(6)]
            self.assertEqual(codes, [202] * 5 + [429])

    def test_forged_approvals(self):
        ann = self.a.enrol("Ann")
        q, other = self.opened(ann), self.opened(ann)
        alice, bob, carol = self.a.officers
        post = lambda note: self.a.http.post("/v1/officer/approvals", {"note": note})  # noqa: E731
        self.refused(post(Officer(self.a, "alice").note(alice.vote_note(q).split("\n\n")[0] + "\n")), 403)
        self.refused(alice.vote(q, authority=h(b"another").hex()), 409)
        self.refused(alice.vote(q, scope="9 " + "00" * 32), 409)
        self.refused(alice.vote(q, signer=h(b"k").hex()), 409)
        self.refused(alice.vote(q, owner=h(b"k").hex()), 409)
        self.refused(alice.vote(q, policy=f"1 {h(b'x').hex()}"), 409)
        self.refused(alice.vote(q, time=int(time.time()) - 99, expires=int(time.time()) - 1), 409)
        self.refused(alice.vote(q, expires=int(time.time()) + 10 ** 8), 409)
        self.assertEqual(alice.vote(q).json["persons"], 1)
        self.assertEqual(alice.vote(q).json["persons"], 1)  # twice by one officer
        note = alice.vote_note(q)
        self.assertEqual([post(note).json["persons"] for _ in range(2)], [1, 1])
        self.assertEqual(bob.vote(other).json["state"], "open")
        self.refused(q.http.get(q.path("/keys")), 403)
        self.assertEqual(carol.vote(q, approve=False).json["state"], "denied")
        self.assertEqual(bob.vote(q).json["state"], "denied")
        self.refused(q.http.get(q.path("/keys")), 403)
        self.assertEqual(len(alice.get("/v1/officer/requests/" + q.hash.hex()).json["approvals"]) >= 3, True)

    def test_officer_queries(self):
        alice, path = self.a.officers[0], "/v1/officer/requests"
        get = self.a.http.get
        self.refused(get(path, headers={"Sparekey-Officer": "nonsense"}), 401)
        self.refused(get(path, headers=Officer(self.a, "alice").header("GET", path)), 401)
        self.refused(get(path, headers=alice.header("GET", path + "?state=open")), 401)
        self.refused(get(path, headers=alice.header("POST", path)), 401)
        self.refused(get(path, headers=alice.header("GET", path, b"body")), 401)
        self.refused(get(path, headers=alice.header("GET", path, when=time.time() - 400)), 401)
        self.refused(get(path, headers=alice.header("GET", path, when=time.time() + 400)), 401)
        header = alice.header("GET", path)
        self.assertEqual(get(path, headers=header).status, 200)
        self.refused(get(path, headers=header), 401)
        self.a.stop("daemon")
        self.a.start_server()  # a nonce outlives the server
        self.refused(self.a.http.get(path, headers=header), 401)
        self.refused(alice.get("/v1/officer/owners?name=" + "x" * 300), 401)  # longer than a note can name

    def test_old_key_ends_on_an_open_connection(self):
        ann = self.a.enrol("Ann")
        self.assertEqual(ann.http.get("/v1/owners/self").status, 200)
        q = self.opened(ann)
        for officer in self.a.officers[:2]:
            officer.vote(q)
        q.http.post(q.path("/successor"))
        self.refused(ann.deposit(os.urandom(32), "too late"), 403, "replaced")
        again = Owner(self.a, "Ann again", sign=ann.sign)
        self.refused(self.a.http.post("/v1/owners", again.enrolment()), 409)
        new = ann.new_request()
        self.a.wait_request(q, "done")
        old_key = {"signature": b64(statement(ann.sign, b"veto", self.a.key_id, new.hash))}
        self.a.http.post("/v1/requests", new.body)
        self.a.wait_request(new)
        self.refused(ann.http.post(new.path("/veto"), old_key), 403)
        by_new = {"signature": b64(statement(q.sign, b"veto", self.a.key_id, new.hash))}
        self.assertEqual(q.http.post(new.path("/veto"), by_new).json["state"], "vetoed")

    def test_request_records(self):
        ann = self.a.enrol("Ann")
        q = ann.new_request(serials=[os.urandom(16) for _ in range(3)])
        post = self.a.http.post
        self.refused(post("/v1/requests", {**q.body, "serials": q.body["serials"][:2]}), 422)
        self.refused(post("/v1/requests", {**q.body, "serials": q.body["serials"][::-1]}), 422)
        self.refused(post("/v1/requests", {k: v for k, v in q.body.items() if k != "serials"}), 422)
        self.assertEqual(post("/v1/requests", q.body).status, 202)
        used = ann.new_request()
        used.body["sig_keyx"] = b64(bytes(256))
        self.refused(post("/v1/requests", used.body), 422)

    def test_only_the_listed_files(self):
        ann = self.a.enrol("Ann")
        for i in range(6):
            ann.deposit(os.urandom(32), f"file {i}")
        rows = ann.http.get("/v1/deposits").json["deposits"]
        chosen = [bytes.fromhex(rows[i]["serial"]) for i in (1, 4)]
        q = self.opened(ann, serials=chosen + [os.urandom(16)])
        ann.deposit(os.urandom(32), "after the request was opened", file_id=None)
        for officer in self.a.officers[:2]:
            officer.vote(q)
        keys = q.http.get(q.path("/keys")).json
        self.assertEqual(([k["index"] for k in keys["keys"]], keys["refused"]), ([1, 4], []))


class BadDays(Base):
    def test_without_a_holder(self):
        ann = self.a.enrol("Ann")
        self.a.stop("holder")
        self.assertEqual(ann.deposit(os.urandom(32), "x").status, 201)
        q = ann.new_request()
        self.assertEqual(self.a.http.post("/v1/requests", q.body).status, 202)
        r = q.http.get(q.path())
        self.refused(r, 503, "unavailable")
        self.assertIn("Retry-After", r.headers)
        self.a.http.post("/v1/records", ann.file_record(b"K" * 32, "from a file"))
        for _ in range(50):
            if self.a.http.get("/v1/status").json["holder"] == "absent":
                break
            time.sleep(0.1)
        self.assertEqual(self.a.http.get("/v1/status").json["holder"], "absent")
        self.a.start_holder()
        self.assertEqual(self.a.wait_request(q)["scope"]["count"], 2)  # frozen when the holder is told
        self.assertEqual(q.http.get(q.path()).json["state"], "open")

    def test_kill_loses_nothing_that_was_answered(self):
        ann = self.a.enrol("Ann")
        told, stop = [], threading.Event()
        made = [ann.make_deposit(os.urandom(32), f"{i}") for i in range(400)]
        pem = next(self.a.folder.glob("client-*.pem"))
        self.assertTrue(pem.exists())

        def load(part):
            c = self.a.client(ann.sign)
            for d in part:
                if stop.is_set():
                    return
                try:
                    r = c.post("/v1/deposits", d)
                except OSError:
                    return
                if r.status == 201:
                    told.append((r.json["serial"], r.json["index"]))

        threads = [threading.Thread(target=load, args=(made[i::4],)) for i in range(4)]
        for t in threads:
            t.start()
        while len(told) < 60:
            time.sleep(0.01)
        self.a.stop("daemon", signal.SIGKILL)
        stop.set()
        for t in threads:
            t.join()
        self.a.start_server()
        rows, after = {}, ""
        c = self.a.client(ann.sign)
        while True:
            page = c.get("/v1/deposits" + after).json
            rows.update({r["serial"]: r["index"] for r in page["deposits"]})
            if page["next"] is None:
                break
            after = f"?after={page['next']}"
        self.assertEqual([t for t in told if rows.get(t[0]) != t[1]], [])
        self.assertEqual(sorted(rows.values()), list(range(len(rows))))

    def test_term_answers_what_is_under_way(self):
        ann = self.a.enrol("Ann")
        lines = "\n".join(json.dumps(ann.make_deposit(os.urandom(32), f"{i}")) for i in range(200)).encode()
        out = []

        def send():
            c = self.a.client(ann.sign)
            c.get("/v1/owners/self")
            ready.set()
            out.append(c.post("/v1/deposits", raw=lines, ctype="application/x-ndjson"))

        ready = threading.Event()
        t = threading.Thread(target=send)
        t.start()
        ready.wait()
        time.sleep(0.002)
        self.assertEqual(self.a.stop("daemon"), 0)
        t.join()
        self.a.start_server()
        stored = self.a.http.get("/v1/status").json["deposits"]
        self.assertIn((out[0].status if out else 0, stored), [(200, 200), (503, 0)])

    def test_two_servers_on_one_database(self):
        run = subprocess.run([BUILD + "/src/authority/sparekeyd", "--config",
                              self.a.folder / "authority/sparekeyd.conf"], stderr=subprocess.PIPE)
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"in use by another sparekeyd", run.stderr)
        self.alive()


    def test_idle_holder_that_dies_is_noticed(self):
        for want in ("ready", "absent"):
            for _ in range(50):
                if self.a.http.get("/v1/status").json["holder"] == want:
                    break
                time.sleep(0.1)
            self.assertEqual(self.a.http.get("/v1/status").json["holder"], want)
            self.a.stop("holder", signal.SIGKILL)


class Stuck(Base):
    """One row or one statement that fails does not hold up all the others."""

    conf = "requests_per_hour = 1000\nrequests_per_owner = 30\n"

    def change(self, *statements):
        db = self.database()
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        for sql in statements:
            db.execute(sql)
        db.commit()
        db.close()

    def fails(self, when):
        """From now on the server's statement fails as when the disk does."""
        self.change(f"CREATE TRIGGER fails BEFORE {when} BEGIN SELECT no_such_function(); END")

    def events(self, kind):
        db = self.database()
        n = db.execute("SELECT count(*) FROM events WHERE kind = ?", (kind,)).fetchone()[0]
        db.close()
        return n

    def test_a_deposit_that_is_gone(self):
        """the others are checked all the same, and it is told once"""
        ann = self.a.enrol("Ann")
        self.a.stop("holder")
        for i in range(4):
            self.assertEqual(ann.deposit(os.urandom(32), f"{i}").status, 201)
        self.change("DELETE FROM deposits WHERE idx = 1")
        self.a.start_holder()
        for _ in range(150):
            states = {d["index"]: d["state"] for d in ann.http.get("/v1/deposits").json["deposits"]}
            if states == {0: "checked", 2: "checked", 3: "checked"}:
                break
            time.sleep(0.1)
        self.assertEqual(states, {0: "checked", 2: "checked", 3: "checked"})
        time.sleep(1.5)
        self.assertEqual(self.events("unchecked"), 1)

    def between(self, near, far, spoilt):
        """Passes messages on to the holder; the answer to the first CHECK says that it is not understood."""
        with near.accept()[0] as server, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as holder:
            holder.connect(str(far))
            while data := server.recv(1 << 20):
                holder.send(data)
                answer = bytearray(holder.recv(1 << 20))
                if answer[4:6] == b"\0\3" and not spoilt:
                    spoilt.append(data)
                    answer[6:8] = b"\0\2"
                server.send(answer)

    def test_a_check_that_got_no_answer(self):
        """a holder that answers with nonsense is asked again; the deposit is not given up"""
        self.a.stop()
        run, spoilt = self.a.folder / "run", []
        conf = self.a.folder / "authority/sparekeyd.conf"
        conf.write_text(conf.read_text() + "holder = ../run/between.sock\n")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as near:
            near.bind(str(run / "between.sock"))
            near.listen()
            serve = [threading.Thread(target=self.between, args=(near, run / "holder.sock", spoilt), daemon=True) for _ in range(2)]
            for t in serve:  # the server hangs up on nonsense, and comes again
                t.start()
            self.a.start_server()
            ann = self.a.enrol("Ann")
            self.assertEqual(ann.deposit(os.urandom(32), "x").status, 201)
            for _ in range(100):
                states = [d["state"] for d in ann.http.get("/v1/deposits").json["deposits"]]
                if spoilt and states == ["checked"]:
                    break
                time.sleep(0.1)
            self.assertEqual((len(spoilt), states, self.events("unchecked")), (1, ["checked"], 0))
            self.a.stop()

    def test_a_record_that_cannot_be_filed(self):
        """requests that came after it do not wait for ever"""
        ann = self.a.enrol("Ann")
        self.fails("DELETE ON records")
        self.assertEqual(self.a.http.post("/v1/records", ann.file_record(b"K" * 32, "x")).status, 202)
        time.sleep(1.1)  # arrival counts in seconds
        q = ann.new_request()
        self.assertEqual(self.a.http.post("/v1/requests", q.body).status, 202)
        self.a.wait_request(q, seconds=40)

    def test_requests_that_cannot_be_opened(self):
        """as many as are looked at together do not hide one that came later"""
        ann = self.a.enrol("Ann")
        self.a.stop("holder")
        many = [ann.new_request() for _ in range(17)]
        for q in many:
            self.assertEqual(self.a.http.post("/v1/requests", q.body).status, 202)
        self.change("UPDATE requests SET record = X'00' WHERE key <= 16")
        self.a.start_holder()
        self.a.wait_request(many[16])

    def test_policy_that_cannot_be_kept(self):
        """is not in force"""
        note = self.a.next_policy(wait=9)
        self.fails("INSERT ON policies WHEN NEW.number = 2")
        self.assertEqual(self.a.http.post("/v1/officer/policy", {"note": note}).status, 500)
        self.assertEqual(len(self.a.http.get("/v1/authority").json["policies"]), 1)
        self.change()
        self.assertEqual(self.a.http.post("/v1/officer/policy", {"note": note}).json, {"number": 2})

    def test_key_that_cannot_be_looked_up(self):
        """is not said to be an old one"""
        ann = self.a.enrol("Ann")
        q = ann.new_request()
        self.change("ALTER TABLE logins RENAME TO away")
        self.refused(self.a.http.post("/v1/requests", q.body), 500)
        self.change("ALTER TABLE away RENAME TO logins")
        self.assertEqual(self.a.http.post("/v1/requests", q.body).status, 202)

    def test_sent_again_at_the_cap(self):
        """the same request is answered as before, another one is too many"""
        ann = self.a.enrol("Ann")
        many = [ann.new_request() for _ in range(31)]
        codes = [self.a.http.post("/v1/requests", q.body).status for q in many]
        self.assertEqual(codes, [202] * 30 + [429])
        self.assertEqual([self.a.http.post("/v1/requests", q.body).status for q in many[:2]], [202, 202])


class Strangers(Base):
    """Notes of nobody, which anybody may send."""

    conf = "records_per_hour = 9\n"

    def test_do_not_keep_the_holder_busy(self):
        q = self.opened(self.a.enrol("Ann"))
        alice = self.a.officers[0]
        note = Officer(self.a, "mallory").note(alice.vote_note(q).split("\n\n")[0] + "\n")
        bad = {"/v1/officer/approvals": 403, "/v1/officer/policy": 422}
        os.kill(self.a.holder.pid, signal.SIGSTOP)  # what is asked of the holder waits for a while
        try:
            asking = threading.Thread(target=alice.get, args=("/v1/officer/requests",))
            asking.start()
            time.sleep(0.5)
            client = self.a.client()
            for path, status in bad.items():
                began = time.monotonic()
                self.refused(client.post(path, {"note": note}), status)
                self.assertLess(time.monotonic() - began, 3)
        finally:
            os.kill(self.a.holder.pid, signal.SIGCONT)
        asking.join()
        self.assertEqual(alice.vote(q).json["persons"], 1)
        codes = [self.a.http.post(path, {"note": note}).status for path in list(bad) * 4]
        self.assertEqual(codes, [403, 422] * 3 + [429] * 2)


class Decisions(Base):
    holder = False
    conf = "enrolment = approval\nenrolments_per_hour = 1000\n"

    def test_two_officers_at_once(self):
        """one decision holds, and the other officer is told"""
        alice, bob = self.a.officers[:2]
        http = [self.a.client(), self.a.client()]
        for i in range(25):
            owner = Owner(self.a, f"Owner {i}")
            self.assertEqual(self.a.http.post("/v1/owners", owner.enrolment()).status, 201)
            path, both, go = f"/v1/officer/enrolments/{owner.id.hex()}", {}, threading.Barrier(2)

            def decide(officer, client, word, path=path, both=both, go=go):
                raw = json.dumps({"decision": word}).encode()
                header = officer.header("POST", path, raw)
                go.wait()
                both[word] = client.post(path, raw=raw, headers=header).status

            threads = [threading.Thread(target=decide, args=(alice, http[0], "approve")),
                       threading.Thread(target=decide, args=(bob, http[1], "deny"))]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual(sorted(both.values()), [200, 409])
            db = self.database()
            state = db.execute("SELECT state FROM owners WHERE owner = ?", (owner.id,)).fetchone()[0]
            db.close()
            self.assertEqual(both["approve"] == 200, state == 2)


class Starting(unittest.TestCase):
    """What is wrong at the start is said in words."""

    def setUp(self):
        self.a = Authority(BUILD, holder=False)
        self.addCleanup(self.a.__exit__)
        self.folder = self.a.folder / "authority"

    def start(self, *args):
        run = subprocess.run([BUILD + "/src/authority/sparekeyd", "--config", self.folder / "sparekeyd.conf", *args],
                             stderr=subprocess.PIPE, timeout=30)
        self.assertEqual(run.returncode, 1, run.stderr)
        return run.stderr.decode()

    def test_configuration(self):
        conf = self.folder / "sparekeyd.conf"
        for text, words in (("listen = 127.0.0.1:0\nspeed = 9\n", "line 2"), ("max_batch = 0\n", "out of its range"),
                            ("enrolment = maybe\n", "open, token or approval"), ("store = oracle\n", "oracle"),
                            ("listen = nowhere\n", "cannot serve on nowhere"), ("tls_cert = none.crt\n", "none.crt")):
            conf.write_text(text)
            self.assertIn(words, self.start("--new-store"))
        conf.unlink()
        self.assertIn("cannot be read", self.start("--new-store"))

    def test_ipv6_and_service_manager(self):
        (self.folder / "sparekeyd.conf").write_text("listen = [::1]:0\n")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(str(self.a.folder / "notify"))
            s.settimeout(20)
            os.environ["NOTIFY_SOCKET"] = str(self.a.folder / "notify")
            try:
                self.a.start_server()
            finally:
                del os.environ["NOTIFY_SOCKET"]
            self.assertEqual(s.recv(100), b"READY=1")
            socket.create_connection(("::1", self.a.port)).close()
            self.a.stop("daemon")
            self.assertEqual(s.recv(100), b"STOPPING=1")

    def test_keys_and_notes(self):
        os.chmod(self.folder / "tls.key", 0o644)
        self.assertIn("chmod 600", self.start("--new-store"))
        os.chmod(self.folder / "tls.key", 0o600)
        other = ec.generate_private_key(ec.SECP256R1())
        crt = (self.folder / "tls.crt").read_bytes()
        (self.folder / "tls.crt").write_bytes(certificate(other, "localhost", server=True))
        self.assertIn("another key than the authority statement", self.start("--new-store"))
        (self.folder / "tls.crt").write_bytes(crt)
        genesis = (self.folder / "policy-1.note").read_text()
        (self.folder / "policy-1.note").write_text(genesis.replace("quorum 2", "quorum 1"))
        self.assertIn("policy 1", self.start("--new-store"))
        (self.folder / "policy-1.note").unlink()
        self.assertIn("missing", self.start("--new-store"))
        (self.folder / "policy-1.note").write_text(genesis)
        (self.folder / "statement-1.note").unlink()
        self.assertIn("authority statement 1", self.start("--new-store"))

    def test_database(self):
        db = self.folder / "sparekey.db"
        db.write_bytes(b"this is not a database at all, but a text file" * 50)
        self.assertIn("not a database", self.start())
        db.unlink()
        self.a.start_server()
        self.a.stop("daemon")
        c = sqlite3.connect(db)
        today = c.execute("PRAGMA user_version").fetchone()[0]
        c.execute("PRAGMA user_version = 99")
        c.commit()
        c.close()
        self.assertIn("newer version", self.start())
        c = sqlite3.connect(db)
        c.execute(f"PRAGMA user_version = {today}")
        c.execute("UPDATE policies SET note = CAST('forged' AS BLOB)")
        c.commit()
        c.close()
        self.assertIn("policies in the database", self.start())

    def test_no_database(self):
        """one that has been lost or emptied is not replaced by a new one"""
        db = self.folder / "sparekey.db"
        self.assertIn("sparekey.db is missing: restore it", self.start())
        self.assertFalse(db.exists())
        self.a.start_server()
        self.a.stop("daemon")
        db.write_bytes(b"")
        self.assertIn("not a database", self.start())
        self.assertEqual(db.read_bytes(), b"")

    def test_another_authoritys_holder(self):
        other = Authority(BUILD)
        self.addCleanup(other.__exit__)
        other.start_holder()
        shutil.rmtree(self.a.folder / "run")
        os.symlink(other.folder / "run", self.a.folder / "run")
        self.assertIn("not this authority's holder", self.start("--new-store"))

    def test_old_copy_of_the_database(self):
        a = self.a
        a.start_holder()
        a.start_server()
        a.stop("daemon")
        copy = (self.folder / "sparekey.db").read_bytes()
        a.start_server()
        note = a.next_policy(wait=9)
        self.assertEqual(a.http.post("/v1/officer/policy", {"note": note}).json, {"number": 2})
        a.stop("daemon")
        (self.folder / "sparekey.db").write_bytes(copy)
        self.assertIn("old copy", self.start())


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main(verbosity=1, warnings="ignore")
