#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on the release of keys, on what follows it, and on the policies that it stands on."""
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import authority_fixture as fixture  # noqa: E402
from attack import b64, equal, h, need, said, unb64  # noqa: E402
from authority_fixture import note_text, spki, statement, u64  # noqa: E402

SITE = None


def owner_with(name, *keys, site=None):
    owner = (site or SITE).enrol(name)
    for i, key in enumerate(keys):
        said(owner.deposit(key, f"{name} {i}"), 201)
    return owner


def recovered(request, site=None):
    """The session keys that come out of a release."""
    j = said((site or SITE).keys(request), 200).json
    return [attack.unwrap(unb64(k["blob"]), request.keyx) for k in j["keys"]], j["refused"]


# ---- release


def holder_view(site, owner, request):
    """RELEASE messages for all of the owner's deposits, as an honest server sends them."""
    listed = owner.http.get("/v1/deposits").json["deposits"]
    rows = [dict(owner.http.get(f"/v1/deposits/{d['serial']}").json, index=d["index"]) for d in listed]
    entries = []
    for row in rows:
        oc = h(b"sparekey/1 deposit\0" + unb64(row["r_pub"]) + unb64(row["p"]))
        entries.append(u64(row["index"]) + oc)
    return [{26: request.hash, 17: u64(row["index"]), 30: u64(i), 18: b"".join(attack.tree_path(entries, i)),
             10: unb64(row["r_pub"]), 15: owner.id, 13: unb64(row["blob"]), 14: unb64(row["p"]),
             11: unb64(row["salt"]), 12: unb64(row["r_priv"])} for i, row in enumerate(rows)]


def proven(site, request, messages):
    """The same with what the public logs say: the deposit's place, and the entry that lets it go, if there is one."""
    deposits, recoveries = site.log_of("deposits").entries, site.log_of("recoveries").entries
    own, out = site.entries_of(request)[0]["index"], []
    for m in messages:
        at = [i for i, e in enumerate(recoveries) if e[1] == 17 and e[48:] == m[17] + u64(own)]
        more = {62: recoveries[at[0]], 63: u64(at[0]), 64: b"".join(attack.tree_path(recoveries, at[0]))} if at else {}
        if more:
            more[61] = b"".join(attack.tree_path(deposits, int.from_bytes(m[17], "big")))
        out.append({**m, **more})
    return out


def release(line, message, **change):
    """Status of a RELEASE with attributes replaced; whatever it is, a refusal is bare."""
    m = dict(message)
    m.update({int(k[1:]): v for k, v in change.items()})
    status, out = line.ask(line.RELEASE, list(m.items()))
    need(status == line.OK or not out, f"status {status} with {sorted(out)}")
    return status, out.get(13)


def flip(data, at=0):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def test_a_server_in_foreign_hands():
    """whoever has the server asks the holder for what was not approved: one refusal for all of it"""
    ann, eve = owner_with("Ann", *(bytes([i]) * 32 for i in range(1, 6))), owner_with("Eve", b"e" * 32)
    request = SITE.ask(ann)
    mine = holder_view(SITE, ann, request)
    eves = holder_view(SITE, eve, request)[0]
    line = attack.HolderLine(SITE)
    equal({release(line, m)[0] for m in mine}, {line.REFUSED}, "without approvals")
    SITE.approve(request, 1)
    equal({release(line, m)[0] for m in mine}, {line.REFUSED}, "with one approval")
    SITE.approve(request)
    equal({release(line, m)[0] for m in mine}, {line.REFUSED}, "approved, and not in the log")
    equal(len(recovered(request)[0]), 5, "keys")
    mine = proven(SITE, request, mine)
    m, n = mine[1], mine[2]
    eves.update({k: m[k] for k in (61, 62, 63, 64)})
    for change in ({"_17": u64(999)}, {"_30": u64(0)}, {"_30": u64(99)}, {"_30": u64(2**63)}, {"_18": b""},
                   {"_18": m[18] + m[18]}, {"_18": flip(m[18])}, {"_26": h(b"none")}, {"_15": eve.id},
                   {"_13": n[13]}, {"_13": flip(m[13], 100)}, {"_14": n[14]}, {"_11": n[11]}, {"_12": n[12]},
                   {"_10": n[10]}, {"_10": flip(m[10], 30)}, {"_10": flip(m[10], 50)}, {"_10": flip(m[10], 150)},
                   {"_10": flip(m[10], 190)}, {"_10": flip(m[10], 15)}):
        equal(release(line, m, **change)[0], line.REFUSED, f"status of {change}")
    # another owner's deposit, as that owner's and as this one's, at its own index and at an approved one
    for change in ({}, {"_15": ann.id}, {"_17": m[17], "_30": m[30], "_18": m[18]},
                   {"_17": m[17], "_30": m[30], "_18": m[18], "_15": ann.id}):
        equal(release(line, eves, **change)[0], line.REFUSED, f"Eve's with {change}")
    status, blob = release(line, m)
    equal(status, line.OK, "the honest question")
    equal(attack.unwrap(blob, request.keyx), bytes([2]) * 32, "key")
    # nothing decrypts on demand: no other message gives the key, or tells more than yes and no
    deposit = [(k, v) for k, v in m.items() if k in (10, 11, 12, 13, 14, 15)]
    equal(line.ask(line.CHECK, deposit), (line.OK, {}), "CHECK")
    equal(line.ask(line.REWRAP, deposit), (line.REFUSED, {}), "REWRAP to the same epoch")
    line.close()
    for kind, pairs in ((2, []), (5, []), (99, []), (1, [(1, u64(1))])):
        line = attack.HolderLine(SITE)
        equal(line.ask(kind, pairs)[0], line.BAD, f"message {kind}")
        line.close()


