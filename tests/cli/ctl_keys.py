#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The authority's keys: a sealed copy, opened by a quorum of officers; the next epoch."""

import os
import shutil
import signal
import subprocess
import time

import box
from ctl_people import CTL, SPAREKEY, People, forget_keys


class Restore:
    """key restore while it waits for the officers' files."""

    def __init__(self, p, folder, copy, *extra):
        self.proc = subprocess.Popen([CTL, "key", "restore", folder, "--copy", copy, *extra], cwd=p.top, env=p.env("operator"),
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                     start_new_session=True)
        p.running.append(self.proc)
        self.p = p
        self.said = {}
        while "needed" not in self.said:
            line = self.proc.stdout.readline()
            assert line, self.proc.stderr.read()
            key, _, value = line.strip().partition(" ")
            self.said[key] = value

    def give(self, *files):
        out, err = self.proc.communicate("".join(f + "\n" for f in files), timeout=120)
        self.p.running.remove(self.proc)
        return self.proc.returncode, out + err


def share(p, who, r, out, code=None, ok=0):
    return p.run(who, "key", "share", f"copy/share-{who}.sks", "--transport", r.said["transport"], "--code",
                 code or r.said["code"], "-o", out, ok=ok)


def copied(p, *officers, extra=()):
    a = p.authority(*(officers or ("alice", "bob", "carol")), extra=extra)
    p.owner("olga", a.address)
    p.seal("olga")
    p.stop(a)
    p.run("operator", "key", "copy", "auth", "-o", "copy", ok=0)
    return a


def opened_by_a_quorum(p):
    """the machine burns; two officers open the copy; a recovery goes through on the new holder"""
    a = copied(p)
    shutil.move(p.path("auth/holder"), p.path("burnt"))
    r = Restore(p, "auth", "copy")
    assert r.said["needed"] == "2 of 3"
    share(p, "carol", r, "c.skp")
    share(p, "alice", r, "a.skp")
    status, out = r.give("c.skp", "a.skp")
    assert status == 0, out
    assert "the key of 1 epoch is back in 'auth/holder'" in out and "was denied or vetoed before" in out, out
    assert "'sparekeyctl start DIR' runs the authority again" in out and "backup" not in out, out
    conf = p.path("auth/authority/sparekeyd.conf")
    port = a.address.split(":")[2].split("/")[0]
    conf.write_text(conf.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
    p.start()
    p.lose_keys("olga")
    request, code = p.request("olga", "f.txt.spk")
    for name in ("alice", "bob"):
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    p.spk("olga", "recover", "f.txt.spk", ok=0)
    assert p.spk("olga", "decrypt", "f.txt.spk", "-o", "-", ok=0).stdout == "what was lost\n"


def recovered(p, who="olga", officers=("alice", "bob")):
    p.lose_keys(who)
    request, code = p.request(who, "f.txt.spk")
    for name in officers:
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    p.spk(who, "recover", "f.txt.spk", ok=0)
    assert p.spk(who, "decrypt", "f.txt.spk", "-o", "-", ok=0).stdout == "what was lost\n"
    return request


def kept_port(p, a):
    """the next start listens where this one did"""
    conf = p.path("auth/authority/sparekeyd.conf")
    port = a.address.split(":")[2].split("/")[0]
    conf.write_text(conf.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))


def restored(p, copy="copy"):
    """the holder burns, and comes back from the copy without its journal"""
    shutil.rmtree(p.path("auth/holder"))
    r = Restore(p, "auth", copy)
    for name in ("alice", "bob"):
        share(p, name, r, name + ".skp")
    status, out = r.give("alice.skp", "bob.skp")
    assert status == 0, out
    return out


def recovers_after_recoveries(p):
    """who had recovered before the holder lost its journal recovers again; the chain of statements goes on"""
    a = p.authority("alice", "bob")
    p.owner("olga", a.address)
    p.seal("olga")
    recovered(p)
    recovered(p)
    kept_port(p, a)
    p.stop(a)
    p.run("operator", "key", "copy", "auth", "-o", "copy", ok=0)
    restored(p)
    p.start()
    recovered(p)
    recovered(p)


