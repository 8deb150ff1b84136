#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The deposits log on a running authority, seen from the outside: killed, restored, altered, without its holder, and
taken over from a database that had none."""
import contextlib
import json
import os
import pathlib
import random
import shutil
import socket
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import authority_fixture as fixture  # noqa: E402
import log_verifier  # noqa: E402
from attack import equal, need, said, unb64  # noqa: E402
from authority_fixture import b64, h, spki  # noqa: E402

KILLS = int(os.environ.get("SPK_KILLS", "5"))
NDJSON = "application/x-ndjson"


def keys_of(site):
    note = site.http.get("/v1/authority").json["logs"]
    return log_verifier.logs_note(note, site.vkey, site.policy_hash.hex())


def log_of(site, log="deposits"):
    """The whole log, checked from its entries upwards."""
    key = keys_of(site)[0 if log == "deposits" else 1]
    out = log_verifier.Log(lambda path: said(site.http.get(f"/log/{log}/{path}"), 200).body, key)
    out.check()
    return out


def wait_log(site, size, seconds=20):
    end = time.monotonic() + seconds
    while True:
        r = site.http.get("/log/deposits/checkpoint")
        if r.status == 200 and int(r.body.decode().split("\n")[1]) >= size:
            return log_of(site)
        need(time.monotonic() < end, f"no checkpoint of {size}: {r}")
        time.sleep(0.05)


def receipts_of_batch(batch, answers, key):
    """What a depositor puts together from his own bytes and the answers: (receipt text, receipt) of each."""
    checkpoint, out = answers[-1]["checkpoint"], []
    for d, a in zip(batch, answers):
        r_pub = bytearray(unb64(d["r_pub"]))
        r_pub[16:24] = a["time"].to_bytes(8, "big")
        extra = bytes(r_pub) + h(unb64(d["salt"]) + unb64(d["r_priv"]))
        path = unb64(a["path"])
        lines = ["c2sp.org/tlog-proof@v1", "extra " + b64(extra), f"index {a['index']}"]
        lines += [b64(path[i:i + 32]) for i in range(0, len(path), 32)]
        out.append(log_verifier.Receipt("\n".join(lines) + "\n\n" + checkpoint, key))
    return out


def post_batch(owner, batch):
    raw = "\n".join(json.dumps(d) for d in batch).encode()
    return owner.http.post("/v1/deposits", raw=raw, ctype=NDJSON)


class Depositor(threading.Thread):
    """Batches and single deposits without a pause; keeps every answer, and every receipt."""

    def __init__(self, site, owner, key):
        super().__init__(daemon=True)
        self.site, self.owner, self.key = site, owner, key
        self.client = site.client(owner.sign)
        self.stop, self.taken, self.receipts, self.wrong = threading.Event(), {}, [], []

    def take_batch(self):
        batch = [self.owner.make_deposit(b"K" * 32, "x") for _ in range(5)]
        raw = "\n".join(json.dumps(d) for d in batch).encode()
        a = self.client.post("/v1/deposits", raw=raw, ctype=NDJSON)
        if a.status == 200:
            lines = a.lines
            for line in lines[:5]:
                self.taken[line["serial"]] = line["index"]
            if "checkpoint" in lines[-1]:
                self.receipts += receipts_of_batch(batch, lines, self.key)
        return a

    def take_one(self):
        a = self.client.post("/v1/deposits", self.owner.make_deposit(b"K" * 32, "x"))
        if a.status == 201:
            self.taken[a.json["serial"]] = a.json["index"]
            if "receipt" in a.json:
                self.receipts.append(log_verifier.Receipt(a.json["receipt"], self.key))
        return a

    def run(self):
        while not self.stop.is_set():
            for take in (self.take_batch, self.take_one):
                try:
                    a = take()
                    if a.status not in (200, 201, 429, 503):
                        self.wrong.append(a)
                except (OSError, fixture.http.client.HTTPException):
                    time.sleep(0.01)
                except log_verifier.Wrong as e:
                    self.wrong.append(e)


@contextlib.contextmanager
def site_of(**kw):
    with attack.Site(**kw) as site:
        yield site


def kill_and_look(what):
    """Five kills of each of these under load: nothing acknowledged is lost, each receipt leads to the one log."""
    with site_of(conf="check_per_second = 5\n") as site:
        owners = [site.enrol(n) for n in ("Ann", "Bob")]
        said(owners[0].deposit(b"K" * 32, "first"), 201)
        wait_log(site, 1)
        key, rng = keys_of(site)[0], random.Random(7)
        threads = [Depositor(site, o, key) for o in owners]
        for t in threads:
            t.start()
        try:
            for _ in range(KILLS):
                time.sleep(rng.uniform(0.1, 0.4))
                for name in what:
                    equal(site.stop(name, 9), -9, f"status of the {name}")
                began = time.monotonic()
                if "holder" in what:
                    site.start_holder()
                if "daemon" in what:
                    site.start_server()
                need(time.monotonic() - began < 5, "restart took 5 s")
            time.sleep(1.5)
        finally:
            for t in threads:
                t.stop.set()
            for t in threads:
                t.join(60)
        count = site.http.get("/v1/status").json["deposits"]
        log = wait_log(site, count)
        leaves = [log_verifier.leaf_hash(e) for e in log.entries]
        for t in threads:
            equal(t.wrong, [], "answers")
            need(len(t.receipts) > 5 * KILLS, f"only {len(t.receipts)} receipts")
            for r in t.receipts:
                equal(log.entries[r.index], r.entry, f"entry {r.index}")
                equal(log_verifier.root(leaves[:r.size]), r.root, f"the log at {r.size}")
            some = random.Random(3).sample(sorted(t.taken.items()), 20)
            for serial, index in some:
                r = said(t.owner.http.get(f"/v1/deposits/{serial}/receipt"), 200).json
                equal((r["index"], log_verifier.Receipt(r["receipt"], key).serial), (index, serial), "receipt")
            need(max(t.taken.values()) < count and len(set(t.taken.values())) == len(t.taken), "indices")
        with site.database() as db:
            stored = dict(db.execute("SELECT hex(serial), idx FROM deposits"))
        for t in threads:
            for serial, index in t.taken.items():
                equal(stored.get(serial.upper()), index, f"deposit {serial}")


def test_server_killed():
    """sparekeyd is killed under load: no acknowledged deposit is lost, every receipt leads to the one log"""
    kill_and_look(["daemon"])


def test_holder_killed():
    """the holder is killed under load: deposits go on, receipts come back, the log is not forked"""
    kill_and_look(["holder"])


def test_both_killed():
    """both are killed under load"""
    kill_and_look(["daemon", "holder"])


def copy_database(site, to):
    for suffix in ("", "-wal", "-shm"):
        src = site.folder / f"authority/sparekey.db{suffix}"
        dst = pathlib.Path(f"{to}{suffix}")
        dst.unlink(missing_ok=True)
        if src.exists():
            shutil.copyfile(src, dst)


def put_back(site, copy):
    for suffix in ("", "-wal", "-shm"):
        dst = site.folder / f"authority/sparekey.db{suffix}"
        dst.unlink(missing_ok=True)
        if pathlib.Path(f"{copy}{suffix}").exists():
            shutil.copyfile(f"{copy}{suffix}", dst)
            dst.chmod(0o600)


def test_old_database():
    """an old copy of the database is put back: refused, with words and the way out; the new one is taken again"""
    with site_of() as site:
        for name in ("journal", "logs"):  # of a holder that has signed for nothing yet
            shutil.copyfile(site.folder / "holder" / name, site.folder / f"{name}.new")
        ann = site.enrol("Ann")
        for i in range(3):
            said(ann.deposit(b"K" * 32, f"{i}"), 201)
        site.stop("daemon")
        copy_database(site, site.folder / "old.db")
        site.start_server()
        for i in range(4):
            last = said(ann.deposit(b"K" * 32, f"later {i}"), 201).json
        need("receipt" in last, "no receipt")
        site.stop("daemon")
        copy_database(site, site.folder / "new.db")
        put_back(site, site.folder / "old.db")
        try:
            site.start_server()
            raise AssertionError("started on an old database")
        except attack.Refused:
            pass
        log = site.log()
        for words in ("the database is older than the log", "has signed for 7 deposits", "database has 3",
                      "newest copy of the database", "sealed copy"):
            need(words in log, f"not said: {words}: {log[-600:]}")
        # without its holder it starts, but as soon as it is there no deposit takes a place that is given away
        site.stop("holder")
        site.start_server()
        site.start_holder()
        end = time.monotonic() + 20
        while ann.http.post("/v1/deposits", {"r_pub": ""}).status != 503 and time.monotonic() < end:
            time.sleep(0.1)
        said(ann.deposit(b"K" * 32, "not now"), 503, "older than its log")
        said(ann.http.get("/v1/deposits"), 200)
        site.stop("daemon")
        put_back(site, site.folder / "new.db")
        site.start_server()
        equal(wait_log(site, 7).size, 7, "size")
        need("receipt" in said(ann.deposit(b"K" * 32, "again"), 201).json, "no receipt")
        # the way out when there is no newer one: a holder that knows nothing of the log begins anew
        site.stop("daemon")
        site.stop("holder")
        put_back(site, site.folder / "old.db")
        for name in ("journal", "logs"):
            shutil.copyfile(site.folder / f"{name}.new", site.folder / "holder" / name)
        site.start_holder()
        site.start_server()
        equal(wait_log(site, 3).size, 3, "size")


def test_database_without_a_log():
    """deposits of a time without logs: taken in once, each has its receipt, the same place, the same leaf"""
    with site_of(holder=False) as site:
        ann = site.enrol("Ann")
        made = [ann.make_deposit(b"K" * 32, f"{i}") for i in range(600)]
        said(post_batch(ann, made), 200)
        site.stop("daemon")
        db = sqlite3.connect(site.folder / "authority/sparekey.db")
        leaves = [row[0] for row in db.execute("SELECT leaf FROM deposits ORDER BY idx")]
        db.executescript("DROP TABLE lost; DROP TABLE log_tile; DROP TABLE log_note; DROP TABLE log_entry; "
                         "DROP TABLE proofs; PRAGMA user_version = 2")
        db.close()
        site.start_holder()
        site.start_server()
        log = wait_log(site, 600)
        equal([log_verifier.leaf_hash(e) for e in log.entries], leaves, "leaves")
        first = log.fetch("checkpoint").decode()
        said(ann.deposit(b"K" * 32, "new"), 201)
        again = wait_log(site, 601)
        again.continues(first)
        serial = unb64(made[300]["r_pub"])[24:40].hex()
        r = said(ann.http.get(f"/v1/deposits/{serial}/receipt"), 200).json
        equal(log_verifier.Receipt(r["receipt"], keys_of(site)[0]).index, 300, "index")


def test_altered_rows():
    """leaves and tiles edited by hand: the log stands still and says so, others are served; mended, it goes on"""
    with site_of() as site:
        ann = site.enrol("Ann")
        said(post_batch(ann, [ann.make_deposit(b"K" * 32, f"{i}") for i in range(300)]), 200)
        wait_log(site, 300)
        rows = said(ann.http.get("/v1/deposits?limit=300"), 200).json["deposits"]
        with site.database() as db:
            leaf, r_pub = db.execute("SELECT leaf, rpub FROM deposits WHERE idx = 299").fetchone()
            db.execute("UPDATE deposits SET leaf = ? WHERE idx = 299", (h(b"another"),))
        need("rows were altered" in site.log(), "nobody noticed")
        need("receipt" not in said(ann.deposit(b"K" * 32, "on it goes"), 201).json, "a receipt over an altered log")
        said(ann.http.get(f"/v1/deposits/{rows[299]['serial']}/receipt"), 500)
        said(site.http.get("/log/deposits/tile/entries/001.p/44"), 500)
        said(site.http.get("/log/deposits/tile/entries/000"), 200)
        with site.database() as db:
            db.execute("UPDATE deposits SET leaf = ? WHERE idx = 299", (leaf,))
        equal(wait_log(site, 301).size, 301, "size")
        with site.database() as db:  # a tile that is a lie, deep inside
            tile = db.execute("SELECT hash FROM log_tile WHERE log = 1 AND level = 1 AND idx = 0").fetchone()[0]
            db.execute("UPDATE log_tile SET hash = ? WHERE log = 1 AND level = 1 AND idx = 0", (h(b"another"),))
        need(site.log().count("rows were altered") == 2, "nobody noticed")
        with site.database() as db:
            db.execute("UPDATE log_tile SET hash = ? WHERE log = 1 AND level = 1 AND idx = 0", (tile,))
        wait_log(site, 301)
        # rows at the end are missing, and the checkpoint tells it even without a holder
        site.stop("holder")
        try:
            with site.database() as db:
                db.execute("PRAGMA foreign_keys = OFF")
                db.execute("DELETE FROM deposits WHERE idx >= 290")
            raise AssertionError("started")
        except attack.Refused:
            need("the last rows were taken out" in site.log(), site.log()[-500:])


def entries_of(site):
    return [log_verifier.Entry(e) for e in log_of(site, "recoveries").entries]


def check_entries(site, request, told, kinds, deposits=()):
    """What is public about one request, and what its owner and the officers are told that opens it."""
    entries = entries_of(site)
    own = told[0]["index"]
    mine = [(i, e) for i, e in enumerate(entries) if e.request == own]
    equal([e.kind for _, e in mine], kinds, "kinds")
    shown = {t["index"]: t for t in told}
    salt = h(b"sparekey/1 request salt\0" + request.record)
    equal({t["salt"] for t in told}, {salt.hex()}, "the salt")
    for i, e in mine:
        detail = shown.get(i, {}).get("detail", "").encode()
        need(e.is_of(salt, request.hash, detail), f"entry {i} hides something else")
        need(not e.is_of(salt, request.hash, detail + b"x") and not e.is_of(salt, h(b"x"), detail), "hides anything")
        equal((e.number, e.kind in (17, 24)), (1, i not in shown), f"entry {i}")
        if i in shown:
            equal((e.kind, e.time_ms), (shown[i]["kind"], shown[i]["time"]), f"entry {i} as it is shown")
    for kind in (17, 24):
        equal([e.deposit for _, e in mine if e.kind == kind], list(deposits) if kind in kinds else [], f"kind {kind}")
    return mine


def test_recovery_in_the_log():
    """whole recoveries, read from the tiles and checked with the spec alone; nothing personal in any leaf"""
    with site_of() as site:
        eve, ann = site.enrol("Eve"), site.enrol("Ann")
        said(eve.deposit(b"e" * 32, "of eve"), 201)
        for i in range(3):
            said(ann.deposit(bytes([i]) * 32, f"letter {i}"), 201)
        request = site.ask(ann, reason="laptop stolen")
        first = log_of(site, "recoveries").fetch("checkpoint").decode()
        approvals = [o.vote_note(request) for o in site.officers[:2]]
        for note in approvals + approvals[:1]:  # the last one again
            said(site.http.post("/v1/officer/approvals", {"note": note}), 200)
        for _ in range(2):  # asked for again, nothing is written again
            keys = said(request.http.get(request.path("/keys")), 200).json
            equal((len(keys["keys"]), keys["refused"]), (3, []), "keys")
        told = site.entries_of(request)
        equal([t["detail"] for t in told[1:]], approvals, "notes")
        check_entries(site, request, told, [16, 22, 22, 17, 17, 17, 24, 24, 24], (1, 2, 3))
        equal(request.http.get("/v1/requests").json["requests"][0]["entries"], told, "what the owner is told")
        # the other ends: denied, vetoed by code and by key, over; pairs only; and a new policy
        second, third, fourth, fifth = site.ask(ann), site.ask(eve), site.ask(eve, kind=2), site.ask(eve)
        denial = site.officers[0].vote_note(second, approve=False)
        said(site.http.post("/v1/officer/approvals", {"note": denial}), 200)
        check_entries(site, second, site.entries_of(second), [16, 18])
        veto = eve.veto.note(fixture.note_text("veto", [("authority", site.key_id.hex()), ("request", third.hash.hex())]))
        said(site.http.post(third.path("/veto"), {"note": veto}), 200)
        equal(site.entries_of(third)[1]["detail"], veto, "the veto")
        check_entries(site, third, site.entries_of(third), [16, 23])
        site.approve(fourth)
        said(fourth.http.post(fourth.path("/successor")), 200)
        mine = check_entries(site, fourth, site.entries_of(fourth), [16, 22, 22])
        equal({e.deposit for _, e in mine}, {log_verifier.Entry.NO_DEPOSIT}, "of no deposit")
        veto = {"signature": b64(fixture.statement(fourth.sign, b"veto", site.key_id, fifth.hash))}
        said(fourth.http.post(fifth.path("/veto"), veto), 200)
        need("detail" not in site.entries_of(fifth)[1], "a note where there is none")
        mine = check_entries(site, fifth, site.entries_of(fifth), [16, 23])
        equal({e.deposit for _, e in mine}, {0}, "the lowest one of the scope")
        said(site.http.post("/v1/officer/policy", {"note": site.next_policy(quorum=3)}), 200)
        log = log_of(site, "recoveries")
        log.continues(first)
        entries = entries_of(site)
        admin = [(e.kind, e.number, e.hash) for e in entries if e.request is None]
        text = site.next_policy(quorum=3).split("\n\n")[0] + "\n"
        equal(admin, [(32, 1, h(site.statement.encode())), (34, 1, site.policy_hash), (34, 2, h(text.encode()))], "admin")
        equal([e.time_ms for e in entries], sorted(e.time_ms for e in entries), "times")
        now = time.time() * 1000
        need(all(now - 120000 < e.time_ms < now + 1000 for e in entries), "not the times of today")
        private = [b"Ann", b"Eve", b"laptop", b"letter", b"alice", ann.id, eve.id, *(r.hash for r in (request, second, third)),
                   h(spki(request.keyx.public_key())), h(spki(ann.sign.public_key()))]
        for data in log.entries:
            need(not any(p in data or p[:8] in data for p in private), "personal data in an entry")


def test_recoveries_log_after_a_crash():
    """entries that were written and not signed: timed anew and signed when they are true, else taken out; an old copy"""
    with site_of() as site:
        for name in ("journal", "logs"):  # of a holder that knows of no request yet
            shutil.copyfile(site.folder / "holder" / name, site.folder / f"{name}.new")
        ann = site.enrol("Ann")
        said(ann.deposit(b"K" * 32, "x"), 201)
        request = site.approve(site.ask(ann))
        size = log_of(site, "recoveries").size
        site.stop("daemon")
        copy_database(site, site.folder / "old.db")

        def crash(kind, deposit=0):
            """As if the server had died between the store and the holder, an hour ago."""
            with site.database() as db:
                row = db.execute("SELECT idx, entry, salt FROM log_entry WHERE request = ? ORDER BY idx", (request.hash,)).fetchone()
                hidden = h(b"sparekey/1 request\0" + row[2] + request.hash + h(b""))
                hour_ago = int(time.time() * 1000) - 3600000
                entry = bytes([1, kind, 0, 0, 0, 0, 0, 1]) + fixture.u64(hour_ago) + hidden + fixture.u64(deposit) + fixture.u64(row[0])
                at = db.execute("SELECT max(idx) + 1 FROM log_entry").fetchone()[0]
                db.execute("INSERT INTO log_entry VALUES(?, ?, ?, ?, ?, ?, x'')",
                           (at, hour_ago, entry, log_verifier.leaf_hash(entry), request.hash, row[2]))
        site.start_server()
        crash(17)
        entries = entries_of(site)
        equal((len(entries), entries[-1].kind), (size + 1, 17), "a true one")
        need(abs(entries[-1].time_ms - time.time() * 1000) < 60000, "it has its old time")
        crash(23)
        need("does not sign for 1 entries" in site.log(), "nobody noticed")
        equal(log_of(site, "recoveries").size, size + 1, "entries without the untrue one")
        equal(len(said(request.http.get(request.path("/keys")), 200).json["keys"]), 1, "keys")
        equal([e.kind for e in entries_of(site)[size:]], [17, 24], "the entry of before is used")
        # a restored holder that knows nothing of the log takes up where its own signature ends
        size = log_of(site, "recoveries").size
        site.stop("daemon")
        copy_database(site, site.folder / "new.db")
        put_back(site, site.folder / "old.db")
        try:
            site.start_server()
            raise AssertionError("started on an old database")
        except attack.Refused:
            need("older than the" in site.log(), site.log()[-500:])
        put_back(site, site.folder / "new.db")
        site.start_server()
        equal(log_of(site, "recoveries").size, size, "size")
        site.stop("holder")
        for name in ("journal", "logs"):
            shutil.copyfile(site.folder / f"{name}.new", site.folder / "holder" / name)
        site.start_holder()
        site.restart("daemon")
        again = site.approve(site.ask(ann))
        equal(len(said(again.http.get(again.path("/keys")), 200).json["keys"]), 1, "keys")
        check_entries(site, again, site.entries_of(again), [16, 22, 22, 17, 24], (0,))


class Between(attack.Site):
    """A line to the holder that breaks: at a message, or at its answer."""

    lose, before = 0, False  # how many of the next steps of the recoveries log, and whether the holder hears of them

    def start_holder(self):
        super().start_holder()
        self.near = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.near.bind(str(self.folder / "run/line.sock"))
        self.near.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                with self.near.accept()[0] as a, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as b:
                    b.connect(str(self.folder / "run/holder.sock"))
                    while self.pass_on(a, b):
                        pass

    def pass_on(self, a, b):
        data = a.recv(65536)
        step = len(data) > 16 and data[5] == 2 and 56 in dict(attack.pairs_of(data[16:]))  # ADVANCE with ENTRIES
        if step and self.lose > 0:
            self.lose -= 1
            if not self.before:
                b.send(data)
                b.recv(65536)
            return False
        if data:
            b.send(data)
            a.send(b.recv(65536))
        return bool(data)

    def __exit__(self, *args):
        super().__exit__(*args)
        self.near.close()


def tried(call):
    """As people do who were told that the holder is not there."""
    end = time.monotonic() + 20
    while (answer := call()).status == 503 and time.monotonic() < end:
        time.sleep(0.1)
    return said(answer, 200)


def test_steps_that_got_lost():
    """the line breaks when the holder has signed, or before it has heard: no entry twice, none missing, no fork"""
    with Between("holder = ../run/line.sock\n") as site:
        ann = site.enrol("Ann")
        said(ann.deposit(b"K" * 32, "x"), 201)
        for before in (False, True):
            for lose in (1, 2):  # the line is made anew once by itself
                request = site.ask(ann)
                votes = [o.vote_note(request) for o in site.officers]
                said(site.http.post("/v1/officer/approvals", {"note": votes[0]}), 200)
                site.lose, site.before = lose, before
                answer = site.http.post("/v1/officer/approvals", {"note": votes[1]})
                equal((answer.status, site.lose), (200 if lose == 1 else 503, 0), "the answer")
                tried(lambda: site.http.post("/v1/officer/approvals", {"note": votes[1]}))
                check_entries(site, request, site.entries_of(request), [16, 22, 22])
        site.lose, site.before = 2, True
        said(request.http.get(request.path("/keys")), 503)
        equal(len(tried(lambda: request.http.get(request.path("/keys"))).json["keys"]), 1, "keys")
        check_entries(site, request, site.entries_of(request), [16, 22, 22, 17, 24], (0,))
        need("does not sign" not in site.log(), site.log()[-300:])


def test_without_a_holder():
    """the holder goes and comes: deposits are accepted all the same, and what is missing is signed for when it is back"""
    with site_of() as site:
        ann = site.enrol("Ann")
        need("receipt" in said(ann.deposit(b"K" * 32, "with"), 201).json, "no receipt")
        site.stop("holder")
        for i in range(3):
            a = said(ann.deposit(b"K" * 32, f"without {i}"), 201).json
            need("receipt" not in a, a)
        a = said(post_batch(ann, [ann.make_deposit(b"K" * 32, "y") for _ in range(2)]), 200).lines
        need(len(a) == 2 and "path" not in a[0], a)
        said(ann.http.get(f"/v1/deposits/{a[0]['serial']}/receipt"), 503)
        equal(log_of(site).size, 1, "size")
        site.start_holder()
        wait_log(site, 6)
        said(ann.http.get(f"/v1/deposits/{a[0]['serial']}/receipt"), 200)
        # a record out of a file becomes a deposit by another way, and stands in the log as well
        said(site.http.post("/v1/records", ann.file_record(b"L" * 32, "from a file")), 202)
        wait_log(site, 7)
        # nothing personal stands in an entry
        for e in log_of(site).entries:
            equal((len(e), e[:4]), (80, b"\1\1\0\0"), "entry")
            need(ann.id not in e and b"Ann" not in e and b"without" not in e, "personal data in an entry")


def test_receipts_that_lie():
    """a receipt with any part of it changed is refused, and so is one of another log or under another key"""
    with site_of() as site:
        ann = site.enrol("Ann")
        said(post_batch(ann, [ann.make_deposit(b"K" * 32, f"{i}") for i in range(9)]), 200)
        good = said(ann.deposit(b"K" * 32, "x"), 201).json["receipt"]
        deposits, recoveries = keys_of(site)
        log_verifier.Receipt(good, deposits)
        lines = good.split("\n")
        bad = [good.replace("index 9", "index 8"), good.replace("\n10\n", "\n11\n"), good + "\n", good.replace("\n", "\r\n"),
               "\n".join(lines[:3] + lines[4:]), "\n".join(lines[:4] + lines[3:]), good.replace("/deposits\n", "/others\n")]
        for at in (1, 3, 8):  # extra, a hash, the signature
            for position in range(len(lines[at]) - 45, len(lines[at]) - 3, 7):
                other = "A" if lines[at][position] != "A" else "B"
                bad.append("\n".join(lines[:at] + [lines[at][:position] + other + lines[at][position + 1:]] + lines[at + 1:]))
        for text in bad:
            need(text != good, "not changed")
            try:
                log_verifier.Receipt(text, deposits)
            except (log_verifier.Wrong, ValueError):
                continue
            raise AssertionError(f"taken: {text}")
        for key in (recoveries, log_verifier.Key(site.vkey)):
            try:
                log_verifier.Receipt(good, key)
                raise AssertionError("taken under another key")
            except log_verifier.Wrong:
                pass


if __name__ == "__main__":
    sys.exit(attack.main(globals()))
