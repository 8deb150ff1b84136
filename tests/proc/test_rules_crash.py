#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9, again and again: what was acknowledged is there, and what was refused stays refused."""
import concurrent.futures
import json
import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import authority_fixture as fixture  # noqa: E402
from attack import equal, need, said, unb64  # noqa: E402
from authority_fixture import b64, note_text, statement  # noqa: E402

SITE = None
KILLS = int(os.environ.get("SPK_KILLS", "20"))


def kill(site, what):
    """kill -9 of one of the two, and its return."""
    equal(site.stop(what, 9), -9, f"status of the {what}")
    site.start_holder() if what == "holder" else site.start_server()


def patient(send):
    """The answer when the holder has been found again."""
    end = time.monotonic() + 10
    while True:
        a = send()
        if a.status != 503 or time.monotonic() > end:
            return a
        need(int(a.headers.get("Retry-After", "0")) >= 1, f"no Retry-After: {a} {a.headers}")
        time.sleep(0.1)


class Depositor(threading.Thread):
    """Sends batches without a pause; knows what was acknowledged."""

    def __init__(self, owner, key):
        super().__init__(daemon=True)
        self.owner, self.key = owner, key
        self.stop, self.taken, self.sent, self.wrong = threading.Event(), {}, {}, []

    def run(self):
        client = self.owner.a.client(self.owner.sign)
        n = 0
        while not self.stop.is_set():
            batch = [self.owner.make_deposit(self.key, f"{n + i}") for i in range(5)]
            n += len(batch)
            for d in batch:
                self.sent[unb64(d["r_pub"])[24:40].hex()] = d
            try:
                raw = "\n".join(json.dumps(d) for d in batch).encode()
                a = client.call("POST", "/v1/deposits", raw=raw, ctype="application/x-ndjson")
            except (OSError, fixture.http.client.HTTPException):
                time.sleep(0.01)
                continue
            if a.status == 200:
                for line in a.lines:
                    if "checkpoint" in line:
                        continue
                    if line.get("state") == "accepted":
                        self.taken[line["serial"]] = (line["index"], line["time"])
                    else:
                        self.wrong.append(line)
            elif a.status not in (429, 503):
                self.wrong.append(a)


def listed(owner):
    out, after = {}, ""
    while True:
        j = said(owner.http.get(f"/v1/deposits?limit=1000{after}"), 200).json
        out.update({d["serial"]: d for d in j["deposits"]})
        if j["next"] is None:
            return out
        after = f"&after={j['next']}"


def test_server_killed_among_batches():
    """sparekeyd is killed twenty times while two owners deposit: no acknowledged deposit is lost or changes its place"""
    threads = [Depositor(SITE.enrol(n), bytes([i + 1]) * 32) for i, n in enumerate(("Ann", "Bob"))]
    for t in threads:
        t.start()
    rng = random.Random(1)
    try:
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.02, 0.25))
            kill(SITE, "daemon")
    finally:
        for t in threads:
            t.stop.set()
        for t in threads:
            t.join(60)
    total = 0
    for t in threads:
        equal(t.wrong, [], "answers")
        have = listed(t.owner)
        need(set(t.taken) <= set(have), f"lost: {sorted(set(t.taken) - set(have))[:5]}")
        for serial, (index, when) in t.taken.items():
            equal((have[serial]["index"], have[serial]["time"]), (index, when), f"deposit {serial}")
        # what was never acknowledged is there whole or not at all, and may be sent again
        for serial in list(set(t.sent) - set(t.taken))[:20]:
            a = t.owner.http.post("/v1/deposits", t.sent[serial])
            equal(a.status, 200 if serial in have else 201, f"{serial} again: {a}")
        total += len(t.taken)
    need(total > 5 * KILLS, f"only {total} deposits were acknowledged")
    p = SITE.store_check()
    equal(p.returncode, 0, p.stdout + p.stderr)
    with SITE.database() as db:
        equal(db.execute("PRAGMA integrity_check").fetchone()[0], "ok", "integrity")
        n, top = db.execute("SELECT count(*), max(idx) FROM deposits").fetchone()
        equal(n, top + 1, "indices have gaps")


