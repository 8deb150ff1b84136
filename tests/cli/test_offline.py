#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What sparekey does without any authority: seal with policy off, open, inspect, verify, blobs."""

import json
import os
import pathlib
import random
import signal
import stat
import subprocess
import time

import box as harness

OFF = ("--policy", "off")


def seal(box, name, data=b"hello\n", *more):
    box.write(name, data)
    box.run("encrypt", *OFF, *more, name, ok=0)
    return name + ".spk"


def round_trips(box):
    """files of many sizes come back byte for byte"""
    rng = random.Random(1)
    for size in (0, 1, 31, 4096, 65503, 65504, 65505, 1 << 20, (1 << 20) + 1, 5_000_000):
        data = rng.randbytes(size)
        spk = seal(box, f"f{size}", data)
        box.run("decrypt", "-o", "out", spk, ok=0)
        assert box.read("out") == data, size
        os.unlink(box.work / "out")


def pipes(box):
    """standard input to standard output and back"""
    data = os.urandom(300_000)
    sealed = box.run("encrypt", *OFF, "-", stdin=data, binary=True, ok=0).stdout
    assert data[:64] not in sealed
    assert box.run("decrypt", stdin=sealed, binary=True).returncode == 2
    assert box.run("decrypt", "-", stdin=sealed, binary=True, ok=0).stdout == data
    box.write("p.spk", sealed)
    assert box.run("decrypt", "-o", "-", "p.spk", binary=True, ok=0).stdout == data


def metadata(box):
    """name, mode and time come back when no name is given, and stay out of the bytes"""
    path = box.write("geheim name.txt", b"x" * 100)
    os.chmod(path, 0o640)
    os.utime(path, ns=(10**18, 1_234_567_890_123_456_789))
    box.run("encrypt", *OFF, "geheim name.txt", ok=0)
    sealed = box.read("geheim name.txt.spk")
    assert b"geheim" not in sealed
    assert stat.S_IMODE(os.stat(box.work / "geheim name.txt.spk").st_mode) == 0o640
    os.rename(box.work / "geheim name.txt.spk", box.work / "renamed.spk")
    os.unlink(path)
    box.run("decrypt", "renamed.spk", ok=0)
    st = os.stat(path)
    assert stat.S_IMODE(st.st_mode) == 0o640
    assert st.st_mtime_ns == 1_234_567_890_123_456_789


def set_user_id_is_not_restored(box):
    """no set-user-id comes out of a sealed file"""
    path = box.write("s", b"x")
    os.chmod(path, 0o4755)
    box.run("encrypt", *OFF, "s", ok=0)
    os.unlink(path)
    box.run("decrypt", "s.spk", ok=0)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o755


def no_metadata(box):
    """--no-metadata keeps no name; the suffix is taken off instead"""
    seal(box, "a", b"1", "--no-metadata")
    os.rename(box.work / "a.spk", box.work / "b.spk")
    box.run("decrypt", "b.spk", ok=0)
    assert box.read("b") == b"1"
    os.rename(box.work / "b.spk", box.work / "b")
    assert "-o" in box.run("decrypt", "b", ok=1).stderr


def existing_target(box):
    """an existing target stays, unless --force"""
    seal(box, "a", b"old")
    box.write("a", b"new")
    p = box.run("decrypt", "a.spk", ok=1)
    assert "'a' is there already" in p.stderr and "--force" in p.stderr
    assert box.read("a") == b"new"
    before = box.read("a.spk")
    p = box.run("encrypt", *OFF, "a", ok=1)
    assert "'a.spk' is there already" in p.stderr
    assert box.read("a.spk") == before
    box.run("decrypt", "--force", "a.spk", ok=0)
    assert box.read("a") == b"old"
    box.run("encrypt", "--force", *OFF, "a", ok=0)
    assert box.read("a.spk") != before


def strange_names(box):
    """spaces, newlines, dashes, bytes that are not UTF-8"""
    for name in (b"a b", b"new\nline", b"-o", b"\xff\xfe", "ümläut".encode(), b"esc\x1b[31m"):
        path = os.fsencode(box.work) + b"/" + name
        with open(path, "wb") as f:
            f.write(name)
        p = box.run("encrypt", *OFF, "--", os.fsdecode(name), ok=0)
        assert "\x1b" not in p.stdout + p.stderr
        os.unlink(path)
        box.run("decrypt", "--", os.fsdecode(name + b".spk"), ok=0)
        with open(path, "rb") as f:
            assert f.read() == name


