#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Names, places, permissions, devices, pipes and disks that are not as one would wish.

What must hold for each: the message names the file that is the matter and says what to do, nothing that was there is
touched, and nothing half made is left.
"""
import json
import os
import resource
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import sparekey_cli as t  # noqa: E402
from sparekey_cli import DONE, FAILED, UNRECOVERABLE, USAGE, Skip, need  # noqa: E402

TEXT = b"nothing of this may get lost\n"
EXISTS = "is there already"
OUT = "'standard output'"


def all_readers(box, name, *words, rc=FAILED):
    """decrypt, inspect and verify say the same of a file that cannot be read."""
    for command in ("decrypt", "inspect", "verify"):
        box.run(command, name).is_(rc, f"'{name}'", *words)


# ---- inputs ----------------------------------------------------------------------------------------------------


def test_no_such_file(box):
    with box.untouched():
        box.run("encrypt", "nosuch").is_(FAILED, "'nosuch': No such file", "check the name")
        box.run("encrypt", "-r", "nosuch").is_(FAILED, "'nosuch': No such file")
        all_readers(box, "nosuch.spk", "No such file")


def test_one_bad_name_among_good_ones(box):
    box.file("a", TEXT)
    box.file("b", TEXT)
    with box.untouched("a.spk", "b.spk"):
        box.run("encrypt", "a", "nosuch", "b").is_(FAILED, "'nosuch'")
    with box.untouched("a", "b"):
        box.run("decrypt", "-f", "a.spk", "nosuch.spk", "b.spk").is_(FAILED, "'nosuch.spk'")
    box.run("verify", "a.spk", "nosuch.spk", "b.spk").is_(FAILED, "'nosuch.spk'")
    need(b"b.spk" in box.run("inspect", "a.spk", "nosuch.spk", "b.spk").is_(FAILED).out, "the rest is inspected")


def test_a_folder_where_a_file_should_be(box):
    (box.work / "d.spk").mkdir()
    box.sealed("a", TEXT)
    with box.untouched():
        box.run("encrypt", "d.spk").is_(FAILED, "'d.spk' is a folder", "encrypt -r")
        all_readers(box, "d.spk")
        for force in ([], ["-f"]):
            box.run("encrypt", *force, "-o", "d.spk", "a").is_(FAILED, "'d.spk': Is a directory")
            box.run("decrypt", *force, "-o", "d.spk", "a.spk").is_(FAILED, "'d.spk': Is a directory")
        box.run("encrypt", "a/").is_(FAILED, "'a/': Not a directory")
        box.run("encrypt", "-r", "a/").is_(FAILED, "'a/': Not a directory")
        box.run("encrypt", "a/b").is_(FAILED, "'a/b': Not a directory")


def test_a_folder_that_has_the_name_of_the_target(box):
    box.file("a", TEXT)
    (box.work / "a.spk").mkdir()
    with box.untouched():
        box.run("encrypt", "a").is_(FAILED, "'a.spk': Is a directory")
        box.run("encrypt", "-f", "a").is_(FAILED, "'a.spk': Is a directory")


def test_empty_and_small_inputs(box):
    for n in (0, 1, 65503, 65504, 65505, 1 << 20):
        data = os.urandom(n)
        path = box.sealed(f"f{n}", data)
        box.opens(path, data)
        (box.work / f"f{n}").unlink()
        box.good("decrypt", path)
        need((box.work / f"f{n}").read_bytes() == data, "round trip")


def test_wrong_use(box):
    box.sealed("a", TEXT)
    with box.untouched():
        for args in ([], ["bogus"], ["encrypt"], ["decrypt"], ["inspect"], ["verify"], ["encrypt", ""], ["decrypt", ""],
                     ["inspect", ""], ["verify", ""], ["encrypt", "-z", "a"], ["encrypt", "--nope", "a"],
                     ["encrypt", "a", "-o"], ["encrypt", "-o", "x", "a", "a"], ["decrypt", "-o", "x", "a.spk", "a.spk"],
                     ["encrypt", "-r", "-o", "x", "."], ["encrypt", "--policy", "maybe", "a"], ["encrypt", "-o", "x"],
                     ["encrypt", "--json", "-o", "-", "a"], ["verify", "--no-key", "--payload", "a.spk"],
                     ["init", "name"], ["init", "--bits", "1024"], ["init", "--bits", "2048x"], ["version", "-z"]):
            r = box.run(*args).is_(USAGE)
            need(r.out == b"" and r.err, f"{r}")
        box.run("\x1b[31m\n").is_(USAGE, r"\x1B[31m\x0A")
        box.run("encrypt", "--\x1b[31m").is_(USAGE, r"\x1B[31m")


# ---- names -----------------------------------------------------------------------------------------------------


def test_odd_names(box):
    names = [b"two words", b"new\nline", b"tab\there", b"-dash", b"--force", b"-o", b"quo'te\"s", b"back\\slash",
             b"esc\x1b[2Jape", b"del\x7f", b"not\xffutf8\xfe", b"half\xc3", b"c1\xc2\x9bcsi", b"bidi\xe2\x80\xaeoverride",
             "grün ☃ 🦀".encode(), b"*", b"$(touch x)", b" ", b"...", b".hidden", b"%s%n", b"a.spk.spk", b"~"]
    for name in names:
        path = box.file(name, TEXT)
        sealed = name + b".spk"
        for args in (["encrypt", "--", name], ["inspect", "--", sealed], ["decrypt", "-f", "--", sealed]):
            r = box.good(*args)
            need(not t.CONTROL.search(r.out.decode()), f"control characters: {r}")
        need(path.read_bytes() == TEXT, "round trip")
        box.run("encrypt", "--", name).is_(FAILED, EXISTS)
        box.run("decrypt", "--", sealed).is_(FAILED, EXISTS)
        r = box.run("verify", "--json", "--", sealed).is_(UNRECOVERABLE)
        need("file" in json.loads(r.out.decode("utf-8")), f"{r}")
        json.loads(box.good("inspect", "--json", "--", sealed).out.decode("utf-8"))
        json.loads(box.good("encrypt", "-f", "--json", "--", name).out.decode("utf-8"))
        path.unlink()
        box.good("decrypt", "--", sealed)
        need(path.read_bytes() == TEXT, f"{name!r} does not come back")
    need(len(box.listing()) == 2 * len(names), f"other names appeared: {list(box.listing())}")


def test_odd_names_of_nothing(box):
    for name in (b"esc\x1b[2J", b"nl\n", b"\xff\xfe", b"\xe2\x80\xae", b"x" * 5000, b"\xc3\xa9" * 2000):
        with box.untouched():
            for command in ("encrypt", "decrypt", "inspect", "verify"):
                box.run(command, name).is_(FAILED)


def test_a_name_without_room_for_the_suffix(box):
    for n in (251, 252, 255):
        name = "n" * n
        box.file(name, TEXT)
        if n + 4 <= 255:
            box.good("encrypt", name)
            continue
        with box.untouched():
            box.run("encrypt", name).is_(FAILED, f"'{name}.spk': File name too long", "a shorter name")
        box.good("encrypt", "-o", f"s{n}.spk", name)
        (box.work / name).unlink()
        box.good("decrypt", f"s{n}.spk")
        need((box.work / name).read_bytes() == TEXT, "its long name comes back")
    box.file("t/" + "n" * 253, TEXT)
    box.run("encrypt", "-r", "t").is_(FAILED, "n.spk': File name too long")


def test_deep_paths(box):
    deep = "/".join(["d" * 200] * 15)
    box.file(deep + "/f", TEXT)
    box.good("encrypt", deep + "/f")
    box.good("decrypt", "-f", deep + "/f.spk")
    box.good("encrypt", "-f", "-r", "d" * 200)


def test_a_tree_deeper_than_is_walked(box):
    fd = os.open(box.work, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=fd)
        inner = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(fd)
    box.file("d/f", TEXT)
    r = box.run("encrypt", "-r", "d", check=False)
    need(r.rc == FAILED and "is larger or more than is allowed" in r.said, f"{r}")
    box.opens("d/f.spk", TEXT)
    subprocess.run(["rm", "-rf", box.work / "d"], check=True)


# ---- targets ---------------------------------------------------------------------------------------------------


def test_a_target_that_is_there(box):
    box.sealed("a", TEXT)
    box.file("b", b"precious")
    with box.untouched():
        box.run("encrypt", "a").is_(FAILED, f"'a.spk' {EXISTS}", "--force")
        box.run("encrypt", "-o", "b", "a").is_(FAILED, f"'b' {EXISTS}", "--force")
        box.run("decrypt", "a.spk").is_(FAILED, f"'a' {EXISTS}", "--force")
        box.run("decrypt", "-o", "b", "a.spk").is_(FAILED, f"'b' {EXISTS}", "--force")
    box.good("decrypt", "-f", "-o", "b", "a.spk")
    need((box.work / "b").read_bytes() == TEXT, "replaced")


def test_links_as_targets(box):
    box.sealed("a", TEXT)
    box.file("precious", b"mine")
    os.symlink("precious", box.work / "link")
    os.symlink("nowhere", box.work / "dangling")
    os.link(box.work / "precious", box.work / "hard")
    with box.untouched():
        for name in ("link", "dangling", "hard"):
            box.run("encrypt", "-o", name, "a").is_(FAILED, f"'{name}' {EXISTS}")
            box.run("decrypt", "-o", name, "a.spk").is_(FAILED, f"'{name}' {EXISTS}")
    with box.untouched("link", "dangling", "hard"):
        for name in ("link", "dangling", "hard"):
            box.good("decrypt", "-f", "-o", name, "a.spk")
    need(all((box.work / n).lstat().st_nlink == 1 for n in ("link", "dangling", "hard")), "links were replaced, not followed")


def test_special_files_as_targets(box):
    box.sealed("a", TEXT)
    os.mkfifo(box.work / "fifo")
    sock = socket.socket(socket.AF_UNIX)
    at = os.open(box.work, os.O_RDONLY)
    os.fchdir(at)
    sock.bind("sock")
    names = ["fifo", "sock", "/dev/null"]
    if os.geteuid() == 0:
        try:
            os.mknod(box.work / "null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
            names.append("null")
        except OSError:
            pass
    before = os.stat("/dev/null")
    if os.geteuid() == 0 and "null" in names:
        names.remove("/dev/null")  # a failure here must not cost this machine its /dev/null
    with box.untouched():
        for name in names:
            for force in ([], ["-f"]):
                box.run("encrypt", *force, "-o", name, "a").is_(FAILED, f"'{name}' cannot be written to")
                box.run("decrypt", *force, "-o", name, "a.spk").is_(FAILED, f"'{name}' cannot be written to")
    need(os.stat("/dev/null").st_ino == before.st_ino, "/dev/null was replaced")
    sock.close()
    os.close(at)


def test_a_folder_of_the_target_that_is_not_there(box):
    box.sealed("a", TEXT)
    with box.untouched():
        box.run("encrypt", "-o", "no/x", "a").is_(FAILED, "'no/x': No such file", "make the folder")
        box.run("decrypt", "-o", "no/x", "a.spk").is_(FAILED, "'no/x': No such file", "make the folder")
        box.run("encrypt", "-o", "a/x", "a").is_(FAILED, "'a/x': Not a directory")
        box.run("encrypt", "-o", "", "a").is_(FAILED)
        for name in ("..", ".", "x/"):
            need(box.run("encrypt", "-f", "-o", name, "a").rc == FAILED, name)


# ---- links, devices, pipes as inputs ------------------------------------------------------------------------------


def test_links_as_inputs(box):
    box.sealed("a", TEXT)
    os.symlink("a", box.work / "link")
    os.symlink("a.spk", box.work / "link.x")
    os.symlink("loop", box.work / "loop")
    os.symlink("nowhere", box.work / "dangling")
    os.link(box.work / "a", box.work / "hard")
    box.good("encrypt", "link")
    box.opens("link.spk", TEXT)
    box.opens("link.x", TEXT)
    box.good("encrypt", "hard")
    need((box.work / "link").is_symlink() and (box.work / "hard").stat().st_nlink == 2, "inputs stay links")
    with box.untouched():
        box.run("encrypt", "loop").is_(FAILED, "'loop': Too many levels")
        box.run("encrypt", "dangling").is_(FAILED, "'dangling': No such file")
        all_readers(box, "loop", "Too many levels")


def test_devices_and_sockets_as_inputs(box):
    box.good("encrypt", "-o", "null.spk", "/dev/null")
    box.opens("null.spk", b"")
    with box.untouched():
        all_readers(box, "/dev/null", "is not a sealed file")
        all_readers(box, "/dev/zero", "is not a sealed file")
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(str(box.folder / "s"))
        box.run("encrypt", "-o", "x", box.folder / "s").is_(FAILED, "No such device")
        box.run("decrypt", "-o", "x", box.folder / "s").is_(FAILED, "No such device")
        sock.close()
        blocks = [p for p in Path("/dev").glob("*") if p.is_block_device()]
        if blocks and os.access(blocks[0], os.R_OK):
            box.run("encrypt", "-o", "x", blocks[0]).is_(FAILED, "not a file that can be encrypted")


def test_a_fifo_as_input(box):
    box.sealed("a", TEXT)
    data = (box.work / "a.spk").read_bytes()
    os.mkfifo(box.work / "fifo")

    def feed(what):
        def write():
            with open(box.work / "fifo", "wb") as f:
                f.write(what)
        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        return thread

    for args, what, check in ((["encrypt", "-o", "x.spk"], TEXT, lambda: box.opens("x.spk", TEXT)),
                              (["decrypt", "-o", "x"], data, lambda: need((box.work / "x").read_bytes() == TEXT, "text"))):
        thread = feed(what)
        box.good(*args, "fifo")
        thread.join()
        check()
    with box.untouched():
        thread = feed(data[:-1])
        box.run("decrypt", "-o", "y", "fifo").is_(FAILED, "'fifo' is cut short")
        thread.join()


def test_a_sparse_file(box):
    path = box.work / "sparse"
    with open(path, "wb") as f:
        f.seek(20_000_000)
        f.write(b"end")
    data = path.read_bytes()
    box.good("encrypt", "sparse")
    box.opens("sparse.spk", data)


def test_files_of_the_kernel_that_lie_about_their_size(box):
    with box.untouched():
        box.run("encrypt", "-o", "x", "/proc/self/status").is_(FAILED, "changed while it was read")
        with open("/proc/self/status", "rb") as f:
            box.run("encrypt", "-o", "x", "-", stdin=f).is_(FAILED, "changed while it was read")


def test_pipes_in_and_out(box):
    data = os.urandom(3_000_000)
    r = box.good("encrypt", "-", input=data)
    need(box.good("decrypt", "-", input=r.out).out == data, "through pipes")
    box.file("s.spk", r.out)
    need(box.good("decrypt", "-o", "-", "s.spk").out == data, "out of a file")
    with box.untouched():
        for bad, words in ((b"", "is not a sealed file"), (b"x", "is not a sealed file"), (r.out[:-1], "is cut short"),
                           (r.out + b"x", "has bytes where none belong"), (r.out[:100], "is cut short")):
            box.run("decrypt", "-", input=bad).is_(FAILED, words)
            box.run("decrypt", "-o", "x", "-", input=bad).is_(FAILED, words)


def test_standard_input_closed_or_a_folder(box):
    with box.untouched():
        for name in ("encrypt", "decrypt"):
            fd = os.open(box.work, os.O_RDONLY)
            need(box.run(name, "-o", "x", "-", stdin=fd).rc == FAILED, "a folder as standard input")
            os.close(fd)
            shell(box, f"{name} -o x - <&-").is_(FAILED, "Bad file descriptor")


def shell(box, line):
    p = subprocess.run(["sh", "-c", f'exec "$0" {line}', box.program], cwd=box.work, env=box.env, capture_output=True,
                       stdin=subprocess.DEVNULL, timeout=t.TIMEOUT_S, check=False)
    return t.Result(line, p.returncode, p.stdout, p.stderr).check_manners()


def test_standard_output_closed(box):
    box.sealed("a", TEXT)
    with box.untouched():
        for line in ("decrypt -o - a.spk >&-", "encrypt -o - a >&-", "inspect a.spk >&-", "version >&-", "help >&-"):
            shell(box, line).is_(FAILED, OUT)
    for i in range(5):
        box.file(f"t/{i}", TEXT)
    shell(box, "encrypt -r --json t >&-")
    shell(box, "encrypt -r --json t <&- >&-")
    for path in (box.work / "t").glob("*.spk"):
        box.opens(path, TEXT)  # no message got into it


def test_standard_error_closed(box):
    box.file("a", TEXT)
    shell(box, "encrypt a <&- 2>&-").is_(DONE)
    box.opens("a.spk", TEXT)
    p = subprocess.run(["sh", "-c", 'exec "$0" encrypt a 2>&-', box.program], cwd=box.work, env=box.env, check=False)
    need(p.returncode == FAILED, "the status still tells")
    for i in range(5):
        box.file(f"t/{i}", TEXT)
    p = subprocess.run(["sh", "-c", 'exec "$0" encrypt -r t nosuch <&- >&- 2>&-', box.program], cwd=box.work,
                       env=box.env, check=False)
    need(p.returncode == FAILED, "the status still tells")
    for i in range(5):
        box.opens(box.work / f"t/{i}.spk", TEXT)


def test_standard_output_full(box):
    box.sealed("a", os.urandom(200_000))
    with box.untouched(), open("/dev/full", "wb") as full:
        for args in (["decrypt", "-o", "-", "a.spk"], ["encrypt", "-o", "-", "a"], ["inspect", "a.spk"],
                     ["inspect", "--json", "a.spk"], ["verify", "--json", "a.spk"], ["version"], ["help"],
                     ["encrypt", "--help"]):
            r = box.run(*args, stdout=full).is_(FAILED, f"{OUT}: No space left", "make room")
            need(len(r.errors) == 1, f"said once: {r}")


def test_a_reader_that_goes_away(box):
    data = os.urandom(3_000_000)
    box.sealed("a", data)
    with box.untouched():
        for args in (["decrypt", "-o", "-", "a.spk"], ["encrypt", "-o", "-", "a"]):
            for taken in (0, 1, 100_000):
                p = box.popen(*args)
                p.stdout.read(taken)
                p.stdout.close()
                err = p.stderr.read()
                p.stderr.close()
                r = t.Result(args, p.wait(t.TIMEOUT_S), b"", err).check_manners()
                r.is_(FAILED, f"{OUT}: Broken pipe")
        read, write = os.pipe()
        os.close(read)
        for args in (["inspect", "a.spk"], ["verify", "a.spk"], ["version"]):
            box.run(*args, stdout=write).is_(FAILED, f"{OUT}: Broken pipe")
        os.close(write)


# ---- disks and limits --------------------------------------------------------------------------------------------


def test_a_limit_on_the_size_of_files(box):
    box.sealed("a", os.urandom(1_000_000))
    box.file("t/big", os.urandom(500_000))
    box.file("t/small", TEXT)

    def limit(size):
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    with box.untouched():
        for size in (0, 1, 4096, 300_000):
            box.run("encrypt", "-f", "a", preexec_fn=limit(size)).is_(FAILED, "'a.spk': File too large", "ulimit -f")
            box.run("decrypt", "-f", "a.spk", preexec_fn=limit(size)).is_(FAILED, "'a': File too large", "ulimit -f")
    with box.untouched("t/small.spk"):
        box.run("encrypt", "-r", "t", preexec_fn=limit(300_000)).is_(FAILED, "'t/big.spk': File too large")
    box.opens("t/small.spk", TEXT)


def test_few_descriptors_and_processes(box):
    box.sealed("a", os.urandom(20_000_000))
    for i in range(30):
        box.file(f"t/{i}", TEXT)

    def limit(what, n):
        return lambda: resource.setrlimit(what, (n, n))

    for n in (3, 4, 5, 6, 7, 8):
        with box.untouched():
            r = box.run("encrypt", "-o", "x", "a", preexec_fn=limit(resource.RLIMIT_NOFILE, n), check=False)
            need(r.rc in (DONE, FAILED, 127), f"{r}")
            (box.work / "x").unlink(missing_ok=True)
    for n in (12, 20, 64):
        box.run("encrypt", "-r", "t", preexec_fn=limit(resource.RLIMIT_NOFILE, n))
    box.good("encrypt", "-r", "t")
    for i in range(30):
        box.opens(box.work / f"t/{i}.spk", TEXT)
    if os.geteuid() == 0:
        own = box.as_nobody()
        own["env"] = {**box.env, "ASAN_OPTIONS": "detect_leaks=0"}  # it would want a process of its own
        box.good("encrypt", "-f", "a", preexec_fn=limit(resource.RLIMIT_NPROC, 1), **own)
        box.good("decrypt", "-f", "a.spk", preexec_fn=limit(resource.RLIMIT_NPROC, 1), **own)


def in_mount(box, size, script):
    """Run a script where ./m is a small file system of its own; gives standard output and error, and what it left."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        raise Skip("takes root and unshare")
    (box.work / "m").mkdir(exist_ok=True)
    line = f'mount -t tmpfs -o {size} none m || exit 77; {script}'
    p = subprocess.run(["unshare", "-m", "sh", "-c", line, box.program], cwd=box.work, env=box.env, capture_output=True,
                       timeout=t.TIMEOUT_S, check=False)
    if p.returncode == 77:
        raise Skip("nothing can be mounted here")
    return p.stdout.decode(), p.stderr.decode()


