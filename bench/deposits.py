# SPDX-License-Identifier: Apache-2.0
"""Durable deposits a second over HTTPS, with the store alone as yardstick in the same run; then the same with a
holder that signs the deposits log, so that every answer has its receipt. The holder proves nothing meanwhile: it does
that in the background, at a rate of its own."""
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from measure import cores  # noqa: E402
from authority_fixture import Authority, certificate, private_pem  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
# what each way over the network is measured against: the same rows into the store by themselves
YARDSTICK = {"HTTPS, 64 connections, 1 a request": "store, 1 a transaction",
             "HTTPS, 4 connections, batches of 1000": "store, 100 a transaction"}


SIGNED = ", with receipts"


def one_round(build, holder):
    with Authority(build, conf="deposits_per_second = 10000000\ncheck_per_second = 0\n", holder=holder) as a:
        owner = a.enrol("Load")
        pem = a.folder / "load.pem"
        pem.touch(0o600)
        pem.write_bytes(private_pem(owner.sign) + certificate(owner.sign, "load"))
        out = subprocess.run(
            [Path(build) / "bench/deposit_load", str(a.port), pem, a.key_id.hex(), owner.id.hex(),
             a.folder / "scratch.db"], check=True, stdout=subprocess.PIPE).stdout
        stored = a.http.get("/v1/status").json["deposits"]
    rows = [json.loads(x) for x in out.decode().splitlines()]
    if any(r.get("bad") for r in rows):
        raise SystemExit("deposits were refused: %s" % rows)
    print("%d deposits stored" % stored, file=sys.stderr)
    return rows


def both(build):
    """Without and with the holder, one after the other: what the log costs is compared within a round."""
    rows = {row["what"]: row for row in one_round(build, False)}
    rows.update({row["what"] + SIGNED: row for row in one_round(build, True) if row["what"] in YARDSTICK})
    return rows


def main(build):
    rounds = [both(build) for _ in range(ROUNDS)]
    print("## Durable deposits, %d cores, %d rounds, medians\n" % (cores(), ROUNDS))
    print("| | a second | p50 ms | p99 ms | speed against the store alone |")
    print("|---|---|---|---|---|")
    for what in rounds[0]:
        mid = sorted((r[what] for r in rounds), key=lambda r: r["per_second"])[ROUNDS // 2]
        times = "%.1f | %.1f" % (mid["p50_ms"], mid["p99_ms"]) if "p50_ms" in mid else "|"
        rival = YARDSTICK.get(what.removesuffix(SIGNED))
        ratio = "%.2f" % statistics.median(r[what]["per_second"] / r[rival]["per_second"] for r in rounds) if rival else ""
        print("| %s | %d | %s | %s |" % (what, mid["per_second"], times, ratio))
    for what in YARDSTICK:
        kept = statistics.median(r[what + SIGNED]["per_second"] / r[what]["per_second"] for r in rounds)
        print("\n%s: the log leaves %.2f of the speed" % (what, kept))
    print()


if __name__ == "__main__":
    main(sys.argv[1])
