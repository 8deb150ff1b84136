# SPDX-License-Identifier: Apache-2.0
"""Receipts: in the file before it has its name, checked offline, fetched later, and named when they do not hold."""

import hashlib
import json
import os
import shutil
import struct
import sys
import time

import box as harness
import live
import log_verifier as outside

AUTHORITY = None
HEAD = b"c2sp.org/tlog-proof@v1\n"


def slots(box, name, kind):
    return [s for s in box.json("inspect", name)["slots"] if s["type"] == kind]


def at(box, name, *options, ok=0):
    return box.json("verify", *options, name, ok=ok)["authorities"][0]


def pinned(box, file, name="backup.test"):
    return box.home / ".config/sparekey/authorities" / name / file


def log_key(box):
    for line in pinned(box, "logs.note").read_text().splitlines():
        if line.startswith("deposits "):
            return outside.Key(line.split(" ")[1])
    raise AssertionError("no key of the log")


def inside(sealed):
    """The receipt in a sealed file, and where it is: its length stands 36 bytes before it."""
    at_ = sealed.index(HEAD)
    return at_, sealed[at_ : at_ + struct.unpack(">I", sealed[at_ - 36 : at_ - 32])[0]]


def altered(sealed, change):
    """The same compact file with another receipt of the same length in it, under a right SUM."""
    at_, text = inside(sealed)
    new = change(text)
    assert len(new) == len(text) and new != text
    sealed = bytearray(sealed)
    sealed[at_ : at_ + len(new)] = new
    area = struct.unpack(">I", sealed[12:16])[0]
    used = struct.unpack(">I", sealed[area + 4 : area + 8])[0]
    sealed[area + used + 32 : area + used + 64] = hashlib.sha256(sealed[area : area + used + 32]).digest()
    return bytes(sealed)


def another(text, at_):
    """The same with another letter of base64 there."""
    return text[:at_] + (b"B" if text[at_ : at_ + 1] == b"A" else b"A") + text[at_ + 1 :]


def holder_away():
    AUTHORITY.stop("holder")


def holder_back(box, authority=None):
    """Until the authority gives receipts again."""
    (authority or AUTHORITY).start_holder()
    for _ in range(100):
        box.write("probe", os.urandom(8))
        if box.run("encrypt", "-qf", "probe").returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError("no receipt although the holder is back")


def proven(box):
    """a receipt is in the file, holds offline, and an outsider's program says the same"""
    live.enrolled(AUTHORITY, box)
    box.write("a", b"x" * 5000)
    j = box.json("encrypt", "a")
    assert j["deposits"][0]["receipt"]
    v = box.json("verify", "a.spk")
    assert v["verdict"] == "proven" and v["authorities"][0]["verdict"] == "proven"
    r = v["authorities"][0]["receipt"]
    assert r["index"] == j["deposits"][0]["index"] and r["origin"] == "backup.test/deposits"
    assert box.json("verify", "--no-key", "a.spk")["verdict"] == "accepted"
    (slot,) = slots(box, "a.spk", "receipt")
    assert (slot["index"], slot["size"], slot["origin"], slot["time"]) == (r["index"], r["size"], r["origin"], r["time"])
    assert "receipt is good" in box.run("verify", "a.spk", ok=0).stdout
    assert f"entry {r['index']} of {r['size']}" in box.run("inspect", "a.spk", ok=0).stdout
    _, text = inside(box.read("a.spk"))
    theirs = outside.Receipt(text.decode(), log_key(box))
    assert theirs.index == r["index"]
    box.write("big", os.urandom(1_200_000))  # two areas
    box.run("encrypt", "-q", "big", ok=0)
    assert box.json("verify", "big.spk")["verdict"] == "proven"


def of_a_batch(box):
    """in a tree every file has its own receipt"""
    live.enrolled(AUTHORITY, box)
    for i in range(30):
        box.write(f"t/{i}", b"%d" % i)
    box.run("encrypt", "-qr", "t", ok=0)
    seen = set()
    for line in box.run("verify", "--json", *[f"t/{i}.spk" for i in range(30)], ok=0).stdout.splitlines():
        v = json.loads(line)
        assert v["verdict"] == "proven", v
        seen.add(v["authorities"][0]["receipt"]["index"])
    assert len(seen) == 30
    box.write("t/no.txt", b"no sealed file")
    box.write("t/torn.spk", b"neither is this")
    os.rename(box.work / "t/7.spk", box.work / "t/named otherwise")
    p = box.run("verify", "-r", "t", ok=1)
    assert p.stdout.count(": proven\n") == 30 and "torn.spk" in p.stderr and "no.txt" not in p.stdout, p.stdout
    assert "30 proven" in p.stderr and "1 broken" in p.stderr, p.stderr
    os.unlink(box.work / "t/torn.spk")
    box.write("alone")
    box.run("encrypt", "-q", "--policy", "off", "-o", "t/alone.spk", "alone", ok=0)
    lines = [json.loads(x) for x in box.run("verify", "-r", "--json", "t", ok=3).stdout.splitlines()]
    assert [v["file"] for v in lines] == sorted(v["file"] for v in lines) and len(lines) == 31
    assert [v["verdict"] for v in lines].count("proven") == 30
    assert box.run("verify", "-r", "t", "nosuch", ok=1).stderr.count("nosuch") == 1