def test_a_full_disk(box):
    box.sealed("a", os.urandom(1_000_000))
    box.file("t/x", TEXT)
    for what, target in (("encrypt -o m/x a", "m/x"), ("decrypt -o m/x a.spk", "m/x")):
        out, err = in_mount(box, "size=512k", f'"$0" {what}; echo "rc $?"; ls -A m')
        need("rc 1\n" in out and out.endswith("rc 1\n"), f"left behind: {out!r} {err!r}")
        need(f"'{target}': No space left" in err and "hint: make room" in err, err)
    out, err = in_mount(box, "size=512k", 'echo old > m/x; "$0" decrypt -f -o m/x a.spk; echo "rc $?"; ls -A m; cat m/x')
    need("rc 1\nx\nold\n" in out, f"the old one is kept: {out!r}")
    out, err = in_mount(box, "size=1200k", 'mkdir m/t; head -c 700000 a > m/t/big; head -c 9 a > m/t/small; "$0" encrypt -r m/t;'
                        'echo "rc $?"; ls -A m/t; [ ! -e m/t/small.spk ] || "$0" decrypt -o - m/t/small.spk | cmp - m/t/small')
    need("'m/t/big.spk': No space left" in err and "cmp" not in err, err)
    need(out.split("rc 1\n")[1] in ("big\nsmall\n", "big\nsmall\nsmall.spk\n"), f"{out!r} {err!r}")
    out, err = in_mount(box, "size=8m,nr_inodes=3", 'cp a m/a; "$0" encrypt m/a; echo "rc $?"; ls -A m')
    need("rc 0" in out or ("rc 1\na\n" in out and "'m/a.spk': No space left" in err), f"{out!r} {err!r}")


