#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on who is who: owners, first contact, changed keys, keys in disguise, keys in two roles."""
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import authority_fixture as fixture  # noqa: E402
from attack import b64, equal, h, need, said  # noqa: E402
from authority_fixture import attrs, note_text, spki, statement  # noqa: E402

SITE = None


# ---- owners


def record_of(owner, **change):
    """The owner's enrolment record with attributes replaced by number: _3=b''."""
    pairs = dict(attack.pairs_of(owner.record))
    pairs.update({int(k[1:]): v for k, v in change.items()})
    return attrs(list(pairs.items()))


def enrol(record, key, kind=b"enrolment", authority=None):
    sig = statement(key, kind, authority or SITE.key_id, record)
    return SITE.http.post("/v1/owners", {"record": b64(record), "signature": b64(sig)})


def test_owner_id_is_the_record():
    """another name, contact or veto key under the same signature key is another owner, and refused"""
    ann = SITE.enrol("Ann")
    equal(SITE.http.post("/v1/owners", ann.enrolment()).json["owner"], h(ann.record).hex(), "owner id")
    for number, value in ((1, b"Ann, promoted"), (2, b"ring the thief"), (5, fixture.Signer("x").pub),
                          (3, spki(fixture.new_rsa().public_key()))):
        r = enrol(record_of(ann, **{f"_{number}": value}), ann.sign)
        said(r, 409, "another enrolment")
    said(SITE.http.post("/v1/owners", ann.enrolment()), 200)
    equal(ann.http.get("/v1/owners/self").json["name"], "Ann", "name")


def test_enrolment_must_be_signed():
    """a record signed by another key, for another authority, or as another kind of statement"""
    bob = fixture.Owner(SITE, "Bob")
    said(enrol(bob.record, bob.keyx), 422, "not signed")
    said(enrol(bob.record, bob.sign, authority=h(b"other")), 422, "not signed")
    for kind in (b"request", b"possession", b"veto"):
        said(enrol(bob.record, bob.sign, kind=kind), 422, "not signed")
    said(enrol(bob.record, bob.sign), 201)


def test_names_do_not_log_in():
    """two owners of the same name are two; a name is found by officers, never by owners"""
    one, two = SITE.enrol("Same Name"), SITE.enrol("Same Name")
    need(one.id != two.id, "one id for two")
    one.deposit(b"K" * 32, "of one")
    equal(two.http.get("/v1/deposits").json["deposits"], [], "deposits of the other")
    found = SITE.officers[0].get("/v1/officer/owners?name=same%20name").json["owners"]
    equal(sorted(o["owner"] for o in found), sorted([one.id.hex(), two.id.hex()]), "owners")
    said(one.http.get("/v1/officer/owners?name=same"), 401)


# ---- first contact


def test_first_contact_between():
    """the true statement relayed by somebody with another TLS key, and a false one by the address"""
    person = attack.Person()
    true = SITE.http.get("/v1/authority").body
    with SITE.away():
        with attack.Impostor(SITE, lambda *_: (200, true), stolen=False):
            person.run("enroll", SITE.address()).is_(1, "another key")
        lie = json.loads(true)
        lie["statement"] = lie["statement"].replace("epoch 1", "epoch 2")
        lie["statements"] = [lie["statement"]]
        with attack.Impostor(SITE, lambda *_: (200, lie)):
            person.run("enroll", SITE.address()).is_(1, "refused")
        lie = json.loads(true)
        lie["statements"] = [lie["statement"].replace("name backup.test", "name backup.tset")]
        lie["statement"] = lie["statements"][0]
        with attack.Impostor(SITE, lambda *_: (200, lie)):
            person.run("enroll", SITE.address()).is_(1, "not the one in the address")
    equal(person.json("status")["authorities"], [], "pinned")
    person.run("enroll", SITE.url).is_(1, "no terminal")
    person.enrolled(SITE)


# ---- a changed key of the authority


def next_statement(site, signers, text=None, **change):
    """The statement of epoch 2 with a key of the attacker's, and these signatures."""
    fields = [line.split(" ", 1) for line in (text or site.statement).splitlines()[1:]]
    values = dict(fields)
    values.update({"epoch": 2, "key": b64(spki(fixture.new_rsa().public_key())), "previous": site.key_id.hex()})
    values.update(change)
    text = note_text("authority", values.items())
    return text + ("\n" + "".join(o.line(text) for o in signers) if signers else "")


def offered(site, answer, statements, policies=None):
    out = dict(answer, statement=statements[-1], statements=statements)
    if policies is not None:
        out["policies"] = policies
    return out