def holder_is_away(box):
    """require wants the receipt; spool gives the file its name, and sync brings the receipt"""
    live.enrolled(AUTHORITY, box)
    box.write("a")
    holder_away()
    try:
        p = box.run("encrypt", "a", ok=1)
        assert "gave no receipt" in p.stderr and "nothing was written" in p.stderr and box.names() == ["a"], p.stderr
        p = box.run("encrypt", "--policy", "spool", "a", ok=0)
        assert "no receipt yet" in p.stderr
        assert at(box, "a.spk")["receipt_error"] == "missing" and box.json("verify", "a.spk")["verdict"] == "accepted"
        assert "no receipt yet" in box.run("verify", "a.spk", ok=0).stdout
        assert "no receipt yet" in box.run("sync", ok=1).stderr and len(live.spool(box)) == 1
        assert "has no receipt yet" in box.run("sync", "a.spk", ok=1).stderr
        for i in range(1500):
            box.write(f"t/{i}")
        p = box.run("encrypt", "-r", "t", ok=1)
        assert "gave no receipt" in p.stderr and len(os.listdir(box.work / "t")) == 1500, p.stderr
        j = box.json("encrypt", "--policy", "spool", "-o", "z.spk", "a")
        assert j["deposits"][0]["index"] < at(box, "a.spk")["index"] + 1000, "it goes on although nothing can be had"
        for i in range(1450):
            os.unlink(box.work / f"t/{i}")
        p = box.run("encrypt", "-r", "--policy", "spool", "t", ok=0)
        assert "50 deposits have no receipts yet" in p.stderr, p.stderr
    finally:
        holder_back(box)
    shutil.copy(box.work / "a.spk", box.work / "b.spk")
    box.run("sync", ok=0)
    assert live.spool(box) == [] and box.json("verify", "a.spk")["verdict"] == "proven"
    assert "50 proven" in box.run("verify", "-r", "t", ok=0).stderr
    # a copy that was made before asks by itself
    assert at(box, "b.spk")["receipt_error"] == "missing"
    ledger = next((box.home / ".local/share/sparekey/deposited").iterdir())
    ledger.unlink()  # as on another computer
    assert "has its receipt" in box.run("sync", "b.spk", ok=0).stdout
    assert box.json("verify", "b.spk")["verdict"] == "proven"
    index = at(box, "b.spk")["receipt"]["index"]
    assert struct.unpack(">Q16x", ledger.read_bytes())[0] == index  # and watch holds the log to it
    assert box.run("sync", "b.spk", ok=0).stdout == ""


def keys_of_the_logs(box):
    """who was pinned before there were logs takes their keys up at the next contact, and never others"""
    live.enrolled(AUTHORITY, box)
    note = pinned(box, "logs.note")
    mine = note.read_bytes()
    note.unlink()
    box.write("a")
    box.run("encrypt", "-q", "a", ok=0)
    assert note.read_bytes() == mine and box.json("verify", "a.spk")["verdict"] == "proven"
    with live.Authority() as other:
        there = live.enrolled(other, harness.Box())
        theirs = pinned(there, "logs.note").read_bytes()
        note.write_bytes(theirs)
        p = box.run("verify", "a.spk", ok=1)
        assert "does not hold together" in p.stderr, p.stderr
        # another authority's receipts are of another log
        note.unlink()
        there.write("a")
        there.run("encrypt", "-q", "a", ok=0)
        _, foreign = inside(there.read("a.spk"))
        there.clean()
        note.write_bytes(mine)
        stripped(box, "a.spk", "x.spk")
        box.write("x.spk.receipt", foreign)
        assert at(box, "x.spk", "--no-key")["receipt_error"] in ("origin", "signature")


def stripped(box, name, to):
    """The file as it was before its receipt: the slot is one that no reader knows, and may skip."""
    sealed = bytearray(box.read(name))
    at_, text = inside(bytes(sealed))
    assert sealed[at_ - 40 : at_ - 38] == b"\0\3"
    sealed[at_ - 40 : at_ - 38] = b"\x80\3"
    area = struct.unpack(">I", sealed[12:16])[0]
    used = struct.unpack(">I", sealed[area + 4 : area + 8])[0]
    sealed[area + used + 32 : area + used + 64] = hashlib.sha256(sealed[area : area + used + 32]).digest()
    box.write(to, bytes(sealed))
    return text


