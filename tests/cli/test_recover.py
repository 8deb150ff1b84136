#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys lost, files back: the whole way through real processes, and what must stop it."""

import json
import os
import re

import live
import box as harness

AUTHORITY = None


def open_request(box, *args):
    """Request hash and code that the program prints."""
    j = box.json("recover", "--bits", "2048", *args, ok=4)
    assert j["state"] == "open" and re.fullmatch(r"([0-9A-Z]{5}-){3}[0-9A-Z]{5}", j["code"])
    return j["request"], j["code"]


def plain(box, name):
    return box.run("decrypt", "-o", "-", name, binary=True, ok=0).stdout


def recovered_box(box, authority, *args):
    request, _ = open_request(box, *args)
    authority.approve(request)
    return box.run("recover", *args, ok=0)


def lose_old_containers(box):
    for path in (box.home / ".local/share/sparekey/containers").iterdir():
        if not path.name.startswith(".") and "(old " in bytes.fromhex(path.name).decode().lower():
            path.unlink()


def record_of(box):
    """What doctor thinks of owner.record."""
    p = box.run("doctor", "--offline", "--json")
    return [x["grade"] for x in json.loads(p.stdout) if x["about"] == "owner.record" and "keys" in x["text"]][0]


def serial_changed(box):
    """a serial number that was changed: the file's record names the right one; without it the hint leads on"""
    live.enrolled(AUTHORITY, box)
    for name in "ab":
        box.write(name, name.encode())
    box.run("encrypt", "-q", "a", "b", ok=0)
    for name in ("a.spk", "b.spk"):
        sealed = bytearray(box.read(name))
        sealed[31] ^= 1
        if name == "b.spk":
            j = box.json("inspect", name)
            sealed[j["payload_offset"] - j["area_len"] : j["payload_offset"]] = bytes(j["area_len"])
        box.write(name, bytes(sealed))
    live.lose_keys(box)
    request, _ = open_request(box, "a.spk", "b.spk")
    AUTHORITY.approve(request)
    p = box.run("recover", "a.spk", "b.spk", ok=1)
    assert plain(box, "a.spk") == b"a"
    assert "serial number was changed" in p.stderr and "'sparekey recover --all --replace-keys'" in p.stderr, p.stderr
    recovered_box(box, AUTHORITY, "--all", "--replace-keys")
    assert "b.spk: " in box.run("recover", "b.spk", ok=0).stdout
    assert plain(box, "b.spk") == b"b"


def one_file(box):
    """lose the keys, open a request, two officers approve, the file opens again"""
    live.enrolled(AUTHORITY, box)
    data = os.urandom(200_000)
    box.write("a", data)
    box.write("b", b"another")
    box.run("encrypt", "-q", "a", "b", ok=0)
    live.lose_keys(box)
    assert "recover" in box.run("decrypt", "-o", "x", "a.spk", ok=1).stderr
    p = box.run("recover", "--reason", "disk died", "--contact", "ring 42", "a.spk", ok=4)
    assert "telephone" in p.stdout and "0 of 2 officers" in p.stdout
    j = box.json("recover", ok=4)
    spaced = " ".join(j["code"].replace("-", ""))
    assert spaced in re.sub(r" +", " ", p.stdout), p.stdout
    request = AUTHORITY.request(j["request"])
    assert request.reason == "disk died"
    AUTHORITY.approve(j["request"], persons=1)
    assert box.json("recover", ok=4)["persons"] == 1
    AUTHORITY.officers[1].vote(request)
    p = box.run("recover", "--decrypt", "-o", "a.back", "a.spk", ok=0)
    assert "1 session key came back" in p.stdout and "header repaired" in p.stdout
    assert p.stdout.splitlines()[-1] == "done: 1 of 1 file opens with your key"
    assert box.read("a.back") == data
    assert plain(box, "a.spk") == data
    assert box.json("verify", "--payload", "--online", "a.spk")["verdict"] == "proven"
    # only what was asked for came back
    assert "'b.spk' cannot be opened" in box.run("decrypt", "-o", "x", "b.spk", ok=1).stderr
    # the new pairs are the owner's: deposits go on under the same owner id
    box.run("encrypt", "-f", "a", ok=0)
    assert box.json("status")["recoveries"] == []
    assert "no recovery is under way" in box.run("recover", ok=2).stderr
    # the record names the old keys, rightly; those that no recovery has brought are told
    assert record_of(box) == "ok"
    fresh = fresh_owner()
    container = ".local/share/sparekey/containers/" + b"default".hex()
    (box.home / container).write_bytes((fresh.home / container).read_bytes())
    assert record_of(box) == "bad"
    fresh.clean()