def test_a_read_only_file_system(box):
    box.sealed("a", TEXT)
    script = 'cp a a.spk m; mount -o remount,ro m; "$0" encrypt -f m/a; echo "rc $?"; "$0" decrypt -f m/a.spk; echo "rc $?"'
    out, err = in_mount(box, "size=1m", script)
    need(out == "rc 1\nrc 1\n", f"{out!r} {err!r}")
    need("'m/a.spk': Read-only file system" in err and "'m/a': Read-only file system" in err, err)
    need(err.count("hint: name a place where you may write") == 2, err)


# ---- permissions -----------------------------------------------------------------------------------------------


def test_a_folder_that_may_not_be_written(box):
    box.sealed("d/a", TEXT)
    box.sealed("d/b", TEXT)
    (box.work / "d/b").unlink()
    own = box.as_nobody()
    (box.work / "d").chmod(0o555)
    with box.untouched():
        box.run("encrypt", "-f", "d/a", **own).is_(FAILED, "'d/a.spk': Permission denied", "name a place")
        box.run("decrypt", "d/b.spk", **own).is_(FAILED, "'d/b': Permission denied", "name a place")
        box.run("encrypt", "--all", "-r", "d", **own).is_(FAILED, "'d/a.spk': Permission denied")
    box.good("decrypt", "-o", "b", "d/b.spk", **own)


