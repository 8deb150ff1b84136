#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on requests and on what officers say about them."""
import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import authority_fixture as fixture  # noqa: E402
from attack import b64, equal, h, need, said  # noqa: E402
from authority_fixture import attrs, note_text, spki, statement, u64  # noqa: E402

SITE = None
ANN = None  # an owner with one deposit


def no_keys(request, site=None):
    """The requester gets nothing."""
    said((site or SITE).keys(request), 403)
    said(request.http.post(request.path("/successor")), 403)


def persons(request, site=None):
    return (site or SITE).officers[0].get(f"/v1/officer/requests/{request.hash.hex()}").json["persons"]


# ---- opening


def with_attributes(owner, request, **change):
    """A request record with attributes replaced (_2=owner id, ...), signed by the same new pairs."""
    pairs = dict(attack.pairs_of(request.record))
    pairs.update({int(k[1:]): v for k, v in change.items()})
    record = attrs(list(pairs.items()))
    return {"record": b64(record), "sig_sign": b64(statement(request.sign, b"request", SITE.key_id, record)),
            "sig_keyx": b64(statement(request.keyx, b"possession", SITE.key_id, record))}


def test_opening_wants_both_new_keys():
    """another's key as the new one, signatures exchanged, of another kind or authority, missing"""
    r = ANN.new_request()
    good = r.body
    other = fixture.new_rsa()
    for change in ({"sig_keyx": b64(statement(other, b"possession", SITE.key_id, r.record))},
                   {"sig_sign": b64(statement(other, b"request", SITE.key_id, r.record))},
                   {"sig_sign": good["sig_keyx"]}, {"sig_keyx": good["sig_sign"]},
                   {"sig_keyx": b64(statement(r.keyx, b"request", SITE.key_id, r.record))},
                   {"sig_sign": b64(statement(r.sign, b"request", h(b"x"), r.record))},
                   {"sig_keyx": ""}):
        said(SITE.http.post("/v1/requests", dict(good, **change)), 422, "not signed by both")
    for key in ("sig_keyx", "sig_sign", "record"):
        said(SITE.http.post("/v1/requests", {k: v for k, v in good.items() if k != key}), 400)
    for change in ({"_1": h(b"x")}, {"_9": u64(int(time.time()) - 90000)}, {"_9": u64(int(time.time()) + 90000)}):
        said(SITE.http.post("/v1/requests", with_attributes(ANN, r, **change)), 422)
    # the login key that is the owner's already is no new key
    pairs = dict(attack.pairs_of(r.record))
    pairs[7] = spki(ANN.sign.public_key())
    record = attrs(list(pairs.items()))
    body = {"record": b64(record), "sig_sign": b64(statement(ANN.sign, b"request", SITE.key_id, record)),
            "sig_keyx": b64(statement(r.keyx, b"possession", SITE.key_id, record))}
    said(SITE.http.post("/v1/requests", body), 422, "not new")


def test_list_of_files_is_signed():
    """a list of serials longer, shorter, unsorted or other than the record's root"""
    ids = sorted(fixture.uuid7() for _ in range(3))
    r = ANN.new_request(serials=ids)
    for serials in (ids[:2], ids + [fixture.uuid7()], ids[::-1], [fixture.uuid7()] + ids[1:], []):
        said(SITE.http.post("/v1/requests", dict(r.body, serials=[s.hex() for s in serials])), 422, "list of serials")
    said(SITE.http.post("/v1/requests", dict(r.body, serials=["zz"])), 400)
    body = ANN.new_request().body
    said(SITE.http.post("/v1/requests", dict(body, serials=[ids[0].hex()])), 422, "list of serials")