def asked_again(p):
    """approvals that the holder has forgotten are asked for again, and the recovery goes through"""
    a = p.authority("alice", "bob")
    p.owner("olga", a.address)
    p.seal("olga")
    kept_port(p, a)
    p.lose_keys("olga")
    request, code = p.request("olga", "f.txt.spk")
    for name in ("alice", "bob"):
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    p.stop(a)
    p.run("operator", "key", "copy", "auth", "-o", "copy", ok=0)
    restored(p)
    p.start()
    listed = p.json("alice", "request", "list")["requests"]
    assert [(r["state"], r["persons"]) for r in listed] == [("open", 0)], listed
    p.spk("olga", "recover", "f.txt.spk", ok=4)
    for name in ("alice", "bob"):
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    p.spk("olga", "recover", "f.txt.spk", ok=0)


def over_stays_over(p):
    """what had run out before the holder lost its journal is not open again"""
    a = p.authority("alice", "bob", extra=("--request-life", "8s"))
    p.owner("olga", a.address)
    p.seal("olga")
    kept_port(p, a)
    p.lose_keys("olga")
    request, code = p.request("olga", "f.txt.spk")
    expires = p.json("alice", "request", "show", request)["claimed"]["expires"]
    p.stop(a)
    p.run("operator", "key", "copy", "auth", "-o", "copy", ok=0)
    restored(p)
    time.sleep(max(0, expires - time.time()) + 1)
    p.start()
    for _ in range(2):
        assert [r["state"] for r in p.json("alice", "request", "list", "--state", "expired")["requests"]] == ["expired"]
    r = p.run("bob", "request", "approve", request, "--code", code, ok=1)
    assert "expired" in r.stderr, r.stderr


def what_is_missing(p):
    """a restore tells what else belongs into the folder; an old journal is taken over; codes come from a descriptor"""
    copied(p)
    r = Restore(p, "new", "copy", "--state", "auth/holder")
    for name in ("alice", "bob"):
        p.run(name, "key", "share", f"copy/share-{name}.sks", "--transport", r.said["transport"], "-o", name + ".skp",
              secrets=[r.said["code"]], ok=0)
    status, out = r.give("alice.skp", "bob.skp")
    assert status == 0 and "put the backup of authority/ into the same folder" in out, out
    assert "denied or vetoed" not in out, out
    shutil.copytree(p.path("auth/authority"), p.path("new/authority"))
    p.start("new")  # makes what no backup has


def one_share_is_nothing(p):
    """one officer alone cannot open it, not with the same share twice, nor with a share as it is kept"""
    copied(p)
    r = Restore(p, "new", "copy")
    share(p, "alice", r, "a.skp")
    status, out = r.give("a.skp", "a.skp", "copy/share-bob.sks", "nowhere")
    assert status == 1 and "only 1 of 2" in out, out
    assert "a.skp: this share was given already" in out, out
    assert not p.path("new/holder/epoch-1.key").exists()


def for_this_machine_only(p):
    """what an officer sent for one opening is worth nothing for another"""
    copied(p)
    r = Restore(p, "new", "copy")
    share(p, "alice", r, "a.skp")
    share(p, "bob", r, "b.skp")
    r.give("a.skp")
    again = Restore(p, "new", "copy")
    status, out = again.give("a.skp", "b.skp")
    assert status == 1 and "only 0 of 2" in out, out


def the_code_is_compared(p):
    """an officer hands nothing out for a transport key whose code does not fit"""
    copied(p)
    r = Restore(p, "new", "copy")
    assert "not that of this transport key" in share(p, "alice", r, "a.skp", code="00000-00000-00000-00000", ok=1).stderr
    key = r.said["transport"]
    r.said["transport"] = ("0" if key[0] != "0" else "1") + key[1:]
    assert "not that of this transport key" in share(p, "alice", r, "a.skp", ok=1).stderr
    r.said["transport"] = key
    assert not p.path("a.skp").exists()
    assert "no code was typed" in p.run("alice", "key", "share", "copy/share-alice.sks", "--transport", key, "-o", "a.skp",
                                        ok=1).stderr
    status, seen = p.typed("alice", "key", "share", "copy/share-alice.sks", "--transport", key, "-o", "a.skp",
                           answers=[("read out", r.said["code"])])
    assert status == 0 and p.path("a.skp").exists(), seen
    # nor with somebody else's share, nor with something else
    r2 = p.run("bob", "key", "share", "copy/share-alice.sks", "--transport", key, "--code", r.said["code"], "-o", "b.skp", ok=1)
    assert "another identity" in r2.stderr
    assert "not a share" in p.run("bob", "key", "share", "genesis.note", "--transport", key, "-o", "b.skp", ok=1).stderr
    r.give()


