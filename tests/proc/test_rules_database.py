#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A database edited by hand: whatever is changed in it, no key goes where its owner and two officers did not send it,
and the change is noticed."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import authority_fixture as fixture  # noqa: E402
from attack import equal, h, need, said, unb64  # noqa: E402
from authority_fixture import b64, note_text, u64  # noqa: E402

SITE = None


def owner_with(name, *keys):
    owner = SITE.enrol(name)
    for i, key in enumerate(keys):
        said(owner.deposit(key, f"{name} {i}"), 201)
    return owner


def rows_of(db, owner):
    return [r[0] for r in db.execute("SELECT d.idx FROM deposits d JOIN owners o ON o.key = d.owner WHERE o.owner = ? "
                                     "ORDER BY d.idx", (owner.id,))]


def key_of(db, owner):
    return db.execute("SELECT key FROM owners WHERE owner = ?", (owner.id,)).fetchone()[0]


def given(request):
    """Session keys that the requester can read in what he is given, whatever else happens."""
    a = SITE.keys(request)
    if a.status != 200:
        need(a.status in (403, 409, 500), a)
        return [], a.status
    keys = []
    for k in a.json["keys"]:
        try:
            keys.append(attack.unwrap(unb64(k["blob"]), request.keyx))
        except ValueError:
            keys.append(b"encrypted to another")
    return keys, a.json["refused"]


def swapped_columns(db, a, b, columns):
    for column in columns:
        values = [db.execute(f"SELECT {column} FROM deposits WHERE idx = ?", (i,)).fetchone()[0] for i in (a, b)]
        for i, v in ((a, values[1]), (b, values[0])):
            db.execute(f"UPDATE deposits SET {column} = ? WHERE idx = ?", (v, i))


def kept(db):
    return db.execute("SELECT * FROM deposits ORDER BY idx").fetchall()


def put_back(rows):
    """From the newest good copy, as the words in the log say: leaves were altered, so the log stood still."""
    need("rows were altered" in SITE.log(), "the log goes on over altered leaves")
    with SITE.database() as db:
        db.executemany(f"INSERT OR REPLACE INTO deposits VALUES({', '.join('?' * len(rows[0]))})", rows)


PARTS = ("oc", "leaf", "p", "rpub", "salt", "rpriv", "sealed", "blob")


def test_rows_change_owners():
    """before a request is opened a victim's rows are made the thief's, whole and in parts: not one is released"""
    ann, eve = owner_with("Ann", *(bytes([i]) * 32 for i in range(1, 9))), owner_with("Eve", *(bytes([100 + i]) * 32 for i in range(8)))
    with SITE.database() as db:
        mine, hers, good = rows_of(db, ann), rows_of(db, eve), kept(db)
        db.execute("UPDATE deposits SET owner = ? WHERE idx = ?", (key_of(db, eve), mine[0]))
        swapped_columns(db, mine[1], hers[1], PARTS)
        swapped_columns(db, mine[2], hers[2], PARTS + ("serial", "description", "time_ms"))
        swapped_columns(db, mine[3], hers[3], ("blob",))
        swapped_columns(db, mine[4], hers[4], ("rpub", "blob"))
        swapped_columns(db, mine[5], hers[5], ("rpub", "blob", "oc", "leaf", "serial", "time_ms"))
        # the thief makes it look right: his own private part over the victim's blob, with hashes that fit
        r_pub = db.execute("SELECT rpub FROM deposits WHERE idx = ?", (mine[6],)).fetchone()[0]
        blob = db.execute("SELECT blob FROM deposits WHERE idx = ?", (mine[6],)).fetchone()[0]
        rewrite(db, hers[6], eve, r_pub, blob)
    p = SITE.store_check()
    need(p.returncode == 1, f"store check found nothing: {p.stdout} {p.stderr}")
    request = SITE.approve(SITE.ask(eve))
    keys, _ = given(request)
    need(set(keys) <= {bytes([100]) * 32, bytes([107]) * 32}, f"released to the thief: {[k.hex() for k in keys]}")
    put_back(good)
    equal(given(SITE.approve(SITE.ask(eve))), ([bytes([100 + i]) * 32 for i in range(8)], []), "her own keys")
    need("was altered in the database" in SITE.log() or "not released" in SITE.log(), "nobody noticed")
    equal(given(SITE.approve(SITE.ask(ann))), ([bytes([i]) * 32 for i in range(1, 9)], []), "the victim's keys")


