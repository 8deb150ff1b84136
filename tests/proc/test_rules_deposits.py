#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on deposits: what is taken in, what is believed of it, and what a client believes of the answer."""
import json
import os
import pathlib
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import authority_fixture as fixture  # noqa: E402
import sealed_reader  # noqa: E402
from attack import b64, equal, h, need, said, unb64  # noqa: E402
from authority_fixture import attrs, u64  # noqa: E402

SITE = None


def state_of(owner, deposit, wanted=("checked", "wrong", "damaged"), seconds=10):
    """What the authority says of a deposit once the holder has looked at it."""
    serial = unb64(deposit["r_pub"])[24:40].hex()
    end = time.monotonic() + seconds
    while True:
        found = said(owner.http.get(f"/v1/deposits?serial={serial}"), 200).json["deposits"]
        if found and found[0]["state"] in wanted:
            return found[0]["state"]
        need(time.monotonic() < end, f"not looked at: {found}")
        time.sleep(0.1)


def released(owner):
    """Keys and refusals of a recovery of everything."""
    r = SITE.approve(SITE.ask(owner))
    j = said(SITE.keys(r), 200).json
    return [attack.unwrap(unb64(k["blob"]), r.keyx) for k in j["keys"]], j["refused"]


# ---- whose it is


def test_refused_gives_way():
    """one's own deposit that the holder refuses keeps the true one out only until that is known; it stays on record"""
    ann = SITE.enrol("Ann")
    bad = ann.make_deposit(b"1" * 32, "right")
    r_pub = bytearray(unb64(bad["r_pub"]))
    r_pub[-33] ^= 1  # the last byte of T: nothing that can be seen without the key
    bad["r_pub"] = b64(bytes(r_pub))
    serial = bytes(r_pub[24:40])
    good = ann.make_deposit(b"1" * 32, "right", file_id=serial)
    first = said(ann.http.post("/v1/deposits", bad), 201).json
    equal(state_of(ann, bad), "wrong", "state")
    second = said(ann.http.post("/v1/deposits", good), 201).json
    need(second["index"] > first["index"] and "duplicate" not in second, f"{second} after {first}")
    equal(said(ann.http.post("/v1/deposits", good), 200).json["index"], second["index"], "index of the same again")
    said(ann.http.post("/v1/deposits", bad), 409)
    shown = said(ann.http.get(f"/v1/deposits/{serial.hex()}"), 200).json
    equal((shown["index"], unb64(shown["r_pub"])[24:]), (second["index"], unb64(good["r_pub"])[24:]), "what stands")
    end = time.monotonic() + 10
    states = []
    while states != ["wrong", "checked"]:
        need(time.monotonic() < end, f"states: {states}")
        time.sleep(0.1)
        states = [d["state"] for d in said(ann.http.get(f"/v1/deposits?serial={serial.hex()}"), 200).json["deposits"]]
    # what is checked gives way to nothing
    said(ann.http.post("/v1/deposits", ann.make_deposit(b"2" * 32, "other", file_id=serial)), 409)
    equal(released(ann), ([b"1" * 32], [first["index"]]), "keys")


def test_twice():
    """the same deposit again is the same answer; other contents under its serial are refused, and change nothing"""
    ann = SITE.enrol("Ann")
    d = ann.make_deposit(b"1" * 32, "one")
    first = said(ann.http.post("/v1/deposits", d), 201).json
    again = said(ann.http.post("/v1/deposits", d), 200).json
    equal(dict(again, duplicate=None), dict(first, duplicate=None), "second answer")
    serial = unb64(d["r_pub"])[24:40]
    for other in (ann.make_deposit(b"1" * 32, "renamed", file_id=serial), ann.make_deposit(b"2" * 32, "one", file_id=serial),
                  dict(d, salt=b64(os.urandom(32)))):
        said(ann.http.post("/v1/deposits", other), 409)
    lines = "\n".join(json.dumps(x) for x in (d, ann.make_deposit(b"2" * 32, "one", file_id=serial), d)).encode()
    answers = said(ann.http.post("/v1/deposits", raw=lines, ctype="application/x-ndjson"), 200).lines
    equal([a.get("duplicate") or a.get("error") for a in answers if "checkpoint" not in a], [True, "conflict", True],
          "answers of a batch")
    equal(released(ann), ([b"1" * 32], []), "keys")


def test_under_another_name():
    """a deposit whose private part names another owner; nothing of it appears with either"""
    ann, eve = SITE.enrol("Ada"), SITE.enrol("Eve")
    forged = eve.make_deposit(b"1" * 32, "for ada", owner=ann.id)
    said(eve.http.post("/v1/deposits", forged), 422, "another owner")
    for owner in (ann, eve):
        equal(owner.http.get("/v1/deposits").json["deposits"], [], "deposits")