def test_nobody_and_somebody_look_alike():
    """a request for an owner who does not exist: the same answers, in comparable time, at every door"""
    class Nobody(fixture.Owner):
        def __init__(self, like):  # pylint: disable=super-init-not-called
            self.a, self.id, self.name = like.a, os.urandom(32), "Nobody"

    nobody = Nobody(ANN)
    pairs = [(ANN.new_request(), nobody.new_request()) for _ in range(12)]
    times, shapes = ([], []), (set(), set())
    for both in pairs:
        for i, r in enumerate(both):
            start = time.perf_counter()
            a = said(SITE.http.post("/v1/requests", r.body), 202)
            times[i].append(time.perf_counter() - start)
            shapes[i].add((a.status, tuple(sorted(a.json)), tuple(sorted(set(a.headers) - {"Date"}))))
    equal(shapes[0], shapes[1], "answers to an opening")
    some, none = (statistics.median(t) for t in times)
    need(0.4 < some / none < 2.5, f"an existing owner takes {some * 1e3:.2f} ms, another {none * 1e3:.2f} ms")
    time.sleep(1.2)
    seen = ([], [])
    for both in pairs[:4]:
        for i, r in enumerate(both):
            j = said(r.http.get(r.path()), 200).json
            seen[i].append({k: j[k] for k in j if k not in ("request", "expires")})
            no_keys(r)
    equal(seen[0], seen[1], "states")
    real, unreal = pairs[0]
    # sent again: the same; a stranger learns of neither
    for r in (real, unreal):
        said(SITE.http.post("/v1/requests", r.body), 202)
        said(ANN.http.get(r.path()), 404)
        said(SITE.http.get(r.path()), 401)
    said(SITE.officers[0].get(f"/v1/officer/requests/{unreal.hash.hex()}"), 404)
    listed = SITE.officers[0].get("/v1/officer/requests").json["requests"]
    need(unreal.hash.hex() not in [q["request"] for q in listed], "officers are troubled with it")
    said(SITE.http.post(unreal.path("/veto"), {"note": ANN.veto.note("x\n")}), 403)
    # records from files, too
    for owner in (ANN, nobody):
        d = fixture.Owner.file_record(owner, b"R" * 32, "x")
        equal(said(SITE.http.post("/v1/records", d), 202).json, {}, "answer to a record")


def test_nothing_before_the_quorum():
    """no list, no number, no key before two officers have approved; others' requests do not hinder"""
    for _ in range(6):
        SITE.ask(ANN, reason="a stranger's")
    r = SITE.ask(ANN)
    need("count" not in r.http.get(r.path()).json, "the number of deposits is told")
    no_keys(r)
    SITE.approve(r, 1)
    need("count" not in r.http.get(r.path()).json, "the number of deposits is told")
    no_keys(r)
    SITE.approve(r)
    equal(r.http.get(r.path()).json["state"], "approved", "state")
    need(r.http.get(r.path()).json["count"] >= 1, "count")


# ---- what counts as an approval


def test_strangers_votes():
    """approvals by a stranger, by nobody, by an officer's name with another key, altered ones"""
    r = SITE.ask(ANN)
    stranger = fixture.Officer(SITE, "mallory")
    text = SITE.officers[0].vote_note(r).split("\n\n")[0] + "\n"
    namesake = fixture.Officer(SITE, "alice")
    for note in (stranger.note(text), namesake.note(text), text + "\n", text,
                 SITE.officers[0].note(text).replace("decision approve", "decision deny"),
                 SITE.officers[0].note(text.replace("round 1", "round 2")).replace("round 2", "round 1")):
        a = SITE.http.post("/v1/officer/approvals", {"note": note})
        need(a.status in (400, 403, 409), a)
    both = text + "\n" + SITE.officers[0].line(text) + SITE.officers[1].line(text)
    need(SITE.http.post("/v1/officer/approvals", {"note": both}).status in (403, 409), "one note for two officers")
    equal(persons(r), 0, "persons")
    no_keys(r)


def test_every_field_of_an_approval():
    """a good approval of another request, recipient, signer, scope, owner, authority or policy"""
    r, other = SITE.ask(ANN), SITE.ask(ANN)
    now = int(time.time())
    shown = SITE.officers[0].get(f"/v1/officer/requests/{r.hash.hex()}").json["scope"]
    zero = h(b"other").hex()
    wrong = [{"request": other.hash.hex()}, {"recipient": h(spki(other.keyx.public_key())).hex()},
             {"signer": h(spki(other.sign.public_key())).hex()}, {"owner": zero}, {"authority": zero},
             {"scope": f"{shown['count'] + 1} {shown['root']}"}, {"scope": f"{shown['count']} {zero}"},
             {"policy": f"1 {zero}"}, {"policy": f"2 {SITE.policy_hash.hex()}"}, {"policy": f"0 {zero}"},
             {"round": 2}, {"round": 3}, {"log": "none"}, {"log": "backup.test/deposits"},
             {"log": "other.test/recoveries"}, {"decision": "maybe"},
             {"time": now - 7200, "expires": now - 3600}, {"time": now + 3600, "expires": now + 7200},
             {"expires": now + 604800 * 2}]
    for change in wrong:
        for officer in SITE.officers[:2]:
            a = SITE.http.post("/v1/officer/approvals", {"note": officer.vote_note(r, **change)})
            need(a.status in (403, 404, 409), f"{change}: {a}")
        equal((persons(r), persons(other)), (0, 0), f"persons after {change}")
    no_keys(r)
    no_keys(other)


