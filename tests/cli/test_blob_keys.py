#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sparekey blob: keys that only CryptoAPI programs use. A program finds what was imported, and openssl reads what is exported."""

import os
import subprocess

import box as harness
import live
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers import algorithms
from test_blobs import AES256, DES3, RC4, cbc, known, of_openssl, plaintext, rc4, simple

USE = harness.BUILD / "tests/cli/capi_use"
DATA = b"what a program has to sign"


def use(box, provider, container, what, data):
    """What a CryptoAPI program makes of its container."""
    return subprocess.run([USE, provider, container, what], env=box.env, input=data, capture_output=True, check=True).stdout


def genpkey(box, name, *params):
    of_openssl(box, "genpkey", *params, "-out", name)
    return serialization.load_pem_private_key(box.read(name), None)


def public_der(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def run_pass(box, answers, *args, **kw):
    """With a passphrase, or what is typed twice."""
    r, w = os.pipe()
    os.write(w, answers)
    os.close(w)
    try:
        return box.run(*args, "--passphrase-fd", r, pass_fds=(r,), **kw)
    finally:
        os.close(r)


def exports_again(box, container, spec, want, forms=("blob", "pem", "der"), kind="pkey"):
    """Each form of the pair is one that openssl reads, or we do; and so is the public key"""
    for form in forms:
        box.run("blob", "export", "--container", container, "--private", "--spec", spec, "--form", form, "--yes", "-f", "-o", "e", ok=0)
        assert (box.work / "e").stat().st_mode & 0o777 == 0o600
        if form != "blob" or kind != "pkey":
            inform = {"blob": "MSBLOB"}.get(form, form.upper())
            assert of_openssl(box, kind, "-inform", inform, "-in", "e", "-pubout", "-outform", "DER") == want, form
        box.run("blob", "import", "--container", container + form, "--spec", "sign" if spec in ("sign", "dss") else "keyx", "e", ok=0)
        assert box.run("blob", "export", "--container", container + form, "--public", "--spec", spec, "--form", "der", binary=True, ok=0).stdout == want, form
    box.run("blob", "export", "--container", container, "--public", "--spec", spec, "-f", "-o", "pub", ok=0)
    box.run("blob", "export", "--container", container, "--public", "--spec", spec, "--form", "pem", "-f", "-o", "pub.pem", ok=0)
    assert of_openssl(box, "pkey", "-pubin", "-in", "pub.pem", "-pubout", "-outform", "DER") == want
    shown = [box.run("blob", "show", name, ok=0).stdout for name in ("pub", "pub.pem")]
    assert len({s.split(" bits")[0].split()[-1] for s in shown}) == 1, shown
    run_pass(box, b"hunter2\nhunter2\n", "blob", "export", "--container", container, "--private", "--spec", spec, "--form", "pem", "--passphrase", "-f", "-o", "e", ok=0)
    assert of_openssl(box, "pkey", "-in", "e", "-passin", "pass:hunter2", "-pubout", "-outform", "DER") == want
    run_pass(box, b"hunter2\n", "blob", "import", "--container", container + "p", "--spec", "sign" if spec in ("sign", "dss") else "keyx", "e", ok=0)


def small_rsa(box):
    """a pair too small for Sparekey: a program decrypts and signs with it"""
    key = genpkey(box, "k.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
    of_openssl(box, "rsa", "-in", "k.pem", "-outform", "MSBLOB", "-out", "k.blob")
    said = box.run("blob", "import", "--container", "old", "k.blob", ok=0).stdout
    assert "for CryptoAPI programs" in said and "no file is sealed" in said, said
    secret = os.urandom(16)
    assert use(box, "rsa", "old", "keyx", simple(RC4, secret, key.public_key())) == rc4(secret, bytes(16))
    box.run("blob", "import", "--container", "old", "--spec", "sign", "k.pem", ok=0)
    key.public_key().verify(use(box, "rsa", "old", "sign", DATA)[::-1], DATA, padding.PKCS1v15(), hashes.SHA1())
    exports_again(box, "old", "keyx", public_der(key), ("blob", "pem", "der", "pvk"), "rsa")
    # Sparekey's own key is never replaced by one that it cannot use; another one is, when it is meant
    assert "never one of Sparekey's own" in box.run("blob", "import", "-f", "k.blob", ok=1).stderr
    assert "has such a key already" in box.run("blob", "import", "--container", "old", "k.blob", ok=1).stderr
    box.run("blob", "import", "--container", "old", "-f", "k.blob", ok=0)
    big = genpkey(box, "big.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    assert "has such a key already" in box.run("blob", "import", "--container", "old", "big.pem", ok=1).stderr
    box.run("blob", "import", "--container", "old", "-f", "big.pem", ok=0)
    assert use(box, "rsa", "old", "keyx", simple(RC4, secret, big.public_key())) == rc4(secret, bytes(16))
    # under a passphrase it would stand in the clear
    locked = harness.Box(keys=False)
    run_pass(locked, b"hunter2\nhunter2\n", "init", "--bits", "2048", "--passphrase", "-q", ok=0)
    locked.write("k.blob", box.read("k.blob"))
    assert "could not protect" in locked.run("blob", "import", "k.blob", ok=1).stderr
    locked.clean()


def dss(box):
    """a program signs with an imported DSS pair; BLOB, PVK and PKCS #8 both ways"""
    of_openssl(box, "genpkey", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-pkeyopt", "dsa_paramgen_q_bits:160", "-genparam", "-out", "param")
    key = genpkey(box, "k.pem", "-paramfile", "param")
    said = box.run("blob", "import", "--container", "d", "k.pem", ok=0).stdout
    assert "Sparekey itself does not use it" in said and "containers-dss/" in said, said
    sig = use(box, "dss", "d", "sign", DATA)
    r, s = (int.from_bytes(sig[i : i + 20], "little") for i in (0, 20))
    key.public_key().verify(encode_dss_signature(r, s), DATA, hashes.SHA1())
    exports_again(box, "d", "dss", public_der(key), ("blob", "pem", "der", "pvk"), "dsa")
    of_openssl(box, "dsa", "-in", "k.pem", "-outform", "PVK", "-pvk-none", "-out", "k.pvk")
    assert box.run("blob", "export", "--container", "d", "--private", "--spec", "dss", "--form", "pvk", "--yes", binary=True, ok=0).stdout == box.read("k.pvk")
    for name in ("dss.private", "dss.private3", "fips.private3"):
        box.run("blob", "import", "--container", name, box.write(name, known(name)).name, ok=0)
        use(box, "dss", name, "sign", DATA)
    assert "no such key" in box.run("blob", "export", "--public", "--spec", "dss", "-o", "x", ok=1).stderr
    assert "is no RSA key" in box.run("blob", "export", "--simple", "--to", "k.pem", "-o", "x", box.write("s", known("simple1")).name, ok=1).stderr


def dh(box):
    """a program agrees on a key with an imported Diffie-Hellman pair"""
    for params in (("-algorithm", "DHX", "-pkeyopt", "dh_rfc5114:1"), ("-algorithm", "DH", "-pkeyopt", "group:ffdhe2048")):
        a, b = genpkey(box, "a.pem", *params), genpkey(box, "b.pem", *params)
        box.run("blob", "import", "--container", "dh", "-f", "a.pem", ok=0)
        box.run("blob", "import", "--container", "peer", "-f", "b.pem", ok=0)
        box.run("blob", "export", "--container", "peer", "--public", "--spec", "dh", "-f", "-o", "peer", ok=0)
        n = a.private_numbers()
        p = n.public_numbers.parameter_numbers.p
        z = pow(b.private_numbers().public_numbers.y, n.x, p).to_bytes((p.bit_length() + 7) // 8, "little")
        assert use(box, "dss", "dh", "keyx", box.read("peer")) == rc4(z[:16], bytes(16))
    box.run("blob", "import", "--container", "x", "a.pem", ok=0)
    exports_again(box, "x", "dh", of_openssl(box, "pkey", "-in", "a.pem", "-pubout", "-outform", "DER"))
    box.run("blob", "import", "--container", "v2", box.write("v2", known("dh.a.private")).name, ok=0)
    box.run("blob", "export", "--private", "--spec", "dh", "--form", "pvk", "--yes", "-o", "no", ok=2)


def pvk(box):
    """PVK both ways, plain and under a password: what openssl writes is read, and it reads what is written"""
    legacy = ("-provider", "legacy", "-provider", "default")
    for bits in (512, 1024, 2048, 4096):
        of_openssl(box, "genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}", "-out", "k.pem")
        want = of_openssl(box, "pkey", "-in", "k.pem", "-pubout", "-outform", "DER")
        for how in ("none", "weak", "strong"):
            of_openssl(box, "rsa", "-in", "k.pem", "-outform", "PVK", f"-pvk-{how}", "-passout", "pass:hunter2", *legacy, "-out", "k.pvk")
            run_pass(box, b"" if how == "none" else b"hunter2\n", "blob", "import", "-f", "--container", "pvk", "--form", "pvk", "k.pvk", ok=0)
            assert box.run("blob", "export", "--container", "pvk", "--public", "--form", "der", binary=True, ok=0).stdout == want, (bits, how)
        box.run("blob", "export", "--container", "pvk", "--private", "--form", "pvk", "--yes", "-f", "-o", "out.pvk", ok=0)
        of_openssl(box, "rsa", "-in", "k.pem", "-outform", "PVK", "-pvk-none", "-out", "k.pvk")
        assert box.read("out.pvk") == box.read("k.pvk") and (box.work / "out.pvk").stat().st_mode & 0o777 == 0o600
        run_pass(box, b"hunter2\nhunter2\n", "blob", "export", "--container", "pvk", "--private", "--form", "pvk", "--passphrase", "-f", "-o", "out.pvk", ok=0)
        assert of_openssl(box, "rsa", "-inform", "PVK", "-in", "out.pvk", "-passin", "pass:hunter2", *legacy, "-pubout", "-outform", "DER") == want
    assert "4096 bits" in box.run("blob", "show", "k.pvk", ok=0).stdout
    assert "key exchange" in run_pass(box, b"hunter2\n", "blob", "show", "out.pvk", ok=0).stdout
    assert "passphrase is wrong" in run_pass(box, b"hunter3\n", "blob", "show", "out.pvk", ok=1).stderr
    good = box.read("k.pvk")
    for name, data in (("short", good[:100]), ("cut", good[:-1]), ("behind", good + b"\0"), ("head", good[:23]), ("salt", good[:16] + b"\1" + good[17:]), ("flag", good[:12] + b"\1" + good[13:]), ("public", good[:24] + b"\6" + good[25:])):
        box.write(name, data)
        assert f"'{name}'" in box.run("blob", "import", "--container", "bad", name, ok=1).stderr, name
    assert "bad" not in live.containers(box)
    box.run("blob", "export", "--public", "--form", "pvk", "-o", "x", ok=2)


def an_owner_of_programs_pairs(box):
    """init takes the pairs of a container that another program has made, and changes none of them"""
    b = harness.Box(keys=False)
    for name, specs in (("two", ("keyx", "sign")), ("three", ("keyx", "sign")), ("one", ("keyx",))):
        for spec in specs:
            genpkey(b, "k.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
            b.run("blob", "import", "--container", name, "--spec", spec, "k.pem", ok=0)
    public = [b.run("blob", "export", "--container", "two", "--public", "--spec", s, "--form", "der", binary=True, ok=0).stdout for s in ("keyx", "sign")]
    path = b.home / ".local/share/sparekey/containers" / b"two".hex()
    before = path.read_bytes()
    said = b.run("init", "--container", "two", "--sheet", "s", ok=0).stderr
    assert "pairs that are there" in said and path.read_bytes() == before, said
    record = (b.home / ".config/sparekey/owner.record").read_bytes()
    assert all(p in record for p in public) and b"veto code" in b.read("s")
    b.write("a", DATA)
    b.run("encrypt", "-q", "--container", "two", "--policy", "off", "a", ok=0)
    b.run("decrypt", "-q", "--container", "two", "-f", "a.spk", ok=0)
    assert "you have keys already" in b.run("init", "--container", "two", "--new-owner", ok=1).stderr
    # another owner only when it is meant
    assert "you have keys already" in b.run("init", "--container", "three", ok=1).stderr
    assert (b.home / ".config/sparekey/owner.record").read_bytes() == record
    run_pass(b, b"hunter2\nhunter2\n", "init", "--container", "three", "--new-owner", "--passphrase", "-q", ok=0)
    assert (b.home / ".config/sparekey/owner.record").read_bytes() != record
    b.run("encrypt", "-q", "-f", "--container", "three", "--policy", "off", "a", ok=0)
    run_pass(b, b"hunter3\n", "decrypt", "-q", "--container", "three", "-f", "a.spk", ok=1)
    run_pass(b, b"hunter2\n", "decrypt", "-q", "--container", "three", "-f", "a.spk", ok=0)
    assert "has not both pairs" in b.run("init", "--container", "one", "--new-owner", ok=1).stderr
    b.clean()


def under_session_keys(box):
    """pairs and session keys under a session key, both ways"""
    own = box.run("blob", "export", "--private", "--yes", binary=True, ok=0).stdout
    aes, rc40 = os.urandom(32), os.urandom(5)
    for name, alg, key, body in (("aes", AES256, aes, cbc(algorithms.AES, aes, own[8:])), ("rc4", RC4, rc40, rc4(rc40 + bytes(11), own[8:]))):
        box.write(name + ".key", plaintext(alg, key))
        box.write(name, own[:8] + body)
        assert "key pair imported" in box.run("blob", "import", "--container", name, "--session", name + ".key", name, ok=0).stdout
        assert box.run("blob", "export", "--container", name, "--private", "--yes", binary=True, ok=0).stdout == own
        # the other way, with the session key in a SIMPLEBLOB for us
        pub = serialization.load_pem_public_key(box.run("blob", "export", "--public", "--form", "pem", ok=0).stdout.encode())
        box.write("simple", simple(alg, key, pub))
        assert box.run("blob", "export", "--private", "--session", "simple", binary=True, ok=0).stdout == own[:8] + body
    for wrong in ("rc4.key", "aes.key"):
        box.write("other.key", plaintext(AES256, os.urandom(32)) if wrong == "aes.key" else plaintext(RC4, os.urandom(5)))
        assert "is not under the session key" in box.run("blob", "import", "--container", "no", "--session", "other.key", wrong[:3], ok=1).stderr
    assert "no" not in live.containers(box)
    # the examples of RFC 3217
    for name, alg, kek, cek in (("3des", DES3, "wrap.3des.kek", "wrap.3des.cek"), ("rc2", 0x6602, "wrap.rc2.kek", "wrap.rc2.cek")):
        kek, cek = known(kek), known(cek)
        wrapped = bytes([11, 2, 0, 0]) + alg.to_bytes(4, "little") * 2 + known(f"wrap.{name}.out")
        box.write("kek", plaintext(alg, kek))
        if name == "rc2":  # the example's key has 40 effective bits
            box.write("kek", bytes([9, 2, 0, 0]) + alg.to_bytes(4, "little") + b"SPK1" + b"".join(x.to_bytes(4, "little") for x in (1, 8, 40, 0)) + bytes(56) + len(kek).to_bytes(4, "little") + kek)
            assert box.run("blob", "export", "--plain", "--yes", "kek", binary=True, ok=0).stdout == plaintext(alg, kek)  # for every program
        box.write("w", wrapped)
        got = box.run("blob", "export", "--plain", "--session", "kek", "--yes", "w", binary=True, ok=0).stdout
        assert got == plaintext(alg, cek), (name, got.hex())
        box.write("cek", got)
        box.run("blob", "export", "--wrapped", "--session", "kek", "-f", "-o", "w2", "cek", ok=0)
        assert box.read("w2")[:12] == wrapped[:12] and (box.work / "w2").stat().st_mode & 0o777 == 0o600
        assert box.run("blob", "export", "--plain", "--session", "kek", "--yes", "w2", binary=True, ok=0).stdout == got
        pair = genpkey(box, "k.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
        box.run("blob", "export", "--simple", "--session", "kek", "--to", "k.pem", "-f", "-o", "s", "w", ok=0)
        assert pair.decrypt(box.read("s")[12:][::-1], padding.PKCS1v15()) == cek
        box.write("kek2", plaintext(alg, kek[:-1] + bytes([kek[-1] ^ 2])))
        assert "is not under the session key" in box.run("blob", "export", "--plain", "--session", "kek2", "--yes", "w", ok=1).stderr
        assert "does not wrap" in box.run("blob", "export", "--wrapped", "--session", "aes.key", "-o", "x", "cek", ok=1).stderr
        box.write("cut", wrapped[:-1])
        assert "'cut'" in box.run("blob", "export", "--plain", "--session", "kek", "--yes", "cut", ok=1).stderr
    assert "hint: " in box.run("blob", "export", "--plain", "--yes", "w", ok=1).stderr
    box.run("blob", "export", "--wrapped", "-o", "x", "cek", ok=2)
    box.run("blob", "export", "--private", "--session", "aes.key", "--form", "pem", "-o", "x", ok=2)


def not_read(box):
    """a BLOB that Sparekey itself has no use for is named, with what opens it; import says the same and refuses"""
    demo, own = known("demo.private"), box.run("blob", "export", "--private", "--yes", binary=True, ok=0).stdout
    key = os.urandom(16)
    wrapped = bytes([11, 2, 0, 0]) + DES3.to_bytes(4, "little") + DES3.to_bytes(4, "little") + os.urandom(40)
    want = {
        "dss.public": "PUBLICKEYBLOB, a DSS key of 1024 bits, version 2", "dss.private": "PRIVATEKEYBLOB, a DSS key of 1024 bits, version 2",
        "dss.public3": "PUBLICKEYBLOB, a DSS key of 1024 bits, version 3", "dss.private3": "PRIVATEKEYBLOB, a DSS key of 1024 bits, version 3",
    }  # fmt: skip
    blobs = {name: known(name) for name in want}
    for name in ("dh.a.public", "dh.a.private", "dh.a.public3", "dh.a.private3"):
        blobs[name] = known(name)
        want[name] = "Diffie-Hellman key of "
    for name, data, text in (
        ("demo.rc4", demo[:8] + rc4(key, demo[8:]), "an RSA key (key exchange) of about 512 bits, encrypted under a session key"),
        ("own.aes", own[:8] + cbc(algorithms.AES, key, own[8:]), "an RSA key (key exchange) of about 2048 bits, encrypted under a session key"),
        ("dss.rc4", blobs["dss.private"][:8] + rc4(key, blobs["dss.private"][8:]), "a DSS key, encrypted under a session key"),
        ("wrapped", wrapped, "SYMMETRICWRAPKEYBLOB, a session key, 3DES, under another session key, 3DES"),
        ("opaque", bytes([9, 2, 0, 0]) + RC4.to_bytes(4, "little") + os.urandom(3) + b"\xff" + bytes(80), "OPAQUEKEYBLOB of another CryptoAPI provider"),
    ):
        blobs[name], want[name] = data, text
    for name, data in blobs.items():
        box.write(name, data)
        assert want[name] in (said := box.run("blob", "show", name, ok=0).stdout), (name, said)
        if name.startswith("d") and name not in ("dss.rc4", "demo.rc4", "dh.a.public"):
            continue
        p = box.run("blob", "import", "--container", "other", name, ok=1)
        assert f"'{name}' cannot be used here" in p.stderr and want[name] in p.stderr and "hint: " in p.stderr, (name, p.stderr)
    assert "encrypted under a session key" in box.run("blob", "export", "--plain", "--yes", "--key", "own.aes", "-o", "x", box.write("s", known("simple1")).name, ok=1).stderr
    assert "other" not in live.containers(box)
    box.write("ours", bytes([9, 2, 0, 0]) + (0x6602).to_bytes(4, "little") + b"SPK1" + b"".join(x.to_bytes(4, "little") for x in (1, 8, 40, 11)) + bytes(56) + (5).to_bytes(4, "little") + b"abcde")
    assert "OPAQUEKEYBLOB, a session key in the clear, RC2, 40 bits" in box.run("blob", "show", "ours", ok=0).stdout
    # one that is cut short is named as nothing that it is not
    box.write("cut", blobs["dss.private"][:100])
    assert "'cut'" in box.run("blob", "show", "cut", ok=1).stderr


if __name__ == "__main__":
    harness.main([small_rsa, dss, dh, pvk, under_session_keys, an_owner_of_programs_pairs, not_read], make=lambda: harness.Box())
