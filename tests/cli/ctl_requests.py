#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Officers and recovery requests: what they see, what they sign, and what stops them."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import time

import box
from ctl_people import SPAREKEY, People, forget_keys


def opened(p, *officers, extra=(), **owners):
    """An authority, an owner with one sealed file whose keys are lost, and an open request."""
    a = p.authority(*(officers or ("alice", "bob")), extra=extra, **owners)
    p.owner("olga", a.address)
    p.seal("olga")
    p.lose_keys("olga")
    request, code = p.request("olga", "f.txt.spk")
    return a, request, code


def back(p, *args, ok=0):
    return p.spk("olga", "recover", "f.txt.spk", *args, ok=ok)


def whole_story(p):
    """two officers approve with the code that was read out, and the file comes back"""
    _, request, code = opened(p)
    listed = p.json("alice", "request", "list", "--state", "open")["requests"]
    assert [(r["request"], r["persons"], r["needed"]) for r in listed] == [(request, 0, 2)]
    assert request[:16] in p.run("bob", "request", "list", ok=0).stdout
    assert p.json("alice", "request", "approve", request, "--code", code)["persons"] == 1
    back(p, ok=4)
    spoken = " ".join(code.lower().replace("-", "").replace("0", "o").replace("1", "l"))
    out = p.run("bob", "request", "approve", request[:6], "--code", spoken, ok=0).stdout
    assert "2 of 2" in out and "approved" in out
    back(p)
    assert p.spk("olga", "decrypt", "f.txt.spk", "-o", "-", ok=0).stdout == "what was lost\n"
    assert p.json("alice", "request", "list", "--state", "done")["requests"][0]["request"] == request
    # it can still be looked at, with both signatures
    shown = p.run("alice", "request", "show", request, ok=0).stdout
    assert len(re.findall(r"^verified +approval +(alice|bob) ", shown, re.MULTILINE)) == 2


def shown(p):
    """what is shown is marked line by line, and never shows the code; log entries are those of the log"""
    a, request, code = opened(p)
    r = p.run("alice", "request", "show", request, ok=0)
    for line in r.stdout.splitlines():
        assert re.match(r"(verified|claimed)  ?", line), line
    assert re.search(r"^verified  name +olga Owner$", r.stdout, re.MULTILINE)
    assert re.search(r"^verified  file +[0-9a-f]{32} \S+ f\.txt$", r.stdout, re.MULTILINE)
    assert re.search(r"^claimed   reason", r.stdout, re.MULTILINE)
    assert code not in r.stdout + r.stderr and code.replace("-", "") not in r.stdout + r.stderr
    j = p.json("alice", "request", "show", request)
    assert j["verified"]["files"][0]["description"] == "f.txt" and j["claimed"]["state"] == "open"
    assert re.search(r"^verified  log entry +\d+ \S+ request$", r.stdout, re.MULTILINE), r.stdout
    assert [e["kind"] for e in j["verified"]["entries"]] == [16] and j["claimed"]["entries"] == []
    assert j["verified"]["owner"] == p.json("alice", "owner", "find", "olga")["owners"][0]["owner"]
    log_entries(p, a, request, code)


