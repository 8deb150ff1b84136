# SPDX-License-Identifier: Apache-2.0
"""Sealing a tree of small files in one process, each with its deposit at an authority on loopback, against a copy
of the tree and against the RSA public operations alone (two wraps a file); and verifying all of them offline, against
the one RSA private operation that opens a file."""
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

from measure import Contest, cores

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "support"))
from authority_fixture import Authority  # noqa: E402

FILES = int(os.environ.get("BENCH_FILES", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
PER_FOLDER = 100
SIZE = 4096


def make_tree(root):
    for i in range(FILES):
        folder = "%s/%d" % (root, i // PER_FOLDER)
        os.makedirs(folder, exist_ok=True)
        with open("%s/%d" % (folder, i), "wb") as f:
            f.write(os.urandom(SIZE))


def owner(build, authority, folder):
    env = dict(os.environ, HOME=folder, XDG_CONFIG_HOME=folder + "/config",
               XDG_DATA_HOME=folder + "/data", LC_ALL="C.UTF-8")
    os.makedirs(folder)
    digest = hashlib.sha256(authority.statement.encode()).hexdigest()
    address = "https://127.0.0.1:%d/#%s" % (authority.port, digest)
    sparekey = build + "/src/cli/sparekey"
    for command in (["init", "--quiet", "--sheet", folder + "/sheet"], ["enroll", address]):
        subprocess.run([sparekey] + command, env=env, check=True, stdout=subprocess.DEVNULL)
    return env


def rsa_seconds():
    """Times of one RSA-3072 private and public operation on one core, as openssl itself measures them."""
    out = subprocess.run(["openssl", "speed", "-seconds", "1", "rsa3072"], check=True, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    private, public = re.findall(r"rsa 3072 bits .* ([0-9.]+) +([0-9.]+)\s*$", out, re.M)[0]
    return 1 / float(private), 1 / float(public)


def count(root):
    return sum(name.endswith(".spk") for _, _, names in os.walk(root) for name in names)


def main(build):
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="sparekey-bench-") as folder, \
            Authority(build, "deposits_per_second = 1000000\n") as authority:
        env = owner(build, authority, folder + "/home")
        tree, copy, work = folder + "/tree", folder + "/copy", folder + "/work"
        make_tree(tree)

        def fresh():
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(tree, work)

        contest = Contest()
        contest.add("cp -r", ["cp", "-r", tree, copy],
                    lambda: shutil.rmtree(copy, ignore_errors=True))
        contest.add("encrypt -r", [build + "/src/cli/sparekey", "encrypt", "--quiet", "-r", work],
                    fresh, env)
        contest.go(ROUNDS)
        if count(work) != FILES:
            raise SystemExit("%d of %d files were sealed" % (count(work), FILES))
        verify = [build + "/src/cli/sparekey", "verify", "--quiet", "-r", work]
        checks = Contest()
        checks.add("verify -r", verify, env=env)
        checks.add("verify -r --no-key", verify + ["--no-key"], env=env)
        checks.go(ROUNDS)
    private, wrap = rsa_seconds()
    each = contest.wall("encrypt -r") / FILES
    print("## %d files of %d bytes on tmpfs, one process, deposits to an authority on loopback, "
          "%d cores, %d rounds\n" % (FILES, SIZE, cores(), ROUNDS))
    print("| | seconds | microseconds a file | CPU seconds | peak MiB |")
    print("|---|---|---|---|---|")
    for c in (contest, checks):
        for name in c.samples:
            print("| %s | %.2f | %.0f | %.2f | %.1f |" %
                  (name, c.wall(name), c.wall(name) / FILES * 1e6, c.cpu(name), c.peak_mib(name)))
    print("\nTwo RSA-3072 public operations take %.0f microseconds of one core here: encrypt -r with deposits "
          "costs %.1f times that a file." % (2 * wrap * 1e6, each / (2 * wrap)))
    each = checks.wall("verify -r") / FILES
    print("One RSA-3072 private operation takes %.0f: verify -r costs %.1f times its share of %d cores.\n" %
          (private * 1e6, each / (private / cores()), cores()))
