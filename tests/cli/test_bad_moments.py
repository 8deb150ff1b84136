#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Interrupts, kills, two at once, and files that change while they are read.

Afterwards a target is whole or not there, what was there before is as it was, and no temporary is left.
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import sparekey_cli as t  # noqa: E402
from sparekey_cli import DONE, FAILED, STOPPED, Skip, need  # noqa: E402

BIG = 32 << 20
ROUNDS = 14
random.seed(0x5a1ed)


def random_bytes(n):
    return random.randbytes(1 << 20) * (n >> 20)


def seconds_of(box, *args):
    start = time.monotonic()
    box.good(*args)
    return time.monotonic() - start


def hit(box, args, sig, after, **kw):
    """Run, and send sig after so many seconds. The result is judged only if the program could still speak."""
    p = box.popen(*args, **kw)
    try:
        p.wait(after)
    except subprocess.TimeoutExpired:
        p.send_signal(sig)
    out, err = p.communicate(timeout=t.TIMEOUT_S)
    r = t.Result(args, p.returncode, out, err)
    if sig == signal.SIGKILL:
        need(r.rc in (DONE, -signal.SIGKILL), f"{r}")
    elif r.rc == -sig:
        need(not r.out and not r.raw, f"{r}")  # before it had set its handlers
    else:
        need(r.rc in (DONE, STOPPED), f"{r}")
        r.check_manners()
    return r


def moments(seconds):
    """From the first instruction to a little beyond the end."""
    return [random.uniform(0, seconds * 1.2) for _ in range(ROUNDS)] + [0, seconds]


