# SPDX-License-Identifier: Apache-2.0
"""Durable deposits a second over HTTPS, with the store alone as yardstick in the same run. The holder does not
run: it proves new deposits in the background at a rate of its own."""
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from authority_fixture import Authority, certificate, private_pem  # noqa: E402

ROUNDS = 3


def one_round(build):
    with Authority(build, conf="deposits_per_second = 10000000\n", holder=False) as a:
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


def main(build):
    rounds = [one_round(build) for _ in range(ROUNDS)]
    print("deposits a second, median of %d rounds (p50 and p99 of a request)" % ROUNDS)
    for i, row in enumerate(rounds[0]):
        mid = sorted((r[i] for r in rounds), key=lambda r: r["per_second"])[ROUNDS // 2]
        times = "  %6.1f ms %7.1f ms" % (mid["p50_ms"], mid["p99_ms"]) if "p50_ms" in mid else ""
        print("%-42s %8d/s%s" % (row["what"], mid["per_second"], times))


if __name__ == "__main__":
    main(sys.argv[1])
