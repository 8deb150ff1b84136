# SPDX-License-Identifier: Apache-2.0
"""What a person does who follows the hints: every chain of them ends in something that works."""

import json
import os
import re
import socket
import ssl
import subprocess
import threading

import box as harness
import live

OFF = ("--policy", "off")


def said(p, *words):
    for word in words:
        assert word in p.stderr, f"{word!r} is not in {p.stderr!r}"
    return p


def hint_of(p):
    return " ".join(re.findall(r"hint: (.*)", p.stderr))


# -- setting up ------------------------------------------------------------------------------------------------------


def keys_twice(box):
    """init where there are keys: nothing to do, and how to have others"""
    said(box.run("init", ok=1), "you have keys already", "--new-owner --container NAME")
    said(box.run("init", "--container", "work", ok=1), "--new-owner")
    box.run("init", "--new-owner", "--container", "work", "--bits", "2048", ok=0)
    box.write("a")
    box.run("encrypt", *OFF, "--container", "work", "a", ok=0)


def damaged_keys(box):
    """a damaged container: doctor says what to do, and it can be done"""
    path = box.home / ".local/share/sparekey/containers" / b"default".hex()
    path.write_bytes(b"x" * 500)
    box.write("a")
    said(box.run("encrypt", *OFF, "a", ok=1), "is damaged", "sparekey doctor")
    p = box.run("doctor", "--offline", ok=1)
    assert "move it away" in p.stdout and "sparekey init" in p.stdout, p.stdout
    said(box.run("init", ok=1), "move it away")
    path.rename(path.with_name("aside"))
    box.run("init", "--bits", "2048", ok=0)
    box.run("encrypt", *OFF, "a", ok=0)


def no_keys_at_all(box):
    """without keys every command says how to get them"""
    live.lose_keys(box)
    box.write("a")
    said(box.run("encrypt", *OFF, "a", ok=1), "sparekey init", "sparekey recover --all")
    assert "sparekey init" in box.run("doctor", "--offline", ok=1).stdout
    box.run("init", "--bits", "2048", ok=0)
    box.run("encrypt", *OFF, "a", ok=0)


def lost_keys(box):
    """lost keys: init and doctor send to recover, which opens a request"""
    with live.Authority() as a:
        live.enrolled(a, box)
        live.lose_keys(box)
        said(box.run("init", ok=1), "sparekey recover --all")
        p = box.run("doctor", ok=1)
        assert "sparekey recover --all" in p.stdout and "sparekey init" not in p.stdout, p.stdout
        box.run("recover", "--all", "--bits", "2048", ok=4)


def token_missing(box):
    """an authority that wants a token says so, and how to give it"""
    with live.Authority("enrolment = token\n") as a:
        p = said(box.run("enroll", a.address, ok=1), "wants an enrolment token", "--token")
        assert "'sparekey enroll' registers you" not in p.stderr
        box.write("token", b"not one of theirs\n")
        said(box.run("enroll", "--token-file", "token", a.address, ok=1), "does not take the token")


def veto_code_wrong(box):
    """a wrong veto code is told as such"""
    with live.Authority() as a:
        live.enrolled(a, box)
        box.write("a")
        box.run("encrypt", "a", ok=0)
        live.lose_keys(box)
        request = box.json("recover", "--bits", "2048", "a.spk", ok=4)["request"]
        r, w = os.pipe()
        os.write(w, b"A" * 32 + b"\n")
        os.close(w)
        p = box.run("veto", "--code", "--passphrase-fd", str(r), request, ok=1, pass_fds=(r,))
        os.close(r)
        said(p, "veto code", "recovery sheet")
        assert "sparekey enroll" not in p.stderr, p.stderr


def wrong_setting(box):
    """a wrong line in the configuration is named"""
    config = box.home / ".config/sparekey/config"
    for text, line in (("policy = off\ncolour = red\n", 2), ("\n# x\npolicy = maybe\n", 3), ("need = 99\n", 1)):
        config.write_text(text)
        for command in ("doctor", "status"):
            said(box.run(command, ok=1), str(config), f"line {line}", "policy = require, spool or off")
    config.write_text("policy = off\n")
    box.run("status", ok=0)


def texts_that_do_not_show(box):
    """--description and others: control characters and length are told, with the limit"""
    box.write("a")
    said(box.run("encrypt", *OFF, "--description", "two\nlines", "a", ok=2), "--description must be plain text", "two\\x0Alines")
    said(box.run("encrypt", *OFF, "--description", "x" * 1025, "a", ok=2), "1025 bytes", "1024 bytes are allowed")
    box.run("encrypt", *OFF, "--description", "x" * 1024, "a", ok=0)
    said(box.run("init", "--name", "a\x1b[31m", "--new-owner", "--container", "n", ok=2), "--name must be plain text")
    said(box.run("recover", "--reason", "two\nlines", "--all", ok=2), "--reason must be plain text")


