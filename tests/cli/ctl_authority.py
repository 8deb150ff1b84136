#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An authority's folder: made, started, looked after."""

import hashlib
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import time

import box
from ctl_people import People, forget_keys

TLS = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3",
       "-subj", "/CN=given.example", "-keyout", "given.key", "-out", "given.crt"]


def tree(folder):
    return sorted(str(x.relative_to(folder)) for x in folder.rglob("*"))


def made_whole(p):
    """init makes keys, certificate, configuration, store and statement, with private modes"""
    p.officers("alice")
    p.policy("g.note", "alice")
    out = p.init("auth", "g.note", "--name", "auth.example").stdout
    names = tree(p.path("auth"))
    for name in ("authority/sparekeyd.conf", "authority/tls.key", "authority/sparekey.db", "authority/statement-1.note",
                 "authority/policy-1.note", "holder/holder.key", "run"):
        assert name in names, names
    for name, mode in (("holder", 0o700), ("authority", 0o700), ("authority/tls.key", 0o600), ("authority/sparekey.db", 0o600)):
        assert stat.S_IMODE(os.stat(p.path("auth", name)).st_mode) == mode, name
    assert "name auth.example\n" in p.path("auth/authority/statement-1.note").read_text()
    code = next(line for line in out.splitlines() if line.startswith("fingerprint")).split()[1]
    # what the files say is what was printed
    p.path("auth/authority/sparekeyd.conf").write_text(
        p.path("auth/authority/sparekeyd.conf").read_text().replace("127.0.0.1:0", "127.0.0.1:8443"))
    r = p.run("operator", "address", "auth", ok=0)
    assert r.stdout.startswith("https://127.0.0.1:8443/#") and code in r.stderr


def nothing_half_made(p):
    """when init fails there is nothing, and what was there stays"""
    p.officers("alice", "bob")
    p.policy("g.note", "alice", "bob", sign=False)
    before = sorted(os.listdir(p.top))
    assert "every officer" in p.run("operator", "init", "auth", "--policy", "g.note", ok=1).stderr
    p.policy("one.note", "alice")
    before = sorted([*before, "one.note"])
    for args, word in (
        (("--host", "no such host"), "name in a certificate"),
        (("--bits", "1000"), "could not make"),
        (("--name", "a/b"), "could not make"),
        (("--cert", "/etc/passwd", "--key", "/etc/passwd"), "certificate"),
    ):
        r = p.run("operator", "init", "auth", "--policy", "one.note", *args, ok=1)
        assert word in r.stderr, r.stderr
        assert sorted(os.listdir(p.top)) == before, os.listdir(p.top)
    for args in (("--listen", "nonsense"), ("--listen", "0.0.0.0:1"), ("--enrolment", "maybe"), ("--cert", "x")):
        assert p.run("operator", "init", "auth", "--policy", "one.note", *args).returncode == 2, args
    p.path("full").mkdir()
    p.path("full/file").write_text("mine")
    assert "not empty" in p.run("operator", "init", "full", "--policy", "one.note", ok=1).stderr
    assert tree(p.path("full")) == ["file"]
    p.path("empty").mkdir()
    p.run("operator", "init", "empty", "--policy", "one.note", "--bits", "2048", ok=0)


def given_certificate(p):
    """a given certificate is used, and its key is the one that is pinned"""
    p.officers("alice")
    p.policy("g.note", "alice")
    subprocess.run(TLS, cwd=p.top, check=True, capture_output=True)
    p.init("auth", "g.note", "--cert", "given.crt", "--key", "given.key")
    a = p.start()
    p.run("alice", "officer", "join", a.address, ok=0)
    shown = subprocess.run(["openssl", "s_client", "-connect", a.address.split("/")[2]], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, check=False).stdout
    assert "given.example" in shown
    assert p.stop(a) == 0


def start_and_stop(p):
    """start prints the address, SIGTERM and SIGINT end both programs cleanly, and it starts again"""
    p.officers("alice")
    p.policy("g.note", "alice")
    p.init("auth", "g.note")
    assert "any free port" in p.run("operator", "address", "auth", ok=1).stderr
    for sig in (signal.SIGTERM, signal.SIGINT):
        a = p.start()
        assert p.run("operator", "address", "auth", ok=0).stdout.strip() == a.address
        assert p.json("operator", "address", "auth")["address"] == a.address
        children = subprocess.run(["pgrep", "-P", str(a.pid)], capture_output=True, text=True, check=True).stdout.split()
        assert len(children) == 2
        a.send_signal(sig)
        assert a.wait(30) == 0, a.log.read_text()
        p.running.remove(a)
        assert not any(os.path.exists(f"/proc/{c}") for c in children)
        assert not p.path("auth/run/address").exists()