def test_one_officer_is_one_person():
    """one officer twice, with another note, and again after a restart of the holder"""
    r = SITE.ask(ANN)
    alice = SITE.officers[0]
    for life in (3600, 3700, 4000):
        said(alice.vote(r, life=life), 200)
    note = alice.vote_note(r)
    said(SITE.http.post("/v1/officer/approvals", {"note": note}), 200)
    said(SITE.http.post("/v1/officer/approvals", {"note": note}), 200)
    SITE.restart("holder")
    said(alice.vote(r, life=5000), 200)
    equal(persons(r), 1, "persons")
    no_keys(r)


def test_two_keys_of_one_person():
    """two keys of one person, and the officer who is the owner himself"""
    class Family(attack.Site):
        """alice and her second key; carol owns what is asked for."""

        def _make_policy(self, change):
            self.officers[1].person = "alice"
            super()._make_policy(change)

    with Family() as site:
        owner = site.enrol("Carol")
        said(owner.deposit(b"K" * 32, "carol's"), 201)
        r = site.ask(owner)
        said(site.officers[0].vote(r), 200)
        equal(said(site.officers[1].vote(r), 200).json["persons"], 1, "persons")
        no_keys(r, site)
        # from policy 2 on the holder knows which owner carol is
        carol = site.officers[2]
        site.policy_fields[-1] = ("officer", f"{carol.vkey} person=carol seal={b64(carol.seal)} owners={owner.id.hex()}")
        fields = [(k, {"number": 2, "previous": site.policy_hash.hex()}.get(k, v)) for k, v in site.policy_fields]
        text = note_text("policy", fields)
        note = text + "\n" + "".join(o.line(text) for o in site.officers)
        said(carol.post("/v1/officer/policy", {"note": note}), 200)
        site.policy_number, site.policy_hash = 2, h(text.encode())
        equal(persons(r, site), 0, "persons under the new policy")
        said(carol.vote(r), 409)
        said(site.officers[0].vote(r), 200)
        equal(persons(r, site), 1, "persons")
        no_keys(r, site)
        # her no is taken, though
        equal(said(carol.vote(r, approve=False), 200).json["state"], "denied", "state")


def test_approvals_run_out():
    """an approval that has expired when the second one comes"""
    r = SITE.ask(ANN)
    said(SITE.officers[0].vote(r, life=3), 200)
    time.sleep(3.2)
    equal(said(SITE.officers[1].vote(r), 200).json["persons"], 1, "persons")
    no_keys(r)
    note = SITE.officers[0].vote_note(r, life=1)
    time.sleep(1.2)
    said(SITE.http.post("/v1/officer/approvals", {"note": note}), 409)
    no_keys(r)


def test_no_is_remembered():
    """a denial survives restarts, the loss of the database, two approvals and its own officer's change of mind"""
    r = SITE.ask(ANN)
    said(SITE.officers[2].vote(r, approve=False), 200)
    with SITE.database() as db:
        db.execute("DELETE FROM votes")
        db.execute("UPDATE requests SET state = 1, persons = 2")
        db.execute("DELETE FROM events")
    SITE.restart("holder")
    SITE.wait_request(r, "denied")
    for officer in SITE.officers:
        officer.vote(r)
    equal(r.http.get(r.path()).json["state"], "denied", "state")
    no_keys(r)
    # nor does forgetting the request and opening it again
    with SITE.database() as db:
        db.execute("DELETE FROM votes")
        db.execute("DELETE FROM requests WHERE hash = ?", (r.hash,))
    said(SITE.http.post("/v1/requests", r.body), 202)
    time.sleep(1.2)
    no_keys(r)
    line = attack.HolderLine(SITE)
    status, state = line.ask(line.STATE, [(26, r.hash)])
    line.close()
    equal((status, int.from_bytes(state[40], "big")), (0, 5), "the holder's state")


# ---- the code


