#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./run authority: an authority to play with, and what it tells to type."""

import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import time

import box
from ctl_people import READY_S, People

SCRIPT = pathlib.Path(os.environ["SPK_SOURCE"]) / "tools/authority.sh"


class Play:
    """The script on one folder, until it is stopped; what it says is in said()."""

    def __init__(self, p, folder, **env):
        self.p, self.log = p, p.path(f"play-{len(p.running)}.log")
        with open(self.log, "wb") as out:
            self.proc = subprocess.Popen([SCRIPT, folder], cwd=p.top, env={**p.env("player"), "SPK_BUILD": str(box.BUILD.resolve()), **env},
                                         stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        p.running.append(self.proc)

    def said(self):
        return self.log.read_text()

    def ready(self):
        """The lines to type."""
        end = time.monotonic() + READY_S
        while "runs until you press" not in self.said() or not self.said().endswith("\n\n"):
            assert self.proc.poll() is None and time.monotonic() < end, self.said()
            time.sleep(0.05)
        return [shlex.split(line, comments=True) for line in self.said().splitlines() if "/bin/" in line and line.startswith("  ")]

    def ended(self):
        status = self.proc.wait(READY_S)
        self.p.running.remove(self.proc)
        return status, self.said()


def typed_elsewhere(p):
    """what it prints works as it stands, from any folder and without any setting"""
    play = Play(p, "a folder")
    lines = play.ready()
    elsewhere = p.path("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "FILE").write_text("hello\n")
    status = {}
    for words in lines[:5]:
        r = subprocess.run(words, cwd=elsewhere, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
        assert r.returncode == 0, (words, r.stdout, r.stderr)
        status[words[1]] = r.stdout
    assert list(status) == ["init", "enroll", "encrypt", "verify", "decrypt"] and "proven" in status["verify"], status
    assert (elsewhere / "COPY").read_text() == "hello\n"
    gone = re.search(r"^  rm -r .*$", play.said(), re.MULTILINE)[0]
    subprocess.run(shlex.split(gone, comments=True), check=True)
    olga, alice, bob = (str(p.path("a folder/bin", name)) for name in ("olga", "alice", "bob"))
    assert [words[0] for words in lines] == [olga] * 7 + [alice, alice, bob, olga, olga]
    run = lambda *a: subprocess.run(a, cwd=elsewhere, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)  # noqa: E731
    assert run(olga, "decrypt", "FILE.spk", "-o", "COPY2").returncode == 1
    assert run(olga, "recover", "FILE.spk").returncode == 4
    for officer in (alice, bob):
        assert run(officer, "request", "list").returncode == 0
    # the same folder again, while it runs
    status, said = Play(p, "a folder").ended()
    assert status == 1 and "is taken" in said and "./run authority OTHER-FOLDER" in said, said
    play.proc.send_signal(signal.SIGTERM)
    play.ended()


def ports(p):
    """a port that is taken is not taken again; the one that was asked for is told to be taken"""
    with socket.create_server(("127.0.0.1", 0)) as s:
        taken = f"127.0.0.1:{s.getsockname()[1]}"
        status, said = Play(p, "one", SPK_LISTEN=taken).ended()
        assert status == 1 and f"{taken} is taken" in said and "SPK_LISTEN=" in said and "Traceback" not in said, said
    one = Play(p, "one")
    first = one.ready()
    two = Play(p, "two")
    second = two.ready()
    assert first[1][2] != second[1][2] and first[1][2].startswith("https://127.0.0.1:"), (first, second)


if __name__ == "__main__":
    box.main([typed_elsewhere, ports], People)