def two_at_once(p):
    """the same folder is not started twice; a busy port is told in words"""
    p.officers("alice")
    p.policy("g.note", "alice")
    p.init("auth", "g.note")
    p.start()
    r = p.run("operator", "start", "auth", ok=1)
    assert "did not start" in r.stderr and "at work on it" in r.stderr, r.stderr
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        p.run("operator", "init", "busy", "--policy", "g.note", "--bits", "2048", "--listen",
              f"127.0.0.1:{s.getsockname()[1]}", ok=0)
        r = p.run("operator", "start", "busy", ok=1)
    assert "did not start" in r.stderr and "in use" in r.stderr and "port is taken" in r.stderr, r.stderr
    assert "not the folder" in p.run("operator", "start", "/tmp", ok=1).stderr


def program_of(a, name):
    """the pid of one of the two programs, or None"""
    out = subprocess.run(["pgrep", "-P", str(a.pid), "-f", f"/{name} "], capture_output=True, text=True, check=False).stdout
    return int(out.split()[0]) if out.strip() else None


def one_dies(p):
    """a program that was killed is started again, and said so; what dies again and again ends all"""
    p.officers("alice")
    p.policy("g.note", "alice")
    p.run("operator", "init", "auth", "--policy", "g.note", "--listen", "127.0.0.1:0", "--bits", "2048", secrets=["three swans"],
          ok=0)
    a = p.start(secret="three swans")
    p.run("alice", "officer", "join", a.address, ok=0)
    p.stop(a)
    conf = p.path("auth/authority/sparekeyd.conf")
    port = a.address.split(":")[2].split("/")[0]
    conf.write_text(conf.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
    a = p.start(secret="three swans")  # given once, and wanted again when the holder has died
    for times, name in enumerate(("sparekeyd", "sparekey-holder", "sparekeyd"), 1):
        pid = program_of(a, name)
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while a.log.read_text().count("it is started again") < times or program_of(a, name) in (None, pid):
            assert a.poll() is None and time.monotonic() < deadline, a.log.read_text()
            time.sleep(0.05)
        assert f"warning: {name} ended by itself, with status 137" in a.log.read_text()
        while p.run("alice", "request", "list").returncode != 0:
            assert a.poll() is None and time.monotonic() < deadline, a.log.read_text()
            time.sleep(0.2)
    left = program_of(a, "sparekey-holder")
    os.kill(program_of(a, "sparekeyd"), signal.SIGKILL)
    assert a.wait(30) == 1
    p.running.remove(a)
    assert "error: sparekeyd ended by itself, with status 137, and too often" in a.log.read_text()
    assert not os.path.exists(f"/proc/{left}") and not p.path("auth/run/address").exists()


def parent_dies(p):
    """when start itself is killed, the two programs end as well"""
    p.officers("alice")
    p.policy("g.note", "alice")
    p.init("auth", "g.note")
    a = p.start()
    children = subprocess.run(["pgrep", "-P", str(a.pid)], capture_output=True, text=True, check=True).stdout.split()
    a.kill()
    a.wait()
    p.running.remove(a)
    deadline = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{c}") for c in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def join(p):
    """an officer pins by the hash in the address, or by typing the fingerprint; never silently"""
    p.officers("alice")
    p.policy("g.note", "alice")
    p.init("auth", "g.note")
    a = p.start()
    url, good = a.address.split("#")
    wrong = url + "#" + ("0" if good[0] != "0" else "1") + good[1:]
    assert "another one" in p.run("alice", "officer", "join", wrong, ok=1).stderr
    assert "no terminal" in p.run("alice", "officer", "join", url, ok=1).stderr
    assert not p.path("home/alice/.config/sparekey/officer/authorities/authority").exists()
    code = p.run("operator", "address", "auth", ok=0).stderr.split()[1]
    status, seen = p.typed("alice", "officer", "join", url, answers=[("fingerprint", "00000-00000-00000-00000")])
    assert status == 1 and "another one" in seen
    status, seen = p.typed("alice", "officer", "join", url, answers=[("fingerprint", code.lower().replace("-", " "))])
    assert status == 0 and "pinned" in seen, seen
    assert p.run("alice", "request", "list", ok=0).stdout == ""
    assert p.run("alice", "officer", "join", "http://127.0.0.1/").returncode == 2


def other_server(p):
    """another server at the pinned address is refused, and never takes over the name of the pinned one"""
    a = p.authority("alice")
    p.run("operator", "init", "evil", "--policy", "genesis.note", "--bits", "2048", "--listen", "127.0.0.1:0", ok=0)
    b = p.start("evil")
    assert "another authority already" in p.run("alice", "officer", "join", b.address, ok=1).stderr
    p.run("alice", "officer", "join", a.address, ok=0)
    p.run("alice", "officer", "join", "--name", "second", b.address, ok=0)
    assert "several authorities" in p.run("alice", "request", "list", ok=1).stderr
    p.run("alice", "request", "list", "--authority", "second", ok=0)
    pin = p.path("home/alice/.config/sparekey/officer/authorities/authority/url")
    pin.write_text(b.address.split("/#")[0] + "\n")
    r = p.run("alice", "request", "list", "--authority", "authority", ok=1)
    assert "another key" in r.stderr or "does not follow" in r.stderr, r.stderr


def tokens(p):
    """enrolment by token: made by the operator, good once"""
    a = p.authority("alice", init=("--enrolment", "token"))
    token = p.json("operator", "token", "new", "auth", "--expires", "1h")
    assert token["uses"] == 1 and token["until"] > time.time()
    p.path("token").write_text(token["token"])
    p.owner("olga")
    assert p.spk("olga", "enroll", a.address).returncode == 1
    p.spk("olga", "enroll", a.address, "--token-file", "token", ok=0)
    p.owner("oleg")
    assert p.spk("oleg", "enroll", a.address, "--token-file", "token").returncode == 1
    assert [o["state"] for o in p.json("operator", "owner", "list", "auth")["owners"]] == ["enrolled"]
    assert p.run("operator", "token", "new", "auth", "--expires", "0").returncode == 2
    assert p.run("operator", "token", "new", "auth", "--uses", "0").returncode == 2


def enrolments(p):
    """enrolment by approval: officers see the record and decide; strangers do not"""
    a = p.authority("alice", init=("--enrolment", "approval"))
    p.owner("olga", a.address)
    p.owner("oleg", a.address)
    waiting = {o["name"]: o for o in p.json("alice", "enrolment", "list")["owners"]}
    assert set(waiting) == {"olga Owner", "oleg Owner"} and waiting["olga Owner"]["contacts"] == ["olga@example.org"]
    olga, oleg = waiting["olga Owner"]["owner"], waiting["oleg Owner"]["owner"]
    assert "nothing was decided" in p.run("alice", "enrolment", "approve", olga, ok=1).stderr
    status, seen = p.typed("alice", "enrolment", "approve", olga, answers=[("type yes", "yes")])
    assert status == 0 and "olga@example.org" in seen
    p.run("alice", "enrolment", "deny", oleg, "--yes", ok=0)
    assert p.json("alice", "enrolment", "list")["owners"] == []
    assert "no enrolment of this owner" in p.run("alice", "enrolment", "approve", oleg, "--yes", ok=1).stderr
    states = {o["name"]: o["state"] for o in p.json("operator", "owner", "list", "auth")["owners"]}
    assert states == {"olga Owner": "enrolled", "oleg Owner": "denied"}
    p.seal("olga")
    # what was decided stands in the audit trail, and can be read from any point on
    events = p.json("operator", "events", "auth")["events"]
    kinds = [v["kind"] for v in events]
    assert kinds.count("enrolled") == 2 and kinds.index("enrolment-approved") > kinds.index("enrolled"), kinds
    assert any(v["kind"] == "enrolment-denied" and "officer/alice" in v["detail"] for v in events), events
    last = p.json("operator", "events", "--after", str(events[-2]["number"]), "auth")["events"]
    assert last == events[-1:], last
    assert len(p.run("operator", "events", "auth", ok=0).stdout.splitlines()) == len(events)
    assert "plain number" in p.run("operator", "events", "--after", "x", "auth", ok=2).stderr
    # finding an owner id by name, as officers do when somebody calls
    found = p.json("alice", "owner", "find", "OLGA")["owners"]
    assert [o["owner"] for o in found] == [olga]
    assert p.json("alice", "owner", "find", "no such & name")["owners"] == []
    # whoever is no officer is told nothing
    p.officers("mallory")
    p.run("mallory", "officer", "join", a.address, ok=0)
    assert p.run("mallory", "enrolment", "list").returncode == 1
    assert p.run("mallory", "owner", "find", "olga").returncode == 1


def many_owners(p):
    """lists come in pages, and are shown whole"""
    p.officers("alice")
    p.policy("g.note", "alice")
    p.init("auth", "g.note")
    conf = p.path("auth/authority/sparekeyd.conf")
    conf.write_text(conf.read_text() + "max_list = 2\n")
    a = p.start()
    p.run("alice", "officer", "join", a.address, ok=0)
    names = ["olga", "oleg", "omar", "oda", "otto"]
    for name in names:
        p.owner(name, a.address)
    found = sorted(o["name"] for o in p.json("alice", "owner", "find", "owner")["owners"])
    assert found == sorted(f"{name} Owner" for name in names), found
    assert len(p.run("alice", "owner", "find", "owner", ok=0).stdout.splitlines()) == 5
    assert len(p.json("operator", "owner", "list", "auth")["owners"]) == 5


def store_check(p):
    """store check recomputes every row, and finds one that was edited by hand"""
    a = p.authority("alice")
    p.owner("olga", a.address)
    for i in range(3):
        p.seal("olga", f"f{i}.txt")
    r = p.run("operator", "store", "check", "auth", "--json", ok=0)
    j = json.loads(r.stdout)
    assert (j["deposits"], j["altered"], j["missing"]) == (3, 0, 0), j
    assert abs(j["newest"] / 1000 - time.time()) < 120 and "ahead of this clock" not in r.stderr, (j, r.stderr)
    p.stop(a)
    db = sqlite3.connect(p.path("auth/authority/sparekey.db"))
    for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        db.execute(f"DROP TRIGGER {trigger}")
    # relabel a deposit, as somebody would who wants an officer to approve the wrong thing
    (row, data) = db.execute("SELECT rowid, rpriv FROM deposits LIMIT 1 OFFSET 1").fetchone()
    assert b"f1.txt" in data
    db.execute("UPDATE deposits SET rpriv=? WHERE rowid=?", (data.replace(b"f1.txt", b"f9.txt"), row))
    db.commit()
    db.close()
    r = p.run("operator", "store", "check", "auth", ok=1)
    assert "altered after it was stored" in r.stdout and "1 altered" in r.stdout, r.stdout
    assert "restore it from a backup" in r.stderr and "ahead of this clock" not in r.stderr, r.stderr
    db = sqlite3.connect(p.path("auth/authority/sparekey.db"))
    db.execute("UPDATE deposits SET time_ms = time_ms + 3600000 WHERE idx = 2")
    db.commit()
    db.close()
    r = p.run("operator", "store", "check", "auth", ok=1)
    assert "ahead of this clock" in r.stderr and "set the clock if it is behind" in r.stderr, r.stderr


def drills(p):
    """a drill tries deposits and a backup; the holder signs what came of it; a deposit that is bad is named"""
    a = p.authority("alice")
    p.owner("olga", a.address)
    r = p.run("alice", "drill", "auth", ok=1)
    assert "no deposit to try" in r.stderr, r.stderr
    for i in range(3):
        p.seal("olga", f"f{i}.txt")
    p.run("operator", "backup", "auth", "copy", ok=0)
    p.seal("olga", "f3.txt")
    r = p.run("alice", "drill", "auth", "--sample", "64", ok=0)
    assert "4 of 4 deposits would come back" in r.stdout and "backup" not in r.stdout, r.stdout
    time.sleep(1.1)  # reports are named by the second
    r = p.run("alice", "drill", "auth", "--sample", "2", "--backup", "copy", ok=0)
    (n,) = re.search(r"has ([23]) deposits", r.stdout).groups()  # as far as its newest checkpoint went
    assert "2 of 4 deposits" in r.stdout, r.stdout
    folder = p.path("auth/drills")
    first, second = [f.read_text() for f in sorted(folder.iterdir())]
    assert "\nsample 4\ngood 0\ngood 1\ngood 2\ngood 3\n\n" in first and f"\nbackup 0 {'0' * 64}\nmade 0\n" in first, first
    assert "\ndeposits 4\n" in second and f"\nbackup {n} " in second and "\nsample 2\n" in second, second
    db = sqlite3.connect(p.path("auth/authority/sparekey.db"), timeout=20)
    entries = [e for (e,) in db.execute("SELECT entry FROM log_entry ORDER BY idx") if e[1] == 20]
    assert [int.from_bytes(e[48:56], "big") for e in entries[:4]] == [0, 1, 2, 3] and len(entries) == 6, entries
    text = first[:first.index("\n\n") + 1].encode()
    (salt,) = db.execute("SELECT salt FROM log_entry WHERE entry = ?", (entries[0],)).fetchone()
    h = lambda b: hashlib.sha256(b).digest()
    assert entries[0][16:48] == h(b"sparekey/1 request\0" + salt + h(text) + h(b"")) and entries[0][56:] == b"\xff" * 8
    p.run("operator", "log", "fsck", "auth", ok=0)
    # one that is altered, and a backup that is
    db.execute("UPDATE deposits SET blob = zeroblob(length(blob)) WHERE idx = 2")
    db.commit()
    db.close()
    (p.path("copy") / "sparekeyd.conf").write_text("another")
    time.sleep(1.1)
    r = p.run("alice", "drill", "auth", "--sample", "4", "--backup", "copy", ok=1)
    assert "deposit 2 is bad" in r.stderr and "deposit 1 " not in r.stderr, r.stderr
    assert "is no backup that could be restored" in r.stderr, r.stderr
    third = sorted(folder.iterdir())[2].read_text()
    assert "\nbad 2\n" in third and "\ngood 3\n" in third and "\nmade 0\n" in third, third
    assert sorted(f.name for f in folder.iterdir() if not f.name.endswith(".note")) == []
    told = p.run("operator", "events", "auth", ok=0).stdout
    assert "4 deposits, 1 bad" in told and "deposit 2, in a drill" in told, told
    r = p.run("mallory", "drill", "auth")
    assert r.returncode != 0 and len(list(folder.iterdir())) == 3, r.stderr
    # a leaf that is altered says nothing about the deposits beside it
    p.stop(a)
    db = sqlite3.connect(p.path("auth/authority/sparekey.db"))
    db.execute("UPDATE deposits SET leaf = zeroblob(32) WHERE idx = 2")
    db.commit()
    db.close()
    conf = p.path("auth/authority/sparekeyd.conf")
    conf.write_text(re.sub("(?m)^listen = .*$", "listen = " + re.search(r"[^/]+:[0-9]+", a.address)[0], conf.read_text()))
    p.start("auth")
    r = p.run("alice", "drill", "auth", "--sample", "4")
    assert r.returncode != 0 and "log was altered" in r.stderr and len(list(folder.iterdir())) == 3, r.stderr
    told = p.run("operator", "events", "auth", ok=0).stdout
    assert told.count("in a drill") == 1, told


def lost_store(p):
    """a store that is not there is told to be missing by all, and none is made in its place"""
    p.officers("alice")
    p.policy("g.note", "alice")
    p.init("auth", "g.note")
    db, conf = p.path("auth/authority/sparekey.db"), p.path("auth/authority/sparekeyd.conf")
    db.rename(p.path("kept.db"))
    for command in (("store", "check"), ("owner", "list"), ("token", "new"), ("events",)):
        r = p.run("operator", *command, "auth", ok=1)
        assert "'auth/authority/sparekey.db' is missing" in r.stderr and "backup" in r.stderr, r.stderr
        assert r.stdout == "" and not db.exists(), command
    r = p.run("operator", "start", "auth", ok=1)
    assert "sparekey.db is missing: restore it from a backup" in r.stderr and not db.exists(), r.stderr
    p.path("kept.db").rename(db)
    p.run("operator", "store", "check", "auth", ok=0)
    conf.write_text(conf.read_text().replace("store = sqlite", "store = memory"))
    r = p.run("operator", "token", "new", "auth", ok=1)
    assert "memory of sparekeyd" in r.stderr and r.stdout == "", r.stderr


if __name__ == "__main__":
    try:
        box.main([made_whole, nothing_half_made, given_certificate, start_and_stop, two_at_once, one_dies, parent_dies, join,
                  other_server, tokens, enrolments, many_owners, store_check, drills, lost_store], People)
    finally:
        forget_keys()