def test_the_scope_is_frozen():
    """deposits that come after the opening, and scopes opened again with other contents"""
    ann = owner_with("Ada", b"1" * 32)
    request = SITE.ask(ann)
    said(ann.deposit(b"2" * 32, "later"), 201)
    SITE.approve(request)
    line = attack.HolderLine(SITE)
    messages = holder_view(SITE, ann, request)
    equal(len(messages), 2, "deposits")
    # the tree of both is not the tree that was approved
    equal([release(line, m)[0] for m in messages], [line.REFUSED] * 2, "status")
    root = fixture.tree_root([m[17] + h(b"sparekey/1 deposit\0" + m[10] + m[14]) for m in messages])
    again = [(21, request.record), (22, unb64(request.body["sig_sign"])), (23, unb64(request.body["sig_keyx"])),
             (24, u64(2)), (25, root)]
    equal(line.ask(line.OPEN, again), (line.REFUSED, {}), "opening again, wider")
    line.close()
    equal(recovered(request), ([b"1" * 32], []), "keys")


def test_list_names_what_comes():
    """a request for one file brings that file, and no other of the same owner"""
    ann = owner_with("Abe", b"1" * 32, b"2" * 32, b"3" * 32)
    serials = [bytes.fromhex(d["serial"]) for d in ann.http.get("/v1/deposits").json["deposits"]]
    request = SITE.approve(SITE.ask(ann, serials=[serials[1]]))
    equal(recovered(request), ([b"2" * 32], []), "keys")
    ann.http = request.http
    line = attack.HolderLine(SITE)
    messages = proven(SITE, request, holder_view(SITE, ann, request))
    equal([62 in m for m in messages], [False, True, False], "what the log lets go")
    for m in messages:
        for more in ({}, {"_19": u64(0), "_20": b""}):
            equal(release(line, m, **more)[0], line.REFUSED, "status in the tree of all")
    line.close()
    pairs_only = SITE.approve(SITE.ask(owner_with("Aby", b"4" * 32), kind=2))
    need(SITE.keys(pairs_only).status in (403, 409, 422), "keys for a request that asks for none")


# ---- what follows it


