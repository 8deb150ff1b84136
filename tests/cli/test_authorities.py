#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One owner, several authorities: registered with another one after a recovery, known there by other keys."""

import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import box as harness  # noqa: E402
import live  # noqa: E402
from test_recover import plain  # noqa: E402

ONE = TWO = None


def anna():
    b = harness.Box(keys=False)
    b.run("init", "--bits", "2048", "-q", "--name", "Anna", "--contact", "anna@example.org", "--sheet", "sheet", ok=0)
    return b


def config(box):
    return box.home / ".config/sparekey"


def owner(box):
    return box.json("status")["owner"]


def owner_at(box, name):
    return next((a.get("owner") for a in box.json("status")["authorities"] if a["name"] == name), None)


def recover(box, authority, name, *args):
    """Keys lost or not: the request, two officers, the end of it."""
    j = box.json("recover", "--authority", name, *args, ok=4)
    authority.approve(j["request"])
    return box.run("recover", "--authority", name, ok=0)


def recovered_at_one(box):
    box.run("enroll", "--name", "one", ONE.address, ok=0)
    box.write("a", b"first")
    box.run("encrypt", "-q", "a", ok=0)
    live.lose_keys(box)
    recover(box, ONE, "one", "--all")
    box.run("recover", "--authority", "one", "a.spk", ok=0)


def doctor_is_well(box):
    bad = [line for line in box.json("doctor") if line["grade"] == "bad"]
    assert bad == [], bad


def works(box, name, data):
    """Sealed for both, accepted by both, opens."""
    box.write(name, data)
    box.run("encrypt", "-q", name, ok=0)
    assert plain(box, name + ".spk") == data
    j = box.json("verify", "--online", name + ".spk")
    at = (j[0] if isinstance(j, list) else j)["authorities"]
    assert sorted(a["name"] for a in at) == ["one", "two"], at
    assert all(a["verdict"] == "proven" for a in at), at


def joins_after_a_recovery(box):
    """keys that came with a recovery are registered with another authority, under an owner id of its own"""
    recovered_at_one(box)
    before = owner(box)
    p = box.run("enroll", "--name", "two", TWO.address, ok=0)
    assert "another owner id" in p.stderr, p.stderr
    there = owner_at(box, "two")
    assert there is not None and there != before and there in p.stdout, p.stdout
    assert owner(box) == before and owner_at(box, "one") is None
    assert TWO.http.get("/v1/status").status == 200
    doctor_is_well(box)
    works(box, "b", b"for both")
    assert plain(box, "a.spk") == b"first"
    # again: the same answer, and no third owner id
    assert box.json("enroll", TWO.address)["owner"] == there
    assert box.json("enroll", ONE.address)["owner"] == before
    # the keys are lost once more: each authority gives back what it has, under its own owner id
    live.lose_keys(box)
    p = recover(box, TWO, "two", "--all")
    assert "1 session key" in p.stdout and "--keys-only --same-keys --authority one" in p.stderr, (p.stdout, p.stderr)
    box.run("recover", "--authority", "two", "b.spk", ok=0)
    assert plain(box, "b.spk") == b"for both"
    assert owner(box) == before and owner_at(box, "two") == there
    recover(box, ONE, "one", "--keys-only", "--same-keys")
    doctor_is_well(box)
    works(box, "c", b"after two recoveries")
    assert plain(box, "b.spk") == b"for both"


def printed_code_at_both(box):
    """the veto code of the recovery sheet stops a request under the second owner id as well"""
    code = box.read("sheet").decode().split("veto code")[1].split()[0]
    recovered_at_one(box)
    box.run("enroll", "--name", "two", TWO.address, ok=0)
    j = box.json("recover", "--keys-only", "--authority", "two", ok=4)
    TWO.request(j["request"])  # the officers see it
    read, write = os.pipe()
    os.write(write, code.encode() + b"\n")
    os.close(write)
    p = box.run("veto", "--authority", "two", "--code", "--passphrase-fd", read, j["request"], ok=0, pass_fds=(read,))
    os.close(read)
    assert "vetoed" in p.stdout, p.stdout


def known_by_the_former_keys(box):
    """registered with both, recovered at one: what the other one wants is said, and heals it"""
    box.run("enroll", "--name", "one", ONE.address, ok=0)
    box.run("enroll", "--name", "two", TWO.address, ok=0)
    works(box, "a", b"first")
    live.lose_keys(box)
    p = recover(box, ONE, "one", "--all")
    words = "--keys-only --same-keys --authority two"
    assert words in p.stderr, p.stderr
    before = owner(box)
    p = box.run("enroll", TWO.address, ok=1)
    assert "does not know your present keys" in p.stderr and words in p.stderr, p.stderr
    assert owner_at(box, "two") is None and not (config(box) / "owner.record.new").exists()
    p = box.run("doctor", ok=1)
    assert "knows you under your former keys" in p.stdout, p.stdout
    # who cannot be asked is named, with the cause and a way on, and what is known without stays
    p = box.run("verify", "--online", "a.spk", ok=1)
    assert "a.spk: proven" in p.stdout and "two: proven" in p.stdout and "it could not be asked" in p.stdout, p.stdout
    assert "does not know your present keys" in p.stderr and "answered 401" in p.stderr and "--same-keys" in p.stderr, p.stderr
    at = {a["name"]: a for a in box.json("verify", "--online", "a.spk", ok=1)["authorities"]}
    assert at["one"]["confirmed"] and at["two"]["online_error"] == "denied" and not at["two"]["confirmed"], at
    for args in (("encrypt", "-f", "a"), ("requests",), ("enroll", "--update")):
        p = box.run(*args, ok=1)
        assert "does not know your present keys" in p.stderr and "--same-keys" in p.stderr, (args, p.stderr)
    recover(box, TWO, "two", "--keys-only", "--same-keys")
    doctor_is_well(box)
    works(box, "b", b"second")
    assert (owner(box), owner_at(box, "two")) == (before, None)
    assert box.json("enroll", TWO.address)["state"] == "enrolled"