def rewrite(db, idx, owner, r_pub, blob):
    """A row whose hashes all fit: only the tag, which needs the session key, cannot be made."""
    serial = r_pub[24:40]
    priv = fixture.attrs([(1, owner.id), (2, serial), (3, b"mine")])
    salt = os.urandom(32)
    p = h(salt + priv)
    oc = h(b"sparekey/1 deposit\0" + r_pub + p)
    leaf = h(b"\0" + b"\1\1\0\0" + r_pub[8:12] + r_pub[16:24] + oc + r_pub[168:200])
    db.execute("UPDATE deposits SET rpub = ?, blob = ?, rpriv = ?, salt = ?, p = ?, oc = ?, leaf = ?, serial = ?, "
               "description = 'mine', time_ms = ?, owner = ? WHERE idx = ?",
               (r_pub, blob, priv, salt, p, oc, leaf, serial, int.from_bytes(r_pub[16:24], "big"), key_of(db, owner), idx))


def test_rows_change_after_the_approval():
    """officers have approved; now blobs, public parts, salts, indices and owners are edited"""
    keys = [bytes([i]) * 32 for i in range(1, 10)]
    ann, eve = owner_with("Ada", *keys), owner_with("Eva", b"e" * 32)
    request = SITE.approve(SITE.ask(ann))
    with SITE.database() as db:
        rows, hers, good = rows_of(db, ann), rows_of(db, eve), kept(db)
        db.execute("UPDATE deposits SET blob = (SELECT blob FROM deposits WHERE idx = ?) WHERE idx = ?", (hers[0], rows[0]))
        r_pub = bytearray(db.execute("SELECT rpub FROM deposits WHERE idx = ?", (rows[1],)).fetchone()[0])
        r_pub[15] = 9  # another policy
        db.execute("UPDATE deposits SET rpub = ? WHERE idx = ?", (bytes(r_pub), rows[1]))
        db.execute("UPDATE deposits SET salt = zeroblob(32) WHERE idx = ?", (rows[2],))
        db.execute("UPDATE deposits SET description = 'harmless' WHERE idx = ?", (rows[3],))
        db.execute("UPDATE deposits SET policy = 0 WHERE idx = ?", (rows[4],))
        db.execute("UPDATE deposits SET time_ms = time_ms + 1 WHERE idx = ?", (rows[5],))
        r_pub = db.execute("SELECT rpub FROM deposits WHERE idx = ?", (hers[0],)).fetchone()[0]
        blob = db.execute("SELECT blob FROM deposits WHERE idx = ?", (hers[0],)).fetchone()[0]
        rewrite(db, rows[6], ann, r_pub, blob)
        swapped_columns(db, rows[7], rows[8], PARTS)
    out, _ = given(request)
    need(set(out) <= set(keys), f"released: {[k.hex() for k in out]}")
    need(not set(out) & set(keys[:3]), f"altered ones released: {[k.hex() for k in out]}")
    need(SITE.store_check().returncode == 1, "store check found nothing")
    rows = ann.http.get("/v1/deposits")  # the old key is nothing now, or the release failed
    need(rows.status in (200, 403), rows)
    put_back(good)
    equal(given(request)[0], keys, "keys when all is as it was")


def test_scope_widened():
    """the frozen scope is widened, shortened, replaced in the database"""
    ann = owner_with("Abe", b"1" * 32, b"2" * 32)
    eve = owner_with("Evi", b"3" * 32)
    frozen = SITE.ask(ann)
    said(ann.deposit(b"4" * 32, "later"), 201)
    SITE.approve(frozen)
    with SITE.database() as db:
        entries = [u64(i) + db.execute("SELECT oc FROM deposits WHERE idx = ?", (i,)).fetchone()[0] for i in rows_of(db, ann)]
        before = db.execute("SELECT scope_end, scope_count, scope_root, owner, owner_key FROM requests WHERE hash = ?",
                            (frozen.hash,)).fetchone()
        db.execute("UPDATE requests SET scope_end = 1000000, scope_count = 3, scope_root = ? WHERE hash = ?",
                   (fixture.tree_root(entries), frozen.hash))
    out, _ = given(frozen)
    need(b"4" * 32 not in out, "a deposit that officers have not seen was released")
    with SITE.database() as db:
        db.execute("UPDATE requests SET owner = ?, owner_key = ? WHERE hash = ?", (eve.id, key_of(db, eve), frozen.hash))
    equal(given(frozen)[0], [], "keys under another owner's name")
    with SITE.database() as db:
        db.execute("UPDATE requests SET scope_end = ?, scope_count = ?, scope_root = ?, owner = ?, owner_key = ? "
                   "WHERE hash = ?", (*before, frozen.hash))
    equal(given(frozen)[0], [b"1" * 32, b"2" * 32], "keys when all is as it was")