def test_success_ends_the_old_keys():
    """after a recovery the old pair logs in nowhere, on open connections either, and is never taken again"""
    ann = owner_with("Bea", b"1" * 32)
    thief = SITE.client(ann.sign)  # a connection that is open already
    said(thief.get("/v1/owners/self"), 200)
    # before: the present key may stop a request
    first = SITE.ask(ann)
    veto = {"signature": b64(statement(ann.sign, b"veto", SITE.key_id, first.hash))}
    equal(said(ann.http.post(first.path("/veto"), veto), 200).json["state"], "vetoed", "state")
    SITE.approve(first)
    said(SITE.keys(first), 403)
    request = SITE.approve(SITE.ask(ann))
    equal(recovered(request)[0], [b"1" * 32], "keys")
    second = ann.new_request()
    said(SITE.http.post("/v1/requests", second.body), 202)
    SITE.wait_request(second)
    for client in (thief, ann.http, SITE.client(ann.sign)):
        for path in ("/v1/owners/self", "/v1/deposits", "/v1/requests"):
            said(client.get(path), 403, "replaced by a recovery")
        said(client.post("/v1/deposits", ann.make_deposit(b"2" * 32, "late")), 403)
        veto = {"signature": b64(statement(ann.sign, b"veto", SITE.key_id, second.hash))}
        said(client.post(second.path("/veto"), veto), 403)
    said(SITE.http.post("/v1/owners", ann.enrolment()), 200)  # told that he is there, and no more
    said(thief.get("/v1/owners/self"), 403)
    # the holder knows it by itself
    line = attack.HolderLine(SITE)
    question = [(26, second.hash), (28, ann.record), (29, statement(ann.sign, b"veto", SITE.key_id, second.hash))]
    equal(line.ask(line.VETO, question), (line.REFUSED, {}), "veto by the old key")
    line.close()
    # the new key is the owner: same id, same deposits, and it may veto
    new = SITE.client(request.sign)
    equal(new.get("/v1/owners/self").json["owner"], ann.id.hex(), "owner")
    equal(len(new.get("/v1/deposits").json["deposits"]), 1, "deposits")
    body = {"signature": b64(statement(request.sign, b"veto", SITE.key_id, second.hash))}
    equal(said(new.post(second.path("/veto"), body), 200).json["state"], "vetoed", "state")
    # and a key that has been replaced is not taken for another owner either
    other = fixture.Owner(SITE, "Bob", sign=ann.sign)
    said(SITE.http.post("/v1/owners", other.enrolment()), 409)
    SITE.restart("daemon", "holder")
    said(SITE.client(ann.sign).get("/v1/owners/self"), 403)


def test_the_printed_code():
    """a veto by the code before and after a successor; of another owner, request or authority: none"""
    ann, eve = owner_with("Cid", b"1" * 32), owner_with("Eva")

    def note(by, request, authority=None):
        return {"note": by.veto.note(note_text("veto", [("authority", authority or SITE.key_id.hex()),
                                                        ("request", request.hash.hex())]))}

    first, second = SITE.ask(ann), SITE.ask(ann)
    for bad in (note(eve, first), note(ann, second), note(ann, first, h(b"x").hex()),
                {"note": "x"}, {"signature": b64(statement(ann.sign, b"veto", SITE.key_id, first.hash))}):
        said(SITE.http.post(first.path("/veto"), bad), 403)
    impostor = fixture.Signer(ann.veto.name)
    text = note(ann, first)["note"].split("\n\n")[0] + "\n"
    said(SITE.http.post(first.path("/veto"), {"note": impostor.note(text)}), 403)
    need(SITE.http.post(first.path("/veto"), {}).status == 400, "an empty veto")
    equal(said(SITE.http.post(first.path("/veto"), note(ann, first)), 200).json["state"], "vetoed", "state")
    SITE.approve(first, 3)
    said(SITE.keys(first), 403)
    SITE.restart("holder")
    said(SITE.keys(first), 403)
    equal(recovered(SITE.approve(second))[0], [b"1" * 32], "keys")
    third = SITE.ask(ann)
    SITE.approve(third)
    equal(said(SITE.http.post(third.path("/veto"), note(ann, third)), 200).json["state"], "vetoed", "state")
    said(SITE.keys(third), 403)


def test_a_second_recovery_ends_the_first():
    """the requester of an earlier recovery asks again after a later one"""
    ann = owner_with("Dot", b"1" * 32)
    first = SITE.approve(SITE.ask(ann))
    equal(recovered(first)[0], [b"1" * 32], "keys")
    ann.http = first.http
    second = SITE.approve(SITE.ask(ann))
    equal(recovered(second)[0], [b"1" * 32], "keys")
    said(SITE.client(first.sign).get("/v1/owners/self"), 403)
    said(SITE.keys(first), 403)
    # a pair that has stood in a role is not new: this owner's first one
    again = ann.new_request()
    again.sign = ann.sign
    pairs = dict(attack.pairs_of(again.record))
    pairs[7] = spki(ann.sign.public_key())
    record = fixture.attrs(list(pairs.items()))
    said(SITE.http.post("/v1/requests", {
        "record": b64(record), "sig_sign": b64(statement(again.sign, b"request", SITE.key_id, record)),
        "sig_keyx": b64(statement(again.keyx, b"possession", SITE.key_id, record))}), 422, "not new")


# ---- policies


