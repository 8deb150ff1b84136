# SPDX-License-Identifier: Apache-2.0
"""libcryptoapi against bare OpenSSL, both in one process and in turn (bench/capi_speed.c)."""
import os
import subprocess
import tempfile

from measure import cores

GOALS = {"CryptEncrypt": 0.95, "CryptDecrypt": 0.95, "CryptHashData": 0.95, "GenKey+ExportKey": 0.9}
OPEN_MICROSECONDS = 1000
ROUNDS = os.environ.get("BENCH_TURNS", "101")


def measure(build):
    subprocess.run(["ninja", "-C", build, "bench/capi_speed"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="sparekey-bench-") as home:
        env = dict(os.environ, HOME=home, XDG_DATA_HOME=home + "/data", XDG_CONFIG_HOME=home + "/config")
        out = subprocess.run([build + "/bench/capi_speed", ROUNDS], env=env, check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    return [line.split("\t") for line in out.splitlines()]


def speeds(rows):
    print("## libcryptoapi on %d cores, 64 KiB a call, MB/s, medians of %s turns\n" % (cores(), ROUNDS))
    print("| | | libcryptoapi | bare OpenSSL | ratio | goal |")
    print("|---|---|---|---|---|---|")
    for what, name, ours, bare, ratio in rows:
        if what.startswith("Crypt"):
            print("| %s | %s | %s | %s | %s | %s |" % (what, name, ours, bare, ratio, goal(what, ratio)))
    print()


def goal(what, ratio):
    return "met" if float(ratio) >= GOALS[what] else "missed: %.2f" % GOALS[what]


def blobs(rows):
    print("## A new AES-256 key in a SIMPLEBLOB, microseconds, against EVP_PKEY_encrypt() alone\n")
    print("| | CryptGenKey + CryptExportKey | the RSA operation | ratio | goal |")
    print("|---|---|---|---|---|")
    for what, name, ours, bare, ratio in rows:
        if what == "GenKey+ExportKey":
            print("| %s | %s | %s | %s | %s |" % (name, ours, bare, ratio, goal(what, ratio)))
    print("\n## A container with two pairs of 2,048 bits, microseconds\n")
    print("| | time | goal |")
    print("|---|---|---|")
    for what, name, ours, _, _ in rows:
        if what == "container":
            print("| %s | %s | %s |" % (name, ours, "met" if float(ours) < OPEN_MICROSECONDS else "missed: 1000"))
    print()


def main(build):
    rows = measure(build)
    speeds(rows)
    blobs(rows)