def test_the_requester_reads_out_a_code():
    """the server shows another's request: the requester's code does not fit it, and without one nothing is signed"""
    true, thiefs = SITE.ask(ANN, reason="mine"), SITE.ask(ANN, reason="mine")
    dave = SITE.dave
    code = attack.code_of(true.hash)
    dave.refused("request", "approve", thiefs.hash.hex(), "--code", code, words=["not that of this request"])
    dave.refused("request", "approve", thiefs.hash.hex(), "--code", "", words=["code"])
    for short in (code[:-1], code[:11], code + "0", "-", code.replace("-", "")[:16]):
        dave.refused("request", "approve", true.hash.hex(), "--code", short)
    dave.refused("request", "approve", true.hash.hex(), words=["no code was typed"])
    equal((persons(true), persons(thiefs)), (0, 0), "persons")
    dave.good("request", "approve", true.hash.hex(), "--code", code.lower().replace("-", " "))
    equal(persons(true), 1, "persons")


def test_the_server_swaps_the_request():
    """under the true request's hash the server shows a record with the thief's keys, or the thief's scope"""
    true, thiefs = SITE.ask(ANN), SITE.ask(ANN)
    code, dave = attack.code_of(true.hash), SITE.dave
    swap = ("UPDATE requests SET {0} = (SELECT {0} FROM requests WHERE hash = ?) WHERE hash = ?")
    with SITE.database() as db:
        kept = db.execute("SELECT record, sig_sign, sig_keyx, recipient, scope_count, scope_root, scope_end FROM requests"
                          " WHERE hash = ?", (true.hash,)).fetchone()
        for column in ("record", "sig_sign", "sig_keyx", "recipient"):
            db.execute(swap.format(column), (thiefs.hash, true.hash))
    for words in (("request", "show"), ("request", "approve", "--code", code)):
        text = dave.refused(*words, true.hash.hex())
        need("does not" in text or "not" in text, text)
    with SITE.database() as db:
        db.execute("UPDATE requests SET record = ?, sig_sign = ?, sig_keyx = ?, recipient = ? WHERE hash = ?",
                   (*kept[:4], true.hash))
        db.execute("UPDATE requests SET scope_root = ? WHERE hash = ?", (h(b"mine"), true.hash))
    dave.refused("request", "approve", true.hash.hex(), "--code", code)
    with SITE.database() as db:
        db.execute("UPDATE requests SET scope_root = ?, scope_count = scope_count + 1 WHERE hash = ?", (kept[5], true.hash))
    dave.refused("request", "approve", true.hash.hex(), "--code", code)
    with SITE.database() as db:
        db.execute("UPDATE requests SET scope_count = ? WHERE hash = ?", (kept[4], true.hash))
    equal(persons(true), 0, "persons")
    dave.good("request", "approve", true.hash.hex(), "--code", code)


def test_officers_see_what_is_there():
    """names and reasons that would paint another picture on an officer's terminal"""
    name = "Ann\u202e gnp.exe"
    owner = fixture.Owner(SITE, "x")
    pairs = dict(attack.pairs_of(owner.record))
    for bad in (b"Ann\x1b[2J", b"Ann\nstate: approved", b"Ann\xff", b"\x00", b""):
        pairs[1] = bad
        record = attrs(list(pairs.items()))
        body = {"record": b64(record), "signature": b64(statement(owner.sign, b"enrolment", SITE.key_id, record))}
        said(SITE.http.post("/v1/owners", body), 422)
    tricky = SITE.enrol(name)
    said(tricky.deposit(b"K" * 32, "x\u202ecod.\u2066"), 201)
    r = SITE.ask(tricky, reason="please \u202edeny\u202c \u2066this")
    for words in (("request", "show", "--all", r.hash.hex()), ("request", "list"), ("owner", "find", "gnp"),
                  ("request", "approve", r.hash.hex(), "--code", attack.code_of(r.hash))):
        p = SITE.dave.good(*words)
        text = (p.stdout + p.stderr).decode()
        need(not attack.sparekey_cli.CONTROL.search(text.replace("\n", "")), f"{words}: {text!r}")
    shown = SITE.dave.good("request", "show", "--all", r.hash.hex()).stdout.decode()
    for word in ("verified", "claimed"):
        need(word in shown, f"nothing is marked {word}: {shown}")


# ---- the wait