def next_note(site, signers, officers=None, **change):
    values = dict((k, v) for k, v in site.policy_fields if k != "officer")
    lines = officers or [v for k, v in site.policy_fields if k == "officer"]
    values.update({"number": site.policy_number + 1, "previous": site.policy_hash.hex()}, **change)
    text = note_text("policy", list(values.items()) + [("officer", v) for v in lines])
    return text, text + "\n" + "".join(o.line(text) for o in signers)


def adopt(site, text):
    site.policy_fields = [tuple(x.split(" ", 1)) for x in text.splitlines()[1:]]
    site.policy_number += 1
    site.policy_hash = h(text.encode())


def test_policies():
    """policy n + 1 with too few or foreign signatures, skipping, going back; the database made to forget it"""
    with attack.Site() as site:
        ann = owner_with("Kai", b"1" * 32, site=site)
        a, b, c = site.officers
        stranger = fixture.Officer(site, "alice")
        request = site.ask(ann)
        old_vote = a.vote_note(request)
        weak = {"quorum": 1}
        line = attack.HolderLine(site)
        for note in (next_note(site, [a])[1], next_note(site, [a, a])[1], next_note(site, [a, stranger])[1],
                     next_note(site, [a, b], number=3)[1], next_note(site, [a, b], previous=h(b"x").hex())[1],
                     next_note(site, [a, b], number=1, previous="none", wait=1)[1], next_note(site, [a, b], **weak)[1],
                     next_note(site, [a, b], deny=4)[1], next_note(site, [a, b])[0],
                     next_note(site, [a], officers=[fixture.Authority._officer_line(o)[1] for o in (a, stranger)])[1]):
            said(site.http.post("/v1/officer/policy", {"note": note}), 422)
            equal(line.ask(line.POLICY, [(27, note.encode())])[0], line.REFUSED, "the holder's word")
        equal(site.http.get("/v1/status").json["policy"], 1, "policy")
        # quorum 3 from now on
        text, note = next_note(site, [a, b], quorum=3)
        said(site.http.post("/v1/officer/policy", {"note": note}), 200)
        said(site.http.post("/v1/officer/policy", {"note": note}), 200)
        adopt(site, text)
        for back in (site.genesis, next_note(site, [a, b], number=2)[1]):
            need(site.http.post("/v1/officer/policy", {"note": back}).status == 422, "went back")
            equal(line.ask(line.POLICY, [(27, back.encode())])[0], line.REFUSED, "the holder went back")
        said(site.http.post("/v1/officer/approvals", {"note": old_vote}), 409)
        site.approve(request)
        said(site.keys(request), 403)
        line.close()
        # the database is made to forget policy 2, or to have another one that was never signed
        forged = next_note(site, [a], number=2, previous=h(site.genesis.split("\n\n")[0].encode() + b"\n").hex())[1]
        for rows, words in (([], "old copy"), ([(2, forged.encode())], "do not follow")):
            try:
                with site.database() as db:
                    kept = db.execute("SELECT number, note FROM policies WHERE number = 2").fetchall() or kept
                    db.execute("DELETE FROM policies WHERE number = 2")
                    db.executemany("INSERT INTO policies VALUES(?, ?)", rows)
                raise AssertionError(f"started with {rows}")
            except attack.Refused as e:
                need(words in str(e), e)
        with site.database() as db:
            db.execute("DELETE FROM policies WHERE number = 2")
            db.executemany("INSERT INTO policies VALUES(?, ?)", kept)
        site.approve(request)
        said(site.keys(request), 403)
        said(c.vote(request), 200)
        equal(recovered(request, site)[0], [b"1" * 32], "keys")


def test_client_keeps_the_newer_policy():
    """a server that shows an owner the older policy chain, or a chain of its own"""
    with attack.Site() as site:
        person = attack.Person().enrolled(site)
        old = site.http.get("/v1/authority").json
        a, b, _ = site.officers
        text, note = next_note(site, [a, b], wait=1)
        said(site.http.post("/v1/officer/policy", {"note": note}), 200)
        person.good("enroll", "--update")
        site.http.close()
        site.stop("daemon")
        fork, fork_note = next_note(site, [a, b], wait=0)
        del fork
        other = next_note(site, [a, b], number=3, previous=h(text.encode()).hex())[1]
        for policies in ([site.genesis], [site.genesis, fork_note], [site.genesis, next_note(site, [a])[1]],
                         [note], [], [site.genesis, other]):
            lie = dict(old, policies=policies)
            with attack.Impostor(site, lambda *_: (200, lie)):
                person.run("enroll", "--update").is_(1)
        site.start_server()
        person.file("x")
        person.good("encrypt", "x")
        equal(person.json("inspect", "x.spk")["authorities"][0]["policy"], 2, "policy")