def test_recipient_swapped():
    """an approved request gets the thief's record, keys and login: what comes is not for him"""
    ann = owner_with("Alf", b"1" * 32)
    request, thief = SITE.ask(ann), ann.new_request()
    SITE.approve(request)
    with SITE.database() as db:
        kept = db.execute("SELECT record, sig_sign, sig_keyx, recipient, login FROM requests WHERE hash = ?",
                          (request.hash,)).fetchone()
        mine = (thief.record, unb64(thief.body["sig_sign"]), unb64(thief.body["sig_keyx"]),
                h(fixture.spki(thief.keyx.public_key())), h(fixture.spki(thief.sign.public_key())))
        db.execute("UPDATE requests SET record = ?, sig_sign = ?, sig_keyx = ?, recipient = ?, login = ? WHERE hash = ?",
                   (*mine, request.hash))
    thief.hash = request.hash
    out, _ = given(thief)
    need(b"1" * 32 not in out, "the thief reads the key")
    login = SITE.client(thief.sign).get("/v1/owners/self")
    need(login.status != 200, f"the thief is the owner now: {login}")
    # nor does the holder sign a successor for him, whatever the server asks
    line = attack.HolderLine(SITE)
    status, note = line.ask(line.SUCCESSOR, [(26, request.hash), (28, ann.record)])
    line.close()
    if status == line.OK:
        need(b64(fixture.spki(request.sign.public_key())).encode() in note[27], "a successor with the thief's keys")
    with SITE.database() as db:
        db.execute("UPDATE requests SET record = ?, sig_sign = ?, sig_keyx = ?, recipient = ?, login = ? WHERE hash = ?",
                   (*kept, request.hash))
    equal(given(request)[0], [b"1" * 32], "keys of the true requester")


def test_votes_and_states_by_hand():
    """rows that say approved, votes copied from another request, a successor that nobody signed"""
    ann = owner_with("Asa", b"1" * 32)
    good, request = SITE.approve(SITE.ask(ann)), SITE.ask(ann)
    thief = fixture.new_rsa()
    forged = note_text("successor", [
        ("authority", SITE.key_id.hex()), ("owner", ann.id.hex()), ("number", 1), ("previous", ann.id.hex()),
        ("keyx", b64(fixture.spki(fixture.new_rsa().public_key()))), ("sign", b64(fixture.spki(thief.public_key()))),
        ("request", request.hash.hex()), ("time", 1)])
    stranger = fixture.Signer(SITE.vkey.split("+")[0])
    with SITE.database() as db:
        db.execute("INSERT INTO votes(request, time, note) SELECT (SELECT key FROM requests WHERE hash = ?), time, note FROM "
                   "votes WHERE request = (SELECT key FROM requests WHERE hash = ?)", (request.hash, good.hash))
        db.execute("UPDATE requests SET state = 4, persons = 9, persons2 = 9 WHERE hash = ?", (request.hash,))
    equal(given(request)[0], [], "keys")
    equal(request.http.get(request.path()).json["state"], "open", "state")
    with SITE.database() as db:
        db.execute("UPDATE requests SET state = 8, successor = ? WHERE hash = ?", (stranger.note(forged).encode(), request.hash))
    equal(given(request)[0], [], "keys")
    equal(SITE.officers[0].get(f"/v1/officer/requests/{request.hash.hex()}").json["state"], "open", "state")
    equal(given(good)[0], [b"1" * 32], "keys of the good one")


def test_login_by_hand():
    """the thief's key is written in as the victim's login: he is not let in, and the log tells"""
    ann, eve = owner_with("Ina", b"1" * 32), owner_with("Eni", b"2" * 32)
    thief, hers = fixture.new_rsa(), h(fixture.spki(ann.sign.public_key()))
    his = h(fixture.spki(thief.public_key()))

    def shut(key, what):
        for path in ("/v1/owners/self", "/v1/deposits", "/v1/requests"):
            a = SITE.client(key).get(path)
            need(a.status in (401, 403, 500), f"{what}: {path} is answered {a}")

    with SITE.database() as db:
        ann_key, eve_key = key_of(db, ann), key_of(db, eve)
        db.execute("INSERT INTO logins VALUES(?, ?, 1)", (his, ann_key))
    shut(thief, "one more login")
    said(SITE.client(ann.sign).get("/v1/owners/self"), 200)
    with SITE.database() as db:
        db.execute("UPDATE owners SET login = ? WHERE key = ?", (his, ann_key))
    shut(thief, "another login")
    with SITE.database() as db:
        db.execute("DELETE FROM logins WHERE login = ?", (his,))
        db.execute("UPDATE owners SET login = ? WHERE key = ?", (hers, ann_key))
        # eve's own login leads to ann
        db.execute("UPDATE logins SET owner = ? WHERE owner = ?", (ann_key, eve_key))
    shut(eve.sign, "a login that leads elsewhere")
    with SITE.database() as db:
        db.execute("UPDATE logins SET owner = ? WHERE login = ?", (eve_key, h(fixture.spki(eve.sign.public_key()))))
        # ann's row gets a record with the thief's keys under ann's id
        false = fixture.Owner(SITE, "Ina", sign=thief)
        kept = db.execute("SELECT record, signature FROM owners WHERE key = ?", (ann_key,)).fetchone()
        db.execute("UPDATE owners SET record = ?, signature = ?, login = ? WHERE key = ?",
                   (false.record, false.signature, his, ann_key))
        db.execute("INSERT INTO logins VALUES(?, ?, 1)", (his, ann_key))
    shut(thief, "another record under the same id")
    with SITE.database() as db:
        db.execute("UPDATE owners SET record = ?, signature = ?, login = ? WHERE key = ?", (*kept, hers, ann_key))
        db.execute("DELETE FROM logins WHERE login = ?", (his,))
    said(SITE.client(ann.sign).get("/v1/owners/self"), 200)
    # after a recovery the replaced key is set alive again
    request = SITE.approve(SITE.ask(ann))
    equal(given(request)[0], [b"1" * 32], "keys")
    with SITE.database() as db:
        db.execute("UPDATE logins SET current = 1")
        db.execute("UPDATE owners SET login = ? WHERE key = ?", (hers, ann_key))
    shut(ann.sign, "a key that was replaced")
    need("the login of owner" in SITE.log(), "nobody noticed")