def catches(p, sig):
    """True when the process has a handler for sig."""
    need(p.poll() is None, "ended before it was asked to")
    for line in Path(f"/proc/{p.pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (sig - 1) & 1)
    return False


def hidden(folder):
    return [p.name for p in folder.rglob(".*")]


# ---- signals -----------------------------------------------------------------------------------------------------


def check_stops(box, args, target, original, whole, sigs):
    """Run args, which make target, and stop them at all moments with each signal."""
    seconds = seconds_of(box, *args)
    target.unlink()
    stopped, names = 0, {p.name for p in box.work.iterdir()}
    for sig in sigs:
        with box.untouched(target.name):
            for after in moments(seconds):
                r = hit(box, args, sig, after)
                need(target.exists() or r.rc != DONE, f"done, and nothing is there: {r}")
                stopped += r.rc != DONE
                if target.exists():
                    whole(target)
                    target.unlink()
                left = {p.name for p in box.work.iterdir()} - names
                need(not left, f"{sig.name} left {left}")
    need(stopped > 0, "no signal came in time")
    need(original.exists(), "the original is gone")


def test_encrypt_stopped_or_killed(box):
    data = random_bytes(BIG)
    path = box.file("a", data)

    def whole(sealed):
        need(box.run("verify", "--payload", sealed).rc == t.UNRECOVERABLE, "a part of a file has the name of the whole")
    check_stops(box, ["encrypt", "a"], box.work / "a.spk", path, whole, (signal.SIGINT, signal.SIGTERM, signal.SIGKILL))


def test_decrypt_stopped_or_killed(box):
    data = random_bytes(BIG)
    sealed = box.sealed("a", data)
    (box.work / "a").unlink()

    def whole(path):
        need(path.stat().st_size == len(data) and path.read_bytes() == data, "a part of a file has the name of the whole")
    check_stops(box, ["decrypt", "a.spk"], box.work / "a", sealed, whole, (signal.SIGINT, signal.SIGTERM, signal.SIGKILL))


def test_replacing_stopped_or_killed(box):
    old, new = random_bytes(1 << 20), random_bytes(BIG)
    box.sealed("a", new)
    seconds = seconds_of(box, "decrypt", "-f", "-o", "b", "a.spk")
    for sig in (signal.SIGTERM, signal.SIGKILL):
        for after in moments(seconds):
            (box.work / "b").write_bytes(old)
            hit(box, ["decrypt", "-f", "-o", "b", "a.spk"], sig, after)
            need((box.work / "b").read_bytes() in (old, new), "neither the old nor the new file")
            left = hidden(box.work)
            need(not left or sig == signal.SIGKILL, f"left {left}")
            for name in left:  # in the instant between link and rename: whole, hidden, and rare
                need(name.startswith(".b.spk-"), name)
                (box.work / name).unlink()


def test_a_tree_stopped_or_killed(box):
    files = {f"t/{i // 50}/{i}": os.urandom(random.choice((0, 10, 3000, 70000, 400000))) for i in range(300)}
    for name, data in files.items():
        box.file(name, data)
    seconds = seconds_of(box, "encrypt", "-r", "t")
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for path in (box.work / "t").rglob("*.spk"):
            path.unlink()
        for after in sorted(moments(seconds))[::5]:
            hit(box, ["encrypt", "-r", "t"], sig, after)
            need(not hidden(box.work), f"{sig.name} left {hidden(box.work)}")
        made = list((box.work / "t").rglob("*.spk"))
        if made:
            r = box.run("verify", "--payload", *made)
            need(r.rc == t.UNRECOVERABLE and not r.errors, f"{sig.name} left a part of a file: {r}")
        for name, data in files.items():
            need((box.work / name).read_bytes() == data, "an original was touched")
        box.good("encrypt", "-r", "t")  # goes on where it ended
        need(len(list((box.work / "t").rglob("*.spk"))) == len(files), "it does not go on")


def test_without_nameless_files(box):
    """With no /proc to name them through, temporaries have names: these may stay behind only after a kill."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        raise Skip("takes root and unshare")
    probe = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/proc"], capture_output=True, check=False)
    if probe.returncode != 0 or b"Sanitizer" in box.run("version", check=False).raw:
        raise Skip("nothing can be mounted here")
    if b"asan" in Path(box.program).read_bytes():
        raise Skip("the sanitizer itself needs /proc")
    prefix = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$0" "$@"']
    data = random_bytes(BIG)
    box.file("a", data)
    box.good("encrypt", "a", prefix=prefix)
    box.good("encrypt", "-f", "a", prefix=prefix)
    box.opens("a.spk", data)
    box.run("encrypt", "a", prefix=prefix).is_(FAILED, "is there already")
    need(not hidden(box.work), f"left {hidden(box.work)}")
    seen = 0
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for _ in range(6):
            p = box.popen("encrypt", "-o", "b.spk", "a", prefix=prefix)
            end = time.monotonic() + 10
            while not hidden(box.work) and p.poll() is None and time.monotonic() < end:
                time.sleep(0.001)
            seen += bool(hidden(box.work))
            p.send_signal(sig)
            p.communicate(timeout=t.TIMEOUT_S)
            left = hidden(box.work)
            need(not left or p.returncode == -signal.SIGKILL, f"{sig.name} left {left}")
            need(not (box.work / "b.spk").exists() or p.returncode == DONE, "a part under the name of the whole")
            for name in [*left, "b.spk"]:
                (box.work / name).unlink(missing_ok=True)
    need(seen > 0, "no named temporary was ever seen")


def test_interrupted_while_it_waits(box):
    """On a pipe that says nothing, on a FIFO that nobody opens, on a reader that does not read."""
    sealed = box.sealed("a", random_bytes(8 << 20))
    os.mkfifo(box.work / "fifo")
    head = sealed.read_bytes()[:100_000]
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        for args, say in ((["encrypt", "-o", "x", "-"], b"some"), (["decrypt", "-o", "x", "-"], head),
                          (["decrypt", "-o", "x", "-"], b"\x89SP"), (["encrypt", "-o", "x", "fifo"], None),
                          (["decrypt", "-o", "-", "a.spk"], None), (["encrypt", "-o", "-", "a"], None)):
            if sig != signal.SIGINT and (say == b"\x89SP" or "fifo" in args):
                continue  # the same ways, and these take their time
            with box.untouched():
                p = box.popen(*args, stdin=subprocess.PIPE)
                if say:
                    p.stdin.write(say)
                    p.stdin.flush()
                t.wait_until(lambda p=p, sig=sig: catches(p, sig), "its handlers")
                time.sleep(0.1)
                need(p.poll() is None, f"{args} does not wait")
                p.send_signal(sig)
                start = time.monotonic()
                try:
                    p.wait(10)
                except subprocess.TimeoutExpired:
                    p.kill()
                    raise AssertionError(f"{args} does not stop on {sig.name}") from None
                need(time.monotonic() - start < 5, f"{args} takes too long to stop")
                need(p.returncode == STOPPED, f"{args}: {p.returncode} after {sig.name}")
                for f in (p.stdin, p.stdout, p.stderr):
                    try:
                        f.close()
                    except BrokenPipeError:
                        pass


def test_many_files_stop_at_once(box):
    names = []
    for i in range(200):
        box.file(f"f{i}", os.urandom(200_000))
        names.append(f"f{i}")
    r = hit(box, ["encrypt", *names], signal.SIGINT, 0.15)
    made = sorted(p.name for p in box.work.glob("*.spk"))
    need(r.rc == DONE or len(made) < 200, "not stopped")
    if made:
        need(not box.run("verify", "--payload", *made).errors, "a part of a file is there")
    need(not hidden(box.work), "temporaries")


# ---- two at once -------------------------------------------------------------------------------------------------


def test_two_encrypts_of_one_file(box):
    data = random_bytes(4 << 20)
    box.file("a", data)
    for force in ([], ["-f"]):
        for _ in range(5):
            ps = [box.popen("encrypt", *force, "a") for _ in range(5)]
            rs = [t.Result("encrypt", p.wait(t.TIMEOUT_S), *p.communicate()).check_manners() for p in ps]
            good = [r for r in rs if r.rc == DONE]
            need(len(good) == (5 if force else 1), f"{len(good)} of 5 made it: {[str(r) for r in rs]}")
            for r in rs:
                need(r.rc == DONE or "'a.spk' is there already" in r.said, f"{r}")
            box.opens("a.spk", data)
            need(not hidden(box.work), "temporaries")
            (box.work / "a.spk").unlink()


def test_two_runs_over_one_tree(box):
    for i in range(150):
        box.file(f"t/{i}", os.urandom(5000))
    ps = [box.popen("encrypt", "-r", "t") for _ in range(3)]
    rs = [t.Result("encrypt -r", p.returncode, out, err).check_manners()
          for p, (out, err) in [(p, p.communicate(timeout=t.TIMEOUT_S)) for p in ps]]
    counts = [int(r.out.split()[0]) for r in rs]
    need(sum(counts) == 150, f"{counts} files sealed of 150")
    need(not box.run("verify", "--payload", *(box.work / "t").glob("*.spk")).errors, "not whole")


def test_encrypt_and_decrypt_at_once(box):
    data = random_bytes(2 << 20)
    box.sealed("a", data)
    stop = threading.Event()

    def seal():
        while not stop.is_set():
            box.good("encrypt", "-f", "a")
    thread = threading.Thread(target=seal)
    thread.start()
    try:
        for _ in range(15):
            box.opens("a.spk", data)  # the old one or the new one, never a mixture
    finally:
        stop.set()
        thread.join()


# ---- what changes while it is read -----------------------------------------------------------------------------------


def while_(change, box, *args):
    """Run args while change(step) is called again and again, from before the start to after the end."""
    stop, count, failure = threading.Event(), [0], []

    def work():
        try:
            while not stop.is_set():
                change(count[0])
                count[0] += 1
                time.sleep(0.0003)
        except Exception as e:  # pylint: disable=broad-except
            failure.append(e)
    thread = threading.Thread(target=work)
    thread.start()
    try:
        t.wait_until(lambda: count[0] > 3 or failure, "the first change")
        r = box.run(*args)
        need(not failure, f"the change itself failed: {failure}")
        return r
    finally:
        stop.set()
        thread.join()


def test_a_file_that_changes_while_it_is_encrypted(box):
    path = box.file("a", random_bytes(BIG))
    with open(path, "r+b") as f:
        def grow(_):
            os.pwrite(f.fileno(), b"more", os.fstat(f.fileno()).st_size)

        def shrink(step):
            os.truncate(f.fileno(), BIG - 65536 * (step % 700))

        def overwrite(step):
            os.pwrite(f.fileno(), b"other", 4096 * (step % 10000))

        def touch(step):
            os.utime(f.fileno(), (step, step))

        for change in (grow, shrink, overwrite, touch):
            r = while_(change, box, "encrypt", "a")
            r.is_(FAILED, "'a' changed while it was read", "nothing writes to it")
            need(sorted(os.listdir(box.work)) == ["a"], f"left {os.listdir(box.work)}")
            f.truncate(BIG)
            r = while_(change, box, "encrypt", "-r", ".")
            r.is_(FAILED, "'./a' changed while it was read")
            need(sorted(os.listdir(box.work)) == ["a"], f"left {os.listdir(box.work)}")
            f.truncate(BIG)
    box.good("encrypt", "a")


def test_a_sealed_file_that_changes_while_it_is_decrypted(box):
    data = random_bytes(BIG)
    whole = box.sealed("a", data).read_bytes()
    (box.work / "a").unlink()
    with open(box.work / "a.spk", "r+b") as f:
        def shrink(step):
            os.truncate(f.fileno(), len(whole) - 1 - 65536 * (step % 700))

        def grow(_):
            os.pwrite(f.fileno(), b"more", os.fstat(f.fileno()).st_size)

        def overwrite(step):
            os.pwrite(f.fileno(), b"other", 5000 + 65536 * (step % 700))

        for change in (shrink, grow, overwrite):
            while_(change, box, "decrypt", "a.spk").is_(FAILED, "'a.spk'")
            need(sorted(os.listdir(box.work)) == ["a.spk"], f"left {os.listdir(box.work)}")
            os.truncate(f.fileno(), 0)
            os.pwrite(f.fileno(), whole, 0)
    box.opens("a.spk", data)


def test_a_name_that_leads_elsewhere_meanwhile(box):
    data = [random_bytes(4 << 20), random_bytes(4 << 20)]
    for i in (0, 1):
        box.file(f"d{i}/a", data[i])

    def swap(step):
        os.symlink(f"d{step % 2}", box.work / "new")
        os.rename(box.work / "new", box.work / "d")
    swap(0)
    for i in range(6):
        r = while_(swap, box, "encrypt", "-o", f"x{i}.spk", "d/a")
        need(r.rc == DONE, f"{r}")
        got = box.good("decrypt", "-o", "-", f"x{i}.spk").out
        need(got in data, "a mixture of two files")


def test_a_target_that_appears_meanwhile(box):
    box.file("a", random_bytes(BIG))
    p = box.popen("encrypt", "a")
    time.sleep(0.01)
    try:
        with open(box.work / "a.spk", "xb") as f:
            f.write(b"precious")
        mine = True
    except FileExistsError:
        mine = False
    out, err = p.communicate(timeout=t.TIMEOUT_S)
    r = t.Result("encrypt", p.returncode, out, err).check_manners()
    if mine:
        r.is_(FAILED, "'a.spk' is there already")
        need((box.work / "a.spk").read_bytes() == b"precious", "a file of somebody else was replaced")


if __name__ == "__main__":
    sys.exit(t.main(sys.modules[__name__]))
