#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Keys, configuration and home that are missing, damaged, foreign or shut; passphrases that are wrong.

The message must name the file of the set-up that is the matter, never the sealed file at hand; nothing may be repaired
or replaced without being asked, and no secret may reach the terminal.
"""
import os
import pty
import select
import shutil
import signal
import stat
import sys
import termios
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import sparekey_cli as t  # noqa: E402
from sparekey_cli import DONE, FAILED, STOPPED, UNRECOVERABLE, USAGE, need  # noqa: E402

TEXT = b"behind a key\n"
SECRET = "correct horse battery"


def all_commands(box, *words, verify=FAILED):
    """encrypt, decrypt, encrypt -r and verify meet the same trouble, and touch nothing."""
    home = {p: p.read_bytes() for p in box.home.rglob("*") if p.is_file() and os.access(p, os.R_OK)}
    with box.untouched():
        box.run("encrypt", "-f", "a").is_(FAILED, *words)
        box.run("encrypt", "--all", "-r", ".").is_(FAILED, *words)
        box.run("decrypt", "-f", "a.spk").is_(FAILED, *words)
        box.run("decrypt", "-o", "-", "a.spk").is_(FAILED, *words)
        box.run("verify", "a.spk").is_(verify, *(words if verify == FAILED else []))
    for path, data in home.items():
        need(path.read_bytes() == data, f"{path} was changed")


# ---- key containers ------------------------------------------------------------------------------------------------


def test_no_keys(box):
    box.sealed("a", TEXT)
    box.container().unlink()
    with box.untouched():
        box.run("encrypt", "-f", "a").is_(FAILED, "you have no keys", "sparekey init", "sparekey recover")
        box.run("encrypt", "--all", "-r", ".").is_(FAILED, "sparekey init")
        box.run("decrypt", "-f", "a.spk").is_(FAILED, "'a.spk' cannot be opened", "sparekey recover")
        box.run("verify", "a.spk").is_(UNRECOVERABLE)
        box.run("verify", "--payload", "a.spk").is_(FAILED)
        box.good("inspect", "a.spk")


def test_keys_damaged(box):
    box.sealed("a", TEXT)
    path, whole = box.container(), box.container().read_bytes()
    name = path.name
    for data in (b"", b"x", bytes(3000), whole[:100], whole[:-1], whole + b"x", whole[:40] + b"\xff" + whole[41:],
                 whole[:-1] + bytes([whole[-1] ^ 1]), TEXT * 100, whole[:8] + b"\0\x63" + whole[10:]):
        path.write_bytes(data)
        r = box.run("encrypt", "-f", "a").is_(FAILED, name)
        need("'a'" not in r.said, f"blames the input: {r}")
        all_commands(box, name)
        box.run("init").is_(FAILED, "already")
        need(path.read_bytes() == data, "init replaced a damaged container")
    path.write_bytes(whole)
    box.opens("a.spk", TEXT)


def test_every_byte_of_the_keys(box):
    box.sealed("a", TEXT)
    path, whole = box.container(), box.container().read_bytes()
    for at in range(0, len(whole), 29):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        box.run("decrypt", "-o", "-", "a.spk").is_(FAILED, path.name)


def test_keys_that_others_may_read(box):
    box.sealed("a", TEXT)
    for mode in (0o644, 0o660, 0o604):
        box.container().chmod(mode)
        all_commands(box, box.container().name, "may be read or written by others", "chmod 600")
    box.container().chmod(0o600)
    box.container().parent.chmod(0o777)
    all_commands(box, "containers' may be read or written by others")


def test_keys_that_may_not_be_read(box):
    box.sealed("a", TEXT)
    own = box.as_nobody()
    box.container().chmod(0)
    r = box.run("decrypt", "-o", "-", "a.spk", **own).is_(FAILED, box.container().name, "Permission denied", "its permissions")
    need("others" not in r.said, f"{r}")


def test_keys_that_are_no_file(box):
    box.sealed("a", TEXT)
    path = box.container()
    kept = path.with_name("kept")
    path.rename(kept)
    path.mkdir()
    all_commands(box, path.name)
    path.rmdir()
    os.symlink("kept", path)
    all_commands(box, path.name)
    path.unlink()
    os.mkfifo(path)
    all_commands(box, path.name)
    path.unlink()
    shutil.rmtree(path.parent)
    path.parent.write_bytes(b"")
    all_commands(box, "containers'")


def test_keys_of_somebody_else(box):
    box.sealed("a", TEXT)
    if os.geteuid() == 0:
        os.chown(box.container(), t.NOBODY, t.NOBODY)
        all_commands(box, box.container().name, "others")
        os.chown(box.container(), 0, 0)
    other = box.cli.home("other") / ".local/share/sparekey/containers" / b"default".hex()
    shutil.copy(other, box.container())
    box.run("decrypt", "-f", "a.spk").is_(FAILED, "'a.spk' cannot be opened: none of your keys fits")


def test_keys_under_another_name(box):
    box.sealed("a", TEXT)
    wrong = box.container().with_name(b"other".hex())
    shutil.copy(box.container(), wrong)
    box.run("decrypt", "-f", "--container", "other", "a.spk").is_(FAILED, wrong.name)
    for name in ("nosuch", "a/../b"):
        need(box.run("encrypt", "-f", "--container", name, "a").rc == FAILED, name)
    for name in ("", "\x1b[31mred", "x" * 5000, "new\nline", b"\xff"):
        with box.untouched():
            box.run("encrypt", "-f", "--container", name, "a").is_(USAGE, "--container")
            box.run("decrypt", "-f", "--container", name, "a.spk").is_(USAGE, "--container")


def test_init_twice(box):
    keys = box.container().read_bytes()
    record = (box.home / ".config/sparekey/owner.record").read_bytes()
    box.run("init", "--sheet", "s").is_(FAILED, "already")
    need(box.container().read_bytes() == keys, "init replaced the keys")
    need((box.home / ".config/sparekey/owner.record").read_bytes() == record, "init replaced the record")
    need(not (box.work / "s").exists(), "a sheet of keys that were not made")


def test_two_inits_at_once(box):
    shutil.rmtree(box.home)
    box.home.mkdir()
    ps = [box.popen("init", "--bits", "2048", "--sheet", f"s{i}") for i in range(3)]
    rs = [t.Result("init", p.returncode, *o) for p, o in [(p, p.communicate(timeout=t.TIMEOUT_S)) for p in ps]]
    for r in rs:
        need(r.rc in (DONE, FAILED), f"{r}")
    need(sum(r.rc == DONE for r in rs) == 1, f"one of them makes the keys: {[str(r) for r in rs]}")
    box.config().write_text("policy = off\n")
    box.sealed("a", TEXT)


def test_init_stopped(box):
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for after in (0.005, 0.03, 0.15):
            shutil.rmtree(box.home, ignore_errors=True)
            box.home.mkdir()
            p = box.popen("init", "--bits", "2048", "--sheet", "s")
            time.sleep(after)
            p.send_signal(sig)
            p.communicate(timeout=t.TIMEOUT_S)
            need(p.returncode in (DONE, STOPPED, -sig), f"{p.returncode} after {sig.name}")
            made = box.container().exists()
            need(made or p.returncode != DONE, "done without keys")
            if box.container().parent.exists():
                left = {f.name for f in box.container().parent.iterdir()} - {box.container().name, ".lock"}
                need(not left or sig == signal.SIGKILL, f"key material is left: {left}")
            if made:
                need(stat.S_IMODE(box.container().stat().st_mode) == 0o600, "mode")
            elif sig != signal.SIGTERM:
                box.good("init", "--bits", "2048", "--sheet", "s2")
                (box.work / "s2").unlink()
            (box.work / "s").unlink(missing_ok=True)


def test_a_sheet_that_cannot_be_written(box):
    for i, place in enumerate(("no/such/folder", "/dev/null")):
        r = box.run("init", "--bits", "2048", "--container", f"c{i}", "--new-owner", "--sheet", place)
        need(b"veto code" in r.out, f"the only copy of the veto code is lost: {r}")
        need(r.errors, f"{r}")
    with open("/dev/full", "wb") as full:
        box.run("init", "--bits", "2048", "--container", "c9", "--new-owner", stdout=full).is_(FAILED, "standard output")


# ---- configuration and home ------------------------------------------------------------------------------------------


def test_configuration_damaged(box):
    box.sealed("a", TEXT)
    conf = str(box.config())
    for data, where in ((b"bogus\n", "', line 1:"), (b"policy = off\nnosuch = 1\n", "', line 2:"), (b"policy off\n", "', line 1:"), (b"policy =\n", "', line 1:"),
                        (b"policy = off\npolicy = off\n", "', line 2:"), (b"policy = \xff\n", "', line 1:"), (b"policy = \x1b[31m\n", "', line 1:"),
                        (b"\0" * 100, "', line 1:"), (b"policy = maybe\n", "', line 1:"), (b"need = 0\n", "', line 1:"), (b"\nneed = x\n", "', line 2:"), (b"container = " + b"x" * 900 + b"\n", "', line 1:"),
                        (b"x" * 70000, "'"), (os.urandom(3000), "")):
        box.config().write_bytes(data)
        all_commands(box, conf)
        box.run("encrypt", "-f", "a").is_(FAILED, conf + where)
    box.config().write_bytes(b"\n# policy\n\n  policy\t=  off  ")
    box.good("encrypt", "-f", "a")
    box.config().unlink()
    box.run("encrypt", "-f", "a").is_(FAILED, "no authority is pinned", "sparekey enroll")
    box.good("encrypt", "-f", "--policy", "off", "a")
    box.config().mkdir()
    all_commands(box, conf)


def test_records_damaged(box):
    box.sealed("a", TEXT)
    for name in ("owner.record", "monitor"):
        path = box.home / ".config/sparekey" / name
        whole = path.read_bytes()
        for data in (b"", b"x", whole[:-1], whole + b"x", bytes(len(whole) + 70000)):
            path.write_bytes(data)
            all_commands(box, str(path))
        path.write_bytes(whole)
    pins = box.home / ".config/sparekey/authorities"
    for make in (lambda: pins.write_bytes(b""), lambda: (pins / "name").mkdir(parents=True)):
        make()
        box.run("encrypt", "-f", "a").is_(FAILED, str(pins))
        if pins.is_dir():
            shutil.rmtree(pins)
        else:
            pins.unlink()
    box.good("encrypt", "-f", "a")


def test_no_home(box):
    box.sealed("a", TEXT)
    for home in (None, "", "relative", "../home"):
        env = {k: v for k, v in box.env.items() if k != "HOME"}
        if home is not None:
            env["HOME"] = home
        with box.untouched():
            for args in (["encrypt", "-f", "a"], ["decrypt", "-f", "a.spk"], ["verify", "a.spk"], ["init"]):
                box.run(*args, env=env).is_(FAILED, "'$HOME'")
            box.good("inspect", "a.spk", env=env)
            box.good("version", env=env)


def test_a_home_that_is_not_there_or_no_folder(box):
    box.sealed("a", TEXT)
    box.file("home")
    for home in ("/proc/nowhere", str(box.work / "home"), "/dev/null"):
        env = {**box.env, "HOME": home}
        with box.untouched():
            for args in (["encrypt", "-f", "--policy", "off", "a"], ["decrypt", "-f", "a.spk"], ["init", "--sheet", "s"]):
                r = box.run(*args, env=env).is_(FAILED)
                need(home in r.said or "none of your keys fits" in r.said or "you have no keys" in r.said, f"{r}")


def test_a_home_that_may_not_be_written(box):
    box.sealed("a", TEXT)
    own = box.as_nobody()
    for path in [box.home, *box.home.rglob("*")]:
        if path.is_dir():
            path.chmod(0o500)
    box.good("encrypt", "-f", "a", **own)
    box.good("decrypt", "-f", "a.spk", **own)
    box.run("init", "--new-owner", "--container", "new", **own).is_(FAILED, "Permission denied", "sparekey: hint: ")
    box.home.chmod(0)
    for args in (["encrypt", "-f", "a"], ["decrypt", "-f", "a.spk"]):
        box.run(*args, **own).is_(FAILED, str(box.home), "Permission denied")
    shut = box.folder / "shut"
    shut.mkdir(mode=0o500)
    t.give(shut)
    own["env"] = {**box.env, "HOME": str(shut)}
    with box.untouched():
        box.run("init", "--sheet", "s", **own).is_(FAILED, str(shut), "Permission denied")
        box.run("decrypt", "-f", "a.spk", **own).is_(FAILED)
    need(not list(shut.iterdir()), "something was written")


def test_other_folders_of_xdg(box):
    box.sealed("a", TEXT)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        env = {**box.env, name: str(box.folder / "elsewhere")}
        r = box.run("encrypt", "-f", "a", env=env)
        r.is_(FAILED)  # no policy there, or no keys
        box.good("encrypt", "-f", "a", env={**box.env, name: "relative/is/ignored"})


# ---- passphrases -----------------------------------------------------------------------------------------------------


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, box, *args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(box.work)
            os.execve(box.program, [box.program, *args], box.env)
        self.seen = b""

    def read(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # the other end is closed
                data = b""
            self.seen += data
            return bool(data)
        return True

    def expect(self, word):
        end = time.monotonic() + t.TIMEOUT_S
        while word not in self.seen:
            need(time.monotonic() < end and self.read(1), f"no {word!r} in {self.seen!r}")
        self.seen = self.seen.split(word, 1)[1]

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def answer(self, word, text):
        self.expect(word)
        t.wait_until(lambda: not self.echoes(), "the echo to go off")
        os.write(self.fd, text)

    def end(self):
        """Its status; what it said is in self.seen."""
        while self.read(t.TIMEOUT_S):
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return status


def locked(box):
    """Keys under a passphrase, and a file that takes them."""
    home = box.cli.home("locked", "--passphrase", "--passphrase-fd", "0", answers=SECRET.encode() + b"\n")
    shutil.rmtree(box.home)
    shutil.copytree(home, box.home)
    box.sealed("a", TEXT)
    (box.work / "a").unlink()


def test_a_new_passphrase_on_the_terminal(box):
    tty = Terminal(box, "init", "--bits", "2048", "--container", "n", "--new-owner", "--passphrase", "--sheet", "sheet")
    tty.answer(b"new passphrase", SECRET.encode() + b"\n")
    tty.answer(b"the same again", SECRET.encode() + b"\n")
    need(tty.end() == DONE, f"init: {tty.seen!r}")
    need(SECRET.encode() not in tty.seen, "echoed")
    made = box.container().with_name(b"n".hex())
    need(b"PRIVATE" not in made.read_bytes() and SECRET.encode() not in made.read_bytes(), "in clear")
    box.file("b", TEXT)
    box.good("encrypt", "--container", "n", "b")
    (box.work / "b").unlink()
    box.good("decrypt", "--container", "n", "--passphrase-fd", "0", "b.spk", input=SECRET.encode())


def test_a_passphrase_wrong_three_times(box):
    locked(box)
    with box.untouched():
        tty = Terminal(box, "decrypt", "a.spk")
        tty.answer(b"passphrase of key container 'default': ", b"wrong one\n")
        tty.answer(b"wrong; passphrase", b"\n")
        tty.answer(b"wrong; passphrase", SECRET.encode()[:-1] + b"\n")
        need(tty.end() == FAILED, "status")
        need(b"passphrase is wrong" in tty.seen and box.container().name.encode() in tty.seen, f"{tty.seen!r}")
        need(b"wrong one" not in tty.seen and SECRET[:-1].encode() not in tty.seen, "echoed")
        need(b"a.spk" not in tty.seen, "blames the sealed file")
    tty = Terminal(box, "decrypt", "a.spk")
    tty.answer(b"passphrase of", b"wrong\n")
    tty.answer(b"wrong; passphrase", SECRET.encode() + b"\n")
    need(tty.end() == DONE and (box.work / "a").read_bytes() == TEXT, "right the second time")


def test_a_passphrase_that_is_not_typed(box):
    locked(box)
    for key, status in ((b"\x03", STOPPED), (b"\x04", FAILED), (b"x" * 3000 + b"\n", FAILED)):
        with box.untouched():
            tty = Terminal(box, "decrypt", "a.spk")
            tty.expect(b"passphrase of")
            t.wait_until(lambda tty=tty: not tty.echoes(), "the echo to go off")
            os.write(tty.fd, key)
            echoes = None
            while tty.read(t.TIMEOUT_S):
                try:
                    echoes = tty.echoes()
                except termios.error:
                    break
            got = os.waitstatus_to_exitcode(os.waitpid(tty.pid, 0)[1])
            need(got == status, f"{key[:5]!r}: {got}, {tty.seen!r}")
            need(echoes is not False, "the terminal is left without echo")
            os.close(tty.fd)
    tty = Terminal(box, "decrypt", "a.spk")
    tty.expect(b"passphrase of")
    os.kill(tty.pid, signal.SIGTERM)
    need(tty.end() == STOPPED, "SIGTERM at the question")
    need(not (box.work / "a").exists(), "decrypted")


def test_no_terminal_to_ask_on(box):
    locked(box)
    with box.untouched():
        box.run("decrypt", "a.spk", start_new_session=True).is_(FAILED, "no terminal", "--passphrase-fd")
    box.run("verify", "--no-key", "a.spk").is_(UNRECOVERABLE)
    box.file("b", TEXT)
    box.good("encrypt", "b", start_new_session=True)  # sealing takes no private key


def test_passphrases_from_a_descriptor(box):
    locked(box)
    new = {"start_new_session": True}
    with box.untouched():
        for line, words in ((b"wrong\n", "passphrase is wrong"), (b"\n", "passphrase is wrong"),
                            (SECRET.encode()[:-1], "passphrase is wrong"), (b"", "no line left to read"),
                            (b"x" * 5000, "longer than 1024 bytes")):
            box.run("decrypt", "--passphrase-fd", "0", "a.spk", input=line, **new).is_(FAILED, words)
        for fd in ("77", "x", "-1", "", "99999999999"):
            box.run("decrypt", "--passphrase-fd", fd, "a.spk", **new).is_(USAGE, "--passphrase-fd")
    for line in (SECRET.encode() + b"\n", SECRET.encode(), SECRET.encode() + b"\nmore\n"):
        r = box.good("decrypt", "-f", "--passphrase-fd", "0", "a.spk", input=line, **new)
        need(SECRET.encode() not in r.raw + r.out, "told")


def test_new_passphrases_that_differ(box):
    home = {p for p in box.home.rglob("*")}
    tty = Terminal(box, "init", "--bits", "2048", "--container", "n", "--new-owner", "--passphrase")
    tty.answer(b"new passphrase", b"one thing\n")
    tty.answer(b"the same again", b"another\n")
    need(tty.end() == FAILED, f"{tty.seen!r}")
    need(b"hint" in tty.seen and b"one thing" not in tty.seen, f"{tty.seen!r}")
    need({p for p in box.home.rglob("*")} == home, "something was made")


def test_odd_names_on_a_terminal(box):
    name = b"esc\x1b]0;title\x07\x1b[31m\n"
    box.file(name, os.urandom(30 << 20))
    for args in (["encrypt", name], ["encrypt", name], ["encrypt", "-f", name], ["inspect", name + b".spk"],
                 ["decrypt", name + b".spk"], ["decrypt", "-f", name + b".spk"], ["verify", name + b".spk"], ["encrypt", "-r", "."]):
        tty = Terminal(box, *args)
        need(tty.end() in (DONE, FAILED, UNRECOVERABLE), f"{tty.seen!r}")
        seen = tty.seen.replace(b"\r\x1b[K", b"").replace(b"\r\n", b"\n")
        need(b"\x1b" not in seen and b"\x07" not in seen, f"reaches the terminal: {seen!r}")


if __name__ == "__main__":
    sys.exit(t.main(sys.modules[__name__]))
