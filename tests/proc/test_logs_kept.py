#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The operator's side of the logs: checked, written as files, mended, with the real programs."""
import json
import pathlib
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import log_verifier  # noqa: E402
from attack import equal, need, said  # noqa: E402
from authority_fixture import h  # noqa: E402

NDJSON = "application/x-ndjson"


def ctl(*argv, ok=0):
    r = subprocess.run([str(attack.SPAREKEYCTL), *[str(a) for a in argv]], capture_output=True, text=True, timeout=120,
                       stdin=subprocess.DEVNULL)
    equal(r.returncode, ok, f"{argv}: {r.stdout[-800:]}{r.stderr[-800:]}")
    return r


def keys_of(site):
    note = site.http.get("/v1/authority").json["logs"]
    return log_verifier.logs_note(note, site.vkey, site.policy_hash.hex())


def fill(owner, n):
    batch = [owner.make_deposit(b"K" * 32, f"{i}") for i in range(n)]
    raw = "\n".join(json.dumps(d) for d in batch).encode()
    return said(owner.http.post("/v1/deposits", raw=raw, ctype=NDJSON), 200)


def wait_size(site, size, seconds=20):
    end = time.monotonic() + seconds
    while True:
        r = site.http.get("/log/deposits/checkpoint")
        if r.status == 200 and int(r.body.decode().split("\n")[1]) >= size:
            return r.body.decode()
        need(time.monotonic() < end, f"no checkpoint of {size}: {r}")
        time.sleep(0.05)


def wait_stored(site, size, seconds=20):
    """The checkpoint in the database follows the one that is served."""
    end = time.monotonic() + seconds
    while json.loads(ctl("log", "fsck", "--json", site.folder).stdout)["logs"][0]["signed"] < size:
        need(time.monotonic() < end, f"no checkpoint of {size} in the database")
        time.sleep(0.1)


def faults(site):
    """{(table, level, index): what} of both logs."""
    r = subprocess.run([str(attack.SPAREKEYCTL), "log", "fsck", "--json", str(site.folder)], capture_output=True, text=True,
                       timeout=120)
    logs = json.loads(r.stdout)["logs"]
    found = {(x["log"], f["table"], f["level"], f["index"]): f["what"] for x in logs for f in x["faults"]}
    equal(r.returncode, 1 if found else 0, "exit status")
    return found


def exported(folder, key):
    log = log_verifier.Log(log_verifier.folder(f"{folder}/deposits"), key)
    log.check()
    return log