def altered(p, a, change):
    """The database changed behind the server's back; it serves the same port again."""
    p.stop(a)
    db = sqlite3.connect(p.path("auth/authority/sparekey.db"))
    for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        db.execute(f"DROP TRIGGER {trigger}")
    change(db)
    db.commit()
    db.close()
    conf = p.path("auth/authority/sparekeyd.conf")
    port = a.address.split(":")[2].split("/")[0]
    conf.write_text(conf.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
    return p.start()


def log_entries(p, a, request, code):
    """each entry is looked up in the log that the holder has signed; what it has not, or has otherwise, is told"""
    p.run("alice", "request", "approve", request, "--code", code, ok=0)
    p.run("bob", "request", "deny", request, "--yes", ok=0)
    at = {e["kind"]: e["index"] for e in p.json("bob", "request", "show", request)["verified"]["entries"]}
    assert sorted(at) == [16, 18, 22], at

    def change(db):
        # an entry's bytes are others than those that were signed; another is told with a note that it is not about
        (entry,) = db.execute("SELECT entry FROM log_entry WHERE idx=?", (at[22],)).fetchone()
        db.execute("UPDATE log_entry SET entry=? WHERE idx=?", (entry[:40] + bytes([entry[40] ^ 1]) + entry[41:], at[22]))
        db.execute("UPDATE log_entry SET detail=(SELECT detail FROM log_entry WHERE idx=?) WHERE idx=?", (at[22], at[18]))
    altered(p, a, change)
    r = p.run("alice", "request", "show", request, ok=0).stdout
    assert re.search(rf"^verified  log entry +{at[16]} \S+ request$", r, re.MULTILINE), r
    assert re.search(rf"^claimed   log entry +{at[22]} \S+ approval: it is not in the log that was signed$", r, re.MULTILINE), r
    assert re.search(rf"^claimed   log entry +{at[18]} \S+ denial: the log has something else there$", r, re.MULTILINE), r
    j = p.json("alice", "request", "show", request)
    assert [e["kind"] for e in j["verified"]["entries"]] == [16]
    assert all("log" in e["fault"] for e in j["claimed"]["entries"]) and len(j["claimed"]["entries"]) == 2, j


def typed_code(p):
    """at a terminal the code is asked for; without it nothing is signed"""
    _, request, code = opened(p)
    r = p.run("alice", "request", "approve", request, ok=1)
    assert "no code was typed" in r.stderr
    r = p.run("alice", "request", "approve", request, "--code", "00000-00000-00000-00000", ok=1)
    assert "not that of this request" in r.stderr
    # all but the last letter
    assert p.run("alice", "request", "approve", request, "--code", code[:-1]).returncode == 1
    other = code[:-1] + ("0" if code[-1] != "0" else "1")
    status, seen = p.typed("alice", "request", "approve", request,
                           answers=[("read out", "nonsense"), ("has twenty letters", other), ("is not the code", code)])
    assert status == 0 and "1 of 2" in seen, seen
    assert code not in seen.replace(code + "\r\n", "", 1), seen  # but where it was typed
    status, seen = p.typed("bob", "request", "approve", request, answers=[("read out", other)] * 3)
    assert status == 1 and "deny the request" in seen
    assert p.json("alice", "request", "list")["requests"][0]["persons"] == 1


def without_a_terminal(p):
    """--passphrase-fd has the passphrase of the identity, then the code that was read out, a line each"""
    secret = "secret words"
    p.path("alice.pub").write_text(p.run("alice", "officer", "new", "alice", "--passphrase", secrets=[secret], ok=0).stdout)
    p.run("operator", "policy", "new", "--officer", "alice.pub", "-o", "genesis.note", ok=0)
    p.run("alice", "policy", "sign", "genesis.note", "--yes", secrets=[secret], ok=0)
    p.init("auth", "genesis.note", "--enrolment", "approval")
    a = p.start()
    p.run("alice", "officer", "join", a.address, ok=0)
    p.owner("olga", a.address)
    listed = p.run("alice", "enrolment", "list", "--json", secrets=[secret], ok=0).stdout
    p.run("alice", "enrolment", "approve", json.loads(listed)["owners"][0]["owner"], "--yes", secrets=[secret], ok=0)
    assert "olga" in p.run("alice", "owner", "find", "olga", secrets=[secret], ok=0).stdout
    p.seal("olga")
    p.lose_keys("olga")
    j = p.json("olga", "recover", "f.txt.spk", program=SPAREKEY, ok=4)
    request, code = j["request"], j["code"]
    while request[:16] not in p.run("alice", "request", "list", secrets=[secret], ok=0).stdout:
        time.sleep(0.1)
    assert "olga Owner" in p.run("alice", "request", "show", request, secrets=[secret], ok=0).stdout
    r = p.run("alice", "request", "approve", request, secrets=["not it", code], ok=1)
    assert "passphrase is wrong" in r.stderr, r.stderr
    assert "no code was typed" in p.run("alice", "request", "approve", request, secrets=[secret], ok=1).stderr
    r = p.run("alice", "request", "approve", request, secrets=[secret, "00000-00000-00000-00000", code], ok=1)
    assert "not that of this request" in r.stderr and "read it out once more" in r.stderr, r.stderr
    assert "1 of 1 person;" in p.run("alice", "request", "approve", request, secrets=[secret, code], ok=0).stdout
    back(p)


def evidence(p):
    """what the officer saw and signed stays on the officer's machine, by its hash; it names the log of the holder's note"""
    _, request, code = opened(p)
    logs = p.path("home/alice/.config/sparekey/officer/authorities/authority/logs.note")
    pinned = logs.read_text()
    logs.unlink()  # as if there had been no logs when the authority was pinned
    p.run("alice", "request", "approve", request, "--code", code, "--reason", "called back on 555", ok=0)
    assert logs.read_text() == pinned
    folder = p.path("home/alice/.config/sparekey/officer/evidence")
    text, note = sorted(folder.glob("*.txt"))[0], sorted(folder.glob("*.note"))[0]
    assert hashlib.sha256(text.read_bytes()).hexdigest() == text.stem == note.stem
    assert f"evidence {text.stem}\n" in note.read_text()
    origin = re.search(r"^recoveries (\S+?/recoveries)\+", pinned, re.MULTILINE).group(1)
    assert f"\nlog {origin}\n" in note.read_text(), note.read_text()
    assert "olga Owner" in text.read_text() and "called back on 555" in text.read_text()
    assert oct(text.stat().st_mode)[-3:] == "600"


def deny(p):
    """one denial stops a request for good"""
    _, request, code = opened(p)
    assert "not denied" in p.run("bob", "request", "deny", request, ok=1).stderr
    p.run("alice", "request", "approve", request, "--code", code, ok=0)
    p.run("bob", "request", "deny", request, "--yes", "--reason", "voice did not fit", ok=0)
    assert p.json("alice", "request", "list")["requests"][0]["state"] == "denied"
    r = p.run("alice", "request", "approve", request, "--code", code, ok=1)
    assert "denied" in r.stderr and "nothing to approve" in r.stderr
    assert back(p, ok=1).returncode == 1


def twice_by_one(p):
    """the same officer twice is one person"""
    _, request, code = opened(p)
    for more in ((), ("--expires", "1d")):
        p.run("alice", "request", "approve", request, "--code", code, *more, ok=0)
    assert p.json("bob", "request", "list")["requests"][0]["persons"] == 1
    back(p, ok=4)


def stranger(p):
    """who is no officer sees and decides nothing"""
    a, request, code = opened(p)
    p.officers("mallory")
    p.run("mallory", "officer", "join", a.address, ok=0)
    for args in (("request", "list"), ("request", "show", request), ("request", "approve", request, "--code", code)):
        assert p.run("mallory", *args).returncode == 1, args
    # not even under an officer's name
    p.run("fake", "officer", "new", "alice", ok=0)
    p.run("fake", "officer", "join", a.address, ok=0)
    assert p.run("fake", "request", "list").returncode == 1


def own_request(p):
    """an officer who is the owner does not decide about the own files"""
    p.owner("olga")
    owner = p.owner_id("olga")
    _, request, code = opened(p, "alice", "bob", "carol", carol=owner)
    assert "your own" in p.run("carol", "request", "approve", request, "--code", code, ok=1).stderr
    p.run("alice", "request", "approve", request, "--code", code, ok=0)
    back(p, ok=4)
    p.run("bob", "request", "approve", request, "--code", code, ok=0)
    back(p)


def confirmed_after_the_wait(p):
    """with a waiting time the approvals are confirmed after it"""
    _, request, code = opened(p, extra=("--wait", "3s"))
    begun = time.monotonic()
    for name in ("alice", "bob"):
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    assert p.json("alice", "request", "list")["requests"][0]["state"] == "waiting"
    back(p, ok=4)
    while p.json("alice", "request", "list")["requests"][0]["state"] != "confirm":
        assert time.monotonic() - begun < 30
        time.sleep(0.3)
    assert time.monotonic() - begun > 1
    back(p, ok=4)
    for name in ("alice", "bob"):
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    assert "round 2" in p.run("alice", "request", "show", request, ok=0).stdout.replace("  ", " ")
    back(p)


def overridden(p):
    """a veto is overridden by more persons, who confirm it after a longer wait, as all are told"""
    names = ("alice", "bob", "carol")
    a = p.authority(*names, extra=("--quorum", "2", "--override-quorum", "3", "--override-wait", "4s"))
    p.owner("olga", a.address)
    p.seal("olga")
    shutil.copytree(p.env("olga")["HOME"], p.path("home/withkeys"))
    p.lose_keys("olga")
    request, code = p.request("olga", "f.txt.spk")
    begun = time.monotonic()
    p.spk("withkeys", "veto", request, ok=0)
    shown = p.run("alice", "request", "show", request, ok=0).stdout
    assert re.search(r"^verified +needs +3 persons to override the veto$", shown, re.MULTILINE), shown
    assert re.search(r"^verified +waits +4 seconds$", shown, re.MULTILINE), shown
    verified = p.json("bob", "request", "show", request)["verified"]
    assert (verified["needed"], verified["wait"]) == (3, 4)
    p.run("alice", "request", "approve", request, "--code", code, ok=0)
    time.sleep(max(0, begun + 6 - time.monotonic()))
    # the wait is over, but those who are missing approve for the first time
    for n, name in ((2, "bob"), (3, "carol")):
        j = p.json(name, "request", "approve", request, "--code", code)
        assert (j["state"], j["persons"], j["needed"]) == ("vetoed", n, 3), j
    r = p.run("bob", "request", "approve", request, "--code", code, ok=0)
    assert "1 of 3" in r.stdout and "vetoed" in r.stdout, r.stdout
    for name in ("alice", "carol"):
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    assert p.json("alice", "request", "list")["requests"][0]["state"] == "approved"
    back(p)


def no_longer_valid(p):
    """an approval lives as long as it says, and no longer than the policy lets it"""
    _, request, code = opened(p, extra=("--approval-life", "1h"))
    assert p.run("alice", "request", "approve", request, "--code", code, "--expires", "2h").returncode == 2
    p.run("alice", "request", "approve", request, "--code", code, "--expires", "2s", ok=0)
    assert p.json("bob", "request", "list")["requests"][0]["persons"] == 1
    time.sleep(2.5)
    assert p.json("bob", "request", "list")["requests"][0]["persons"] == 0
    p.run("bob", "request", "approve", request, "--code", code, ok=0)
    back(p, ok=4)


def relabelled(p):
    """a deposit that was relabelled in the database is never shown as verified"""
    a, request, _ = opened(p)

    def change(db):
        (row, data) = db.execute("SELECT rowid, rpriv FROM deposits LIMIT 1").fetchone()
        db.execute("UPDATE deposits SET rpriv=? WHERE rowid=?", (data.replace(b"f.txt", b"x.txt"), row))
    altered(p, a, change)
    r = p.run("alice", "request", "show", request, ok=1)
    assert "does not hold" in r.stderr and "approve nothing" in r.stderr and r.stdout == ""
    # a no, with what was wrong as its evidence, each time that it is said
    for n in (1, 2):
        p.run("alice", "request", "deny", request, "--yes", ok=0)
        folder = p.path("home/alice/.config/sparekey/officer/evidence")
        (text,) = folder.glob("*.txt")
        assert request in text.read_text() and "the scope is not what its count and root say" in text.read_text()
        assert hashlib.sha256(text.read_bytes()).hexdigest() == text.stem
        assert len(list(folder.glob(f"{text.stem}*.note"))) == n
    p.run("bob", "request", "deny", request, "--yes", "--reason", "altered", ok=0)


def next_policy(p):
    """a new policy by the quorum: published, taken over by officers, and old approvals end"""
    _, request, code = opened(p, "alice", "bob")
    p.run("alice", "request", "approve", request, "--code", code, ok=0)
    p.officers("carol")
    p.run("x", "policy", "new", "--next", "genesis.note", "--officer", "carol.pub", "-o", "n.note", ok=0)
    r = p.run("alice", "policy", "publish", "n.note", ok=1)
    assert "lacks signatures" in r.stderr
    for name in ("alice", "bob"):
        r = p.run(name, "policy", "sign", "n.note", "--yes", ok=0)
        assert "officer         carol" in r.stderr
    assert "policy 2 is in force\n" in p.run("bob", "policy", "publish", "n.note", ok=0).stdout
    assert "policy 2 is in force already" in p.run("alice", "policy", "publish", "n.note", ok=0).stdout
    # the approval was given under policy 1
    assert p.json("alice", "request", "list")["requests"][0]["persons"] == 0
    assert p.path("home/alice/.config/sparekey/officer/authorities/authority/policy-2.note").exists()
    p.run("carol", "officer", "join", p.path("auth.ready").read_text().strip(), ok=0)
    for name in ("carol", "bob"):
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    back(p)


def next_by_all(p, names, *terms, publish=(), ok=0):
    """A next policy with these terms, signed by all, and published by the first."""
    notes = sorted(p.path(f"home/{names[0]}/.config/sparekey/officer/authorities/authority").glob("policy-*.note"))
    p.run("x", "policy", "new", "--next", notes[-1], *terms, "-o", f"n{len(notes)}.note", ok=0)
    for name in names:
        p.run(name, "policy", "sign", f"n{len(notes)}.note", "--yes", ok=0)
    return p.run(names[0], "policy", "publish", f"n{len(notes)}.note", *publish, ok=ok)


def said_twice(p):
    """an officer who has approved is told so, and stands in the list once; -q shows no case; no option of owners is listed"""
    a = p.authority("alice", "bob")
    p.owner("olga", a.address)
    p.seal("olga")
    p.lose_keys("olga")
    request, code = p.request("olga", "f.txt.spk")
    r = p.run("alice", "request", "approve", request, "--code", code, "-q", ok=0)
    assert r.stdout == "" and r.stderr == "", (r.stdout, r.stderr)
    r = p.run("alice", "request", "approve", request, "--code", code, ok=1)
    assert "you have approved this request already" in r.stderr and "--expires" in r.stderr, r.stderr
    assert "1 of 2 persons" in p.run("alice", "request", "approve", request, "--code", code, "--expires", "1d", ok=0).stdout
    shown = p.run("bob", "request", "show", request, ok=0).stdout
    assert len(re.findall(r"^verified +approval +alice", shown, re.MULTILINE)) == 1, shown
    assert "-- " in shown or "claimed" in shown
    assert "--container" not in p.run("alice", "request", "approve", "--help", ok=0).stdout
    assert "no option '--container'" in p.run("alice", "request", "list", "--container", "x", ok=2).stderr
    assert "--container" in p.spk("olga", "encrypt", "--help", ok=0).stdout


def looser_policy(p):
    """what was deposited when three had to approve needs three, as everybody is told, and comes back"""
    names = ("alice", "bob", "carol")
    a = p.authority(*names, extra=("--quorum", "3"))
    p.owner("olga", a.address)
    p.seal("olga")
    said = next_by_all(p, names, "--quorum", "2").stdout
    assert "policy 2 is in force" in said and "made under policy 1 still need 3 persons" in said, said
    p.lose_keys("olga")
    request, code = p.request("olga", "f.txt.spk")
    for name in names[:2]:
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    shown = p.run("alice", "request", "show", request, ok=0).stdout
    assert re.search(r"^verified +needs +3 persons, because files were deposited under policy 1$", shown, re.MULTILINE), shown
    listed = p.json("alice", "request", "list")["requests"][0]
    assert (listed["state"], listed["persons"], listed["needed"]) == ("open", 2, 3)
    assert "older policy" in p.run("bob", "request", "list", ok=0).stdout
    assert p.json("bob", "request", "show", request)["verified"]["needed"] == 3
    # nothing comes, nothing ends
    assert "2 of 3" in (lambda r: r.stdout + r.stderr)(back(p, ok=4))
    p.run("carol", "request", "approve", request, "--code", code, ok=0)
    back(p)
    assert p.spk("olga", "decrypt", "f.txt.spk", "-o", "-", ok=0).stdout == "what was lost\n"
    said = p.spk("olga", "requests", ok=0).stdout
    assert "takes 3 persons, as policy 1 asks for" in said and "of today is number 2" in said, said
    mine = p.json("olga", "requests", program=SPAREKEY)[0]
    assert (mine["needed"], mine["policy"], mine["today"]) == (3, 1, 2), mine


def too_few_persons(p):
    """a policy with fewer persons than older deposits need is not published unless that is accepted"""
    names = ("alice", "bob", "carol")
    p.authority(*names, extra=("--quorum", "3"))
    r = next_by_all(p, names, "--quorum", "2", "--without", "carol", ok=1)
    assert "policy 1 need 3 persons" in r.stderr and "never come back" in r.stderr and "more officers" in r.stderr, r.stderr
    r = p.run("alice", "policy", "check", "n1.note", ok=1)
    assert "LOST" in r.stdout and "complete" in r.stdout and "never come back" in r.stderr
    p.run("alice", "policy", "check", "n1.note", "--lose-older-deposits", ok=0)
    assert "LOST" in p.run("bob", "policy", "simulate", "n1.note", ok=0).stdout
    assert p.json("alice", "request", "list")["requests"] == []  # the desk is as it was
    assert "in force" in p.run("alice", "policy", "publish", "n1.note", "--lose-older-deposits", ok=0).stdout


def new_pairs_only(p):
    """who has lost the signature key only: a request without files, though there are deposits"""
    a = p.authority("alice", "bob")
    p.owner("olga", a.address)
    p.seal("olga")
    p.lose_keys("olga")
    request, code = p.request("olga", "--keys-only")
    shown = p.run("alice", "request", "show", request, ok=0).stdout
    assert re.search(r"^verified +files +0$", shown, re.MULTILINE) and "new key pairs, no session keys" in shown, shown
    for name in ("alice", "bob"):
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    p.spk("olga", "recover", "--keys-only", ok=0)
    p.seal("olga", "g.txt")
    assert p.json("alice", "request", "list")["requests"][0]["state"] == "done"


def no_such_request(p):
    """requests are named by their hash or the beginning of it"""
    p.authority("alice")
    assert p.run("alice", "request", "show", "xyz").returncode == 2
    assert "not the beginning" in p.run("alice", "request", "show", "abcdef", ok=1).stderr
    assert p.run("alice", "request", "show", "ab" * 32).returncode == 1
    assert "no requests" in p.run("alice", "request", "list", ok=0).stderr
    assert p.json("alice", "request", "list")["requests"] == []
    assert p.run("alice", "request", "list", "--state", "odd").returncode == 2
    assert "holds no identity" in p.run("nobody", "request", "list", ok=1).stderr
    p.officers("lonely")
    assert "not joined an authority" in p.run("lonely", "request", "list", ok=1).stderr


def authority_down(p):
    """an authority that is down is told, with what to do"""
    a, request, code = opened(p)
    p.stop(a)
    r = p.run("alice", "request", "approve", request, "--code", code, ok=1)
    assert "cannot be reached" in r.stderr and "hint" in r.stderr


def many_files(p):
    """a scope of many pages adds up"""
    a = p.authority("alice", "bob")
    p.owner("olga", a.address)
    folder = p.path("tree")
    folder.mkdir()
    for i in range(450):
        (folder / f"{i:03d}").write_bytes(os.urandom(20))
    p.spk("olga", "encrypt", "-r", "tree", ok=0)
    p.lose_keys("olga")
    request, code = p.request("olga", "--all")
    r = p.run("alice", "request", "show", request, ok=0).stdout
    assert re.search(r"^verified  files +450$", r, re.MULTILINE) and "... and 430 more" in r
    assert len(p.json("alice", "request", "show", request)["verified"]["files"]) == 450
    for name in ("alice", "bob"):
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    assert "450" in p.spk("olga", "recover", "--all", ok=0).stdout


if __name__ == "__main__":
    try:
        box.main([said_twice, whole_story, shown, typed_code, without_a_terminal, evidence, deny, twice_by_one, stranger, own_request, confirmed_after_the_wait, overridden,
                  no_longer_valid, relabelled, next_policy, looser_policy, too_few_persons, new_pairs_only, no_such_request, authority_down, many_files], People)
    finally:
        forget_keys()