def test_a_file_that_may_not_be_read(box):
    box.sealed("d/a", TEXT)
    box.file("d/ok", TEXT)
    box.file("d/shut", TEXT)
    box.file("d/sub/f", TEXT)
    own = box.as_nobody()
    (box.work / "d/a").chmod(0)
    (box.work / "d/shut").chmod(0)
    (box.work / "d/a.spk").chmod(0)
    (box.work / "d/sub").chmod(0)
    box.run("encrypt", "-o", "x", "d/a", **own).is_(FAILED, "'d/a': Permission denied", "permissions")
    for command in ("decrypt", "inspect", "verify"):
        box.run(command, "d/a.spk", **own).is_(FAILED, "'d/a.spk': Permission denied", "permissions")
    r = box.run("encrypt", "-r", "d", **own)
    r.is_(FAILED, "'d/shut': Permission denied", "'d/sub': Permission denied")
    need((box.work / "d/ok.spk").exists(), "the rest of the tree is sealed")


def test_modes_are_kept_and_never_widened(box):
    for mode in (0o600, 0o640, 0o644, 0o755, 0o400, 0o444, 0o6755):
        path = box.file("m", TEXT)
        path.chmod(mode)
        box.good("encrypt", "-f", "m")
        sealed = stat.S_IMODE((box.work / "m.spk").stat().st_mode)
        need(sealed & ~mode == 0 and sealed & 0o7111 == 0, f"{mode:o} gave {sealed:o}")
        path.unlink()
        box.good("decrypt", "m.spk")
        need(stat.S_IMODE(path.stat().st_mode) == mode & 0o777, f"{mode:o} came back as {path.stat().st_mode:o}")
        path.chmod(0o600)


