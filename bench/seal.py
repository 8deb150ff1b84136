# SPDX-License-Identifier: Apache-2.0
"""Sealing and opening one large file, against a copy without cryptography (cp) and against age."""
import os
import subprocess
import tempfile

from measure import Contest, cores, remove

SIZE_MIB = int(os.environ.get("BENCH_MIB", "1024"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))


def make_plain(path, mib):
    with open("/dev/urandom", "rb") as src, open(path, "wb") as dst:
        for _ in range(mib):
            dst.write(src.read(1 << 20))


def offline_home(sparekey, folder):
    """A set-up without an authority: what is measured here is sealing alone."""
    env = dict(os.environ, HOME=folder, XDG_CONFIG_HOME=folder + "/config",
               XDG_DATA_HOME=folder + "/data", LC_ALL="C.UTF-8")
    os.makedirs(folder + "/config/sparekey", mode=0o700)
    with open(folder + "/config/sparekey/config", "w") as f:
        f.write("policy = off\n")
    subprocess.run([sparekey, "init", "--quiet", "--sheet", folder + "/sheet"], env=env, check=True,
                   stdout=subprocess.DEVNULL)
    return env


def age_identity(folder):
    subprocess.run(["age-keygen", "-o", folder + "/age.key"], check=True, stderr=subprocess.DEVNULL)
    with open(folder + "/age.key") as f:
        for line in f:
            if "public key:" in line:
                return line.split()[-1]
    raise SystemExit("age-keygen wrote no public key")


def sealing(sparekey, folder):
    env = offline_home(sparekey, folder + "/home")
    recipient = age_identity(folder)
    plain, sealed, aged = folder + "/plain", folder + "/plain.spk", folder + "/plain.age"
    copy, opened, unaged = folder + "/copy", folder + "/opened", folder + "/unaged"
    make_plain(plain, SIZE_MIB)

    contest = Contest()
    contest.add("cp", ["cp", plain, copy], lambda: remove(copy))
    contest.add("encrypt", [sparekey, "encrypt", "--quiet", "-o", sealed, plain],
                lambda: remove(sealed), env)
    contest.add("age -r", ["age", "-r", recipient, "-o", aged, plain], lambda: remove(aged))
    contest.add("decrypt", [sparekey, "decrypt", "--quiet", "-o", opened, sealed],
                lambda: remove(opened), env)
    contest.add("age -d", ["age", "-d", "-i", folder + "/age.key", "-o", unaged, aged],
                lambda: remove(unaged))
    contest.go(ROUNDS)
    if subprocess.run(["cmp", plain, opened]).returncode != 0:
        raise SystemExit("what was decrypted is not what was encrypted")
    return contest


def table(contest):
    print("## One file of %d MiB on tmpfs, %d cores, %d rounds, medians\n" %
          (SIZE_MIB, cores(), ROUNDS))
    print("| | seconds | CPU seconds | peak MiB | speed against cp | against age |")
    print("|---|---|---|---|---|---|")
    for name, rival in (("cp", None), ("encrypt", "age -r"), ("age -r", None),
                        ("decrypt", "age -d"), ("age -d", None)):
        print("| %s | %.3f | %.3f | %.1f | %.2f | %s |" %
              (name, contest.wall(name), contest.cpu(name), contest.peak_mib(name),
               contest.ratio(name, "cp"), "%.2f" % contest.ratio(name, rival) if rival else ""))
    print()


def main(build):
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="sparekey-bench-") as folder:
        table(sealing(build + "/src/cli/sparekey", folder))