def test_noticed():
    """an owner, an officer and the operator each see that a row was altered; the others are served as ever"""
    ann = owner_with("Ike", b"1" * 32, b"2" * 32, b"3" * 32)
    with SITE.database() as db:
        rows = rows_of(db, ann)
        db.execute("UPDATE deposits SET blob = zeroblob(length(blob)) WHERE idx = ?", (rows[1],))
    listed = said(ann.http.get("/v1/deposits"), 200).json["deposits"]
    equal(len(listed), 3, "listed")
    equal(listed[1]["state"], "damaged", "state")
    said(ann.http.get(f"/v1/deposits/{listed[1]['serial']}"), 500, "altered")
    said(ann.http.get(f"/v1/deposits/{listed[0]['serial']}"), 200)
    p = SITE.store_check()
    need(p.returncode == 1 and str(rows[1]) in p.stdout + p.stderr, f"store check: {p.stdout} {p.stderr}")
    request = SITE.approve(SITE.ask(ann))
    keys, _ = given(request)
    equal(keys, [b"1" * 32, b"3" * 32], "keys")
    need("altered in the database" in SITE.log(), "the log does not tell")


def test_damage_blocks_nobody_else():
    """rows of one owner are made unreadable, requests and records for him wait: those of others are opened all the same"""
    ann, bob, eve = owner_with("Lea", b"1" * 32), owner_with("Leo", b"2" * 32), owner_with("Lee", b"3" * 32)
    record = ann.file_record(b"4" * 32, "from a file")
    said(SITE.http.post("/v1/records", record), 202)
    SITE.ask(ann)
    with SITE.database() as db:
        rows = rows_of(db, ann)
        equal(len(rows), 2, "deposits")
        db.execute("UPDATE deposits SET oc = x'00', rpub = x'00' WHERE idx = ?", (rows[1],))
        db.execute("UPDATE owners SET login = x'00' WHERE key = ?", (key_of(db, eve),))
    said(SITE.http.post("/v1/records", record), 202)
    said(SITE.http.post("/v1/records", eve.file_record(b"5" * 32, "x")), 202)
    for owner in (eve, ann):
        said(SITE.http.post("/v1/requests", owner.new_request().body), 202)
    with SITE.database() as db:
        db.execute("UPDATE requests SET record = x'00' WHERE owner = ?", (ann.id,))
    request = SITE.ask(bob)
    listed = said(SITE.officers[0].get("/v1/officer/requests"), 200).json["requests"]
    equal(listed[0]["request"], request.hash.hex(), "the newest request that officers see")
    need(ann.id.hex() not in [q["owner"] for q in listed], "a spoilt request is shown")
    equal(given(SITE.approve(request))[0], [b"2" * 32], "keys")


def test_another_database():
    """what is no database, another program's, a later version's: the server does not start, and touches nothing"""
    path = SITE.folder / "authority/sparekey.db"
    SITE.http.close()
    SITE.stop("daemon")
    good = path.read_bytes()
    try:
        for data in (b"no database at all" * 100, good[:100] + os.urandom(len(good) - 100),
                     good[:60] + u64(9)[4:] + good[64:], good[:68] + b"XXXX" + good[72:]):
            path.write_bytes(data)
            try:
                SITE.start_server()
                raise AssertionError(f"started on {data[:16]!r}")
            except attack.Refused:
                pass
            equal(path.read_bytes(), data, "the file that was refused")
    finally:
        path.write_bytes(good)
    SITE.start_server()
    equal(SITE.http.get("/v1/status").status, 200, "status")


if __name__ == "__main__":
    with attack.Site() as SITE:
        STATUS = attack.main(globals())
    sys.exit(STATUS)
