# SPDX-License-Identifier: Apache-2.0
"""Operators, officers and owners, each with folders of their own, typing sparekeyctl and sparekey."""

import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import termios
import time

from box import BUILD, environment

CTL = str((BUILD / "src/ctl/sparekeyctl").resolve())
SPAREKEY = str((BUILD / "src/cli/sparekey").resolve())
READY_S = 60
TIMEOUT_S = 180
_KEYS = {}


class People:
    """A world for one test case."""

    def __init__(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="spk-ctl-"))
        self.running = []

    def clean(self):
        for p in list(self.running):
            self.stop(p)
        shutil.rmtree(self.top, ignore_errors=True)

    def path(self, *parts):
        return self.top.joinpath(*parts)

    def env(self, who):
        home = self.path("home", who)
        home.mkdir(parents=True, exist_ok=True)
        return environment(home)

    def run(self, who, *args, ok=None, program=CTL, stdin=None, timeout=TIMEOUT_S, secrets=None):
        """One command of one person, without a terminal. secrets: lines that --passphrase-fd gives."""
        fds = ()
        if secrets is not None:
            fds = (os.memfd_create("secrets"),)
            os.write(fds[0], "".join(s + "\n" for s in secrets).encode())
            os.lseek(fds[0], 0, os.SEEK_SET)
            args = (*args, "--passphrase-fd", fds[0])
        p = subprocess.run(
            [program, *map(str, args)],
            pass_fds=fds,
            cwd=self.top,
            env=self.env(who),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            start_new_session=True,
        )
        for fd in fds:
            os.close(fd)
        assert "Sanitizer" not in p.stderr and "runtime error" not in p.stderr, p.stderr
        if ok is not None:
            assert p.returncode == ok, f"{who} {args}: status {p.returncode}, not {ok}\n{p.stdout}\n{p.stderr}"
        if p.returncode == 1:
            assert ": error: " in p.stderr or "sparekey-holder: " in p.stderr or p.stdout, f"{args}: failed without a word"
        return p

    def spk(self, who, *args, ok=None, **kw):
        return self.run(who, *args, ok=ok, program=SPAREKEY, **kw)

    def json(self, who, *args, program=CTL, ok=0):
        return json.loads(self.run(who, *args, "--json", program=program, ok=ok).stdout)

    def at_terminal(self, who, *args, program=CTL):
        """sparekeyctl, or another program, on a terminal of its own: its pid, and our end of the terminal."""
        pid, fd = pty.fork()
        if pid == 0:
            try:
                os.chdir(self.top)
                os.execve(program, [program, *map(str, args)], self.env(who))
            finally:
                os._exit(127)
        return pid, fd

    def typed(self, who, *args, answers=(), timeout=60):
        """The same at a terminal; answers = [(what the question says, what is typed)]. Status and all that was shown."""
        pid, fd = self.at_terminal(who, *args)
        seen, at, left = "", 0, list(answers)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if fd in select.select([fd], [], [], 0.2)[0]:
                try:
                    data = os.read(fd, 4096)
                except OSError:
                    break
                if not data:
                    break
                seen += data.decode("utf-8", "replace")
            if left and left[0][0] in seen[at:]:
                at = len(seen)
                os.write(fd, (left.pop(0)[1] + "\n").encode())
        os.close(fd)
        _, status = os.waitpid(pid, 0)
        assert not left, f"never asked {left[0][0]!r}:\n{seen}"
        return os.waitstatus_to_exitcode(status), seen

    def interrupted(self, who, *args, at, first=None, program=CTL):
        """^C where the program asks without echo: its status, what was shown, and whether the echo is back."""
        pid, fd = self.at_terminal(who, *args, program=program)
        seen, deadline = "", time.monotonic() + 60
        while time.monotonic() < deadline:
            if select.select([fd], [], [], 0.05)[0]:
                try:
                    seen += os.read(fd, 4096).decode("utf-8", "replace")
                except OSError:
                    break
            elif first is not None and ": " in seen:
                os.write(fd, (first + "\n").encode())
                first = None
            elif at in seen and not termios.tcgetattr(fd)[3] & termios.ECHO:
                os.write(fd, b"\x03")
                at = "asked once"
        echo = bool(termios.tcgetattr(fd)[3] & termios.ECHO)
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen, echo

    def officers(self, *names, **owners):
        """Identities; their public lines are in NAME.pub."""
        for name in names:
            extra = ["--owner", owners[name]] if name in owners else []
            line = self.run(name, "officer", "new", name, *extra, ok=0).stdout
            self.path(f"{name}.pub").write_text(line)

    def policy(self, file, *names, sign=True, extra=()):
        officers = [x for name in names for x in ("--officer", f"{name}.pub")]
        self.run("operator", "policy", "new", *officers, *extra, "-o", file, ok=0)
        for name in names if sign else ():
            self.run(name, "policy", "sign", file, "--yes", ok=0)

    def init(self, folder="auth", policy="genesis.note", *extra):
        return self.run("operator", "init", folder, "--policy", policy, "--listen", "127.0.0.1:0", "--bits", "2048", *extra,
                        ok=0)

    def start(self, folder="auth", secret=None):
        """The running supervisor; its address is in .address, what it says in .log. secret: its holder's passphrase."""
        ready, log = self.path(folder + ".ready"), self.path(folder + ".log")
        ready.unlink(missing_ok=True)
        args, fds = [], ()
        if secret is not None:
            fds = os.pipe()
            os.write(fds[1], secret.encode() + b"\n")
            os.close(fds[1])
            fds, args = fds[:1], ["--passphrase-fd", str(fds[0])]
        with open(log, "ab") as out:
            p = subprocess.Popen([CTL, "start", folder, "--ready-file", str(ready), *args], cwd=self.top,
                                 env=self.env("operator"), pass_fds=fds, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 start_new_session=True)
        for fd in fds:
            os.close(fd)
        p.log = log
        self.running.append(p)
        deadline = time.monotonic() + READY_S
        while not ready.exists():
            assert p.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        p.address = ready.read_text().strip()
        return p

    def stop(self, p):
        if p.poll() is None:
            p.send_signal(signal.SIGTERM)
        status = p.wait(60)
        if p in self.running:
            self.running.remove(p)
        return status

    def authority(self, *names, init=(), extra=(), **owners):
        """Officers, a policy, an authority that runs, and the officers have joined it."""
        self.officers(*names, **owners)
        self.policy("genesis.note", *names, extra=extra)
        self.init("auth", "genesis.note", *init)
        p = self.start()
        for name in names:
            self.run(name, "officer", "join", p.address, ok=0)
        return p

    def owner(self, who, address=None, *extra):
        """Keys (one set for all tests, for they take seconds) and, with an address, an enrolment."""
        home = pathlib.Path(self.env(who)["HOME"])
        if who not in _KEYS:
            self.spk(who, "init", "--bits", "2048", "--name", f"{who} Owner", "--contact", f"{who}@example.org", ok=0)
            keep = pathlib.Path(tempfile.mkdtemp(prefix="spk-ctl-keys-"))
            shutil.copytree(home, keep, dirs_exist_ok=True)
            _KEYS[who] = keep
        else:
            shutil.copytree(_KEYS[who], home, dirs_exist_ok=True)
        if address is not None:
            self.spk(who, "enroll", address, *extra, ok=0)

    def owner_id(self, who):
        return self.json(who, "status", program=SPAREKEY)["owner"]

    def seal(self, who, name="f.txt", data=b"what was lost\n"):
        self.path(name).write_bytes(data)
        self.spk(who, "encrypt", name, ok=0)
        return name + ".spk"

    def lose_keys(self, who):
        shutil.rmtree(pathlib.Path(self.env(who)["HOME"]) / ".local/share/sparekey/containers")

    def request(self, who, *files, officer="alice"):
        """Open a recovery request: its hash, and the code that is read out; once officers see it."""
        j = self.json(who, "recover", *files, program=SPAREKEY, ok=4)
        assert re.fullmatch(r"([0-9A-Z]{5}-){3}[0-9A-Z]{5}", j["code"]), j
        deadline = time.monotonic() + READY_S
        while j["request"] not in (r["request"] for r in self.json(officer, "request", "list")["requests"]):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return j["request"], j["code"]


def forget_keys():
    for folder in _KEYS.values():
        shutil.rmtree(folder, ignore_errors=True)