def replaced_elsewhere(box, now):
    """On the computer that still has the keys of before: told what has happened, and what to do."""
    now.rename(box.home / "after")
    (box.home / "before").rename(now)
    box.write("x")
    for args in (("encrypt", "x"), ("requests",), ("enroll", ONE.address), ("enroll", "--update", "--name", "one"), ("doctor",)):
        p = box.run(*args, ok=1)
        said = p.stdout + p.stderr
        assert "a recovery has replaced this key" in said and "recover --all --replace-keys" in said, (args, said)
        assert "state: enrolled" not in p.stdout and "'sparekey enroll" not in said, (args, said)
    shutil.rmtree(now)
    (box.home / "after").rename(now)


def new_pairs_only(box):
    """pairs replaced without any session key: the other authority is named all the same, and only then"""
    box.run("enroll", "--name", "one", ONE.address, ok=0)
    box.run("enroll", "--name", "two", TWO.address, ok=0)
    now = box.home / ".local/share/sparekey/containers"
    shutil.copytree(now, box.home / "before")
    p = recover(box, ONE, "one", "--keys-only", "--bits", "2048")
    assert "--same-keys --authority two" in p.stderr, p.stderr
    replaced_elsewhere(box, now)
    p = recover(box, TWO, "two", "--keys-only", "--same-keys")
    assert "--same-keys" not in p.stderr, p.stderr
    doctor_is_well(box)


def on_a_new_computer(box):
    """nothing but the owner id: asked first, then made from what the first authority has"""
    recovered_at_one(box)
    before = owner(box)
    (config(box) / "owner.record").unlink()
    (config(box) / "owner.id").write_text(before + "\n")
    p = box.run("enroll", "--name", "two", TWO.address, ok=1)
    assert "--keys-only --same-keys" in p.stderr and "--new-owner" in p.stderr, p.stderr
    assert [a["name"] for a in box.json("status")["authorities"]] == ["one"]
    j = box.json("enroll", "--name", "two", "--new-owner", TWO.address)
    assert j["owner"] != before and j["state"] == "enrolled", j
    assert owner(box) == before
    works(box, "b", b"second")
    found = next(o for o in TWO.officers[0].get("/v1/officer/owners?limit=100").json["owners"] if o["owner"] == j["owner"])
    assert found["name"] == "Anna" and found["contacts"] == ["anna@example.org"], found


def one_name_one_authority(box):
    """a name is that of one authority, and an authority has one name"""
    box.run("enroll", "--name", "one", ONE.address, ok=0)
    p = box.run("enroll", "--name", "one", TWO.address, ok=1)
    assert "another authority" in p.stderr and "--name" in p.stderr, p.stderr
    p = box.run("enroll", "--name", "uno", ONE.address, ok=1)
    assert "'one'" in p.stderr, p.stderr
    # pinned again: what it is stays
    assert box.json("enroll", "--pin", ONE.address)["state"] == "enrolled"
    assert box.json("status")["authorities"][0]["state"] == "enrolled"


def whose_request(box):
    """with a request at one of two authorities nobody has to say which; a veto code goes to none that was not named"""
    box.run("enroll", "--name", "one", ONE.address, ok=0)
    box.run("enroll", "--name", "two", TWO.address, ok=0)
    asked = box.json("recover", "--authority", "two", "--keys-only", "--bits", "2048", ok=4)["request"]
    TWO.request(asked)
    assert box.json("recover", ok=4)["request"] == asked
    p = box.run("recover", "--all", ok=1)
    assert "a recovery is under way at two" in p.stderr, p.stderr
    p = box.run("veto", "--code", asked, ok=2)
    assert "several authorities" in p.stderr and "--authority NAME" in p.stderr, p.stderr
    assert "begins the number of no request" in box.run("veto", "0" * 64, ok=1).stderr
    assert "vetoed" in box.run("veto", asked[:8], ok=0).stdout
    assert "vetoed" in box.run("recover", ok=1).stderr
    p = box.run("recover", "--all", ok=1)
    assert "several authorities are pinned" in p.stderr and "--authority NAME" in p.stderr, p.stderr


def many_requests(box):
    """more requests than fit into one answer are all told, newest first"""
    with live.Authority("max_list = 2\n") as few:
        box.run("enroll", few.address, ok=0)
        opened = []
        for _ in range(5):
            thief = harness.Box(keys=False)
            thief.run("enroll", "--pin", few.address, ok=0)
            j = thief.json("recover", "--bits", "2048", "--all", "--owner", owner(box), ok=4)
            few.request(j["request"])
            opened.append(j["request"])
            thief.clean()
        assert [r["request"] for r in box.json("requests")] == opened[::-1]


if __name__ == "__main__":
    with live.Authority() as ONE, live.Authority() as TWO:
        harness.main(
            [
                joins_after_a_recovery,
                printed_code_at_both,
                known_by_the_former_keys,
                new_pairs_only,
                whose_request,
                on_a_new_computer,
                one_name_one_authority,
                many_requests,
            ],
            make=anna,  # a recovery changes an owner for good
        )
