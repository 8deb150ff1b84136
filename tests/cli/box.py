# SPDX-License-Identifier: Apache-2.0
"""A person in a box: a home folder of its own and the program sparekey. Cases are TAP."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

BUILD = pathlib.Path(os.environ.get("SPK_BUILD", "build"))
SPAREKEY = os.environ.get("SPAREKEY", str(BUILD / "src/cli/sparekey"))
_KEYS = None


def environment(home):
    """All that a person's programs see of the environment: nothing of whoever runs the tests."""
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    return env


class Box:
    """Home, work folder and environment of one person."""

    def __init__(self, keys=True):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="spk-box-"))
        self.home = self.top / "home"
        self.work = self.top / "work"
        self.home.mkdir()
        self.work.mkdir()
        self.env = environment(self.home)
        if keys:
            self.take_keys()

    def take_keys(self):
        """Key pairs take seconds, so all boxes that ask for some get copies of one set."""
        global _KEYS
        if _KEYS is None:
            donor = Box(keys=False)
            donor.run("init", "--bits", "2048", "--name", "Anna Test", "--contact", "anna@example.org", ok=0)
            _KEYS = donor.home
        shutil.copytree(_KEYS, self.home, dirs_exist_ok=True)

    def run(self, *args, ok=None, stdin=None, env=None, binary=False, timeout=120, pass_fds=()):
        """CompletedProcess of one command in a session of its own, so that it has no terminal."""
        data = stdin if stdin is None or isinstance(stdin, bytes) else stdin.encode()
        p = subprocess.run(
            [SPAREKEY, *map(os.fsencode, map(str, args))],
            cwd=self.work,
            env={**self.env, **(env or {})},
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            timeout=timeout,
            start_new_session=True,
            pass_fds=pass_fds,
        )
        if not binary:
            p.stdout = p.stdout.decode("utf-8", "replace")
        p.stderr = p.stderr.decode("utf-8", "replace")
        if ok is not None:
            assert p.returncode == ok, f"{args}: status {p.returncode}, expected {ok}\n{p.stdout}\n{p.stderr}"
        assert "Sanitizer" not in p.stderr, p.stderr
        return p

    def json(self, *args, ok=0):
        return json.loads(self.run(*args, "--json", ok=ok).stdout)

    def write(self, name, data=b"hello\n"):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def read(self, name):
        return (self.work / name).read_bytes()

    def names(self):
        return sorted(os.listdir(self.work))

    def clean(self):
        shutil.rmtree(self.top, ignore_errors=True)


def main(cases, make=Box):
    """Run the functions as TAP; each gets a fresh box from make()."""
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for i, case in enumerate(cases, 1):
        what = (case.__doc__ or case.__name__).strip().splitlines()[0]
        box = make()
        try:
            case(box)
            print(f"ok {i} - {what}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {i} - {what}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
        finally:
            box.clean()
    if _KEYS is not None:
        shutil.rmtree(_KEYS.parent, ignore_errors=True)
    sys.exit(1 if failed else 0)