def everything(box):
    """--all brings every key; files are opened before and after their headers are repaired"""
    live.enrolled(AUTHORITY, box)
    for i in range(150):
        box.write(f"t/{i:03}", b"%d" % i)
    box.run("encrypt", "-q", "-r", "t", ok=0)
    live.lose_keys(box)
    request, _ = open_request(box, "--all")
    AUTHORITY.approve(request)
    p = box.run("recover", ok=0)
    assert "150 session keys came back" in p.stdout
    for i in (0, 77, 149):
        assert plain(box, f"t/{i:03}.spk") == b"%d" % i
    p = box.run("recover", "t/000.spk", "t/149.spk", ok=0)
    assert p.stdout.count("header repaired") == 2
    users = [s for s in box.json("inspect", "t/000.spk")["slots"] if s["type"] == "user"]
    assert len(users) == 1
    assert plain(box, "t/000.spk") == b"0"


def wait_until_decided(box):
    """--wait ends by itself when the officers have decided"""
    import subprocess

    live.enrolled(AUTHORITY, box)
    box.write("a", b"x")
    box.run("encrypt", "-q", "a", ok=0)
    live.lose_keys(box)
    p = subprocess.Popen([harness.SPAREKEY, "recover", "--wait", "a.spk"], cwd=box.work, env=box.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    head = b""
    while b"(request " not in head:
        line = p.stdout.readline()
        assert line, p.stderr.read()
        head += line
    AUTHORITY.approve(re.search(rb"\(request ([0-9a-f]{64})\)", head).group(1).decode())
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0 and b"header repaired" in out, err
    assert plain(box, "a.spk") == b"x"


def damaged_areas(box):
    """both key areas destroyed: rebuilt from the deposit, the payload untouched"""
    live.enrolled(AUTHORITY, box)
    data = os.urandom(3_000_000)
    box.write("a", data)
    box.run("encrypt", "-q", "a", ok=0)
    j = box.json("inspect", "a.spk")
    assert not j["compact"]
    sealed = bytearray(box.read("a.spk"))
    start = j["payload_offset"] - 2 * j["area_len"]
    sealed[start : j["payload_offset"]] = os.urandom(2 * j["area_len"])
    box.write("a.spk", bytes(sealed))
    p = box.run("decrypt", "-o", "x", "a.spk", ok=1)
    assert "header" in p.stderr
    live.lose_keys(box)
    p = recovered_box(box, AUTHORITY, "a.spk")
    assert "header rebuilt" in p.stdout
    assert plain(box, "a.spk") == data
    assert box.read("a.spk")[j["payload_offset"] :] == bytes(sealed[j["payload_offset"] :])
    v = box.json("verify", "--online", "a.spk")
    assert v["authorities"][0]["proven"] and v["verdict"] == "accepted"
    assert v["authorities"][0]["receipt_error"] == "missing"  # it was lost with the areas
    box.run("sync", "a.spk", ok=0)
    assert box.json("verify", "a.spk")["verdict"] == "proven"


def damaged_core(box):
    """the core destroyed, serial number and all: found among everything that came back"""
    live.enrolled(AUTHORITY, box)
    small, big = b"small", os.urandom(2_000_000)
    box.write("s", small)
    box.write("b", big)
    for i in range(5):
        box.write(f"other{i}")
    box.run("encrypt", "-q", "s", "b", *[f"other{i}" for i in range(5)], ok=0)
    for name in ("s", "b"):
        sealed = bytearray(box.read(f"{name}.spk"))
        sealed[: 88 + 44] = os.urandom(88 + 44)
        box.write(f"{name}.spk", bytes(sealed))
    live.lose_keys(box)
    recovered_box(box, AUTHORITY, "--all")
    p = box.run("recover", "s.spk", "b.spk", ok=0)
    assert p.stdout.count("header re") == 2
    assert plain(box, "s.spk") == small and plain(box, "b.spk") == big
    assert box.json("verify", "s.spk")["verdict"] == "proven"


def changed_core(box):
    """one field of the core changed, readable as before: put back from the deposit"""
    live.enrolled(AUTHORITY, box)
    box.write("a", b"x" * 5000)
    box.run("encrypt", "-q", "a", ok=0)
    sealed = bytearray(box.read("a.spk"))
    sealed[39] ^= 1  # created
    box.write("a.spk", bytes(sealed))
    box.run("decrypt", "-o", "x", "a.spk", ok=1)
    live.lose_keys(box)
    recovered_box(box, AUTHORITY, "a.spk")
    assert plain(box, "a.spk") == b"x" * 5000
    box.run("verify", "--payload", "a.spk", ok=0)


def new_machine(box):
    """nothing left but the file: pin the authority, recover, and be the owner again"""
    live.enrolled(AUTHORITY, box)
    box.write("a", b"x")
    box.run("encrypt", "-q", "a", ok=0)
    owner = box.json("status")["owner"]
    new = harness.Box(keys=False)
    new.write("a.spk", box.read("a.spk"))
    assert "enroll --pin" in new.run("recover", "a.spk", ok=1).stderr
    new.run("enroll", "--pin", AUTHORITY.address, ok=0)
    assert "owner id is not known" in new.run("recover", "--all", ok=1).stderr
    recovered_box(new, AUTHORITY, "a.spk")
    assert plain(new, "a.spk") == b"x"
    assert new.json("status")["owner"] == owner
    new.write("b", b"y")
    new.run("encrypt", "b", ok=0)
    # success ends the old keys: no login, no deposit
    box.write("c", b"z")
    p = box.run("encrypt", "c", ok=1)
    assert "replaced" in p.stderr, p.stderr
    assert "c.spk" not in box.names()
    new.clean()


def owner_id_from_the_sheet(box):
    """--owner names whose keys are wanted"""
    live.enrolled(AUTHORITY, box)
    box.write("a", b"x")
    box.run("encrypt", "-q", "a", ok=0)
    new = harness.Box(keys=False)
    new.run("enroll", "--pin", AUTHORITY.address, ok=0)
    recovered_box(new, AUTHORITY, "--all", "--owner", box.json("status")["owner"])
    new.write("a.spk", box.read("a.spk"))
    assert plain(new, "a.spk") == b"x"
    new.run("recover", "--all", "--owner", "zz", ok=2)
    new.clean()


def with_lines(box, lines, *args, ok):
    """These lines are all that --passphrase-fd gives."""
    r, w = os.pipe()
    os.write(w, lines)
    os.close(w)
    try:
        return box.run(*args, "--passphrase-fd", r, ok=ok, pass_fds=(r,))
    finally:
        os.close(r)


def typed(box, answers, *args):
    """Status and screen of the program at a terminal: each answer follows the question that has this in it."""
    import pty

    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(box.work)
        os.execve(harness.SPAREKEY, [harness.SPAREKEY, *args], box.env)
    seen, fresh = b"", b""
    answers = list(answers)
    while True:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        seen, fresh = seen + data, fresh + data
        if answers and answers[0][0] in fresh:
            os.write(fd, answers.pop(0)[1] + b"\n")
            fresh = b""
    os.close(fd)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert not answers, (answers, seen)
    return status, seen.decode()


def passphrase_forgotten(box):
    """keys whose passphrase is forgotten are lost keys: nothing asks for it more than once, and new ones come"""
    b = harness.Box(keys=False)
    with_lines(b, b"old\n", "init", "--bits", "2048", "-q", "--passphrase", "--sheet", "sheet", ok=0)
    with_lines(b, b"old\n", "enroll", AUTHORITY.address, ok=0)
    for name in "ab":
        b.write(name, name.encode())
    with_lines(b, b"old\n", "encrypt", "-q", "a", "b", ok=0)
    # a script: told why, and how to go on; one line is one answer
    p = with_lines(b, b"wrong\n", "recover", "a.spk", "b.spk", ok=1)
    assert "passphrase given for it is wrong" in p.stderr and "--replace-keys" in p.stderr, p.stderr
    for p in (with_lines(b, b"\n", "recover", "a.spk", "b.spk", ok=1), b.run("recover", "a.spk", ok=1)):
        assert "without its passphrase" in p.stderr and "--replace-keys" in p.stderr, p.stderr
    # a person: Enter at once, and answers that are none are asked for again
    lost, replace = (b"press Enter if it is lost", b""), b"(yes or no)"
    status, seen = typed(b, [lost, (replace, b"perhaps"), (b"type yes or no", b"n")], "recover", "a.spk", "b.spk")
    assert status == 1 and seen.count("passphrase of key container") == 1, seen
    wrong = (b"press Enter", b"wrong")
    status, seen = typed(b, [wrong, wrong, wrong, (replace, b"No")], "recover", "a.spk", "b.spk")
    assert status == 1 and seen.count("passphrase of key container") == 3 and "is wrong" in seen, seen
    assert b.json("status")["recoveries"] == []
    status, seen = typed(b, [lost, (replace, b"Y")], "recover", "--bits", "2048", "a.spk", "b.spk")
    assert status == 4, seen
    with_lines(b, b"\n", "recover", "--abandon", ok=0)
    # the script's way: the one line is the new passphrase
    p = with_lines(b, b"new\n", "recover", "--bits", "2048", "--replace-keys", "--passphrase", "--json", "a.spk", "b.spk", ok=4)
    AUTHORITY.approve(json.loads(p.stdout)["request"])
    p = with_lines(b, b"new\n", "recover", "a.spk", "b.spk", ok=0)
    assert p.stdout.splitlines()[-1] == "done: 2 of 2 files open with your key", p.stdout
    assert with_lines(b, b"new\n", "decrypt", "-o", "-", "a.spk", ok=0).stdout == "a"
    # the same command again, which has nothing left to do
    again = ("recover", "--bits", "2048", "--replace-keys", "a.spk", "b.spk")
    p = with_lines(b, b"new\n", *again, ok=0)
    assert "b.spk: header repaired" in p.stdout, p.stdout
    for p in (with_lines(b, b"wrong\n", *again, ok=1), b.run(*again, ok=1)):
        assert "recovery has ended already" in p.stderr and "--all --replace-keys" in p.stderr, p.stderr
    assert b.json("status")["recoveries"] == []
    status, seen = typed(b, [lost], *again)  # the new one is lost, too
    assert status == 4, seen
    b.clean()


def passphrase_of_new_keys(box):
    """the new pairs keep the passphrase that they were made with"""
    live.enrolled(AUTHORITY, box)
    box.write("a", b"x")
    box.run("encrypt", "-q", "a", ok=0)
    live.lose_keys(box)

    j = json.loads(with_lines(box, b"hunter2\n", "recover", "--passphrase", "--json", "a.spk", ok=4).stdout)
    assert "passphrase" in box.run("recover", ok=1).stderr
    AUTHORITY.approve(j["request"])
    for word in (b"wrong\n", b"\n"):  # which passphrase, and the way out, which is not the same command again
        p = with_lines(box, word, "recover", "a.spk", ok=1)
        assert "new keys" in p.stderr and "--abandon" in p.stderr, p.stderr
    with_lines(box, b"hunter2\n", "recover", "a.spk", ok=0)  # asked for once
    assert "passphrase" in box.run("decrypt", "-o", "x", "a.spk", ok=1).stderr
    assert with_lines(box, b"hunter2\n", "decrypt", "-o", "-", "a.spk", ok=0).stdout == "x"


def old_container_is_kept(box):
    """keys that were not lost are set aside, not destroyed"""
    live.enrolled(AUTHORITY, box)
    box.write("a", b"x")
    box.write("never", b"deposited")
    box.run("encrypt", "-q", "a", ok=0)
    box.run("encrypt", "-q", "--policy", "off", "never", ok=0)
    recovered_box(box, AUTHORITY, "--all", "--replace-keys")
    assert live.containers(box)[0] == "default" and "old" in live.containers(box)[1]
    old = live.containers(box)[1]
    p = box.run("decrypt", "-o", "x", "never.spk", ok=0)
    assert f"'{old}'" in p.stderr.lower() and box.read("x") == b"deposited"
    assert box.run("decrypt", "--container", old, "-o", "-", "never.spk", binary=True, ok=0).stdout == b"deposited"
    assert plain(box, "a.spk") == b"x"
    # the present key gets a slot, and needs the old one no more
    assert "header repaired" in box.run("recover", "never.spk", ok=0).stdout
    lose_old_containers(box)
    assert plain(box, "never.spk") == b"deposited" and box.json("verify", "never.spk", ok=3)["opened_by"] is None


def denied(box):
    """one officer says no: the request ends, its keys are put away"""
    live.enrolled(AUTHORITY, box)
    box.write("a", b"x")
    box.run("encrypt", "-q", "a", ok=0)
    live.lose_keys(box)
    request, _ = open_request(box, "a.spk")
    r = AUTHORITY.request(request)
    AUTHORITY.officers[0].vote(r)
    AUTHORITY.officers[2].vote(r, approve=False)
    AUTHORITY.officers[1].vote(r)
    p = box.run("recover", ok=1)
    assert "denied" in p.stderr
    assert box.json("status")["recoveries"] == []
    again, _ = open_request(box, "a.spk")
    assert again != request


def vetoed_by_code(box):
    """a thief opens a request; the printed code stops it from any machine"""
    b = live.enrolled(AUTHORITY, box)
    code = b.read("sheet").decode().split("veto code")[1].split()[0]
    owner = b.json("status")["owner"]
    thief = harness.Box(keys=False)
    thief.run("enroll", "--pin", AUTHORITY.address, ok=0)
    request, _ = open_request(thief, "--all", "--owner", owner)
    AUTHORITY.request(request)
    listed = b.json("requests")
    assert [r["request"] for r in listed] == [request]
    p = b.run("requests", ok=0)
    assert request in p.stdout and p.stdout.splitlines()[-1] == "1 recovery request concerns you"
    assert "sparekey veto" in p.stderr and "this computer" not in p.stdout and not listed[0]["here"]
    helper = harness.Box(keys=False)
    helper.run("enroll", "--pin", AUTHORITY.address, ok=0)

    def veto(typed, *args, ok):
        r, w = os.pipe()
        os.write(w, typed.encode() + b"\n")
        os.close(w)
        try:
            return helper.run("veto", "--code", *args, "--passphrase-fd", r, request, ok=ok, pass_fds=(r,))
        finally:
            os.close(r)

    veto(code, ok=2)  # whose?
    veto("not a code", "--owner", owner, ok=1)
    wrong = ("0" if code[0] != "0" else "1") + code[1:]
    p = veto(wrong, "--owner", owner, ok=1)
    assert "'sparekey requests'" not in p.stderr, p.stderr  # there is no key to log in with
    assert "vetoed" in veto(code.lower(), "--owner", owner, ok=0).stdout
    assert "vetoed" in thief.run("recover", ok=1).stderr
    for x in (thief, helper):
        x.clean()


def vetoed_by_key(box):
    """the owner who still has his keys stops it with them"""
    live.enrolled(AUTHORITY, box)
    thief = harness.Box(keys=False)
    thief.run("enroll", "--pin", AUTHORITY.address, ok=0)
    request, _ = open_request(thief, "--all", "--owner", box.json("status")["owner"])
    AUTHORITY.request(request)
    other = live.enrolled(AUTHORITY, fresh_owner())
    other.run("veto", request, ok=1)
    assert thief.json("recover", ok=4)["state"] == "open"
    # the beginning of its number is enough where requests can be listed
    assert "no request of yours" in box.run("veto", "0" * 20, ok=1).stderr
    assert "first 6 or more" in box.run("veto", request[:5], ok=2).stderr
    p = box.run("veto", "--code", request[:16], ok=2)
    assert "64 digits" in p.stderr and "sparekeyctl request show" in p.stderr, p.stderr
    assert "vetoed" in box.run("veto", request[:6].upper(), ok=0).stdout
    assert "vetoed" in thief.run("recover", ok=1).stderr
    for x in (thief, other):
        x.clean()


def fresh_owner():
    b = harness.Box(keys=False)
    b.run("init", "--bits", "2048", "-q", "--sheet", "sheet", ok=0)
    return b


def someone_elses_file(box):
    """a file of another owner is no evidence for his keys"""
    b = live.enrolled(AUTHORITY, fresh_owner())
    b.write("secret", b"theirs")
    b.run("encrypt", "-q", "secret", ok=0)
    live.enrolled(AUTHORITY, box)
    box.write("secret.spk", b.read("secret.spk"))
    assert "another owner" in box.run("recover", "secret.spk", ok=1).stderr
    # asking for all of one's own brings nothing of theirs
    recovered_box(box, AUTHORITY, "--all", "--replace-keys")
    box.run("decrypt", "-o", "x", "secret.spk", ok=1)
    b.clean()


def unknown_owner(box):
    """a request for nobody is answered like any other"""
    box.run("enroll", "--pin", AUTHORITY.address, ok=0)
    assert "'default' is here" in box.run("recover", "--all", "--owner", "ab" * 32, ok=1).stderr
    j = box.json("recover", "--all", "--owner", "ab" * 32, "--replace-keys", ok=4)
    assert j["code"]
    p = box.run("recover")
    assert p.returncode in (1, 4)
    p = box.run("recover", "--abandon", ok=0)
    assert j["code"] in p.stdout and "stays open until" in p.stdout and j["request"] in p.stderr
    assert box.json("status")["recoveries"] == []
    box.run("recover", "--abandon", ok=1)


def authority_away(box):
    """the network fails in the middle: everything is kept, the next run goes on"""
    with live.Authority() as a:
        live.enrolled(a, box)
        a.keep_port()
        box.write("a", b"x")
        box.run("encrypt", "-q", "a", ok=0)
        live.lose_keys(box)
        a.stop("daemon")
        p = box.run("recover", "--all", ok=1)
        assert "cannot be reached" in p.stderr
        assert len(box.json("status")["recoveries"]) == 1
        a.start_server()
        j = box.json("recover", ok=4)
        a.approve(j["request"])
        a.stop("holder")
        p = box.run("recover", ok=1)
        assert live.containers(box) == [] and len(box.json("status")["recoveries"]) == 1, p.stderr
        a.start_holder()
        box.run("recover", "a.spk", ok=0)
        assert plain(box, "a.spk") == b"x"


def other_authorities(box):
    """after a recovery the other authorities learn the new keys through their own officers"""
    with live.Authority() as two:
        box.run("enroll", "--name", "one", AUTHORITY.address, ok=0)
        box.run("enroll", "--name", "two", two.address, ok=0)
        box.write("a", b"x")
        box.run("encrypt", "-q", "a", ok=0)
        live.lose_keys(box)
        p = box.run("recover", "--all", ok=1)
        assert "--authority NAME" in p.stderr
        j = box.json("recover", "--authority", "one", "--all", ok=4)
        AUTHORITY.approve(j["request"])
        p = box.run("recover", "--authority", "one", "a.spk", ok=0)
        assert "--keys-only --same-keys --authority two" in p.stderr
        box.write("b", b"y")
        assert "authority two" in box.run("encrypt", "b", ok=1).stderr
        j = box.json("recover", "--keys-only", "--same-keys", "--authority", "two", ok=4)
        two.approve(j["request"])
        box.run("recover", "--authority", "two", ok=0)
        box.run("encrypt", "b", ok=0)
        assert plain(box, "a.spk") == b"x"


def second_recovery(box):
    """keys are lost again: what the first recovery has left shadows nothing, nobody's file breaks"""
    live.enrolled(AUTHORITY, box)
    for name in "abc":
        box.write(name, name.encode())
    box.run("encrypt", "-q", "a", "b", "c", ok=0)
    live.lose_keys(box)
    recovered_box(box, AUTHORITY, "a.spk", "c.spk")
    unrepaired = box.read("a.spk")
    box.run("encrypt", "-q", "-o", "d.spk", "a", ok=0)
    recovered_box(box, AUTHORITY, "b.spk", "--replace-keys")
    old = [n for n in live.containers(box) if "old" in n]
    assert len(old) == 1
    assert [x["about"].lower() for x in box.json("doctor", "--offline") if "old key container" in x["text"]] == old
    # the first recovery's container is kept, and opens what it has repaired
    v = box.json("verify", "--payload", "c.spk")
    assert v["verdict"] == "proven" and v["opened_by"].lower() == old[0]
    p = box.run("verify", "c.spk", ok=0)
    assert "old key container" in p.stdout and old[0] in p.stdout.lower()
    assert plain(box, "c.spk") == b"c" and plain(box, "d.spk") == b"a" and plain(box, "b.spk") == b"b"
    # recover gives such a file a slot for the present key; nothing has to be asked for
    assert "header repaired" in box.run("recover", "c.spk", "d.spk", ok=0).stdout
    for name, data in (("c.spk", b"c"), ("d.spk", b"a")):
        assert box.json("verify", name)["opened_by"] is None and plain(box, name) == data
    # without the kept container the stale entry is no reason to call the file broken
    box.write("a.spk", unrepaired)
    lose_old_containers(box)
    assert plain(box, "d.spk") == b"a"
    assert "none of your keys fits" in box.run("decrypt", "-o", "x", "-f", "a.spk", ok=1).stderr
    assert box.json("verify", "a.spk")["verdict"] == "accepted"
    # and it can be asked for again
    recovered_box(box, AUTHORITY, "a.spk", "--replace-keys")
    assert plain(box, "a.spk") == b"a"


def good_keys_are_not_replaced(box):
    """keys that open the files are there: a script is refused, and nothing is asked for"""
    live.enrolled(AUTHORITY, box)
    box.write("a", b"x")
    box.run("encrypt", "-q", "a", ok=0)
    p = box.run("recover", "--all", ok=1)
    assert "'default' is here" in p.stderr and "--replace-keys" in p.stderr
    assert box.json("status")["recoveries"] == [] and live.containers(box) == ["default"]
    p = box.run("recover", "a.spk", ok=0)
    assert "opens with your key already" in p.stdout
    assert box.json("requests") == []


def asked_at_the_terminal(box):
    """at a terminal the question is put, and only yes goes on"""
    import pty

    live.enrolled(AUTHORITY, box)
    box.write("a", b"x")
    box.run("encrypt", "-q", "a", ok=0)

    def typed(answer):
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(box.work)
            os.execve(harness.SPAREKEY, [harness.SPAREKEY, "recover", "--bits", "2048", "--all"], box.env)
        seen = b""
        while True:
            try:
                data = os.read(fd, 4096)
            except OSError:
                break
            if not data:
                break
            if b"(yes or no)" not in seen and b"(yes or no)" in seen + data:
                os.write(fd, answer + b"\n")
            seen += data
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()

    status, seen = typed(b"no")
    assert status == 1 and "lose every right" in seen and box.json("status")["recoveries"] == []
    status, seen = typed(b"yes")
    assert status == 4 and "asked for: everything" in seen and len(box.json("status")["recoveries"]) == 1


def another_wish(box):
    """an open request does not swallow another wish: it says what it covers, and the way out"""
    live.enrolled(AUTHORITY, box)
    for name in "ab":
        box.write(name, name.encode())
    box.run("encrypt", "-q", "a", "b", ok=0)
    live.lose_keys(box)
    request, code = open_request(box, "a.spk")
    for args in (["b.spk"], ["a.spk", "b.spk"], ["--all"], ["--keys-only"], ["--serial", "00" * 16]):
        p = box.run("recover", *args, ok=1)
        assert code in p.stderr and "for 1 file" in p.stderr and "--abandon" in p.stderr, (args, p.stderr)
        assert p.stdout == ""
    assert "'b.spk'" in box.run("recover", "b.spk", ok=1).stderr
    assert "asked for: 1 file" in box.run("recover", "a.spk", ok=4).stdout
    assert box.json("recover", ok=4)["request"] == request
    box.run("recover", "--abandon", ok=0)
    request, _ = open_request(box, "--all")
    assert box.json("recover", "b.spk", ok=4)["request"] == request
    AUTHORITY.approve(request)
    box.run("recover", "a.spk", "b.spk", ok=0)
    assert plain(box, "a.spk") == b"a" and plain(box, "b.spk") == b"b"


def garbage_among_files(box):
    """each file is dealt with by itself: garbage is named and keeps nobody from his files"""
    live.enrolled(AUTHORITY, box)
    for name in "abc":
        box.write(name, name.encode())
    box.run("encrypt", "-q", "a", "b", "c", ok=0)
    box.write("junk.spk", os.urandom(5000))
    box.write("short.spk", b"x")
    # c: its core is gone, but a key area still tells what it is
    sealed = bytearray(box.read("c.spk"))
    sealed[:132] = bytes(132)
    box.write("c.spk", bytes(sealed))
    live.lose_keys(box)
    files = ["junk.spk", "a.spk", "short.spk", "c.spk", "nosuch.spk"]
    p = box.run("recover", "--bits", "2048", *files, ok=1)
    for name in ("junk.spk", "short.spk", "nosuch.spk"):
        assert f"'{name}'" in p.stderr, p.stderr
    assert "--all" in p.stderr and "'c.spk' has a damaged header" in p.stderr
    assert "asked for: 2 files" in p.stdout and "goes without 3 files" in p.stderr
    j = box.json("recover", *files, ok=4)
    AUTHORITY.approve(j["request"])
    p = box.run("recover", *files, ok=1)
    assert "2 session keys came back" in p.stdout and p.stdout.count("header re") == 2
    assert p.stdout.splitlines()[-1] == "done: 2 of 5 files open with your key"
    for name in ("junk.spk", "short.spk", "nosuch.spk"):
        assert f"'{name}'" in p.stderr, p.stderr
    assert plain(box, "a.spk") == b"a" and plain(box, "c.spk") == b"c"
    # b was not asked for: what can be repaired is, before it is told that keys are here
    box.write("c.spk", bytes(sealed))
    p = box.run("recover", "junk.spk", "b.spk", "c.spk", ok=1)
    assert "c.spk: header repaired" in p.stdout and "--replace-keys" in p.stderr
    assert plain(box, "c.spk") == b"c"
    box.write("c.spk", bytes(sealed))
    p = box.run("recover", "junk.spk", "c.spk", ok=1)
    assert "c.spk: header" in p.stdout and "'junk.spk'" in p.stderr


def serial_that_is_known(box):
    """nothing of the header is left: --serial says what to ask for"""
    live.enrolled(AUTHORITY, box)
    box.write("a", os.urandom(100_000))
    data = box.read("a")
    box.run("encrypt", "-q", "a", ok=0)
    j = box.json("inspect", "a.spk")
    sealed = bytearray(box.read("a.spk"))
    sealed[: j["payload_offset"]] = os.urandom(j["payload_offset"])
    box.write("a.spk", bytes(sealed))
    live.lose_keys(box)
    p = box.run("recover", "a.spk", ok=1)
    assert "--serial" in p.stderr, p.stderr
    assert box.json("status")["recoveries"] == []
    box.run("recover", "a.spk", "--serial", "12", ok=2)
    request, _ = open_request(box, "a.spk", "--serial", j["serial"])
    AUTHORITY.approve(request)
    assert "header rebuilt" in box.run("recover", "a.spk", ok=0).stdout
    assert plain(box, "a.spk") == data


def two_at_once(box):
    """two terminals: the second says who is at work, and changes nothing"""
    import subprocess

    live.enrolled(AUTHORITY, box)
    box.write("a", b"x")
    box.run("encrypt", "-q", "a", ok=0)
    live.lose_keys(box)
    request, _ = open_request(box, "a.spk")
    first = subprocess.Popen([harness.SPAREKEY, "recover", "--wait", "a.spk"], cwd=box.work, env=box.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert b"code" in first.stdout.readline() + first.stdout.readline()
    for args in ([], ["a.spk"], ["--abandon"]):
        p = box.run("recover", *args, ok=1)
        assert f"process {first.pid}" in p.stderr and p.stdout == ""
    AUTHORITY.approve(request)
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert plain(box, "a.spk") == b"x"


if __name__ == "__main__":
    with live.Authority() as AUTHORITY:
        harness.main(
            [
                one_file,
                everything,
                wait_until_decided,
                damaged_areas,
                damaged_core,
                changed_core,
                new_machine,
                owner_id_from_the_sheet,
                serial_changed,
                passphrase_forgotten,
                passphrase_of_new_keys,
                old_container_is_kept,
                denied,
                vetoed_by_code,
                vetoed_by_key,
                someone_elses_file,
                unknown_owner,
                authority_away,
                other_authorities,
                second_recovery,
                good_keys_are_not_replaced,
                asked_at_the_terminal,
                another_wish,
                garbage_among_files,
                serial_that_is_known,
                two_at_once,
            ],
            make=fresh_owner,  # a recovery changes an owner for good
        )
