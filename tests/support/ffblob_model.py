#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Known answers for DSS and Diffie-Hellman, made from doc/spec/key-blobs.md alone.

check FILE | print: lines of tests/vectors/capi/known.txt. The numbers are those of RFC 6979,
appendix A.2.1, FIPS 186, appendix 5, and RFC 5114, section 2.1 and appendix A.1; the arithmetic is Python's own."""

import sys

DSA = {
    "p": "86f5ca03dcfeb225063ff830a0c769b9dd9d6153ad91d7ce27f787c43278b447"
    "e6533b86b18bed6e8a48b784a14c252c5be0dbf60b86d6385bd2f12fb763ed88"
    "73abfd3f5ba2e0a8c0a59082eac056935e529daf7c610467899c77adedfc846c8"
    "81870b7b19b2b58f9be0521a17002e3bdd6b86685ee90b3d9a1b02b782b1779",
    "q": "996f967f6c8e388d9e28d01e205fba957a5698b1",
    "g": "07b0f92546150b62514bb771e2a0c0ce387f03bda6c56b505209ff25fd3c133d"
    "89bbcd97e904e09114d9a7defdeadfc9078ea544d2e401aeecc40bb9fbbf78fd"
    "87995a10a1c27cb7789b594ba7efb5c4326a9fe59a070e136db77175464adca4"
    "17be5dce2f40d10a46a3a3943f26ab7fd9c0398ff8c76ee0a56826a8a88f1dbd",
    "x": "411602cb19a6ccc34494d79d98ef1e7ed5af25f7",
    "y": "5df5e01ded31d0297e274e1691c192fe5868fef9e19a84776454b100cf16f653"
    "92195a38b90523e2542ee61871c0440cb87c322fc4b4d2ec5e1e7ec766e1be8d"
    "4ce935437dc11c3c8fd426338933ebfe739cb3465f4d3668c5e473508253b1e6"
    "82f65cbdc4fae93c2ea212390e54905a86e2223170b44eaa7da5dd9ffcfb7f3b",
    "r": "2e1a0c2562b2912caaf89186fb0f42001585da55",
    "s": "29efb6b0aff2d7a68eb70ca313022253b9a88df5",
}
DH = {
    "p": "b10b8f96a080e01dde92de5eae5d54ec52c99fbcfb06a3c69a6a9dca52d23b616073e28675a23d189838ef1e2ee652c0"
    "13ecb4aea906112324975c3cd49b83bfaccbdd7d90c4bd7098488e9c219a73724effd6fae5644738faa31a4ff55bccc0"
    "a151af5f0dc8b4bd45bf37df365c1a65e68cfda76d4da708df1fb2bc2e4a4371",
    "q": "f518aa8781a8df278aba4e7d64b7cb9d49462353",
    "g": "a4d1cbd5c3fd34126765a442efb99905f8104dd258ac507fd6406cff14266d31266fea1e5c41564b777e690f5504f213"
    "160217b4b01b886a5e91547f9e2749f4d7fbd7d3b9a92ee1909d0d2263f80a76a6a24c087a091f531dbf0a0169b6a28a"
    "d662a4d18e73afa32d779d5918d08bc8858f4dcef97c2a24855e6eeb22b3b2e5",
    "xa": "b9a3b3ae8fefc1a2930496507086f8455d48943e",
    "ya": "2a853b3d92197501b9015b2deb3ed84f5e021dcc3e52f109d3273d2b7521281cbabe0e76ff5727fa8acce26956ba9a1f"
    "ca26f20228d8693feb10841d84a7360054ece5a7f5b7a61ad3dfb3c60d2e43106d8727da37df9cce95b478755d06bcea"
    "8f9d45965f75a5f3d1df3701165fc9e50c4279ceb07f989540ae96d5d88ed776",
    "xb": "9392c9f9eb6a7a6a9022f7d83e7223c6835bbdda",
    "yb": "717a6cb053371ff4a3b932941c1e5663f861a1d6ad34ae66576dfb98f6c6cbf9ddd5a56c7833f6bcfdff095582ad868e"
    "440e8d09fd769e3ceccdc3d3b1e4cfa057776caaf9739b6a9fee8e7411f8d6dac09d6a4edb46cc2b5d5203090eae6126"
    "311e53fd2c14b574e6a3109a3da1be41bdceaa186f5ce06716a2b6a07b3c33fe",
    "z": "5c804f454d30d9c4df85271f93528c91df6b48ab5f80b3b59caac1b28f8acba9cd3e39f3cb614525d9521d2e644c53b8"
    "07b810f340062f257d7d6fbfe8d5e8f072e9b6e9afda9413eafb2e8b0699b1fb5a0caceddeaead7e9cfbb36ae2b42083"
    "5bd83a19fb0b5e96bf8fa4d09e345525167ecd9155416f46f408ed31b63c6e6d",
}
# The seed and the counter belong to p and q.
FIPS = {
    "p": "8df2a494492276aa3d25759bb06869cbeac0d83afb8d0cf7cbb8324f0d7882e5d0762fc5b7210eafc2e9adac32ab7aac"
    "49693dfbf83724c2ec0736ee31c80291",
    "q": "c773218c737ec8ee993b4f2ded30f48edace915f",
    "g": "626d027839ea0a13413163a55b4cb500299d5522956cefcb3bff10f399ce2c2e71cb9de5fa24babf58e5b79521925c9c"
    "c42e9f6f464b088cc572af53e6d78802",
    "x": "2070b3223dba372fde1c0ffc7b2e3b498b260614",
}
FIPS_SEED = (105, "d5014e4b60ef2ba8b6211b4062ba3224e0427dd3")
NO_SEED = (0xFFFFFFFF, "ff" * 20)
DSS_SIGN, DH_SF = 0x2200, 0xAA01


