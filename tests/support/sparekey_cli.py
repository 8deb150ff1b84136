# SPDX-License-Identifier: Apache-2.0
"""Runs the program sparekey as a user would, in a folder and a home of its own, and watches its manners.

Every run() checks what holds whatever was asked: no crash, a status of the documented ones, messages that are
lines of plain text on standard error, and a sentence for every failure. Tests are functions test_NAME(box);
main() runs those of a module and prints TAP.
"""
import contextlib
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

DONE, FAILED, USAGE, UNRECOVERABLE, WAITING, STOPPED = 0, 1, 2, 3, 4, 130
STATUSES = (DONE, FAILED, USAGE, UNRECOVERABLE, WAITING, STOPPED)
LINE = re.compile(r"sparekey: (error|warning|note|hint): \S.*")
OFF_WARNING = "sparekey: warning: no deposit is made"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NOBODY = 65534
TIMEOUT_S = 60


class Skip(Exception):
    """Raised by a test that cannot run here, with the reason."""


def need(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(is_now, should, what):
    need(is_now == should, f"{what}: {is_now!r}, not {should!r}")


class Result:
    def __init__(self, args, rc, out, err):
        self.args, self.rc, self.out, self.raw = args, rc, out, err
        self.err = err.decode("utf-8", "surrogateescape")
        lines = [s for s in self.err.splitlines() if not s.startswith(OFF_WARNING)]
        self.lines = lines
        self.said = "\n".join(lines)
        self.errors = [s for s in lines if ": error: " in s]

    def __str__(self):
        return f"{self.args} gave {self.rc}, out {self.out[:300]!r}, err {self.err[:2000]!r}"

    def check_manners(self):
        need(self.rc in STATUSES, f"no documented status: {self}")
        need(b"Sanitizer" not in self.raw and b"runtime error" not in self.raw, f"sanitizer: {self}")
        need(not CONTROL.search(self.err), f"control characters: {self}")
        self.raw.decode("utf-8")  # raises when it is no text
        for line in self.err.splitlines():
            need(LINE.fullmatch(line) or self.rc == USAGE, f"line {line!r} is no message: {self}")
        if self.rc in (FAILED, USAGE):
            need(self.errors or self.rc == USAGE, f"failed without a word: {self}")
            need(": hint: " in self.said or self.rc == USAGE, f"does not say what to do next: {self}")
        return self

    def is_(self, rc, *words):
        """The status, and words that standard error must have."""
        need(self.rc == rc, f"status {self.rc}, not {rc}: {self}")
        for word in words:
            need(word in self.said, f"does not say {word!r}: {self}")
        return self


def shared_memory():
    """Where an fsync costs nothing, when there is such a place."""
    shm = "/dev/shm"
    if os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 1 << 30:
        return shm
    return None


class Cli:
    """The program and the homes that boxes are made from."""

    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.folder = Path(tempfile.mkdtemp(prefix="spk-bad-", dir=shared_memory()))
        self.folder.chmod(0o755)
        self.homes = {}
        self.count = 0

    def env(self, home, **more):
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        env.update(more)
        return env

    def home(self, name, *options, answers=b""):
        """A home with key pairs, made once."""
        if name not in self.homes:
            home = self.folder / f"home-{name}"
            home.mkdir()
            subprocess.run([self.program, "init", "--quiet", "--bits", "2048", "--sheet", home / "sheet", *options],
                           env=self.env(home), input=answers, check=True, timeout=TIMEOUT_S)
            (home / ".config/sparekey/config").write_text("policy = off\n")
            self.homes[name] = home
        return self.homes[name]

    def box(self):
        self.count += 1
        return Box(self, self.folder / f"box-{self.count}")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Box:
    def __init__(self, cli, folder):
        self.cli, self.program = cli, cli.program
        self.folder, self.home, self.work = folder, folder / "home", folder / "work"
        shutil.copytree(cli.home("me"), self.home, symlinks=True)
        self.work.mkdir()
        self.env = cli.env(self.home)

    # -- running

    def popen(self, *args, **kw):
        kw.setdefault("cwd", self.work)
        kw.setdefault("env", self.env)
        for name in ("stdout", "stderr"):
            kw.setdefault(name, subprocess.PIPE)
        kw.setdefault("stdin", subprocess.DEVNULL)
        prefix = kw.pop("prefix", [])
        return subprocess.Popen([*prefix, self.program, *args], **kw)

    def run(self, *args, input=None, check=True, **kw):
        if input is not None:
            kw["stdin"] = subprocess.PIPE
        p = self.popen(*args, **kw)
        try:
            out, err = p.communicate(input, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            p.kill()
            p.communicate()
            raise AssertionError(f"{args} does not end") from None
        r = Result(args, p.returncode, out or b"", err or b"")
        return r.check_manners() if check else r

    def good(self, *args, **kw):
        return self.run(*args, **kw).is_(DONE)

    def as_nobody(self):
        """Arguments for run() that drop root, if that is who we are; the box is given to that user."""
        if os.geteuid() != 0:
            return {}
        if shutil.which("setpriv") is None:
            raise Skip("takes setpriv")
        give(self.folder)
        prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        if self.run("version", prefix=prefix, check=False).rc != 0:
            raise Skip("another user cannot run the program where it is")
        return {"prefix": prefix}

    # -- files

    def file(self, name, data=b"the quick brown fox\n"):
        path = self.work / name if isinstance(name, str) else Path(os.fsdecode(os.path.join(os.fsencode(self.work), name)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def sealed(self, name="a", data=b"the quick brown fox\n", *args):
        """A file and its sealed copy; gives the path of the latter."""
        path = self.file(name, data)
        self.good("encrypt", *args, path)
        return path.with_name(path.name + ".spk")

    def opens(self, path, data):
        r = self.good("decrypt", "-o", "-", path)
        need(r.out == data, f"{path} opens to something else")

    def config(self):
        return self.home / ".config/sparekey/config"

    def container(self):
        return self.home / ".local/share/sparekey/containers" / b"default".hex()

    def listing(self):
        """Every entry under the working folder, hidden ones too, with what it holds."""
        out = {}
        for path in sorted(self.work.rglob("*")):
            st = path.lstat()
            what = stat.S_IFMT(st.st_mode)
            held = None
            if stat.S_ISREG(st.st_mode):
                held = (st.st_size, stat.S_IMODE(st.st_mode), hashlib.sha256(path.read_bytes()).digest())
            elif stat.S_ISLNK(st.st_mode):
                held = os.readlink(path)
            out[os.fsencode(path.relative_to(self.work))] = (what, held)
        return out

    @contextlib.contextmanager
    def untouched(self, *but):
        """Nothing in the working folder may come, go or change, but for these names."""
        names = {os.fsencode(b) for b in but}
        before = self.listing()
        yield
        after = self.listing()
        for name in sorted(before.keys() | after.keys()):
            if name not in names:
                need(before.get(name) == after.get(name), f"{name!r} is no longer what it was")


def give(folder):
    """To the user that as_nobody() becomes."""
    for path in [folder, *folder.rglob("*")] if os.geteuid() == 0 else []:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def pair_of(container):
    """The key exchange pair in an unprotected key container (doc/spec/key-container.md)."""
    from cryptography.hazmat.primitives import serialization

    data = container.read_bytes()
    at = 16 + 2 + int.from_bytes(data[16:18], "big") + 1
    need(data[at] == 1, "the first key is not the key exchange pair")
    at += 4 + int.from_bytes(data[at + 2 : at + 4], "big")
    n = int.from_bytes(data[at : at + 2], "big")
    return serialization.load_der_private_key(data[at + 2 : at + 2 + n], None)


def wait_until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        need(time.monotonic() < end, f"waited for {what} in vain")
        time.sleep(0.002)


def main(module):
    """Run test_*(box) of a module in their order; argv: program [word in the names to run]."""
    tests = [(n, f) for n, f in vars(module).items() if n.startswith("test_") and callable(f)]
    if len(sys.argv) > 2:
        tests = [t for t in tests if sys.argv[2] in t[0]]
    cli = Cli(sys.argv[1] if len(sys.argv) > 1 else os.environ["SPAREKEY"])
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    try:
        for i, (name, test) in enumerate(tests, 1):
            box, start = cli.box(), time.monotonic()
            words = name[5:].replace("_", " ")
            try:
                test(box)
                print(f"ok {i} - {words}", flush=True)
                print(f"# {time.monotonic() - start:.1f} s", flush=True)
            except Skip as e:
                print(f"ok {i} - {words} # SKIP {e}", flush=True)
            except Exception:  # pylint: disable=broad-except
                failed += 1
                print(f"not ok {i} - {words}")
                for line in traceback.format_exc().splitlines():
                    print(f"# {line}")
                sys.stdout.flush()
            subprocess.run(["chmod", "-R", "u+rwX", box.folder], stderr=subprocess.DEVNULL, check=False)
            shutil.rmtree(box.folder, ignore_errors=True)
    finally:
        cli.close()
    return 1 if failed else 0
