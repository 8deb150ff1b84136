#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recoveries with something damaged on the way: a file, a key container, what the authority keeps."""

import sqlite3

import live
import box as harness
from test_recover import fresh_owner, open_request, plain, recovered_box

AUTHORITY = None


def file_alone(box):
    """the deposit was never made, or altered: the file's own record is filed first, and is enough"""
    with live.Authority() as a:
        live.enrolled(a, box)
        box.write("b", b"altered")
        box.run("encrypt", "-q", "b", ok=0)
        a.keep_port()
        a.stop("daemon")
        with sqlite3.connect(a.folder / "authority/sparekey.db") as db:
            assert db.execute("UPDATE deposits SET blob = zeroblob(length(blob))").rowcount == 1
        box.write("a", b"only the file")
        box.run("encrypt", "-q", "--policy", "spool", "a", ok=0)
        for name in live.spool(box):
            (box.home / ".local/share/sparekey/spool" / name).unlink()
        a.start_server()
        p = box.run("verify", "--online", "a.spk", ok=3)
        assert "NOT DEPOSITED" in p.stdout and "the file itself carries" in p.stderr, (p.stdout, p.stderr)
        live.lose_keys(box)
        p = recovered_box(box, a, "a.spk", "b.spk")
        assert "2 session keys came back" in p.stdout, p.stdout
        assert plain(box, "a.spk") == b"only the file" and plain(box, "b.spk") == b"altered"
        assert box.json("verify", "--online", "a.spk")["authorities"][0]["confirmed"]
        assert box.json("verify", "b.spk")["verdict"] == "proven"


def abandoned(box):
    """--abandon says what is left: withdrawn by the present key, else open until a day that it names"""
    live.enrolled(AUTHORITY, box)
    request, code = open_request(box, "--all", "--replace-keys")
    AUTHORITY.request(request)
    p = box.run("requests", ok=0)
    assert "opened on this computer" in p.stdout and "veto" not in p.stderr
    p = box.run("recover", "--abandon", ok=0)
    assert code in p.stdout and "everything that was ever deposited" in p.stdout and "withdrawn" in p.stdout
    assert {r["request"]: r["state"] for r in box.json("requests")}[request] == "vetoed"
    live.lose_keys(box)
    request, code = open_request(box, "--all")
    j = box.json("recover", "--abandon")
    assert j["state"] == "abandoned" and j["request"] == request and not j["withdrawn"] and j["expires"] > 0
    assert live.containers(box) == []


def refused_release(box):
    """a refused key is not said to have never been deposited; what has ended is finished, not thrown away"""
    live.enrolled(AUTHORITY, box)
    for name in "ab":
        box.write(name, name.encode())
    box.run("encrypt", "-q", "a", "b", ok=0)
    container = box.home / ".local/share/sparekey/containers" / b"default".hex()
    container.write_bytes(b"")
    p = box.run("recover", "--bits", "2048", "a.spk", "b.spk", ok=4)
    assert f"is damaged and opens nothing: '{container}'" in p.stderr and "a copy of that file" in p.stderr, p.stderr
    AUTHORITY.approve(box.json("recover", ok=4)["request"])
    blocked = box.home / ".local/share/sparekey/recovered"
    blocked.write_bytes(b"")  # the first try ends here, after the authority has looked the scope up
    assert "goes on where it ended" in box.run("recover", ok=1).stderr
    blocked.unlink()
    p = box.run("recover", "--abandon", ok=1)  # its keys are the only ones that have rights
    assert "has ended at" in p.stderr and "nothing was thrown away" in p.stderr, p.stderr
    with sqlite3.connect(AUTHORITY.folder / "authority/sparekey.db") as db:
        serial = bytes.fromhex(box.json("inspect", "b.spk")["serial"])
        assert db.execute("UPDATE deposits SET salt = zeroblob(32) WHERE serial = ?", (serial,)).rowcount == 1
    p = box.run("recover", "a.spk", "b.spk", ok=1)
    assert "refused to release 1 deposit" in p.stderr and "never" not in p.stderr
    assert "'b.spk' is deposited, but the authority has refused" in p.stderr
    assert any("(old " in name for name in live.containers(box)) and container.stat().st_size > 0
    assert plain(box, "a.spk") == b"a"
    # a header that opens is not all: what is behind it was extended, then cut
    whole = box.read("a.spk")
    for bad in (whole + b"x", whole[:-1]):
        box.write("a.spk", bad)
        p = box.run("recover", "a.spk", ok=1)
        assert "its contents were cut, extended or damaged" in p.stderr and "done: 0 of 1" in p.stdout, (p.stdout, p.stderr)
    box.write("a.spk", whole)
    assert "done: 1 of 1" in box.run("recover", "a.spk", ok=0).stdout


def never_deposited(box):
    """what was sealed without an authority is named before any request, and asked for in none; what is asked for is named"""
    live.enrolled(AUTHORITY, box)
    for name in "abc":
        box.write(name, name.encode())
    box.run("encrypt", "-q", "--policy", "off", "a", ok=0)
    box.run("encrypt", "-q", "b", "c", ok=0)
    live.lose_keys(box)
    p = box.run("recover", "a.spk", ok=3)
    assert "NOT DEPOSITED" in p.stderr and "no recovery is under way" in box.run("recover", ok=2).stderr, p.stderr
    p = box.run("recover", "--bits", "2048", "a.spk", "b.spk", ok=1)
    assert "asked for: 1 file\n  b.spk\n" in p.stdout and "'a.spk' was sealed without" in p.stderr, (p.stdout, p.stderr)
    box.write("c.spk", b"x" * 4000)  # nothing tells its serial number
    p = box.run("recover", "c.spk", ok=4)
    assert "'c.spk' names no serial number" in p.stderr and "  c.spk" not in p.stdout, (p.stdout, p.stderr)
    AUTHORITY.approve(box.json("recover", ok=4)["request"])
    p = box.run("recover", "--decrypt", "a.spk", "b.spk", ok=1)  # 'b' is in the way of what comes out, and no fault of its key
    assert "NOT DEPOSITED" in p.stderr and "'b' is there already" in p.stderr and "done: 1 of 2" in p.stdout and plain(box, "b.spk") == b"b", (p.stdout, p.stderr)


if __name__ == "__main__":
    with live.Authority() as AUTHORITY:
        harness.main([file_alone, abandoned, refused_release, never_deposited], make=fresh_owner)