def test_fsck_export_rebuild():
    """faults of rows, tiles and checkpoints are named one by one; files are good for others; tiles are made again"""
    with attack.Site() as site:
        out = site.folder / "out"
        ann = site.enrol("Ann")
        fill(ann, 700)
        wait_stored(site, 700)
        equal(faults(site), {}, "faults while the server runs")
        r = ctl("log", "fsck", site.folder)
        need("700 entries, 700 of them signed for, 2 hashes of tiles: 0 faults" in r.stdout, r.stdout)
        # files
        key = keys_of(site)[0]
        ctl("log", "export", site.folder, out)
        equal(exported(out, key).size, 700, "size")
        note = (out / "logs.note").read_text()
        equal(log_verifier.logs_note(note, site.vkey, site.policy_hash.hex())[0].public, key.public, "key")
        first = (out / "deposits/checkpoint").read_text()
        fill(ann, 100)
        wait_stored(site, 800)
        for name in ("tile/0/002", "tile/0/003.p/32", "tile/entries/002"):  # of a run that did not end, about other entries
            (out / "deposits" / name).parent.mkdir(exist_ok=True)
            (out / "deposits" / name).write_bytes(b"x" * 32)
        ctl("log", "export", site.folder, out)
        log = exported(out, key)
        log.continues(first)
        equal(log.size, 800, "size")
        need(not (out / "deposits/tile/0/002.p").exists(), "parts of a tile that is full")
        equal([x.name for x in (out / "deposits/tile/0/003.p").iterdir()], ["32"], "parts")
        # damage
        site.stop("daemon")
        whole = (site.folder / "authority/sparekey.db").read_bytes()
        tile = ("deposits", "log_tile", 1)
        with site.editing() as db:
            db.execute("DELETE FROM log_tile WHERE log = 1 AND level = 1 AND idx = 0")
            db.execute("UPDATE log_tile SET hash = ? WHERE log = 1 AND level = 1 AND idx = 1", (h(b"another"),))
            db.execute("UPDATE log_tile SET hash = x'00' WHERE log = 1 AND level = 1 AND idx = 2")
            db.execute("INSERT INTO log_tile VALUES(1, 1, 3, ?)", (h(b"too early"),))
        found = faults(site)
        equal(sorted(found), [(*tile, 0), (*tile, 1), (*tile, 2), (*tile, 3)], "faults")
        need("missing" in found[(*tile, 0)] and "not the hash" in found[(*tile, 1)], found)
        need("no hash" in found[(*tile, 2)] and "not there" in found[(*tile, 3)], found)
        r = ctl("log", "fsck", site.folder, ok=1)
        need("deposits log: log_tile, level 1, index 1: is not the hash of its entries" in r.stdout, r.stdout)
        need("log rebuild" in r.stderr, r.stderr)
        need("3 hashes" in ctl("log", "rebuild", site.folder).stderr, "rebuild")
        equal(faults(site), {}, "faults after rebuild")
        site.start_server()
        need("receipt" in said(ann.deposit(b"K" * 32, "more"), 201).json, "no receipt")
        site.stop("daemon")
        # rows: named, and not to be mended from within
        with site.editing() as db:
            leaf = db.execute("SELECT leaf FROM deposits WHERE idx = 5").fetchone()[0]
            db.execute("UPDATE deposits SET leaf = ? WHERE idx = 5", (h(b"another"),))
            db.execute("UPDATE deposits SET description = 'other' WHERE idx = 600")
        found = faults(site)
        equal(sorted(found), [("deposits", "deposits", 0, 5), ("deposits", "deposits", 0, 600),
                              ("deposits", "log_note", 0, 0), (*tile, 0)], "faults")
        need("not those that were signed" in ctl("log", "rebuild", site.folder, ok=1).stderr, "rebuilt over another log")
        need("nothing was published" in ctl("log", "export", site.folder, out, ok=1).stderr, "published")
        equal(exported(out, key).size, 800, "size")
        with site.editing() as db:
            db.execute("UPDATE deposits SET leaf = ? WHERE idx = 5", (leaf,))
            db.execute("UPDATE deposits SET description = '600' WHERE idx = 600")
            db.execute("PRAGMA foreign_keys = OFF")
            db.execute("DELETE FROM deposits WHERE idx IN (300, 301, 800)")
        found = faults(site)
        equal(sorted(found), [("deposits", "deposits", 0, 300), ("deposits", "deposits", 0, 301),
                              ("deposits", "log_note", 0, 0)], "faults")
        need("more entries" in found[("deposits", "log_note", 0, 0)], found)
        # a checkpoint that nobody signed
        site.put_database(whole)
        with site.editing() as db:
            db.execute("UPDATE log_note SET note = replace(note, '\n800\n', '\n801\n') WHERE log = 1")
        need("another size" in faults(site)[("deposits", "log_note", 0, 0)], "log_note")
        site.put_database(whole)
        with site.editing() as db:
            note = db.execute("SELECT CAST(note AS TEXT) FROM log_note WHERE log = 1").fetchone()[0]
            db.execute("UPDATE log_note SET note = CAST(? AS BLOB) WHERE log = 1", (note[:-8] + "AAAA" + note[-4:],))
        need("not signed" in faults(site)[("deposits", "log_note", 0, 0)], "log_note")
        # the folder is ahead of a database that went back
        site.put_database(whole)
        with site.editing() as db:
            db.execute("PRAGMA foreign_keys = OFF")
            db.execute("DELETE FROM deposits WHERE idx >= 700")
            db.execute("UPDATE log_note SET size = 700, note = CAST(? AS BLOB), root = ? WHERE log = 1",
                       (first, log_verifier.checkpoint(first, key)[1]))
        equal(list(faults(site)), [(*tile, 2)], "faults")
        ctl("log", "rebuild", site.folder)
        need("is ahead of the database" in ctl("log", "export", site.folder, out, ok=1).stderr, "a file log that shrinks")
        equal(exported(out, key).size, 800, "size")