def test_the_stricter_of_two_policies():
    """officers loosen the policy: deposits of the older one keep its quorum"""
    with attack.Site(quorum=3) as site:
        ann = owner_with("Liv", b"1" * 32, site=site)
        text, note = next_note(site, site.officers, quorum=2)
        said(site.officers[0].post("/v1/officer/policy", {"note": note}), 200)
        adopt(site, text)
        said(ann.deposit(b"2" * 32, "newer", policy=2), 201)
        # a number that never was is not taken, so that it cannot stand for the laxest
        said(ann.deposit(b"3" * 32, "of policy 3", policy=3), 422)
        said(ann.deposit(b"3" * 32, "of policy 0", policy=0), 422)
        request = site.approve(site.ask(ann))
        shown = request.http.get(request.path()).json
        equal((shown["state"], shown["persons"], shown["needed"]), ("open", 2, 3), "the request")
        # nothing comes, and the old keys go on, until everything can come
        said(site.keys(request), 403)
        said(ann.http.get("/v1/deposits"), 200)
        line = attack.HolderLine(site)
        older, newer = holder_view(site, ann, request)
        equal(release(line, older)[0], line.REFUSED, "the older one, from the holder itself")
        equal(release(line, newer)[0], line.REFUSED, "the newer one, which stands in no log before the other may, too")
        line.close()
        site.restart("daemon", "holder")
        said(site.officers[2].vote(request), 200)
        keys, refused = recovered(request, site)
        equal((sorted(keys), refused), ([b"1" * 32, b"2" * 32], []), "keys with three")


def test_done_stays_done():
    """a later recovery, and a stricter policy, after a request has given all that it asked for"""
    with attack.Site() as site:
        ann = owner_with("Lou", b"1" * 32, site=site)
        first = site.approve(site.ask(ann))
        equal(recovered(first, site)[0], [b"1" * 32], "keys")
        ann.http = first.http
        text, note = next_note(site, site.officers, quorum=3)
        said(site.officers[0].post("/v1/officer/policy", {"note": note}), 200)
        adopt(site, text)
        listed = said(site.officers[0].get("/v1/officer/requests?state=done"), 200).json["requests"]
        equal([r["request"] for r in listed], [first.hash.hex()], "done, as officers see it")
        equal(first.http.get(first.path()).json["state"], "done", "as the requester sees it")
        second = site.approve(site.ask(ann), persons=3)
        equal(recovered(second, site)[0], [b"1" * 32], "keys")
        listed = said(second.http.get("/v1/requests"), 200).json["requests"]
        equal({r["state"] for r in listed}, {"done"}, "as the owner sees them")


def test_a_shorter_wait_is_for_later_deposits():
    """officers do away with the wait: who deposited under it waits all the same, and loses nothing"""
    with attack.Site(wait=3) as site:
        ann = owner_with("Lia", b"1" * 32, site=site)
        text, note = next_note(site, site.officers, wait=0)
        said(site.officers[0].post("/v1/officer/policy", {"note": note}), 200)
        adopt(site, text)
        said(ann.deposit(b"2" * 32, "newer", policy=2), 201)
        # of the newer one alone nothing is in the way
        serial = ann.http.get("/v1/deposits").json["deposits"][1]["serial"]
        only = site.approve(site.ask(ann, serials=[bytes.fromhex(serial)]))
        equal(only.http.get(only.path()).json["state"], "approved", "a request for the newer one")
        request = site.approve(site.ask(ann))
        equal(request.http.get(request.path()).json["state"], "waiting", "a request for both")
        said(site.keys(request), 403)
        time.sleep(3.5)
        said(site.keys(request), 403)
        site.approve(request, round_=2)
        keys, refused = recovered(request, site)
        equal((sorted(keys), refused), ([b"1" * 32, b"2" * 32], []), "keys after the wait")


def test_new_pairs_only():
    """who asks for new key pairs only: no deposit is in the scope, none comes, the old keys end"""
    with attack.Site() as site:
        ann = owner_with("Lou", b"1" * 32, b"2" * 32, site=site)
        request = site.ask(ann, kind=2)
        shown = site.wait_request(request)
        equal(shown["scope"], {"count": 0, "root": h(b"").hex()}, "scope")
        site.approve(request)
        said(site.keys(request), 409)
        said(request.http.post(request.path("/successor")), 200)
        need(ann.http.get("/v1/deposits").status in (401, 403), "the old keys go on")
        equal(len(request.http.get("/v1/deposits").json["deposits"]), 2, "deposits of the new keys")