def test_stolen_blob():
    """a thief deposits what he has copied from a victim's file under his own name, and recovers it: nothing comes"""
    ann, eve = SITE.enrol("Abe"), SITE.enrol("Eva")
    d = ann.make_deposit(b"1" * 32, "abe's")
    r_pub, file_id = unb64(d["r_pub"]), unb64(d["r_pub"])[24:40]
    own_priv = attrs([(1, eve.id), (2, file_id), (3, b"mine")])
    stolen = dict(d, r_priv=b64(own_priv))
    # as it is, and with a tag made of a key that he knows
    fake_tag = unb64(eve.make_deposit(b"2" * 32, "mine", file_id=file_id)["r_pub"])[136:168]
    said(eve.http.post("/v1/deposits", stolen), 201)
    other_id = fixture.uuid7()
    moved = dict(d, r_pub=b64(r_pub[:24] + other_id + r_pub[40:136] + fake_tag + r_pub[168:]),
                 r_priv=b64(attrs([(1, eve.id), (2, other_id), (3, b"mine")])))
    said(eve.http.post("/v1/deposits", moved), 201)
    # the victim is not disturbed by it: the same answer as ever
    said(ann.http.post("/v1/deposits", d), 201)
    equal(state_of(eve, stolen), "wrong", "the thief's state")
    equal(state_of(eve, moved), "wrong", "the thief's second state")
    equal(state_of(ann, d), "checked", "the victim's state")
    keys, refused = released(eve)
    equal((keys, len(refused)), ([], 2), "what the thief gets")
    equal(released(ann), ([b"1" * 32], []), "what the victim gets")


def test_relabelled():
    """tags that do not fit: another description, core, flags, policy, owner tag, commitment; CHECK marks them all"""
    ann = SITE.enrol("Asa")
    bad = []

    def make(what, priv=None, **at):
        d = ann.make_deposit(bytes([len(bad) + 1]) * 32, what)
        r_pub = bytearray(unb64(d["r_pub"]))
        for place, value in at.items():
            place = int(place[1:])
            r_pub[place:place + len(value)] = value
        d["r_pub"] = b64(bytes(r_pub))
        if priv:
            d["r_priv"] = b64(attrs([(1, ann.id), (2, bytes(r_pub[24:40])), (3, priv)]))
        said(ann.http.post("/v1/deposits", d), 201)
        bad.append(d)

    make("salary", priv=b"holiday pictures")
    make("tag", _136=os.urandom(32))
    make("commitment", _40=os.urandom(32))
    make("owner tag", _168=os.urandom(32))
    make("padding", _2=b"\0\2")
    good = ann.make_deposit(b"z" * 32, "good")
    said(ann.http.post("/v1/deposits", good), 201)
    equal([state_of(ann, d) for d in bad], ["wrong"] * len(bad), "states")
    equal(state_of(ann, good), "checked", "the good one's state")
    keys, refused = released(ann)
    equal((keys, len(refused)), ([b"z" * 32], len(bad)), "keys")


def test_what_is_not_taken():
    """another authority's key, a lower epoch, an unknown algorithm or version, a time, underived padding, no length right"""
    ann = SITE.enrol("Alf")
    good = ann.make_deposit(b"1" * 32, "x")
    r_pub = unb64(good["r_pub"])

    def with_bytes(at, value):
        return dict(good, r_pub=b64(r_pub[:at] + value + r_pub[at + len(value):]))

    for d in (with_bytes(72, h(b"x")), with_bytes(8, b"\0\0\0\2"), with_bytes(8, b"\0\0\0\0"), with_bytes(12, b"\0\0\0\7"),
              with_bytes(4, b"\0\0\x66\x02"), with_bytes(0, b"\0\2"), with_bytes(16, u64(1)), with_bytes(2, b"\0\1"),
              with_bytes(2, b"\0\7"), with_bytes(104, h(b"x")), dict(good, blob=good["r_pub"]),
              dict(good, blob=b64(unb64(good["blob"])[:-1])), dict(good, salt=b64(bytes(31))), dict(good, r_pub=b64(r_pub[:-1])),
              dict(good, r_priv=b64(b"")), dict(good, r_priv=b64(attrs([(1, ann.id), (2, r_pub[24:40]), (3, b"\xff")]))),
              dict(good, r_priv=b64(attrs([(1, ann.id), (2, bytes(16)), (3, b"x")]))),
              dict(good, r_priv=b64(attrs([(1, ann.id), (2, r_pub[24:40]), (3, b"x" * 1025)])))):
        said(ann.http.post("/v1/deposits", d), 422)
    for method in ("DELETE", "PUT", "PATCH"):
        said(ann.http.post("/v1/deposits", good), 201) if method == "DELETE" else None
        a = ann.http.call(method, f"/v1/deposits/{r_pub[24:40].hex()}")
        need(a.status in (404, 405), f"{method} is answered {a}")
    equal(len(ann.http.get("/v1/deposits").json["deposits"]), 1, "deposits")