def test_times_are_kept(box):
    for mtime in (0, 1, 1_700_000_000, 2**33, -86400, 2**60):
        path = box.file("t", TEXT)
        try:
            os.utime(path, (mtime, mtime))
        except (OSError, OverflowError):
            continue
        was = int(path.stat().st_mtime)
        box.good("encrypt", "-f", "t")
        path.unlink()
        box.good("decrypt", "t.spk")
        back = int(path.stat().st_mtime)
        need(back == was or not 0 <= was < 2**64 // 10**9, f"{was} came back as {back}")
        need(was >= 0 or back == 0, f"{was} came back as {back}")


# ---- trees -------------------------------------------------------------------------------------------------------


def test_a_tree_with_everything_in_it(box):
    box.file("t/a", TEXT)
    box.file("t/sub/b", TEXT)
    box.file(b"t/not\xffutf8\x1b[31m", TEXT)
    box.file("t/empty", b"")
    os.symlink(".", box.work / "t/self")
    os.symlink("..", box.work / "t/sub/up")
    os.symlink("a", box.work / "t/link")
    os.symlink("nowhere", box.work / "t/dangling")
    os.mkfifo(box.work / "t/fifo")
    (box.work / "t/void").mkdir()
    before = set(box.listing())
    r = box.good("encrypt", "-r", "t")
    need(r.out.startswith(b"4 files sealed"), f"{r}")
    need("5 symbolic links and special files were passed over" in r.said, f"{r}")
    made = set(box.listing()) - before
    need(made == {b"t/a.spk", b"t/sub/b.spk", b"t/not\xffutf8\x1b[31m.spk", b"t/empty.spk"}, f"{made}")
    with box.untouched():
        r = box.good("encrypt", "-r", "t")
        need(r.out.startswith(b"0 files sealed") and "4 files had a sealed copy already" in r.said, f"{r}")


def test_a_tree_with_false_copies(box):
    for i, data in enumerate((b"", b"x", b"hello", bytes(2000))):
        box.file(f"t/{i}", TEXT)
        box.file(f"t/{i}.spk", data)
    box.sealed("whole", TEXT)
    for i, cut in enumerate((100, 500, -130), 4):
        box.file(f"t/{i}", TEXT)
        box.file(f"t/{i}.spk", (box.work / "whole.spk").read_bytes()[:cut])
    box.file("t/d", TEXT)
    (box.work / "t/d.spk").mkdir()
    box.file("t/link", TEXT)
    os.symlink("../whole.spk", box.work / "t/link.spk")
    before = box.listing()
    r = box.run("encrypt", "-r", "t").is_(FAILED, "'t/0.spk' is there already", "'t/d.spk': Is a directory")
    need(r.out.startswith(b"4 files sealed") and b"9 failed" in r.out, f"a false copy counts as sealed: {r}")
    # what no sealed file is has its own sealed copy now, and nothing else has changed
    after = box.listing()
    made = {f"t/{i}.spk.spk".encode() for i in range(4)}
    need(set(after) - set(before) == made, f"{set(after) - set(before)}")
    for i, data in enumerate((b"", b"x", b"hello", bytes(2000))):
        need((box.work / f"t/{i}.spk").read_bytes() == data, f"t/{i}.spk has changed")
    box.run("encrypt", "-r", "-f", "t").is_(FAILED, "'t/d.spk': Is a directory")
    for i in range(7):
        box.opens(f"t/{i}.spk", TEXT)


def test_a_name_proves_nothing(box):
    box.file("t/x.spk", b"not sealed at all")
    box.file("t/y", TEXT)
    r = box.good("encrypt", "-r", "t")
    need(r.out.startswith(b"2 files sealed"), f"an unsealed file was left: {r}")
    box.opens("t/x.spk.spk", b"not sealed at all")
    with box.untouched():
        r = box.good("encrypt", "-r", "t")
        need("2 sealed files were passed over" in r.said and "2 files had a sealed copy" in r.said, f"{r}")


def test_a_copy_older_than_its_original(box):
    path = box.sealed("t/a", TEXT)
    os.utime(path, (1, 1))
    with box.untouched():
        box.run("encrypt", "-r", "t").is_(FAILED, "'t/a.spk' is there already", "--force")


def test_a_root_that_is_a_link(box):
    box.file("t/a", TEXT)
    os.symlink("t", box.work / "l")
    os.symlink("l2", box.work / "l2")
    box.good("encrypt", "-r", "l")
    box.opens("t/a.spk", TEXT)
    box.run("encrypt", "-r", "l2").is_(FAILED, "'l2'")


def test_files_that_vanish_from_a_tree(box):
    for i in range(400):
        box.file(f"t/{i:03}", os.urandom(20000))
    p = box.popen("encrypt", "-r", "t")
    for i in range(399, 0, -2):
        (box.work / f"t/{i:03}").unlink()
        time.sleep(0.0001)
    out, err = p.communicate(timeout=t.TIMEOUT_S)
    r = t.Result("encrypt -r", p.returncode, out, err).check_manners()
    need(r.rc in (DONE, FAILED), f"{r}")
    for i in range(0, 400, 2):
        need((box.work / f"t/{i:03}.spk").exists(), f"{i} was not sealed: {r}")
    need(not [p for p in (box.work / "t").iterdir() if p.name.startswith(".")], "temporaries are left")


if __name__ == "__main__":
    sys.exit(t.main(sys.modules[__name__]))