def copied(site, to):
    """A backup that covers what has a receipt by now."""
    r = ctl("backup", site.folder, to)
    need("restored into a temporary folder and checked" in r.stderr, r.stderr)
    return r


def test_backup_restore():
    """copied under load, whole and without keys; put back only into an empty place, and only what was copied"""
    with attack.Site() as site:
        ann = site.enrol("Ann")
        fill(ann, 300)
        client = site.client(ann.sign)
        stop, taken, wrong = threading.Event(), [], []

        def load():
            while not stop.is_set():
                a = client.post("/v1/deposits", ann.make_deposit(b"K" * 32, "x"))
                (taken if a.status == 201 else wrong).append(a)

        threads = [threading.Thread(target=load)]
        for t in threads:
            t.start()
        backup = site.folder / "backup"
        try:
            while len(taken) < 5:
                time.sleep(0.01)
            before = len(taken)
            r = copied(site, backup)
            need("keys are not in it" in r.stderr, r.stderr)
        finally:
            stop.set()
            for t in threads:
                t.join()
        equal(wrong, [], "answers meanwhile")
        names = sorted(x.name for x in backup.iterdir())
        for name in ("backup.list", "sparekey.db", "sparekeyd.conf", "statement-1.note", "policy-1.note", "tls.key"):
            need(name in names, f"{name} is not in {names}")
        equal([x.name for x in site.folder.iterdir() if x.name.startswith("backup.")], [], "folders left behind")
        equal({stat.S_IMODE(x.stat().st_mode) for x in backup.iterdir()}, {0o600}, "modes")
        secrets = [(site.folder / "holder" / n).read_bytes() for n in ("holder.key", "epoch-1.key", "journal")]
        for x in backup.iterdir():
            need(not any(s[40:72] in x.read_bytes() for s in secrets), f"{x.name} has something of the holder's")
        need("is there already" in ctl("backup", site.folder, backup, ok=1).stderr, "written over")
        need("is there already" in ctl("restore", backup, site.folder, ok=1).stderr, "written over")
        # another place
        new = site.folder / "new"
        sealed = site.folder / "sealed"
        sealed.write_bytes(b"sealed")
        second = site.folder / "second"
        ctl("backup", "--copy", sealed, site.folder, second)
        equal((second / "copy.skc").read_bytes(), b"sealed", "sealed copy")
        ctl("restore", second, new)
        need(not (new / "authority/copy.skc").exists(), "sealed copy among the server's files")
        need((new / "authority/tls.key").read_bytes() == (site.folder / "authority/tls.key").read_bytes(), "tls.key")
        # what was changed in a backup is not put back
        for name in ("sparekey.db", "tls.key", "backup.list"):
            bad = site.folder / f"bad-{name}"
            shutil.copytree(backup, bad)
            data = bytearray((bad / name).read_bytes())
            data[len(data) // 2] ^= 1
            (bad / name).write_bytes(data)
            ctl("restore", bad, site.folder / "not", ok=1)
            need(not (site.folder / "not/authority").exists(), "restored")
        # a store that is damaged is not copied
        site.stop("daemon")
        whole = (site.folder / "authority/sparekey.db").read_bytes()
        with site.editing() as db:
            db.execute("UPDATE deposits SET description = 'other' WHERE idx = 7")
        need("not whole" in ctl("backup", site.folder, site.folder / "third", ok=1).stderr, "copied")
        need(not (site.folder / "third").exists(), "a copy of it")
        site.put_database(whole)
        # the machine is lost but for the holder: the older backup lacks what came meanwhile, and that is seen
        count = 300 + len(taken)
        shutil.rmtree(site.folder / "authority")
        ctl("restore", backup, site.folder)
        with sqlite3.connect(site.folder / "authority/sparekey.db") as db:
            have = db.execute("SELECT count(*) FROM deposits").fetchone()[0]
        need(300 + before <= have <= count, f"{have} of {count}, {before} before it began")
        equal(faults(site), {}, "faults")
        if have < count:
            try:
                site.start_server()
                raise AssertionError("started on an older database")
            except attack.Refused:
                need("older than the log" in site.log(), site.log()[-500:])
        shutil.rmtree(site.folder / "authority")
        shutil.copytree(new / "authority", site.folder / "authority")
        site.start_server()
        need("receipt" in said(ann.deposit(b"K" * 32, "on it goes"), 201).json, "no receipt")


def test_adopt():
    """the way out of an older database: its missing entries come from an export, the log goes on, the loss is told"""
    with attack.Site() as site:
        ann = site.enrol("Ann")
        fill(ann, 300)
        site.approve(site.ask(ann))
        wait_stored(site, 300)
        equal(faults(site), {}, "faults beside a recovery")
        backup, out = site.folder / "backup", site.folder / "out"
        copied(site, backup)
        site.approve(site.ask(ann))
        later = [said(ann.deposit(b"K" * 32, f"later {i}"), 201).json for i in range(250)]
        wait_stored(site, 550)
        ctl("log", "export", site.folder, out)
        key = keys_of(site)[0]
        signed = site.http.get("/log/deposits/checkpoint").body.decode()
        recoveries = int((out / "recoveries/checkpoint").read_text().split("\n")[1])
        site.stop("daemon")
        shutil.rmtree(site.folder / "authority")
        ctl("restore", backup, site.folder)
        try:
            site.start_server()
            raise AssertionError("started on an older database")
        except attack.Refused:
            need("older than the log" in site.log() and "log adopt" in site.log(), site.log()[-900:])
        # what is not this log, or not whole, changes nothing
        older = (site.folder / "authority/sparekey.db").read_bytes()
        for path in ("deposits/checkpoint", "deposits/tile/entries/001", "deposits/tile/entries/000"):
            bad = site.folder / ("bad" + path.replace("/", "-"))
            shutil.copytree(out, bad)
            data = bytearray((bad / path).read_bytes())
            data[len(data) // 2] ^= 1
            (bad / path).write_bytes(data)
            ctl("log", "adopt", site.folder, bad, ok=1)
            equal(faults(site), {}, f"faults after {path}")
        with site.editing() as db:
            equal(db.execute("SELECT count(*) FROM lost").fetchone()[0], 0, "taken from a spoiled export")
        # a database that has gone its own way meanwhile
        site.stop("holder")
        site.start_server()
        said(ann.deposit(b"K" * 32, "without a holder"), 201)
        site.stop("daemon")
        need("put back" in ctl("log", "adopt", site.folder, out, ok=1).stderr, "another history")
        site.put_database(older)
        # the real one
        r = ctl("log", "adopt", site.folder, out)
        need("recoveries log: 3 entries taken" in r.stderr, r.stderr)
        need("250 entries taken, 300 to 549" in r.stderr and "250 deposits stand in the log, and are lost" in r.stderr, r.stderr)
        need("nothing to take" in ctl("log", "adopt", site.folder, out).stderr, "twice")
        equal(faults(site), {}, "faults")
        r = ctl("store", "check", "--json", site.folder)
        equal([json.loads(r.stdout)[n] for n in ("deposits", "missing", "lost")], [550, 0, 250], "store check")
        site.start_holder()
        site.start_server()
        one = later[7]
        said(ann.http.get(f"/v1/deposits/{one['serial']}/receipt"), 404)
        a = said(ann.deposit(b"K" * 32, "again"), 201).json
        equal(a["index"], 550, "index")
        log = log_verifier.Log(lambda path: said(site.http.get(f"/log/deposits/{path}"), 200).body, key)
        log.check()
        log.continues(signed)
        equal(log.size, 551, "size")
        site.approve(site.ask(ann))
        log = log_verifier.Log(lambda path: said(site.http.get(f"/log/recoveries/{path}"), 200).body, keys_of(site)[1])
        log.check()
        log.continues((out / "recoveries/checkpoint").read_text())
        need(log.size > recoveries, f"{log.size} entries of recoveries")
        log = log_verifier.Log(lambda path: said(site.http.get(f"/log/deposits/{path}"), 200).body, key)
        log.check()
        r = log_verifier.Receipt(one["receipt"], key)
        equal(log.entries[r.index], r.entry, "the entry of a deposit that is lost")
        wait_stored(site, 551)
        ctl("log", "export", site.folder, out)
        exported(out, key).continues(signed)
        site.stop("daemon")
        ctl("log", "rebuild", site.folder)
        copied(site, site.folder / "after")
        equal(faults(site), {}, "faults")


if __name__ == "__main__":
    sys.exit(attack.main(globals()))