def errors_name_file_and_next_step(box):
    """each mistake has a sentence, a hint and the right status"""
    box.write("plain", b"not sealed at all, but long enough to be looked at closely, " * 4)
    seal(box, "good", b"x" * 1000)
    sealed = box.read("good.spk")
    for name, data, status, text in (
        ("short", sealed[:-1], 1, "cut short"),
        ("half", sealed[: len(sealed) // 2], 1, "cut short"),
        ("long", sealed + b"x", 1, ""),
        ("flip", sealed[:-5] + bytes([sealed[-5] ^ 1]) + sealed[-4:], 1, "changed"),
        ("empty", b"", 1, ""),
        ("one", b"\x89", 1, ""),
        ("version", sealed[:8] + b"\0\x02" + sealed[10:], 1, "later version"),
    ):
        box.write(name + ".spk", data)
        p = box.run("decrypt", "-o", "out", name + ".spk", ok=status)
        assert f"'{name}.spk'" in p.stderr and text in p.stderr, (name, p.stderr)
        assert not (box.work / "out").exists()
    for args, status, text in (
        (("decrypt", "plain"), 1, "not a sealed file"),
        (("decrypt", "missing.spk"), 1, "'missing.spk'"),
        (("encrypt", *OFF, "missing"), 1, "'missing'"),
        (("encrypt", *OFF, "."), 1, "is a folder"),
        (("decrypt", "."), 1, "'.'"),
        (("encrypt", "good"), 1, "enroll"),
        (("encrypt",), 2, "which file"),
        (("encrypt", *OFF, "-o", "x", "good", "plain"), 2, "-o"),
        (("encrypt", "--policy", "maybe", "good"), 2, "require, spool or off"),
        (("frobnicate",), 2, "no command"),
        (("decrypt", "--frob"), 2, "--frob"),
        (("init",), 1, "already"),
    ):
        p = box.run(*args, ok=status)
        assert text in p.stderr, (args, p.stderr)
        for line in p.stderr.splitlines():
            assert line.startswith("sparekey: "), line
            assert not line.endswith("."), line


def another_end(box):
    """a file that is cut short or goes on behind its end is broken, with a key and without"""
    other = harness.Box(keys=False)
    for size in (0, 1, 100, 65504, 65505, 200_000):
        seal(box, "a", os.urandom(size), "-f")
        sealed = box.read("a.spk")
        assert box.json("verify", "a.spk", ok=3)["verdict"] == "not-deposited"
        for cut in (1, 20, 40):
            box.write("cut.spk", sealed[:-cut])
            assert "cut short" in box.run("verify", "cut.spk", ok=1).stderr, (size, cut)
        for more in (b"x", bytes(70_000), b"\xff" * 65536):
            box.write("more.spk", sealed + more)
            p = box.run("verify", "more.spk", ok=1)
            assert "more.spk: broken" in p.stdout and "where none belong" in p.stderr, (size, p.stderr)
            other.write("more.spk", sealed + more)
            other.run("verify", "more.spk", ok=1)
        # the last bytes altered: only the key can tell
        box.write("tail.spk", sealed[:-1] + bytes([sealed[-1] ^ 1]))
        assert box.json("verify", "tail.spk", ok=1)["error"] == "auth"
    seg = len(sealed) - 200_000 % 65504 - 32
    box.write("cut.spk", sealed[:seg])  # exactly a segment too few
    assert "cut short" in box.run("verify", "cut.spk", ok=1).stderr
    other.clean()


def folder_named(box):
    """a folder where sealed files are wanted: says what to type"""
    seal(box, "d/a", b"1")
    for command in ("verify", "decrypt"):
        p = box.run(command, "d/", ok=1)
        assert f"sparekey {command} d/*.spk" in p.stderr and "find d " in p.stderr, p.stderr


def no_keys(box):
    """without keys nothing opens, and the hint says how to get them"""
    seal(box, "a", b"1")
    other = harness.Box(keys=False)
    other.write("a.spk", box.read("a.spk"))
    p = other.run("decrypt", "a.spk", ok=1)
    assert "recover" in p.stderr
    assert "init" in other.run("encrypt", *OFF, "a.spk", ok=1).stderr
    other.clean()


def json_of_failures(box):
    """--json has an object for a file that failed too; a command without a result does not take the option"""
    spk = seal(box, "a")
    box.write("none", b"no header")
    for command in ("decrypt", "verify", "inspect", "sync"):
        p = box.run(command, "--json", "none", "gone", ok=1)
        got = [json.loads(x) for x in p.stdout.splitlines()]
        assert [g["file"] for g in got] == ["none", "gone"], p.stdout
        assert got[0]["error"] == "format" and got[1]["error"], got
    p = box.run("encrypt", *OFF, "--json", "gone", ok=1)
    assert json.loads(p.stdout)["error"], p.stdout
    assert box.json("decrypt", "-o", "out", spk) == {"file": spk, "output": "out", "bytes": 6}
    assert "would both use" in box.run("decrypt", "--json", "-o", "-", spk, ok=2).stderr
    assert "no option '--json'" in box.run("veto", "--json", "x", ok=2).stderr
    assert "--json" not in box.run("veto", "--help", ok=0).stdout and "--json" in box.run("sync", "--help", ok=0).stdout


def never_in_its_own_place(box):
    """neither does a sealed copy replace its original, nor the reverse, nor does one go beside a device"""
    spk = seal(box, "a", b"once\n")
    sealed = box.read(spk)
    os.link(box.work / "a", box.work / "also")
    for out in ("a", "./a", "also"):
        assert "the file itself" in box.run("encrypt", *OFF, "-f", "a", "-o", out, ok=1).stderr
    assert "the sealed file itself" in box.run("decrypt", "-f", spk, "-o", spk, ok=1).stderr
    assert box.read("a") == b"once\n" and box.read(spk) == sealed
    os.symlink("/dev/null", box.work / "null")
    p = box.run("encrypt", *OFF, "null", ok=1)
    assert "no sealed copy is put beside it" in p.stderr and "-o names" in p.stderr and "null.spk" not in box.names()
    box.run("encrypt", *OFF, "-o", "null.spk", "null", ok=0)


def full_and_forbidden(box):
    """a full disk, a folder without permission: nothing is left"""
    seal(box, "a", os.urandom(100_000))
    p = box.run("decrypt", "-o", "/dev/full", "--force", "a.spk")
    assert p.returncode == 1
    with open("/dev/full", "wb") as full:
        p = subprocess.run(
            [harness.SPAREKEY, "decrypt", "-o", "-", "a.spk"], cwd=box.work, env=box.env, stdout=full, stderr=subprocess.PIPE
        )
        assert p.returncode == 1 and b"No space" in p.stderr, p.stderr
    box.write("big", os.urandom(3_000_000))
    p = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -f 1000; trap '' XFSZ; exec {harness.SPAREKEY} encrypt --policy off big"],
        cwd=box.work,
        env=box.env,
        capture_output=True,
    )
    assert p.returncode == 1, p
    assert "big.spk" not in box.names() and not any(n.startswith(".") for n in box.names())


def changes_while_read(box):
    """a file that grows while it is read is refused"""
    path = box.write("grow", os.urandom(200_000_000))
    p = subprocess.Popen([harness.SPAREKEY, "encrypt", *OFF, "grow"], cwd=box.work, env=box.env, stderr=subprocess.PIPE)
    while p.poll() is None:
        with open(path, "ab") as f:
            f.write(b"more")
        time.sleep(0.001)
    assert p.returncode == 1, p.returncode
    assert b"changed while it was read" in p.stderr.read()
    assert box.names() == ["grow"]


def interrupt(box):
    """^C and kill -9 leave no partial output"""
    box.write("big", os.urandom(100_000_000))
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for delay in (0.005, 0.02, 0.05):
            p = subprocess.Popen([harness.SPAREKEY, "encrypt", *OFF, "--force", "big"], cwd=box.work, env=box.env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            time.sleep(delay)
            p.send_signal(sig)
            status = p.wait(20)
            if "big.spk" in box.names():
                assert box.run("verify", "--payload", "big.spk").returncode == 3
            else:
                assert status != 0
            # O_TMPFILE leaves nothing even after SIGKILL; a named temporary would be a dot-file
            assert set(box.names()) <= {"big", "big.spk"}, box.names()


def interrupted_tree(box):
    """^C in a tree: what was begun is told by itself, and is no failure"""
    for i in range(8):
        box.write(f"t/{i}", bytes(60_000_000))
    args = [harness.SPAREKEY, "encrypt", "-r", *OFF, "--json", "--all", "t"]
    p = subprocess.Popen(args, cwd=box.work, env=box.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.1)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=20)
    s = json.loads(out.splitlines()[-1])["summary"]
    assert p.returncode == 130 and s["failed"] == 0 and s["sealed"] < 8 and s["stopped"] > 0, (p.returncode, out, err)
    assert "without --all" in err, err


def interrupted_read(box):
    """^C while it waits for standard input"""
    p = subprocess.Popen([harness.SPAREKEY, "encrypt", *OFF, "-o", "x.spk", "-"], cwd=box.work, env=box.env, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    p.send_signal(signal.SIGINT)
    assert p.wait(10) == 130
    assert box.names() == []


def tree(box):
    """a folder: all files, no links, in order, and again"""
    for i in range(300):
        box.write(f"t/d{i % 7}/f{i:03}", os.urandom(i * 10))
    os.symlink("/etc", box.work / "t/link")
    os.symlink("f000", box.work / "t/d0/flink")
    os.mkfifo(box.work / "t/fifo")
    box.write("t/big", os.urandom(9_000_000))
    p = box.run("encrypt", "-r", *OFF, "--json", "t", ok=0)
    import json

    lines = [json.loads(line) for line in p.stdout.splitlines()]
    summary = lines.pop()["summary"]
    assert summary["sealed"] == 301 and summary["passed_over"] == 3 and summary["failed"] == 0
    files = [line["file"] for line in lines]
    assert len(files) == 301 and files == sorted(files)
    assert not (box.work / "t/d0/flink.spk").exists() and not (box.work / "t/fifo.spk").exists()
    p = box.run("encrypt", "-r", *OFF, "t", ok=0)
    assert "301 files had a sealed copy already" in p.stderr and p.stdout.startswith("0 files")
    os.utime(box.work / "t/d1/f001")
    p = box.run("encrypt", "-r", *OFF, "t", ok=1)
    assert "'t/d1/f001.spk' is there already" in p.stderr and p.stderr.count("error:") == 1
    # what was written anew counts as changed, whatever its time says
    for i in range(0, 300, 30):
        name = box.work / f"t/d{i % 7}/f{i:03}"
        data = name.read_bytes()
        name.unlink()
        box.run("decrypt", "-q", f"{name}.spk", ok=0)
        assert name.read_bytes() == data
        os.utime(name, (1, 1))
    p = box.run("encrypt", "-r", *OFF, "t", ok=1)
    assert p.stderr.count("is there already") == 11 and "290 files had a sealed copy" in p.stderr, p.stderr


def tree_goes_on(box):
    """one file that cannot be read does not stop the others"""
    for name in ("t/a", "t/b", "t/c"):
        box.write(name)
    os.unlink(box.work / "t/b")
    os.mkdir(box.work / "t/b.spk")
    box.write("t/b")
    p = box.run("encrypt", "-r", *OFF, "t", ok=1)
    assert (box.work / "t/a.spk").is_file() and (box.work / "t/c.spk").is_file()
    assert "t/b" in p.stderr


def inspect_and_verify(box):
    """inspect reads without a key; verify knows it was never deposited"""
    seal(box, "a", b"1")
    other = harness.Box(keys=False)
    other.write("a.spk", box.read("a.spk"))
    j = other.json("inspect", "a.spk")
    assert j["version"] == 1 and j["compact"] and len(j["serial"]) == 32
    assert [s["type"] for s in j["slots"]] == ["user", "metadata"]
    assert other.json("verify", "a.spk", ok=3)["verdict"] == "not-deposited"
    j = box.json("verify", "--payload", "a.spk", ok=3)
    assert j["opened"] and j["authorities"] == []
    data = bytearray(box.read("a.spk"))
    data[120] ^= 1
    box.write("broken.spk", bytes(data))
    assert box.json("verify", "broken.spk", ok=1)["verdict"] == "broken"
    other.clean()


def blobs(box):
    """key BLOBs go to openssl and come back"""
    seal(box, "a", b"secret")
    box.run("blob", "export", "--public", "-o", "pub", ok=0)
    r = subprocess.run(["openssl", "rsa", "-pubin", "-inform", "MSBLOB", "-in", "pub", "-noout", "-text"], cwd=box.work, capture_output=True)
    assert b"2048 bit" in r.stdout, r
    p = box.run("blob", "export", "--private", "-o", "priv", ok=1)
    assert "not confirmed" in p.stderr and not (box.work / "priv").exists()
    box.run("blob", "export", "--private", "--yes", "-o", "priv", ok=0)
    assert stat.S_IMODE(os.stat(box.work / "priv").st_mode) == 0o600
    r = subprocess.run(["openssl", "rsa", "-inform", "MSBLOB", "-in", "priv", "-check", "-noout"], cwd=box.work, capture_output=True)
    assert r.returncode == 0, r
    other = harness.Box(keys=False)
    other.run("init", "--bits", "2048", ok=0)
    other.run("blob", "export", "--public", "-o", "pub2", ok=0)
    box.write("pub2", other.read("pub2"))
    for v15 in ((), ("--v15",)):
        box.run("blob", "export", "--simple", "--to", "pub2", *v15, "-o", "simple", "--force", "a.spk", ok=0)
        other.write("simple", box.read("simple"))
        other.write("a.spk", box.read("a.spk"))
        other.run("decrypt", "-o", "x", "a.spk", ok=1)
        other.run("blob", "import", *v15, "simple", "--file", "a.spk", ok=0)
        assert other.run("decrypt", "-o", "-", "a.spk", binary=True, ok=0).stdout == b"secret"
    third = harness.Box(keys=False)
    third.write("priv", box.read("priv"))
    third.write("a.spk", box.read("a.spk"))
    third.run("blob", "import", "priv", ok=0)
    assert third.run("decrypt", "-o", "-", "a.spk", binary=True, ok=0).stdout == b"secret"
    assert "already" in third.run("blob", "import", "priv", ok=1).stderr
    third.write("junk", b"\x07\x02junk")
    third.run("blob", "import", "--container", "new", "junk", ok=1)
    for b in (other, third):
        b.clean()


def passphrase(box):
    """a passphrase comes from a descriptor, is asked for only when needed, and a wrong one is told"""
    b = harness.Box(keys=False)

    def with_pass(text, *args, ok):
        r, w = os.pipe()
        os.write(w, text.encode())
        os.close(w)
        try:
            return b.run(*args, "--passphrase-fd", r, ok=ok, pass_fds=(r,))
        finally:
            os.close(r)

    with_pass("tr0ub4dor\n", "init", "--bits", "2048", "--passphrase", ok=0)
    b.write("a", b"1")
    b.run("encrypt", *OFF, "a", ok=0)  # sealing takes the public half alone
    b.run("inspect", "a.spk", ok=0)
    assert "passphrase" in b.run("decrypt", "-o", "x", "a.spk", ok=1).stderr
    with_pass("wrong\n", "decrypt", "-o", "x", "a.spk", ok=1)
    with_pass("tr0ub4dor\n", "decrypt", "-o", "x", "a.spk", ok=0)
    assert b.read("x") == b"1"
    containers = list(pathlib.Path(b.home).glob(".local/share/sparekey/containers/*"))
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in containers)
    b.clean()


def init_sheet(box):
    """init prints a sheet with owner id and veto code, and never makes a second owner"""
    b = harness.Box(keys=False)
    p = b.run("init", "--bits", "2048", "--sheet", "sheet", ok=0)
    sheet = b.read("sheet").decode()
    assert "veto code" in sheet and stat.S_IMODE(os.stat(b.work / "sheet").st_mode) == 0o600
    assert "veto code" not in p.stdout
    code = sheet.split("veto code")[1].split()[0]
    assert len(code.replace("-", "")) == 32
    assert b.json("status")["owner"] in sheet
    for path in pathlib.Path(b.home).rglob("*"):
        if path.is_file():
            assert code.encode() not in path.read_bytes()
    b.run("init", "--bits", "1024", ok=2)
    b.run("init", "--container", "two", ok=1)
    b.clean()


def doctor(box):
    """doctor grades each part and fails when something is bad"""
    grades = {j["about"]: j["grade"] for j in box.json("doctor", "--offline", ok=1)}
    assert grades["authorities"] == "bad" and grades["owner"] == "ok"
    assert any(about.endswith("containers/64656661756c74") for about in grades)
    (box.home / ".config/sparekey/config").write_text("policy = sometimes\n")
    assert "config" in box.run("doctor", ok=1).stderr
    (box.home / ".config/sparekey/config").write_text("policy = off\n")
    box.write("a")
    box.run("encrypt", "a", ok=0)


def help_everywhere(box):
    """every command has its help, and the list is complete"""
    out = box.run("help", ok=0).stdout
    commands = [line.split()[0] for line in out.split("commands:")[1].splitlines() if line.startswith("  ")]
    assert len(commands) >= 15
    for c in commands:
        assert "usage: sparekey" in box.run(c, "--help", ok=0).stdout
    assert box.run("--version", ok=0).stdout.startswith("sparekey ")
    box.run(ok=2)


if __name__ == "__main__":
    harness.main(
        [
            round_trips,
            pipes,
            metadata,
            set_user_id_is_not_restored,
            no_metadata,
            existing_target,
            strange_names,
            errors_name_file_and_next_step,
            no_keys,
            json_of_failures,
            never_in_its_own_place,
            full_and_forbidden,
            changes_while_read,
            interrupt,
            interrupted_tree,
            interrupted_read,
            tree,
            tree_goes_on,
            inspect_and_verify,
            another_end,
            folder_named,
            blobs,
            passphrase,
            init_sheet,
            doctor,
            help_everywhere,
        ]
    )