def test_holder_killed_among_votes():
    """the holder is killed twenty times between votes, vetoes and successors: what it has answered it remembers"""
    ann = SITE.enrol("Cid")
    said(ann.deposit(b"1" * 32, "x"), 201)
    told = {}  # request -> the state that was answered last

    def one(i):
        r = ann.new_request()
        said(SITE.http.post("/v1/requests", r.body), 202)
        SITE.wait_request(r)
        told[r] = "open"
        for officer in SITE.officers[:i % 3]:
            told[r] = said(officer.vote(r), 200).json["state"]
        if i % 5 == 3:
            told[r] = said(SITE.officers[2].vote(r, approve=False), 200).json["state"]
        if i % 5 == 4:
            note = ann.veto.note(note_text("veto", [("authority", SITE.key_id.hex()), ("request", r.hash.hex())]))
            told[r] = said(SITE.http.post(r.path("/veto"), {"note": note}), 200).json["state"]

    for i in range(KILLS):
        one(i)
        kill(SITE, "holder")
    for r, state in told.items():
        SITE.wait_request(r, state)
    need(set(told.values()) == {"open", "approved", "denied", "vetoed"}, set(told.values()))
    # a kill in the middle of a vote: whatever was answered holds afterwards
    for i in range(5):
        r = SITE.ask(ann)
        alice, bob = SITE.officers[:2]
        notes = [alice.vote_note(r), bob.vote_note(r, approve=False)]
        answers = []

        def send(note):
            client = SITE.client()
            answers.append((note, client.post("/v1/officer/approvals", {"note": note})))

        threads = [threading.Thread(target=send, args=(n,)) for n in notes]
        for t in threads:
            t.start()
        time.sleep(0.002 * i)
        kill(SITE, "holder")
        for t in threads:
            t.join(60)
        for note, a in answers:
            need(a.status in (200, 500, 503), a)
            said(patient(lambda n=note: SITE.http.post("/v1/officer/approvals", {"note": n})), 200)
        SITE.wait_request(r, "denied")


def test_both_killed_during_a_release():
    """holder and server are killed while keys go out: the recovery goes on, to the same recipient, and is remembered"""
    ann = SITE.enrol("Dot")
    keys = [bytes([i + 1]) * 32 for i in range(30)]
    raw = "\n".join(json.dumps(ann.make_deposit(k, "x")) for k in keys).encode()
    said(ann.http.post("/v1/deposits", raw=raw, ctype="application/x-ndjson"), 200)
    r = SITE.approve(SITE.ask(ann))
    got, rng = set(), random.Random(2)

    def take(client, path):
        try:
            return client.get(path)
        except (OSError, fixture.http.client.HTTPException):
            return None

    for i in range(8):
        client = SITE.client(r.sign)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            future = pool.submit(take, client, r.path("/keys?limit=10" + (f"&after={i}" if i else "")))
            time.sleep(rng.uniform(0, 0.05))
            kill(SITE, "holder" if i % 2 else "daemon")
            a = future.result()
        if a is not None and a.status == 200:
            got |= {attack.unwrap(unb64(k["blob"]), r.keyx) for k in a.json["keys"]}
    time.sleep(0.5)
    after = ""
    while True:
        j = said(r.http.get(r.path("/keys?limit=20" + after)), 200).json
        equal(j["refused"], [], "refused")
        got |= {attack.unwrap(unb64(k["blob"]), r.keyx) for k in j["keys"]}
        if j["next"] is None:
            break
        after = f"&after={j['next']}"
    equal(got, set(keys), "keys")
    said(SITE.client(ann.sign).get("/v1/owners/self"), 403)
    line = attack.HolderLine(SITE)
    status, state = line.ask(line.STATE, [(26, r.hash)])
    line.close()
    equal((status, int.from_bytes(state[40], "big"), int.from_bytes(state[47], "big")), (0, 8, 30), "the holder's memory")
    # the successor is the same whoever asks again
    body = {"signature": b64(statement(ann.sign, b"veto", SITE.key_id, r.hash))}
    said(SITE.http.post(r.path("/veto"), body), 403)


def test_database_reopened():
    """the server is ended and started again and again: all is as it was, the login of today too"""
    ann = SITE.enrol("Eli")
    said(ann.deposit(b"1" * 32, "x"), 201)
    before = listed(ann)
    for sig in (15, 9, 2, 15):
        SITE.stop("daemon", sig)
        SITE.start_server()
        equal({s: dict(d, state="") for s, d in listed(ann).items()}, {s: dict(d, state="") for s, d in before.items()}, "deposits")
    # without a holder deposits are taken as ever, and nothing else is made up
    SITE.stop("holder")
    said(ann.deposit(b"2" * 32, "y"), 201)
    r = ann.new_request()
    said(SITE.http.post("/v1/requests", r.body), 202)
    need(r.http.get(r.path("/keys")).status in (403, 503), "keys without a holder")
    SITE.start_holder()
    SITE.approve(SITE.ask(ann))
    SITE.wait_request(r)


if __name__ == "__main__":
    with attack.Site(conf="check_per_second = 5\n") as SITE:
        STATUS = attack.main(globals())
    sys.exit(STATUS)
