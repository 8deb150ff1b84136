#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sparekeyctl without an authority: identities and policies."""

import os
import stat

import box
from ctl_people import People


def identity(p):
    """officer new writes a private file and a public line; show prints that line again"""
    line = p.run("a", "officer", "new", "alice", "--person", "alice.smith", "--owner", "12" * 32, ok=0).stdout
    folder = p.path("home/a/.config/sparekey/officer")
    assert stat.S_IMODE(os.stat(folder / "alice.key").st_mode) == 0o600
    assert (folder / "alice.pub").read_text() == line
    assert line.startswith("officer officer/alice+") and " person=alice.smith " in line and line.endswith("12" * 32 + "\n")
    assert p.run("a", "officer", "show", ok=0).stdout == line
    assert p.json("a", "officer", "show") == {"name": "alice", "line": line.rstrip("\n")}
    # what has no result for programs does not take the option
    assert "no option '--json'" in p.run("a", "policy", "check", "--json", "x", ok=2).stderr
    assert p.run("a", "officer", "show", "alice", ok=0).stdout == line
    # never over another one
    assert "is there already" in p.run("a", "officer", "new", "alice", ok=1).stderr
    assert p.run("a", "officer", "show", ok=0).stdout == line


def identity_names(p):
    """names that would not do in a file or a policy are refused"""
    for bad in ("", ".x", "a b", "a/b", "ü", "x" * 41):
        assert p.run("a", "officer", "new", bad).returncode == 2, bad
    assert p.run("a", "officer", "new", "a", "--owner", "xyz").returncode == 2


def which_identity(p):
    """several identities: --as tells which; a readable key file is refused"""
    p.officers("alice")
    p.run("alice", "officer", "new", "second", ok=0)
    assert "several identities" in p.run("alice", "officer", "show", ok=1).stderr
    assert "officer/second+" in p.run("alice", "officer", "show", "second", ok=0).stdout
    key = p.path("home/alice/.config/sparekey/officer/second.key")
    key.chmod(0o644)
    assert "may be read" in p.run("alice", "officer", "show", "second", ok=1).stderr
    assert "is not there" in p.run("nobody", "officer", "show", "x", ok=1).stderr.replace("No such file", "is not there")


def passphrase(p):
    """a passphrase protects the keys, not the public line"""
    code, seen = p.typed("a", "officer", "new", "alice", "--passphrase",
                         answers=[("new passphrase", "secret words"), ("the same again", "secret words")])
    assert code == 0, seen
    assert "officer/alice" in p.run("a", "officer", "show", ok=0).stdout
    p.path("alice.pub").write_text(p.run("a", "officer", "show", ok=0).stdout)
    p.run("x", "policy", "new", "--officer", "alice.pub", "-o", "one.note", ok=0)
    assert p.run("a", "policy", "sign", "one.note", "--yes").returncode == 1  # no terminal, no passphrase
    code, seen = p.typed("a", "policy", "sign", "one.note",
                         answers=[("passphrase", "wrong"), ("passphrase", "secret words"), ("type yes", "yes")])
    assert code == 0 and "signed" in seen, seen
    p.run("x", "policy", "check", "one.note", ok=0)


def interrupted(p):
    """^C at a passphrase ends the command, and the terminal has its echo again"""
    status, seen, echo = p.interrupted("a", "officer", "new", "alice", "--passphrase", at="new passphrase")
    assert (status, echo) == (130, True) and not p.path("home/a/.config/sparekey/officer/alice.key").exists(), seen
    p.path("alice.pub").write_text(p.run("a", "officer", "new", "alice", "--passphrase", secrets=["secret"], ok=0).stdout)
    p.run("x", "policy", "new", "--officer", "alice.pub", "-o", "one.note", ok=0)
    status, seen, echo = p.interrupted("a", "policy", "sign", "one.note", at="passphrase of identity 'alice'")
    assert (status, echo) == (130, True), seen
    status, seen, echo = p.interrupted("a", "policy", "sign", "one.note", at="wrong; passphrase", first="not it")
    assert (status, echo) == (130, True), seen


def genesis(p):
    """a first policy is complete when everyone it names has signed"""
    p.officers("alice", "bob", "carol")
    p.policy("g.note", "alice", "bob", "carol", sign=False)
    assert "quorum 2\n" in p.path("g.note").read_text()
    for name in ("alice", "bob"):
        p.run(name, "policy", "sign", "g.note", "--yes", ok=0)
        assert "not complete" in p.run("x", "policy", "check", "g.note", ok=1).stdout
    p.run("carol", "policy", "sign", "g.note", "--yes", ok=0)
    assert p.run("x", "policy", "check", "g.note", ok=0).stdout.count(", signed") == 3
    # signing twice changes nothing
    before = p.path("g.note").read_bytes()
    p.run("carol", "policy", "sign", "g.note", "--yes", ok=0)
    assert p.path("g.note").read_bytes() == before
    assert "is there already" in p.run("x", "policy", "new", "--officer", "bob.pub", "-o", "g.note", ok=1).stderr