def words_that_are_wrong(box):
    """an option or operand that is wrong is named as it was typed"""
    box.write("a")
    for args, word in (
        (["-fZq", "a"], "'-Z'"),
        (["a", "-Zf"], "'-Z'"),
        (["a", "--nosuch"], "'--nosuch'"),
        (["--force=yes", "a"], "'--force' takes no value"),
        (["a", "--policy"], "'--policy' wants a value"),
        (["a", "-fo"], "'-o' wants a value"),
        (["--", "a", ""], "word 2 behind 'encrypt' is empty"),
    ):
        said(box.run("encrypt", *args, ok=2), word)
    said(box.run("init", "", ok=2), "'init' takes no names")
    assert box.names() == ["a"]


def hints_name_what_is_there(box):
    """--force is said only where it is an option"""
    box.write("sheet")
    p = box.run("init", "--new-owner", "--container", "x", "--bits", "2048", "--sheet", "sheet", ok=0)
    assert "--force" not in p.stderr and "is there already" in p.stderr


def reading_makes_nothing(box):
    """who has no keys gets no folders by asking"""
    box.write("a")
    box.run("encrypt", *OFF, "a", ok=0)
    other = harness.Box(keys=False)
    other.write("a", b"x")
    other.write("b.spk", box.read("a.spk"))
    other.run("encrypt", *OFF, "a", ok=1)
    other.run("decrypt", "b.spk", ok=1)
    other.run("verify", "b.spk", ok=3)
    other.run("doctor", "--offline", ok=1)
    assert not (other.home / ".local").exists(), list(other.home.rglob("*"))
    other.clean()


def header_gone(box):
    """no circle between decrypt, verify and inspect: the hint is the command that can rebuild the header"""
    box.write("a")
    box.run("encrypt", *OFF, "a", ok=0)
    box.write("a.spk", bytes(16) + box.read("a.spk")[16:])
    for command in ("decrypt", "verify", "inspect"):
        p = said(box.run(command, "a.spk", ok=1), "is not a sealed file")
        assert "'sparekey recover'" in hint_of(p) and "inspect" not in hint_of(p), p.stderr


def pipes_are_told(box):
    """inspect and verify say that they want a file; decrypt says what a device wants"""
    box.write("a")
    box.run("encrypt", *OFF, "a", ok=0)
    for command in ("inspect", "verify"):
        said(box.run(command, "-", stdin=box.read("a.spk"), ok=1), f"'{command}' does not read standard input", "./-")
    said(box.run("decrypt", "-o", "/dev/null", "a.spk", ok=1), "a device", "'-o -'")


def core_changed(box):
    """a file whose core was changed is no file that was never deposited, also without a key"""
    with live.Authority() as a:
        live.enrolled(a, box)
        box.write("a")
        box.run("encrypt", "-q", "a", ok=0)
        sealed = bytearray(box.read("a.spk"))
        sealed[sealed.index(bytes.fromhex(box.json("inspect", "a.spk")["authorities"][0]["key"])) + 3] ^= 1
        box.write("a.spk", bytes(sealed))
        p = box.run("verify", "--no-key", "a.spk", ok=1)
        assert p.stdout.splitlines()[0] == "a.spk: broken" and "was changed" in p.stderr, p


def no_http(box):
    """a server that speaks something else has answered, and no valid answer"""
    cert, key = box.top / "c", box.top / "k"
    pair = live.fixture.ec.generate_private_key(live.fixture.ec.SECP256R1())
    key.write_bytes(live.fixture.private_pem(pair))
    cert.write_bytes(live.fixture.certificate(pair, "localhost", server=True))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with context.wrap_socket(server.accept()[0], server_side=True) as s:
                s.recv(4096)
                s.sendall(b"[" * 100_000)

        threading.Thread(target=serve, daemon=True).start()
        address = f"https://127.0.0.1:{server.getsockname()[1]}/#" + "00" * 32
        p = said(box.run("enroll", address, ok=1), "answered something that it should not")
        assert "cannot be reached" not in p.stderr, p.stderr


# -- encrypt -r --------------------------------------------------------------------------------------------------------


def summaries(p):
    return [line["summary"] for line in map(json.loads, p.stdout.splitlines()) if "summary" in line]