def numbers(texts):
    return {name: int(text, 16) for name, text in texts.items()}


def le(n, size):
    return n.to_bytes(size, "little")


def head(pair, version, alg, digit):
    name = b"DSS" if alg == DSS_SIGN else b"\0DH"
    return bytes([7 if pair else 6, version, 0, 0]) + le(alg, 4) + name + digit


def seed_struct(seed):
    return le(seed[0], 4) + bytes.fromhex(seed[1])[::-1]


def blob2(k, alg, pair, seed=NO_SEED):
    n = (k["p"].bit_length() + 7) // 8
    out = head(pair, 2, alg, b"2" if pair else b"1") + le(n * 8, 4)
    if alg == DSS_SIGN:
        out += le(k["p"], n) + le(k["q"], 20) + le(k["g"], n)
        return out + (le(k["x"], 20) if pair else le(k["y"], n)) + seed_struct(seed)
    return out + (le(k["p"], n) + le(k["g"], n) + le(k["x"], n) if pair else le(k["y"], n))


def blob3(k, alg, pair, seed=NO_SEED, domain=False):
    n, j = (k["p"].bit_length() + 7) // 8, (k["p"] - 1) // k["q"]
    j_len = (j.bit_length() + 7) // 8
    out = head(pair, 3, alg, b"4" if pair else b"3") + le(n * 8, 4) + le(160, 4) + le(j_len * 8, 4)
    out += (le(160, 4) if pair else b"") + seed_struct(seed)
    out += le(k["p"], n) + le(k["q"], 20) + le(k["g"], n) + le(j, j_len)
    if domain:
        return out
    return out + le(k["y"], n) + (le(k["x"], 20) if pair else b"")


def known():
    dsa, fips, dh = numbers(DSA), numbers(FIPS), numbers(DH)
    fips["y"] = pow(fips["g"], fips["x"], fips["p"])
    a = {"p": dh["p"], "q": dh["q"], "g": dh["g"], "x": dh["xa"], "y": dh["ya"]}
    b = dict(a, x=dh["xb"], y=dh["yb"])
    for k in (dsa, fips, a, b):  # the numbers were typed
        assert (k["p"] - 1) % k["q"] == 0 and pow(k["g"], k["x"], k["p"]) == k["y"]
    assert pow(b["y"], a["x"], a["p"]) == dh["z"] == pow(a["y"], b["x"], a["p"])
    z = le(dh["z"], 128)
    return {
        "dss.message": b"sample",
        "dss.signature": le(dsa["r"], 20) + le(dsa["s"], 20),
        "dss.public": blob2(dsa, DSS_SIGN, False),
        "dss.private": blob2(dsa, DSS_SIGN, True),
        "dss.public3": blob3(dsa, DSS_SIGN, False),
        "dss.private3": blob3(dsa, DSS_SIGN, True),
        "dss.domain3": blob3(dsa, DSS_SIGN, False, domain=True)[8:],
        "dss.p": le(dsa["p"], 128),
        "dss.q": le(dsa["q"], 20),
        "dss.g": le(dsa["g"], 128),
        "dss.x": le(dsa["x"], 20),
        "fips.public": blob2(fips, DSS_SIGN, False, FIPS_SEED),
        "fips.private3": blob3(fips, DSS_SIGN, True, FIPS_SEED),
        "dh.a.private": blob2(a, DH_SF, True),
        "dh.a.private3": blob3(a, DH_SF, True),
        "dh.a.public": blob2(a, DH_SF, False),
        "dh.a.public3": blob3(a, DH_SF, False),
        "dh.b.private3": blob3(b, DH_SF, True),
        "dh.b.public": blob2(b, DH_SF, False),
        "dh.b.public3": blob3(b, DH_SF, False),
        "dh.domain3": blob3(a, DH_SF, False, domain=True)[8:],
        "dh.p": le(dh["p"], 128),
        "dh.q": le(dh["q"], 20),
        "dh.g": le(dh["g"], 128),
        "dh.z": z,
        "dh.key.16": z[:16],
        "dh.key.24": z[:24],
        "dh.key.5": z[:5],
    }


def main():
    lines = [f"{name} {value.hex()}" for name, value in known().items()]
    if sys.argv[1] == "print":
        print("\n".join(lines))
        return 0
    with open(sys.argv[2], encoding="ascii") as f:
        there = f.read().splitlines()
    missing = [line.split()[0] for line in lines if line not in there]
    print("not as the model has them:", " ".join(missing) or "none")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