def test_record_brought_by_a_stranger():
    """a file's record filed by a thief is its owner's deposit; relabelled as the thief's it is nothing"""
    ann, eve = SITE.enrol("Aza"), SITE.enrol("Evi")
    d = ann.file_record(b"1" * 32, "from a file")
    record = unb64(d["record"])
    said(SITE.http.post("/v1/records", dict(d, record=b64(record[:224] + eve.id + record[256:]))), 202)
    said(SITE.http.post("/v1/records", dict(d, blob=eve.file_record(b"2" * 32, "x")["blob"])), 202)
    flipped = bytearray(record)
    flipped[-1] ^= 1
    said(SITE.http.post("/v1/records", dict(d, record=b64(bytes(flipped)))), 202)
    # the bare authority slot is no deposit
    said(SITE.http.post("/v1/records", {"blob": d["blob"]}), 400)
    said(SITE.http.post("/v1/records", {"record": b64(record[:272]), "blob": d["blob"]}), 400)
    time.sleep(0.8)
    for owner in (ann, eve):
        equal(owner.http.get("/v1/deposits").json["deposits"], [], "filed")
    eve_request = SITE.ask(eve)
    said(eve.http.post("/v1/records", d), 202)
    request = SITE.ask(ann)
    equal(len(ann.http.get("/v1/deposits").json["deposits"]), 1, "filed for its owner")
    equal(eve.http.get("/v1/deposits").json["deposits"], [], "filed for the thief")
    equal(said(SITE.keys(SITE.approve(eve_request)), 200).json["keys"], [], "keys of the thief")
    j = said(SITE.keys(SITE.approve(request)), 200).json
    equal([attack.unwrap(unb64(k["blob"]), request.keyx) for k in j["keys"]], [b"1" * 32], "keys of the owner")


def test_kept_for_the_log():
    """index, OC, leaf and P of every deposit are stored from the first one on, and follow from its bytes"""
    ann = SITE.enrol("Ike")
    for i in range(3):
        said(ann.deposit(bytes([i + 1]) * 32, f"{i}"), 201)
    said(SITE.http.post("/v1/records", ann.file_record(b"9" * 32, "file")), 202)
    time.sleep(0.8)
    db = sqlite3.connect(f"file:{SITE.folder}/authority/sparekey.db?mode=ro", uri=True)
    rows = db.execute("SELECT idx, time_ms, oc, leaf, p, rpub, salt, rpriv, epoch FROM deposits ORDER BY idx").fetchall()
    db.close()
    equal([r[0] for r in rows], list(range(len(rows))), "indices")
    for _, when, oc, leaf, p, rpub, salt, rpriv, epoch in rows:
        if rpriv:
            equal(p, h(salt + rpriv), "P")
        equal(oc, h(b"sparekey/1 deposit\0" + rpub + p), "OC")
        equal(int.from_bytes(rpub[16:24], "big"), when, "time")
        entry = b"\1\1\0\0" + epoch.to_bytes(4, "big") + rpub[16:24] + oc + rpub[168:200]
        equal(leaf, h(b"\0" + entry), "leaf")


# ---- what the client believes


def test_answers_that_lie():
    """an authority in foreign hands says accepted, and keeps something else: the spool is not emptied"""
    person = attack.Person().enrolled(SITE)
    with SITE.away():
        lies_about_deposits(person)
    person.run("sync", "--quiet").is_(0)
    equal(person.spooled(), [], "spool")
    equal(person.json("verify", "x.spk")["verdict"], "proven", "verdict")