def not_while_it_serves(p):
    """keys are copied and rotated only while the holder does not serve"""
    p.authority("alice", "bob")
    assert "sparekey-holder: error: " in p.run("operator", "key", "copy", "auth", "-o", "copy", ok=1).stderr
    assert "stop that one first" in p.run("operator", "key", "copy", "auth", "-o", "copy", ok=1).stderr
    assert "stop that one first" in p.run("operator", "key", "rotate", "auth", "-o", "next.note", ok=1).stderr
    assert not p.path("next.note").exists()


def tls_key_alone(p, a):
    """the TLS key is replaced by the quorum while the authority's key stays; nobody takes it without"""
    before = p.path("auth/authority/tls.crt").read_bytes()
    p.run("operator", "key", "rotate", "auth", "--tls", "--bits", "2048", "-o", "tls.note", ok=2)
    p.run("operator", "key", "rotate", "auth", "--tls", "-o", "tls.note", ok=0)
    assert p.path("auth/authority/tls.crt").read_bytes() == before  # in use until the statement is published
    assert p.path("auth/authority/tls.key.next").stat().st_mode & 0o777 == 0o600
    p.run("operator", "key", "publish", "auth", "tls.note", ok=1)
    assert "up to date" in p.run("alice", "policy", "sign", "tls.note", "--yes", ok=1).stderr  # knows epoch 1 only
    for name in ("alice", "bob"):
        p.run(name, "request", "list", ok=0)
        r = p.run(name, "policy", "sign", "tls.note", "--yes", ok=0)
        assert "the TLS key changes, the authority's key stays" in r.stderr, r.stderr
    assert "TLS key is published" in p.run("operator", "key", "publish", "auth", "tls.note", ok=0).stdout
    assert p.path("auth/authority/tls.crt").read_bytes() != before and not p.path("auth/authority/tls.key.next").exists()
    assert "published already" in p.run("operator", "key", "publish", "auth", "tls.note", ok=0).stdout
    assert "epoch 2" in p.path("auth/authority/statement-3.note").read_text()
    p.stop(a)
    p.start()
    p.path("t.txt").write_text("x")
    assert "another key" in p.spk("olga", "encrypt", "t.txt").stderr


def signers_leave(p):
    """a policy drops one who signed the keys in use: nobody who knew them is locked out, at no later call"""
    p.officers("carol")
    p.run("operator", "policy", "new", "--next", "genesis.note", "--without", "bob", "--officer", "carol.pub", "-o", "two.note", ok=0)
    for name in ("alice", "bob"):
        p.run(name, "policy", "sign", "two.note", "--yes", ok=0)
    p.run("alice", "policy", "publish", "two.note", ok=0)
    for _ in range(2):
        p.run("alice", "request", "list", ok=0)
        p.spk("olga", "enroll", "--update", ok=0)
    assert "in force already" in p.run("alice", "policy", "publish", "two.note", ok=0).stdout
    p.run("carol", "officer", "join", p.running[-1].address, ok=0)
    p.run("carol", "request", "list", ok=0)