def test_officers_who_have_left():
    """an officer who is out of office approves, and his earlier approvals count no more"""
    with attack.Site() as site:
        ann = owner_with("Max", b"1" * 32, site=site)
        a, b, c = site.officers
        request = site.ask(ann)
        said(c.vote(request), 200)
        text, note = next_note(site, [a, b], officers=[fixture.Authority._officer_line(o)[1] for o in (a, b)])
        said(a.post("/v1/officer/policy", {"note": note}), 200)
        adopt(site, text)
        said(site.http.get("/v1/officer/requests", headers=c.header("GET", "/v1/officer/requests")), 401)
        said(a.vote(request), 200)
        left = c.note(a.vote_note(request).split("\n\n")[0] + "\n")
        said(site.http.post("/v1/officer/approvals", {"note": left}), 403)
        equal(a.get(f"/v1/officer/requests/{request.hash.hex()}").json["persons"], 1, "persons")
        said(site.keys(request), 403)


def test_the_holder_is_no_officer():
    """a policy that names the holder's own key: refused by both, and the way stays open for a good one"""
    with attack.Site() as site:
        seal = fixture.Officer(site, "x").seal
        raw = unb64(site.vkey.split("+", 2)[2])
        name = f"officer/holder+{h(b'officer/holder' + bytes([10]) + raw)[:4].hex()}+{b64(raw)}"
        holder_line = f"{name} person=holder seal={b64(seal)} owners=none"
        lines = [v for k, v in site.policy_fields if k == "officer"] + [holder_line]
        note = next_note(site, site.officers, officers=lines)[1]
        said(site.officers[0].post("/v1/officer/policy", {"note": note}), 422)
        equal(site.http.get("/v1/status").json["policy"], 1, "policy")
        text, note = next_note(site, site.officers, wait=1)
        said(site.officers[0].post("/v1/officer/policy", {"note": note}), 200)
        adopt(site, text)
        site.restart("daemon", "holder")
        equal(site.http.get("/v1/status").json, dict(site.http.get("/v1/status").json, policy=2, holder="ready"), "status")


def test_a_larger_quorum_overrides_a_veto():
    """a veto, then two, then three approvals, too early and after the longer wait"""
    with attack.Site(override_quorum=3, override_wait=2) as site:
        ann = owner_with("Nan", b"1" * 32, site=site)
        request = site.ask(ann)
        note = ann.veto.note(note_text("veto", [("authority", site.key_id.hex()), ("request", request.hash.hex())]))
        said(site.http.post(request.path("/veto"), {"note": note}), 200)
        site.approve(request, 3)
        said(site.keys(request), 403)
        time.sleep(2.5)
        said(site.keys(request), 403)
        site.approve(request, 2, round_=2)
        said(site.keys(request), 403)
        said(site.officers[2].vote(request, round_=2), 200)
        equal(recovered(request, site)[0], [b"1" * 32], "keys")


def test_genesis_is_bound():
    """the server's statement names another genesis, another key; the holder's folder another policy"""
    with attack.Site() as site:
        site.stop("daemon")
        path = site.folder / "authority/statement-1.note"
        good = path.read_text()
        bad = [good.replace(site.policy_hash.hex(), h(b"x").hex()),
               good.replace(b64(site.spki), b64(spki(fixture.new_rsa().public_key()))), good[:-1], good + "x y\n"]
        for text in bad:
            path.write_text(text)
            try:
                site.start_server()
            except attack.Refused:
                continue
            # it may start, since the holder may be away for good reasons; but not take him for its own
            equal(site.http.get("/v1/status").json["holder"], "absent", "holder")
            site.stop("daemon")
        path.write_text(good)
        site.stop("holder")
        genesis = site.folder / "authority/policy-1.note"
        genesis.write_text(genesis.read_text().replace("quorum 2", "quorum 1"))
        try:
            site.start_server()
            raise AssertionError("started with a genesis policy that nobody signed")
        except attack.Refused:
            pass
        genesis.write_text(site.genesis)
        site.start_holder()
        site.start_server()
        deadline = time.monotonic() + 10
        while site.http.get("/v1/status").json["holder"] != "ready":
            need(time.monotonic() < deadline, "the holder is not found again")
            time.sleep(0.1)
        json.loads(site.http.get("/v1/status").body)


if __name__ == "__main__":
    with attack.Site() as SITE:
        STATUS = attack.main(globals())
    sys.exit(STATUS)