def nothing_silent(p):
    """without a terminal and without --yes nothing is signed; at a terminal yes is typed"""
    p.officers("alice", "bob")
    p.policy("g.note", "alice", "bob", sign=False)
    before = p.path("g.note").read_bytes()
    assert "not signed" in p.run("alice", "policy", "sign", "g.note", ok=1).stderr
    code, _ = p.typed("alice", "policy", "sign", "g.note", answers=[("type yes", "no")])
    assert code == 1 and p.path("g.note").read_bytes() == before
    code, seen = p.typed("alice", "policy", "sign", "g.note", answers=[("type yes", "yes")])
    assert code == 0 and "officer         bob" in seen, seen


def strangers(p):
    """who has no say cannot sign; nor can somebody of the same name with another key"""
    p.officers("alice", "bob", "mallory")
    p.policy("g.note", "alice", "bob", sign=False)
    assert "no say" in p.run("mallory", "policy", "sign", "g.note", "--yes", ok=1).stderr
    p.run("fake", "officer", "new", "alice", ok=0)
    assert "no say" in p.run("fake", "policy", "sign", "g.note", "--yes", ok=1).stderr
    assert p.run("x", "policy", "check", "g.note", ok=1).stdout.count("not signed") == 2


def forged(p):
    """a changed policy loses its signatures"""
    p.officers("alice", "bob")
    p.policy("g.note", "alice", "bob")
    text = p.path("g.note").read_text()
    p.path("g.note").write_text(text.replace("deny 1\n", "deny 2\n"))
    out = p.run("x", "policy", "check", "g.note", ok=1).stdout
    assert out.count("SIGNATURE IS WRONG") == 2 and "not complete" in out
    p.path("g.note").write_text(text.replace("quorum 2\n", "quorum 1\n"))
    assert "not a valid one" in p.run("x", "policy", "check", "g.note", ok=1).stderr


def next_policy(p):
    """policy n+1 keeps what is not said, and belongs to the quorum before"""
    p.officers("alice", "bob", "carol")
    p.policy("g.note", "alice", "bob", extra=("--wait", "2h"))
    p.run("x", "policy", "new", "--next", "g.note", "--without", "bob", "--officer", "carol.pub", "-o", "n.note", ok=0)
    text = p.path("n.note").read_text()
    assert "number 2\n" in text and "wait 7200\n" in text and "officer/bob" not in text and "officer/carol" in text
    # without the authority pinned, an officer cannot see what it changes
    assert "pinned" in p.run("alice", "policy", "sign", "n.note", "--yes", ok=1).stderr
    assert "not known here" in p.run("x", "policy", "check", "n.note", ok=1).stderr
    assert p.run("x", "policy", "check", "n.note", "--previous", "g.note", ok=1).stdout.count("not signed") == 4
    assert "follows" in p.run("x", "policy", "check", "n.note", "--previous", "n.note", ok=1).stderr
    assert "is not an officer" in p.run("x", "policy", "new", "--next", "g.note", "--without", "zoe", ok=1).stderr


def promised_override(p):
    """a next policy whose persons are too few for the override of the one before is refused"""
    p.officers("alice", "bob", "carol", "dave")
    p.policy("g.note", "alice", "bob", "carol", "dave",
             extra=("--quorum", "2", "--override-quorum", "4", "--override-wait", "2h"), sign=False)
    less = ("policy", "new", "--next", "g.note", "--without", "dave")
    p.run("x", *less, "--override-quorum", "3", "-o", "n.note", ok=0)
    r = p.run("x", "policy", "check", "n.note", "--previous", "g.note", ok=1)
    assert "a veto is FINAL if made under policy 1: 4 persons" in r.stdout, r.stdout
    assert "promises what could not be done" in r.stderr and "name more officers" in r.stderr, r.stderr
    r = p.run("x", "policy", "check", "n.note", "--previous", "g.note", "--lose-older-deposits")
    assert "promises" not in r.stderr, r.stderr
    p.run("x", *less, "--override-quorum", "0", "--override-wait", "0", "-o", "none.note", ok=0)
    r = p.run("x", "policy", "check", "none.note", "--previous", "g.note")
    assert "FINAL" not in r.stdout and "promises" not in r.stderr, r.stdout + r.stderr


