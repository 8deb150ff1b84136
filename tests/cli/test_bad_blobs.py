#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Key BLOBs that are damaged or foreign, and what the other commands say about a set-up that is.

An import changes nothing unless the key is right; no private key leaves without being asked for twice.
"""
import os
import shutil
import stat
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import sparekey_cli as t  # noqa: E402
from sparekey_cli import DONE, FAILED, UNRECOVERABLE, USAGE, need  # noqa: E402

TEXT = b"wrapped twice\n"


def other(box):
    """The environment of somebody else."""
    return {**box.env, "HOME": str(box.cli.home("other"))}


def blobs(box):
    """A sealed file and one BLOB of each kind; the SIMPLEBLOB is for somebody else."""
    box.sealed("a", TEXT)
    box.good("blob", "export", "--public", "-o", "pub", env=other(box))
    box.good("blob", "export", "--private", "--yes", "-o", "priv", env=other(box))
    box.good("blob", "export", "--simple", "--to", "pub", "-o", "simple", "a.spk")
    return {name: (box.work / name).read_bytes() for name in ("pub", "priv", "simple")}


def test_the_way_it_should_go(box):
    blobs(box)
    box.run("decrypt", "-o", "-", "a.spk", env=other(box)).is_(FAILED, "none of your keys fits")
    box.good("blob", "import", "--file", "a.spk", "simple", env=other(box))
    need(box.good("decrypt", "-o", "-", "a.spk", env=other(box)).out == TEXT, "opens for the other")
    box.opens("a.spk", TEXT)
    need(stat.S_IMODE((box.work / "priv").stat().st_mode) == 0o600, "a private key for everybody")


def test_blobs_damaged(box):
    for name, data in blobs(box).items():
        bad = {"cut": data[:-1], "head": data[:11], "four": data[:4], "one": data[:1], "longer": data + b"\0", "empty": b"",
               "version": data[:1] + b"\x63" + data[2:], "kind": b"\x63" + data[1:], "huge": data + bytes(100_000),
               "alg": data[:4] + b"\xff" + data[5:], "magic": data[:8] + b"\xff" + data[9:]}
        for what, bytes_ in bad.items():
            box.file("bad", bytes_)
            with box.untouched():
                into = [] if name == "simple" else ["--container", "new"]
                r = box.run("blob", "import", *into, "--file", "a.spk", "bad")
                need(r.rc == FAILED and "'bad'" in r.said, f"{name} {what}: {r}")
    need(not box.container().with_name(b"new".hex()).exists(), "keys out of a bad BLOB")


def test_every_byte_of_a_simple_blob(box):
    data = blobs(box)["simple"]
    for at in range(0, len(data), 7):
        box.file("bad", data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        with box.untouched():
            for how in ([], ["--v15"]):
                box.run("blob", "import", *how, "--file", "a.spk", "bad", env=other(box)).is_(FAILED, "'bad'")


def test_every_byte_of_a_private_blob(box):
    data = blobs(box)["priv"]
    for at in range(0, len(data), 31):
        box.file("bad", data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        r = box.run("blob", "import", "--container", f"n{at}", "bad")
        made = box.container().with_name(f"n{at}".encode().hex()).exists()
        need(made == (r.rc == DONE), f"{r}")
        need(r.rc == FAILED and "'bad'" in r.said or 0 < at < 8, f"a pair that is none was taken, byte {at}: {r}")


def test_a_blob_for_somebody_else_or_another_file(box):
    blobs(box)
    box.sealed("b", TEXT)
    with box.untouched():
        box.run("blob", "import", "--file", "a.spk", "simple").is_(FAILED, "'simple' has no key for you")
        box.run("blob", "import", "--file", "b.spk", "simple", env=other(box)).is_(FAILED, "'simple' has no key")
        box.run("blob", "import", "--v15", "--file", "a.spk", "simple", env=other(box)).is_(FAILED, "'simple' has no key")
        box.run("blob", "export", "--simple", "-o", "x", "a.spk", env=other(box)).is_(FAILED, "none of your keys fits")


def test_files_of_blobs(box):
    blobs(box)
    (box.work / "d").mkdir()
    with box.untouched():
        for name, word in (("nosuch", "No such file"), ("d", "is not a key BLOB"), ("a", "is not a key BLOB")):
            box.run("blob", "import", name).is_(FAILED, f"'{name}'", word)
        for name in ("nosuch", "d", "a", "simple"):
            box.run("blob", "export", "--simple", "--to", name, "-o", "x", "a.spk").is_(FAILED, f"'{name}'")
            if name != "simple":
                box.run("blob", "import", "--file", name, "simple", env=other(box)).is_(FAILED, f"'{name}'")
                box.run("blob", "export", "--simple", "-o", "x", name).is_(FAILED, f"'{name}'")
        box.run("blob", "import", "--file", "simple", "simple").is_(FAILED, "'simple' is not a sealed file")
        for args in (["--public"], ["--simple", "a.spk"], ["--private", "--yes"]):
            box.run("blob", "export", "-o", "a", *args).is_(FAILED, "'a' is there already")
            box.run("blob", "export", "-o", "no/x", *args).is_(FAILED, "'no/x': No such file")
            box.run("blob", "export", "-f", "-o", "d", *args).is_(FAILED, "'d': Is a directory")
        for args in ([], ["x"], ["import"], ["export"], ["export", "--public", "--private"], ["import", "simple"],
                     ["export", "--simple"], ["export", "--public", "--spec", "x"], ["export", "a", "b"]):
            box.run("blob", *args).is_(USAGE)
    with open("/dev/full", "wb") as full:
        box.run("blob", "export", "--public", stdout=full).is_(FAILED, "'standard output': No space left")


def test_a_private_key_is_not_given_away_or_lost(box):
    blobs(box)
    keys = box.container().read_bytes()
    with box.untouched():
        box.run("blob", "export", "--private", "-o", "x", start_new_session=True).is_(FAILED, "not confirmed", "--yes")
        box.run("blob", "import", "priv").is_(FAILED, "has such a key already")
    need(box.container().read_bytes() == keys, "the keys were replaced")
    box.good("blob", "import", "--container", "new", "priv")
    box.good("encrypt", "--container", "new", "-o", "b.spk", "a")
    need(box.good("decrypt", "-o", "-", "b.spk", env=other(box)).out == TEXT, "the same key")


def test_a_sealed_file_that_cannot_take_a_slot(box):
    blobs(box)
    whole = (box.work / "a.spk").read_bytes()
    for data in (whole[:-1], whole[:300], whole[:100] + b"\xff" + whole[101:], b""):
        box.file("bad.spk", data)
        if data == whole[:-1]:
            continue  # the header is whole: the slot may go in, the payload stays as it is
        with box.untouched():
            need(box.run("blob", "import", "--file", "bad.spk", "simple", env=other(box)).rc == FAILED, "took a slot")
    (box.work / "a.spk").write_bytes(whole)
    own = box.as_nobody()
    home = box.folder / "home2"
    shutil.copytree(box.cli.home("other"), home)
    t.give(home)
    own["env"] = {**box.env, "HOME": str(home)}
    box.work.chmod(0o555)
    (box.work / "a.spk").chmod(0o444)
    with box.untouched():
        box.run("blob", "import", "--file", "a.spk", "simple", **own).is_(FAILED, "'a.spk': Permission denied")


# ---- the other commands ----------------------------------------------------------------------------------------------


def test_the_doctor_survives_everything(box):
    conf = box.home / ".config/sparekey"

    def write(path, data):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    harms = [lambda: box.container().write_bytes(b"x"), lambda: box.container().unlink(), lambda: box.container().chmod(0o644),
             lambda: box.container().parent.chmod(0o777), lambda: (conf / "config").write_bytes(b"bogus\n"),
             lambda: (conf / "config").write_bytes(b"policy = off\n\x1b[31m = 1\n"), lambda: (conf / "owner.record").write_bytes(b"x"),
             lambda: (conf / "monitor").write_bytes(b""), lambda: write(conf / "authorities/a b/statement", b"x"),
             lambda: write(conf / "authorities/name/statement", b"x"), lambda: shutil.rmtree(conf), lambda: shutil.rmtree(box.home)]
    for i, harm in enumerate(harms):
        shutil.rmtree(box.home, ignore_errors=True)
        shutil.copytree(box.cli.home("me"), box.home)
        harm()
        r = box.run("doctor", check=False)
        need(r.rc in (DONE, FAILED) and not t.CONTROL.search(r.err + r.out.decode()), f"harm {i}: {r}")
        need(r.rc == FAILED or b"hint" in r.raw or i in (7, 8, 9, 11), f"harm {i} was not found: {r}")
        r = box.run("doctor", "--json", check=False)
        need(r.rc in (DONE, FAILED), f"harm {i}: {r}")
    env = {k: v for k, v in box.env.items() if k != "HOME"}
    need(box.run("doctor", env=env, check=False).rc == FAILED, "no home")


def test_commands_without_an_authority(box):
    box.sealed("a", TEXT)
    box.file("junk.spk", b"junk")
    with box.untouched():
        for args in (["status"], ["status", "--json"], ["sync"]):
            need(box.run(*args, check=False).rc in (DONE, FAILED), args)
        for args in (["requests"], ["veto", "ab" * 32], ["recover", "a.spk"], ["recover", "--all"], ["recover", "junk.spk"],
                     ["recover", "nosuch.spk"], ["sync", "extra"], ["doctor", "extra"], ["status", "extra"], ["veto"], ["recover"], ["requests", "--nope"], ["enroll"],
                     ["enroll", "http://127.0.0.1:1"], ["enroll", "https://127.0.0.1:1"], ["enroll", "\x1b[31m"]):
            r = box.run(*args)
            need(r.rc in (FAILED, USAGE), f"{r}")


def test_a_spool_with_junk_in_it(box):
    spool = box.home / ".local/share/sparekey/spool"
    for name, data in {"junk": b"x", "empty": b"", "\x1b[31m": b"x", "0" * 64: bytes(100), "00" * 16 + "-" + "00" * 32: b"y"}.items():
        spool.mkdir(parents=True, exist_ok=True)
        (spool / name).write_bytes(data)
    (spool / "folder").mkdir()
    before = sorted(p.name for p in spool.iterdir())
    box.sealed("a", TEXT)
    for args in (["status"], ["status", "--json"], ["sync"], ["doctor"]):
        r = box.run(*args, check=False)
        need(r.rc in (DONE, FAILED) and not t.CONTROL.search(r.err + r.out.decode()), f"{r}")
    box.run("verify", "a.spk").is_(UNRECOVERABLE)
    need(sorted(p.name for p in spool.iterdir()) == before, "something was thrown away")


if __name__ == "__main__":
    sys.exit(t.main(sys.modules[__name__]))