def force_and_all(box):
    """-r --force seals anew what has changed, --all everything"""
    for name in ("t/a", "t/b"):
        box.write(name)
    box.run("encrypt", "-r", *OFF, "t", ok=0)
    old = {n: box.read(n) for n in ("t/a.spk", "t/b.spk")}
    box.write("t/b", b"changed\n")
    box.run("encrypt", "-r", *OFF, "t", ok=1)
    s = summaries(box.run("encrypt", "-r", "--force", "--json", *OFF, "t", ok=0))
    assert s[0]["sealed"] == 1 and s[0]["unchanged"] == 1, s
    assert box.read("t/a.spk") == old["t/a.spk"] and box.read("t/b.spk") != old["t/b.spk"]
    s = summaries(box.run("encrypt", "-r", "--all", "--json", *OFF, "t", ok=0))
    assert s[0]["sealed"] == 2, s
    assert box.read("t/a.spk") != old["t/a.spk"]
    said(box.run("encrypt", "--all", *OFF, "t/a", ok=2), "--all goes with -r")


def older_replacement(box):
    """an older file of the same size that takes the place of a sealed one has changed"""
    box.write("t/a", b"first\n")
    box.run("encrypt", "-r", *OFF, "t", ok=0)
    said(box.run("encrypt", "-r", *OFF, "t", ok=0), "1 file had a sealed copy already")
    before = box.write("old", b"older\n")
    os.utime(before, (1_000_000_000, 1_000_000_000))
    os.rename(before, box.work / "t/a")
    said(box.run("encrypt", "-r", *OFF, "t", ok=1), "'t/a.spk' is there already, and is older than the last change")
    s = summaries(box.run("encrypt", "-r", "--force", "--json", *OFF, "t", ok=0))
    assert s[0]["sealed"] == 1 and s[0]["unchanged"] == 0, s
    assert box.run("decrypt", "-o", "-", "t/a.spk", ok=0).stdout == "older\n"


def nothing_to_do(box):
    """-r --json ends with a summary, also when nothing was to do"""
    os.mkdir(box.work / "t")
    s = summaries(box.run("encrypt", "-r", "--json", *OFF, "t", ok=0))
    assert len(s) == 1 and s[0]["sealed"] == 0 and s[0]["failed"] == 0


def file_operands(box):
    """-r takes files too, and links to them that were named"""
    box.write("a")
    box.write("t/b")
    os.symlink("a", box.work / "l")
    os.mkfifo(box.work / "p")
    box.run("encrypt", "-r", *OFF, "a", "t", "l", ok=0)
    assert {"a.spk", "l.spk"} <= set(box.names()) and (box.work / "t/b.spk").exists()
    said(box.run("encrypt", "-r", *OFF, "p", ok=1), "'p' is not a file that can be encrypted this way")


def one_is_one(box):
    """one file is one file"""
    box.write("t/a", b"x")
    p = box.run("encrypt", "-r", *OFF, "t", ok=0)
    assert p.stdout.startswith("1 file sealed, 1 byte,"), p.stdout
    said(box.run("encrypt", "-r", *OFF, "t", ok=0), "1 file had a sealed copy already")


def two_at_once(box):
    """two runs over one tree seal each file once, and neither says what is not so"""
    for i in range(300):
        box.write(f"t/{i:03}", os.urandom(3000))
    box.write("t/big", os.urandom(30_000_000))
    for force in ((), ("--force",)):
        for path in (box.work / "t").glob("*.spk"):
            path.unlink()
        args = [harness.SPAREKEY, "encrypt", "-r", *force, *OFF, "--json", "t"]
        ps = [subprocess.Popen(args, cwd=box.work, env=box.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        ends = [p.communicate(timeout=100) + (p.returncode,) for p in ps]
        counts = [json.loads(out.splitlines()[-1])["summary"] for out, _, _ in ends]
        assert sum(c["sealed"] for c in counts) == 301, counts
        assert all(c["failed"] == 0 for c in counts), (counts, ends[0][1], ends[1][1])
        for c, (_, err, rc) in zip(counts, ends):
            assert rc == (1 if c["busy"] else 0), (c, err)
            assert ("is being sealed by another process" in err) == (c["busy"] > 0), err
            assert err.count("error:") == (1 if c["busy"] else 0), err
            assert "older than the last change" not in err, err
        box.run("encrypt", "-r", *OFF, "t", ok=0)


if __name__ == "__main__":
    harness.main(
        [
            keys_twice,
            damaged_keys,
            no_keys_at_all,
            lost_keys,
            token_missing,
            veto_code_wrong,
            wrong_setting,
            texts_that_do_not_show,
            words_that_are_wrong,
            hints_name_what_is_there,
            reading_makes_nothing,
            header_gone,
            pipes_are_told,
            core_changed,
            no_http,
            force_and_all,
            older_replacement,
            nothing_to_do,
            file_operands,
            one_is_one,
            two_at_once,
        ]
    )