def impossible(p):
    """policies that could not work are told so"""
    p.officers("alice", "bob")
    two = ("--officer", "alice.pub", "--officer", "bob.pub")
    for args, word in (
        ((), "at least one officer"),
        ((*two, "--quorum", "3"), "quorum"),
        ((*two, "--quorum", "1"), "nobody recovers alone"),
        ((*two, "--wait", "40d"), "waiting time"),
        ((*two, "--override-quorum", "2", "--override-wait", "1d"), "more persons"),
        (("--officer", "alice.pub", "--officer", "alice.pub"), "already"),
        (("--officer", "/etc/passwd"), "not the public line"),
        (("--officer", "nowhere.pub"), "nowhere.pub"),
    ):
        r = p.run("x", "policy", "new", *args, ok=1)
        assert word in r.stderr and r.stdout == "", (args, r.stderr)
    assert p.run("x", "policy", "new", *two, "--wait", "soon").returncode == 2


def simulate(p):
    """simulate tells what a policy does, in general and in one situation"""
    p.officers("alice", "bob", "carol", carol="34" * 32)
    p.policy("g.note", "alice", "bob", "carol",
             extra=("--wait", "1d", "--override-quorum", "3", "--override-wait", "7d"))
    out = p.run("x", "policy", "simulate", "g.note", ok=0).stdout
    for line in ("1 person approves ", "... and 1 day later", "... and they confirm", "but enough deny", "vetoes", "overrides"):
        assert line in out, (line, out)
    one = lambda *a: p.run("x", "policy", "simulate", "g.note", *a, ok=0).stdout  # noqa: E731
    assert one("--approve", "alice", "--approve", "bob").startswith("waiting")
    assert one("--approve", "alice", "--approve", "bob", "--after", "2d").startswith("confirm")
    assert one("--approve", "alice", "--approve", "bob", "--confirm", "alice", "--confirm", "bob", "--after", "2d").startswith("approved")
    # an officer does not count for the own files; nor twice
    assert one("--approve", "alice", "--approve", "carol", "--owner", "34" * 32).startswith("open")
    assert one("--approve", "alice", "--approve", "alice").startswith("open")
    assert one("--approve", "alice", "--approve", "bob", "--deny", "carol").startswith("denied")
    assert p.run("x", "policy", "simulate", "g.note", "--approve", "zoe").returncode == 1


def wrong_use(p):
    """wrong use gives status 2 and says so; help and version are results"""
    assert p.run("x").returncode == 2
    assert p.run("x", "policy").returncode == 2
    assert p.run("x", "policy", "bake").returncode == 2
    assert p.run("x", "policy", "check").returncode == 2
    assert p.run("x", "policy", "check", "--nonsense").returncode == 2
    assert "request approve" in p.run("x", "help", ok=0).stdout
    assert p.run("x", "--version", ok=0).stdout.startswith("sparekeyctl ")
    assert "--quorum" in p.run("x", "policy", "new", "--help", ok=0).stdout
    # the first word of two shows its group, and only that
    for args in (("officer", "--help"), ("officer", "-h"), ("officer", "help"), ("help", "officer")):
        r = p.run("x", *args, ok=0)
        assert [line.split()[:2] for line in r.stdout.splitlines() if line.startswith("  ")] == [
            ["officer", "new"], ["officer", "show"], ["officer", "join"]] and r.stderr == "", r.stdout
    r = p.run("x", "officer")
    assert r.returncode == 2 and r.stdout == "" and "officer join" in r.stderr and "policy new" not in r.stderr
    for args in (("officer", "bake"), ("officer", "--nonsense")):
        r = p.run("x", *args)
        assert r.returncode == 2 and r.stdout == "" and "officer join" in r.stderr, r.stderr
        assert f"there is no command '{args[1]}'" in r.stderr
    for args in (("help", "officer", "new"), ("officer", "new", "--help")):
        assert "--person NAME" in p.run("x", *args, ok=0).stdout
    assert "there is no command 'bake'" in p.run("x", "help", "bake").stderr
    assert "is not a policy" in p.run("x", "policy", "check", "/etc/passwd", ok=1).stderr
    assert "/nowhere" in p.run("x", "policy", "check", "/nowhere", ok=1).stderr


if __name__ == "__main__":
    box.main([identity, identity_names, which_identity, passphrase, interrupted, genesis, nothing_silent, strangers, forged, next_policy,
              promised_override, impossible, simulate, wrong_use], People)