def beside(box):
    """what waits beside a file is read without a key, and goes into it with one"""
    live.enrolled(AUTHORITY, box)
    box.write("a")
    holder_away()
    try:
        box.run("encrypt", "-q", "--policy", "spool", "a", ok=0)
    finally:
        holder_back(box)
    shutil.copy(box.work / "a.spk", box.work / "b.spk")
    box.run("sync", "-q", ok=0)
    _, text = inside(box.read("a.spk"))
    bad = [
        ("malformed", text.replace(b"\n", b"\r\n")),
        ("malformed", text + b"more\n"),
        ("malformed", text[:-30]),
        ("malformed", b""),
        ("malformed", b"x" * 20000),
        ("malformed", text.replace(b"index ", b"index 0", 1)),
    ]
    index = at(box, "a.spk")["receipt"]["index"]
    size = at(box, "a.spk")["receipt"]["size"]
    bad += [
        ("beyond", text.replace(b"index %d\n" % index, b"index %d\n" % size, 1)),
        ("path" if (index ^ 1) < size - 1 else "length", text.replace(b"index %d\n" % index, b"index %d\n" % (index ^ 1), 1)),
        ("signature", text.replace(b"\n%d\n" % size, b"\n%d\n" % (size + 1), 1)),
    ]
    path = text.split(b"index %d\n" % index)[1].split(b"\n\n")[0].split(b"\n")
    bad += [
        ("length", text.replace(path[0] + b"\n", b"", 1)),
        ("length", text.replace(path[0] + b"\n", 2 * (path[0] + b"\n"), 1)),
        ("path", text.replace(path[0], path[0][:5] + (b"A" if path[0][5:6] != b"A" else b"B") + path[0][6:], 1)),
    ]
    box.write("c")
    box.run("encrypt", "-q", "c", ok=0)
    bad.append(("file", inside(box.read("c.spk"))[1]))
    for word, receipt in bad:
        box.write("b.spk.receipt", receipt)
        got = at(box, "b.spk", "--no-key")
        assert got["receipt_error"] == word and got["verdict"] == "accepted", (word, got, receipt)
        assert "receipt" in box.run("verify", "b.spk", ok=0).stdout.split("no receipt")[0]  # named, not folded
        assert (box.work / "b.spk.receipt").exists()
    box.write("b.spk.receipt", text)
    assert at(box, "b.spk", "--no-key")["receipt"]["index"] == index
    assert "is in it now" in box.run("verify", "b.spk", ok=0).stdout
    assert not (box.work / "b.spk.receipt").exists()
    assert box.json("verify", "b.spk")["verdict"] == "proven" and slots(box, "b.spk", "receipt")


def without_the_key(box):
    """sync without the file's key leaves the receipt beside it, where the next opening finds it"""
    with live.Authority() as own:  # keys are replaced at it, which the others' boxes have too
        live.enrolled(own, box)
        box.write("a", b"text")
        own.stop("holder")
        box.run("encrypt", "-q", "--policy", "spool", "a", ok=0)
        holder_back(box, own)
        containers = box.home / ".local/share/sparekey/containers"
        shutil.copytree(containers, box.work / "kept")
        j = box.json("recover", "--keys-only", "--replace-keys", "--bits", "2048", ok=4)
        own.approve(j["request"])
        box.run("recover", ok=0)
        for path in containers.iterdir():
            if not path.name.startswith(".") and "(old " in bytes.fromhex(path.name).decode().lower():
                path.unlink()
        box.run("sync", ok=0)
        assert live.spool(box) == [] and (box.work / "a.spk.receipt").read_bytes().startswith(HEAD)
        v = box.json("verify", "a.spk")
        assert not v["opened"] and v["verdict"] == "accepted" and v["authorities"][0]["receipt"], v
        assert box.run("sync", "a.spk", ok=0).stdout == ""  # nothing to fetch
        os.unlink(box.work / "a.spk.receipt")
        assert "is beside it" in box.run("sync", "a.spk", ok=0).stdout and (box.work / "a.spk.receipt").exists()
    shutil.rmtree(containers)
    shutil.copytree(box.work / "kept", containers)
    assert box.run("decrypt", "-o", "-", "a.spk", ok=0).stdout == "text"
    assert not (box.work / "a.spk.receipt").exists() and slots(box, "a.spk", "receipt")
    assert box.json("verify", "a.spk")["verdict"] == "proven"


def broken_inside(box):
    """a receipt in the file that does not hold makes it broken, in words"""
    live.enrolled(AUTHORITY, box)
    box.write("a")
    box.run("encrypt", "-q", "a", ok=0)
    good = box.read("a.spk")
    cases = {
        "signature": lambda t: another(t, len(t) - 20),
        "malformed": lambda t: b"C" + t[1:],
        "path": lambda t: another(t, 64),  # in the time of R_pub
    }
    for word, change in cases.items():
        box.write("a.spk", altered(good, change))
        j = box.json("verify", "--no-key", "a.spk", ok=1)
        assert j["verdict"] == "broken" and j["authorities"][0]["receipt_error"] == word, (word, j)
        p = box.run("verify", "--no-key", "a.spk", ok=1)
        assert "receipt" in p.stderr and "'sparekey sync'" in p.stderr, p.stderr
        box.run("verify", "a.spk", ok=1)
        box.write("a.spk", good)
    assert box.json("verify", "a.spk")["verdict"] == "proven"


def main():
    global AUTHORITY
    with live.Authority() as AUTHORITY:
        AUTHORITY.keep_port()
        harness.main([proven, of_a_batch, holder_is_away, keys_of_the_logs, beside, without_the_key, broken_inside])


if __name__ == "__main__":
    sys.exit(main())
