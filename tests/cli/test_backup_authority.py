#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/backup_authority/: built as its page says, and run to its end against an authority."""

import os
import re
import subprocess

import live
import box as harness

AUTHORITY = None
SOURCE = harness.pathlib.Path(os.environ["SPK_SOURCE"]) / "examples/backup_authority"


def page():
    return (SOURCE / "README.md").read_text()


def packages(folder):
    """What pkg-config finds once both libraries are installed; here they are where they were built."""
    build, include = harness.BUILD.resolve(), SOURCE.parent.parent / "include"
    for name, flags, lib in (("cryptoapi", f"-I{include}/cryptoapi", "cryptoapi"), ("sparekey", f"-I{include}", "client")):
        text = f"Name: {name}\nDescription: {name}\nVersion: 0\nCflags: {flags}\nLibs: -L{build}/src/{lib} -l{name}\n"
        (folder / f"{name}.pc").write_text(text)


def built(folder):
    """The program, by the very command of the page, from a copy of its source."""
    packages(folder)
    command = re.search(r"^ +(cc -o backup_authority .*)$", page(), re.M).group(1)
    source = (SOURCE / "backup_authority.c").read_text()
    assert command in source, "page and source tell the same command"
    (folder / "backup_authority.c").write_text(source)
    env = {**os.environ, "PKG_CONFIG_PATH": str(folder)}
    compiler = os.environ.get("SPK_CC", "cc")  # with what the libraries of this build need
    subprocess.run(["sh", "-ec", command.replace("cc ", compiler + " ", 1)], cwd=folder, env=env, check=True)
    return folder / "backup_authority"


def payload(data):
    return data[4 + int.from_bytes(data[:4], "little") :]


class Program:
    def __init__(self, box):
        self.box = box
        self.exe = built(box.work)
        build = harness.BUILD.resolve()
        self.env = {**box.env, "LD_LIBRARY_PATH": f"{build}/src/client:{build}/src/cryptoapi"}

    def run(self, *args, ok=0):
        p = subprocess.run([self.exe, *args], cwd=self.box.work, env=self.env, capture_output=True, text=True, timeout=120)
        assert p.returncode == ok, f"{args}: {p.returncode}\n{p.stdout}\n{p.stderr}"
        return p


def to_its_end(box):
    """store, lose the container, ask, officers approve, take, renew, read"""
    live.enrolled(AUTHORITY, box)
    program = Program(box)
    texts = {"diary": b"dear diary\n", "empty": b"", "pieces": os.urandom(3 * 4096)}
    for name, data in texts.items():
        box.write(name, data)
        said = program.run("store", name, name + ".enc").stdout
        assert re.search(r"serial number [0-9a-f]{32}\n", said)
        program.run("read", name + ".enc", "again")
        assert box.read("again") == data
    before = {name: box.read(name + ".enc") for name in texts}
    program.run("lose")
    assert live.containers(box) == []
    assert "80090016" in program.run("read", "diary.enc", "lost", ok=1).stderr
    assert "lost" not in box.names()

    said = program.run("request").stdout
    code = re.search(r"([0-9A-Z]{5}-){3}[0-9A-Z]{5}", said).group(0)
    request = re.search(r"request ([0-9a-f]{64})", said).group(1)
    program.run("take", ok=4)
    again = program.run("request").stdout
    assert code in again and request in again, "the same request"
    AUTHORITY.approve(request)
    assert "3 session keys came back, 0 did not" in program.run("take").stdout
    program.run("take", ok=1)  # nothing is under way any more
    assert live.containers(box) == ["default"]

    # the file's BLOB is still for the pair that is gone: another key comes out, or none
    assert program.run("read", "diary.enc", "lost", ok=1).stderr
    for name, data in texts.items():
        program.run("renew", name + ".enc")
        program.run("read", name + ".enc", "again")
        assert box.read("again") == data
        assert payload(box.read(name + ".enc")) == payload(before[name]), "the ciphertext is untouched"


def goes_on_afterwards(box):
    """the new pair is the owner's: what is stored now is deposited and read as before"""
    live.enrolled(AUTHORITY, box)
    program = Program(box)
    box.write("a", b"first")
    program.run("store", "a", "a.enc")
    program.run("lose")
    said = program.run("request").stdout
    AUTHORITY.approve(re.search(r"request ([0-9a-f]{64})", said).group(1))
    program.run("take")
    box.write("b", b"second")
    program.run("store", "b", "b.enc")
    program.run("read", "b.enc", "again")
    assert box.read("again") == b"second"


def refused(box):
    """nothing to renew, nobody enrolled, an authority that is away: said, and nothing is spoilt"""
    program = Program(box)
    box.write("a", b"x")
    assert "not there" in program.run("store", "a", "a.enc", ok=1).stderr
    live.enrolled(AUTHORITY, box)
    program.run("store", "a", "a.enc")
    sealed = box.read("a.enc")
    assert "a.enc" in program.run("renew", "a.enc", ok=1).stderr
    assert box.read("a.enc") == sealed
    box.write("bad", b"no BLOB here")
    program.run("read", "bad", "x", ok=1)
    program.run("nonsense", ok=2)


def denied(box):
    """an officer says no: no keys, and the file stays closed"""
    live.enrolled(AUTHORITY, box)
    program = Program(box)
    box.write("a", b"x")
    program.run("store", "a", "a.enc")
    program.run("lose")
    said = program.run("request").stdout
    request = AUTHORITY.request(re.search(r"request ([0-9a-f]{64})", said).group(1))
    AUTHORITY.officers[0].vote(request, approve=False)
    assert "refused" in program.run("take", ok=1).stderr
    program.run("read", "a.enc", "lost", ok=1)


def policy_against_it(box):
    """an authority that wants padding that can be proven refuses the program's own BLOB: no file"""
    with live.Authority(**{"need-derived": "yes"}) as strict:
        live.enrolled(strict, box)
        program = Program(box)
        box.write("a", b"x")
        assert "refused" in program.run("store", "a", "a.enc", ok=1).stderr
        assert "a.enc" not in box.names(), "nothing is sealed that cannot come back"


def fresh_owner():
    b = harness.Box(keys=False)
    b.run("init", "--bits", "2048", "-q", "--sheet", "sheet", ok=0)
    return b


if __name__ == "__main__":
    with live.Authority(**{"need-derived": "no"}) as AUTHORITY:
        harness.main([to_its_end, goes_on_afterwards, refused, denied, policy_against_it], make=fresh_owner)