def test_changed_authority_key():
    """a thief of the TLS key offers a new authority key: without, with one, with foreign signatures"""
    strangers = [fixture.Officer(SITE, n) for n in ("alice", "bob", "carol")]
    a, b = SITE.officers[:2]
    bad = [next_statement(SITE, []), next_statement(SITE, [a]), next_statement(SITE, strangers),
           next_statement(SITE, [a, a]), next_statement(SITE, [a, b], previous=h(b"x").hex()),
           next_statement(SITE, [a, b], name="another"), next_statement(SITE, [a, b], policy=h(b"x").hex()),
           next_statement(SITE, [a, b], epoch=1)]
    # a good signature next to a broken one
    spoilt = next_statement(SITE, [a, b]).splitlines()
    spoilt[-1] = spoilt[-1][:-6] + ("AAAA==" if spoilt[-1][-6:] != "AAAA==" else "BBBB==")
    bad.append("\n".join(spoilt) + "\n")
    person = attack.Person().enrolled(SITE)
    person.file("x")
    answer = SITE.http.get("/v1/authority").json
    with SITE.away():
        for note in bad:
            lie = offered(SITE, answer, [SITE.statement, note])
            with attack.Impostor(SITE, lambda *_: (200, lie)):
                person.run("enroll", "--update").is_(1)
        # alone, as if it had always been so
        with attack.Impostor(SITE, lambda *_: (200, offered(SITE, answer, [bad[0]]))):
            person.run("enroll", "--update").is_(1)
        with attack.Impostor(SITE, lambda *_: (200, answer), stolen=False) as other:
            r = person.run("encrypt", "x").is_(1, "another key")
            need(not any(body for _, _, body in other.seen), f"something was sent: {other.seen}")
            need("sparekey: hint: " in r.err, r)
    equal(person.listing().keys(), {b"x"}, "files")
    person.good("enroll", "--update", "--quiet")
    person.good("encrypt", "x")


def test_epoch_lowered():
    """after a true change of key the old statement is offered again, and an old policy"""
    with attack.Site() as site:
        person = attack.Person().enrolled(site)
        old = site.http.get("/v1/authority").json
        site.stop("daemon")
        site.stop("holder")
        made = subprocess.run([attack.HOLDER, "key", "rotate", "--dir", site.folder / "holder", "--bits", "2048",
                               "--statement", site.folder / "authority/statement-1.note"],
                              capture_output=True, check=True, text=True).stdout
        note = made + "\n" + "".join(o.line(made) for o in site.officers[:2])
        (site.folder / "authority/statement-2.note").write_text(note)
        site.start_holder()
        site.start_server()
        # what an old client still sends is welcome: it was fixed when the file was sealed
        ann = site.enrol("Ann")
        said(ann.deposit(b"K" * 32, "under the old key"), 201)
        person.file("x")
        person.good("encrypt", "x")
        person.good("enroll", "--update")
        person.good("encrypt", "-f", "x")
        equal(person.json("inspect", "x.spk")["authorities"][0]["epoch"], 2, "epoch")
        site.http.close()
        site.stop("daemon")
        with attack.Impostor(site, lambda *_: (200, old)):
            person.run("enroll", "--update").is_(1)
        site.start_server()
        person.good("encrypt", "-f", "x")
        equal(person.json("inspect", "x.spk")["authorities"][0]["epoch"], 2, "epoch after the attempt")
        equal(len(person.json("status")["authorities"]), 1, "authorities")


# ---- keys


def der(tag, body):
    n = len(body)
    size = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + size + body