def lies_about_deposits(person):
    person.file("x")
    r = person.good("encrypt", "--policy", "spool", "x")
    need(b"SPOOLED" in r.out and "'sparekey sync'" in r.err, r)
    need(b"receipt" not in r.out.lower(), r)
    entries = person.spooled()
    kept, lie = {}, {"what": None}

    def answer(method, path, body):
        if method == "POST":
            d = json.loads(body.splitlines()[0])
            r_pub = bytearray(unb64(d["r_pub"]))
            serial = bytes(r_pub[24:40])
            r_pub[16:24] = u64(1700000000000)
            kept[serial.hex()] = dict(d, r_pub=b64(bytes(r_pub)))
            return 201, {"serial": lie.get("serial") or serial.hex(), "index": 0, "time": 1700000000000, "state": "accepted"}
        if path.startswith("/v1/deposits/"):
            d = dict(kept[path.rsplit("/", 1)[1]])
            if lie["what"]:
                data = bytearray(unb64(d[lie["what"]]))
                data[lie["at"]] ^= 1
                d[lie["what"]] = b64(bytes(data))
            serial = path.rsplit("/", 1)[1]
            return 200, dict(d, serial=serial, index=0, time=1700000000000, state="accepted")
        return 404, {"error": "not-found", "message": "x"}

    with attack.Impostor(SITE, answer):
        for what, at in (("r_pub", 3), ("r_pub", 15), ("r_pub", 30), ("r_pub", 50), ("r_pub", 110), ("r_pub", 140),
                         ("r_pub", 190), ("salt", 0), ("r_priv", 20), ("blob", 100)):
            lie.update(what=what, at=at)
            person.run("sync", "--quiet").is_(1)
            equal(person.spooled(), entries, f"spool after a lie about {what}")
        lie.update(what=None, serial="00" * 16)
        person.run("sync", "--quiet").is_(1)
        equal(person.spooled(), entries, "spool after another serial")
        lie.clear()
        lie.update(what=None)
    for status, data in ((201, b"{}"), (201, b"not json"), (204, b""), (200, b"[]"), (500, b"{}"), (201, b"[" * 100000)):
        with attack.Impostor(SITE, lambda *_: (status, data)):
            person.run("sync", "--quiet").is_(1)
            equal(person.spooled(), entries, f"spool after {data[:20]}")
            person.file("y")
            person.run("encrypt", "-f", "y").is_(1)
            need(not (person.work / "y.spk").exists(), "a file without a deposit")


def test_keys_that_do_not_come_back_as_they_were():
    """in a recovery the server gives other keys, other deposits, none: nothing is opened with them, nothing lost"""
    person = attack.Person("victim").enrolled(SITE)
    thief = SITE.enrol("Thief")
    said(thief.deposit(b"t" * 32, "x"), 201)
    person.file("x", b"contents")
    person.good("encrypt", "x")
    sealed = (person.work / "x.spk").read_bytes()
    person.lose_keys()
    r = person.run("recover", "--quiet", "x.spk", "--json").is_(4)
    told = json.loads(r.out)
    request = SITE.opened(told)
    key = request.keyx.public_key()
    spied = SITE.http.get("/v1/authority").json
    db = sqlite3.connect(f"file:{SITE.folder}/authority/sparekey.db?mode=ro", uri=True)
    index, r_pub, salt, r_priv = db.execute("SELECT d.idx, rpub, salt, rpriv FROM deposits d JOIN owners o ON o.key = d.owner "
                                            "WHERE o.owner = ?", (request.owner.id,)).fetchone()
    db.close()
    other = fixture.oaep_wrap(b"w" * 32, key, r_pub[24:40])
    lies = [{"index": 0, "blob": b64(other), "r_pub": b64(bytes(200)), "salt": b64(bytes(32)), "r_priv": b64(b"x")},
            {"index": index, "blob": b64(other), "r_pub": b64(r_pub), "salt": b64(salt), "r_priv": b64(r_priv)},
            {"index": index, "blob": b64(other[:-1]), "r_pub": b64(r_pub), "salt": b64(salt), "r_priv": b64(r_priv)}]

    def answer(method, path, body):
        if path.endswith("/keys") or "/keys?" in path:
            return 200, {"keys": lies[:1], "next": None, "refused": []}
        if path.endswith("/successor"):
            return 200, {"successor": "sparekey/1 successor\n\n\u2014 x AAAAAAAA\n"}
        if path == "/v1/authority":
            return 200, spied
        return 200, {"request": request.hash.hex(), "state": "approved", "persons": 2, "needed": 2, "due": 0,
                     "expires": int(time.time()) + 1000, "count": 1}

    with SITE.away(), attack.Impostor(SITE, answer):
        while lies:
            person.run("recover", "--quiet", "x.spk").is_(1)
            lies.pop(0)
    equal((person.work / "x.spk").read_bytes(), sealed, "the file after lies")
    SITE.approve(request)
    person.run("recover", "--quiet", "x.spk").is_(0)
    person.opens(person.work / "x.spk", b"contents")


def test_session_keys_are_fresh():
    """two sealings of one file share neither serial nor session key, and both keys have 256 bits"""
    person = attack.Person().enrolled(SITE)
    path = person.file("x", b"same")
    pair = attack.sparekey_cli.pair_of(person.container())
    seen = set()
    for name in ("1", "2", "3"):
        person.good("encrypt", "-o", f"{name}.spk", path)
        data = (person.work / f"{name}.spk").read_bytes()
        core = sealed_reader.Core.parse(data)
        key, _ = sealed_reader.find_key(core, data, pair)
        equal(len(key), 32, "length of a session key")
        seen |= {core.file_id, key}
    equal(len(seen), 6, "serials and keys")


if __name__ == "__main__":
    with attack.Site(conf="check_per_second = 50\n") as SITE:
        STATUS = attack.main(globals())
    sys.exit(STATUS)