def next_epoch(p):
    """a new key is published with the quorum's signatures; old deposits and new ones both come back"""
    a = p.authority("alice", "bob")
    conf = p.path("auth/authority/sparekeyd.conf")
    port = a.address.split(":")[2].split("/")[0]
    conf.write_text(conf.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
    p.owner("olga", a.address)
    p.seal("olga", "old.txt", b"old\n")
    p.stop(a)
    p.run("operator", "key", "rotate", "auth", "--bits", "2048", "-o", "next.note", ok=0)
    assert "has the signatures of 0 persons" in p.run("operator", "key", "publish", "auth", "next.note", ok=1).stderr
    r = p.run("alice", "policy", "sign", "next.note", "--yes", ok=0)
    assert "key epoch 2" in r.stderr and "-- until now:" in r.stderr
    shown, _, after = r.stderr.partition("officer ")
    assert "signed" not in shown and "alice, person alice, signed" in after and "bob, person bob, not signed" in after, r.stderr
    assert "1 of the 2" in after, r.stderr
    r = p.run("operator", "key", "publish", "auth", "next.note", ok=1)
    assert "has the signature of 1 person, policy 1 asks for 2" in r.stderr and "bob, person bob, not signed" in r.stderr, r.stderr
    assert "policy sign FILE" in r.stderr and "key publish DIR FILE" in r.stderr, r.stderr
    p.run("bob", "policy", "sign", "next.note", "--yes", ok=0)
    assert "epoch 2 is published" in p.run("operator", "key", "publish", "auth", "next.note", ok=0).stdout
    assert "is published already" in p.run("operator", "key", "publish", "auth", "next.note", ok=0).stdout
    assert not p.path("auth/authority/statement-3.note").exists()
    tls_key_alone(p, p.start())
    p.spk("olga", "enroll", "--update", ok=0)
    signers_leave(p)
    p.seal("olga", "new.txt", b"new\n")
    assert p.json("olga", "inspect", "new.txt.spk", program=SPAREKEY)
    p.lose_keys("olga")
    request, code = p.request("olga", "old.txt.spk", "new.txt.spk")
    for name in ("alice", "carol"):
        p.run(name, "request", "approve", request, "--code", code, ok=0)
    p.spk("olga", "recover", "old.txt.spk", "new.txt.spk", ok=0)
    for name in ("old", "new"):
        assert p.spk("olga", "decrypt", f"{name}.txt.spk", "-o", "-", ok=0).stdout == name + "\n"


def older_than_the_last_key(p):
    """a copy from before the last rotate is not taken for the whole, and start does not blame the port"""
    a = p.authority("alice", "bob")
    p.stop(a)
    p.run("operator", "key", "copy", "auth", "-o", "old", ok=0)
    p.run("operator", "key", "rotate", "auth", "--bits", "2048", "-o", "next.note", ok=0)
    for name in ("alice", "bob"):
        p.run(name, "policy", "sign", "next.note", "--yes", ok=0)
    p.run("operator", "key", "publish", "auth", "next.note", ok=0)
    p.run("operator", "key", "copy", "auth", "-o", "new", ok=0)
    shutil.rmtree(p.path("auth/holder"))
    r = Restore(p, "auth", "old")
    for name in ("alice", "bob"):
        p.run(name, "key", "share", f"old/share-{name}.sks", "--transport", r.said["transport"], "--code", r.said["code"],
              "-o", f"old-{name}.skp", ok=0)
    status, out = r.give("old-alice.skp", "old-bob.skp")
    assert status == 1 and "up to epoch 1, but epoch 2 is published" in out and "made after that" in out, out
    assert "runs the authority" not in out, out
    r = p.run("operator", "start", "auth", ok=1)
    assert "epoch 2 is published" in r.stderr and "port" not in r.stderr, r.stderr
    shutil.rmtree(p.path("auth/holder"))
    r = Restore(p, "auth", "new")
    for name in ("alice", "bob"):
        p.run(name, "key", "share", f"new/share-{name}.sks", "--transport", r.said["transport"], "--code", r.said["code"],
              "-o", f"new-{name}.skp", ok=0)
    status, out = r.give("new-alice.skp", "new-bob.skp")
    assert status == 0 and "the keys of 2 epochs are back" in out, out
    p.start()


def a_strangers_statement(p):
    """officers do not sign a statement that does not follow the one that they have pinned"""
    p.authority("alice", "bob")
    p.run("operator", "init", "evil", "--policy", "genesis.note", "--bits", "2048", "--listen", "127.0.0.1:0", ok=0)
    p.run("operator", "key", "rotate", "evil", "--bits", "2048", "-o", "evil.note", ok=0)
    r = p.run("alice", "policy", "sign", "evil.note", "--yes", ok=1)
    assert "does not follow" in r.stderr and "face to face" in r.stderr
    r = p.run("alice", "policy", "sign", "evil/authority/statement-1.note", "--yes", ok=1)
    assert "does not follow" in r.stderr


def given_up_at_the_passphrase(p):
    """^C at the holder's question ends it, and the terminal shows again what is typed"""
    holder = str((box.BUILD / "src/holder/sparekey-holder").resolve())
    p.officers("alice")
    p.policy("g.note", "alice")
    fd = os.memfd_create("pass")
    os.write(fd, b"three swans\n")
    os.lseek(fd, 0, os.SEEK_SET)
    subprocess.run([holder, "init", "--dir", "h", "--name", "authority", "--bits", "2048", "--policy", "g.note", "--pass-fd", str(fd)],
                   cwd=p.top, pass_fds=[fd], check=True, stdout=subprocess.DEVNULL)
    os.close(fd)
    status, seen, echo = p.interrupted("operator", "run", "--dir", "h", "--socket", "h.sock", at="assphrase", program=holder)
    assert status == -signal.SIGINT and echo, (status, seen, echo)


if __name__ == "__main__":
    try:
        box.main([opened_by_a_quorum, recovers_after_recoveries, asked_again, over_stays_over, what_is_missing, one_share_is_nothing, for_this_machine_only, the_code_is_compared, not_while_it_serves,
                  next_epoch, older_than_the_last_key, a_strangers_statement, given_up_at_the_passphrase], People)
    finally:
        forget_keys()