def public(n, e, null=True):
    def integer(v):
        return der(2, v.to_bytes(v.bit_length() // 8 + 1, "big"))
    oid = bytes.fromhex("06092a864886f70d010101") + (b"\x05\x00" if null else b"")
    return der(0x30, der(0x30, oid) + der(3, b"\0" + der(0x30, integer(n) + integer(e))))


def test_keys_in_disguise():
    """the same key in other bytes, keys too small, too large, even, with small exponents"""
    owner = fixture.Owner(SITE, "Cat")
    n = owner.keyx.public_key().public_numbers().n
    equal(public(n, 65537), spki(owner.keyx.public_key()), "the own encoder")
    big = (1 << 4103) + 1
    for key in (public(n, 65537, null=False), public(n, 65537) + b"\0", public(n, 3), public(n, 65536),
                public(n - 1, 65537), public(n >> 1024 | 1, 65537), public(big, 65537),
                spki(fixture.ec.generate_private_key(fixture.ec.SECP256R1()).public_key())):
        said(enrol(record_of(owner, _3=key), owner.sign), 422, "malformed, or its keys")
    # as the new keys of a recovery
    said(enrol(owner.record, owner.sign), 201)
    for number in (6, 7):
        r = owner.new_request()
        pairs = dict(attack.pairs_of(r.record))
        pairs[number] = public(n, 65537, null=False)
        said(SITE.http.post("/v1/requests", dict(r.body, record=b64(attrs(list(pairs.items()))))), 422, "malformed")


def test_one_key_one_role():
    """one pair for both roles, the authority's key as an owner's, an officer's key as seal key"""
    owner = fixture.Owner(SITE, "Dan")
    said(enrol(record_of(owner, _3=spki(owner.sign.public_key())), owner.sign), 422, "malformed, or its keys")
    said(enrol(record_of(owner, _3=SITE.spki), owner.sign), 422, "malformed, or its keys")
    said(enrol(owner.record, owner.sign), 201)
    r = owner.new_request()
    pairs = dict(attack.pairs_of(r.record))
    pairs[6] = pairs[7]
    said(SITE.http.post("/v1/requests", dict(r.body, record=b64(attrs(list(pairs.items()))))), 422, "malformed")
    alice = SITE.officers[0]
    for line in (f"{alice.vkey} person=alice seal={b64(alice.pub)} owners=none",
                 f"{alice.vkey} person=alice seal={b64(SITE.officers[1].seal)} owners=none",
                 f"{SITE.officers[1].vkey} person=alice seal={b64(alice.seal)} owners=none"):
        fields = [(k, {"number": 2, "previous": SITE.policy_hash.hex()}.get(k, v)) for k, v in SITE.policy_fields]
        fields[-len(SITE.officers)] = ("officer", line)
        text = note_text("policy", fields)
        note = text + "\n" + "".join(o.line(text) for o in SITE.officers)
        said(SITE.http.post("/v1/officer/policy", {"note": note}), 422, "not the next policy")
    equal(SITE.http.get("/v1/status").json["policy"], 1, "policy")


def test_notes_of_another_kind():
    """an officer's signature under one kind of text is nothing elsewhere"""
    ann = SITE.enrol("Eve")
    ann.deposit(b"K" * 32, "x")
    request = SITE.ask(ann)
    alice = SITE.officers[0]
    vote = alice.vote_note(request)
    said(SITE.http.post("/v1/officer/policy", {"note": vote}), 422)
    said(SITE.http.post(request.path("/veto"), {"note": vote}), 403)
    veto = note_text("veto", [("authority", SITE.key_id.hex()), ("request", request.hash.hex())])
    said(SITE.http.post("/v1/officer/approvals", {"note": alice.note(veto)}), 403)
    said(SITE.http.post(request.path("/veto"), {"note": alice.note(veto)}), 403)
    said(SITE.http.post("/v1/officer/approvals", {"note": SITE.genesis}), 403)
    headers = {"Sparekey-Officer": b64(vote.encode())}
    said(SITE.http.get("/v1/officer/requests", headers=headers), 401)
    equal(alice.get(f"/v1/officer/requests/{request.hash.hex()}").json["persons"], 0, "persons")


# ---- logging in


def test_strangers_and_wrong_keys():
    """no certificate, a stranger's, the key exchange key's, an elliptic one: no owner's door opens"""
    ann = SITE.enrol("Fay")
    said(ann.deposit(b"K" * 32, "mine"), 201)
    serial = ann.http.get("/v1/deposits").json["deposits"][0]["serial"]
    paths = ("/v1/owners/self", "/v1/deposits", f"/v1/deposits/{serial}", "/v1/requests")
    ec = fixture.ec.generate_private_key(fixture.ec.SECP256R1())
    for key in (None, fixture.new_rsa(), ann.keyx, ec):
        other = SITE.client(key)
        for path in paths:
            said(other.get(path), 401)
        said(other.post("/v1/deposits", ann.make_deposit(b"L" * 32, "not mine")), 401)
    equal(ann.http.get("/v1/owners/self").json["deposits"], 1, "deposits")


def test_the_certificate_alone():
    """a certificate with the owner's public key, without its private key, does not even connect"""
    ann = SITE.enrol("Gus")
    other = fixture.new_rsa()
    builder = fixture.x509.CertificateBuilder()
    name = fixture.x509.Name([])
    now = fixture.datetime.datetime.utcnow()
    day = fixture.datetime.timedelta(days=1)
    cert = (builder.subject_name(name).issuer_name(name).public_key(ann.sign.public_key()).serial_number(7)
            .not_valid_before(now - day).not_valid_after(now + day).sign(other, fixture.hashes.SHA256()))
    path = SITE.folder / "forged.pem"
    path.write_bytes(fixture.private_pem(other) + cert.public_bytes(fixture.serialization.Encoding.PEM))
    p = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{SITE.port}", "-tls1_3", "-quiet", "-cert", path,
                        "-key", path], input=b"GET /v1/owners/self HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                       capture_output=True, timeout=20)
    need(b"200 OK" not in p.stdout and ann.id.hex().encode() not in p.stdout, p.stdout)


def test_only_tls_1_3():
    """TLS 1.2 and plain HTTP are not spoken; 1.3 does it without tickets and early data"""
    ann = SITE.enrol("Hal")
    for version in (ssl.TLSVersion.TLSv1_2,):
        context = ann.http.context.__class__(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = version
        try:
            with socket.create_connection(("127.0.0.1", SITE.port)) as s, context.wrap_socket(s) as t:
                raise AssertionError(f"spoke {t.version()}")
        except (ssl.SSLError, ConnectionError):
            pass
    with socket.create_connection(("127.0.0.1", SITE.port), timeout=10) as s:
        s.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            need(b"200 OK" not in s.recv(1000), "spoke plain HTTP")
        except ConnectionError:
            pass
    context = SITE.http.context
    with socket.create_connection(("127.0.0.1", SITE.port)) as s, context.wrap_socket(s) as t:
        equal(t.version(), "TLSv1.3", "version")
        t.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
        need(t.recv(1000), "no answer")
        need(t.session is None or not t.session.has_ticket, "a session ticket was issued")


def test_officer_queries():
    """an officer's query replayed, for another path, body or method, too old, by a stranger, by one who left"""
    alice = SITE.officers[0]
    path = "/v1/officer/requests"
    once = alice.header("GET", path)
    said(SITE.http.get(path, headers=once), 200)
    said(SITE.http.get(path, headers=once), 401, "used before")
    said(SITE.http.get(path, headers=alice.header("GET", path + "?state=open")), 401)
    said(SITE.http.get(path, headers=alice.header("POST", path)), 401)
    said(SITE.http.get(path, headers=alice.header("GET", path, b"{}")), 401)
    for off in (-400, 400):
        said(SITE.http.get(path, headers=alice.header("GET", path, when=time.time() + off)), 401, "old")
    said(SITE.http.get(path, headers=fixture.Officer(SITE, "alice").header("GET", path)), 401, "not signed")
    said(SITE.http.get(path), 401)
    # the body of a decision is part of what was signed
    owner = h(b"nobody").hex()
    header = alice.header("POST", f"/v1/officer/enrolments/{owner}", b'{"decision": "deny"}')
    said(SITE.http.post(f"/v1/officer/enrolments/{owner}", raw=b'{"decision": "approve"}', headers=header), 401)


def test_doors_that_are_closed():
    """enrolment by token, once; by an officer's word; before that nothing is taken"""
    with attack.Site(conf="enrolment = token\n") as site:
        owner = fixture.Owner(site, "Ida")
        said(site.http.post("/v1/owners", owner.enrolment()), 403, "one-time token")
        said(site.http.post("/v1/owners", owner.enrolment(token="guess")), 403)
        token = subprocess.run([attack.SPAREKEYCTL, "token", "new", "--quiet", site.folder], check=True, text=True,
                               capture_output=True).stdout.strip()
        said(site.http.post("/v1/owners", owner.enrolment(token=token)), 201)
        said(site.http.post("/v1/owners", fixture.Owner(site, "Jim").enrolment(token=token)), 403)
        said(site.http.post("/v1/owners", owner.enrolment(token=token)), 200)
        site.stop("daemon")
        conf = site.folder / "authority/sparekeyd.conf"
        conf.write_text(conf.read_text().replace("= token", "= approval"))
        site.start_server()
        kim = fixture.Owner(site, "Kim")
        equal(said(site.http.post("/v1/owners", kim.enrolment()), 201).json["state"], "pending", "state")
        said(kim.deposit(b"K" * 32, "early"), 403)
        said(site.officers[0].post(f"/v1/officer/enrolments/{kim.id.hex()}", {"decision": "deny"}), 200)
        said(kim.deposit(b"K" * 32, "denied"), 403)
        r = kim.new_request()
        said(site.http.post("/v1/requests", r.body), 202)
        time.sleep(0.6)
        said(site.officers[0].get(f"/v1/officer/requests/{r.hash.hex()}"), 404)


if __name__ == "__main__":
    with attack.Site() as SITE:
        STATUS = attack.main(globals())
    sys.exit(STATUS)