def test_the_wait_and_the_second_round():
    """approved, restarted, asked for too early, not confirmed, denied at the last moment"""
    with attack.Site(wait=4) as site:
        owner = site.enrol("Wim")
        said(owner.deposit(b"K" * 32, "x"), 201)
        one, two = site.ask(owner), site.ask(owner)
        for r in (one, two):
            said(site.officers[0].vote(r, round_=2), 409)
            site.approve(r)
            equal(r.http.get(r.path()).json["state"], "waiting", "state")
            no_keys(r, site)
        site.restart("holder")
        with site.database() as db:
            db.execute("UPDATE requests SET state = 4, opened = 1, due = 1")
        no_keys(one, site)
        time.sleep(4)
        site.wait_request(one, "confirm")
        no_keys(one, site)
        # round 1 once more is not round 2; one confirmation is not two
        said(site.officers[2].vote(one), 200)
        said(site.officers[0].vote(one, round_=2), 200)
        no_keys(one, site)
        equal(said(site.officers[1].vote(two, approve=False, round_=2), 200).json["state"], "denied", "state")
        site.approve(one, round_=2)
        equal(len(said(site.keys(one), 200).json["keys"]), 1, "keys")
        no_keys(two, site)


def test_requests_expire():
    """a request whose life is over: no approval, no key"""
    with attack.Site(request_life=5) as site:
        owner = site.enrol("Xia")
        said(owner.deposit(b"K" * 32, "x"), 201)
        r = site.ask(owner)
        site.approve(r)
        note = site.officers[2].vote_note(r)
        time.sleep(5)
        equal(r.http.get(r.path()).json["state"], "expired", "state")
        no_keys(r, site)
        said(site.http.post("/v1/officer/approvals", {"note": note}), 409)
        site.restart("daemon", "holder")
        no_keys(r, site)
        equal([e["kind"] for e in site.entries_of(r)], [16, 22, 22, 19], "what stands in the log")
        unseen = site.ask(owner)  # nobody asks about it any more
        end = time.monotonic() + 30
        while site.log_of("recoveries").entries[-1][1] != 19:
            need(time.monotonic() < end, "its end is not noted")
            time.sleep(0.5)
        equal([e["kind"] for e in site.entries_of(unseen)], [16, 19], "what stands in the log")


def test_requests_are_forgotten():
    """long after a request that nobody has decided, its requester cannot tell whether its owner exists"""
    class Nobody(fixture.Owner):
        def __init__(self, like):  # pylint: disable=super-init-not-called
            self.a, self.id, self.name = like.a, os.urandom(32), "Nobody"

    with attack.Site("max_unknown_requests = 2\n") as site:
        owner = site.enrol("Xia")
        said(owner.deposit(b"K" * 32, "x"), 201)
        nobody = Nobody(owner)
        real, denied, unreal = site.ask(owner), site.ask(owner), nobody.new_request()
        said(site.http.post("/v1/requests", unreal.body), 202)
        said(site.officers[0].vote(denied, approve=False), 200)
        for r in (real, unreal):
            equal(said(r.http.get(r.path()), 200).json["state"], "open", "state")
        with site.database() as db:
            db.execute("UPDATE requests SET created = created - 91 * 86400,"
                       " expires = CASE expires WHEN 0 THEN 0 ELSE expires - 91 * 86400 END")
        wait_gone(real)
        wait_gone(unreal)
        equal(said(real.http.get(real.path()), 404).body, said(unreal.http.get(unreal.path()), 404).body, "answers")
        equal(said(denied.http.get(denied.path()), 200).json["state"], "denied", "what was decided")
        # a flood of strangers leaves room for no more than so many, and for everybody else
        real = site.ask(owner)
        flood = [nobody.new_request() for _ in range(4)]
        for r in flood:
            said(site.http.post("/v1/requests", r.body), 202)
            time.sleep(0.6)
        site.restart("daemon")
        wait_gone(flood[0])
        equal([r.http.get(r.path()).status for r in flood], [404, 404, 200, 200], "strangers")
        said(real.http.get(real.path()), 200)


def wait_gone(request):
    end = time.monotonic() + 20
    while request.http.get(request.path()).status != 404:
        need(time.monotonic() < end, "a request is kept for ever")
        time.sleep(0.2)


if __name__ == "__main__":
    with attack.DeskSite() as SITE:
        ANN = SITE.enrol("Ann")
        said(ANN.deposit(b"K" * 32, "ann's"), 201)
        STATUS = attack.main(globals())
    sys.exit(STATUS)
