#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sparekey blob: keys in the forms of other programs, and their files taken over for good."""

import os
import re
import subprocess
from pathlib import Path

import live
import box as harness
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

AUTHORITY = None
RC4, DES3, AES128, AES256 = 0x6801, 0x6603, 0x660E, 0x6610
ATTACK = b"Attack at dawn.\n"


def known(name):
    text = (Path(os.environ["SPK_SOURCE"]) / "tests/vectors/capi/known.txt").read_text()
    return bytes.fromhex(re.search(rf"^{re.escape(name)} (\S+)$", text, re.M).group(1))


def sample(blob, cipher):
    return len(blob).to_bytes(4, "little") + blob + cipher


def simple(alg, key, pub):
    """As a Windows program exports it: PKCS#1 v1.5, the RSA block turned round."""
    return bytes([1, 2, 0, 0]) + alg.to_bytes(4, "little") + bytes.fromhex("00a40000") + pub.encrypt(key, padding.PKCS1v15())[::-1]


def plaintext(alg, key):
    return bytes([8, 2, 0, 0]) + alg.to_bytes(4, "little") + len(key).to_bytes(4, "little") + key


def rc4(key, data):
    return Cipher(algorithms.ARC4(key), None).encryptor().update(data)


def cbc(kind, key, data):
    size = kind.block_size // 8
    pad = size - len(data) % size
    e = Cipher(kind(key), modes.CBC(bytes(size))).encryptor()
    return e.update(data + bytes([pad]) * pad) + e.finalize()


def own_public(box, name="own.pem"):
    box.run("blob", "export", "--public", "--form", "pem", "-f", "-o", name, ok=0)
    return serialization.load_pem_public_key(box.read(name))


def windows_file(box, name="win.enc", data=ATTACK * 100, alg=RC4, key=None):
    """A file that a program of the owner has written under his key exchange key."""
    key = key or os.urandom({RC4: 16, AES128: 16, DES3: 24, AES256: 32}[alg])
    cipher = rc4(key, data) if alg == RC4 else cbc(algorithms.TripleDES if alg == DES3 else algorithms.AES, key, data)
    box.write(name, sample(simple(alg, key, own_public(box)), cipher))
    return key


def of_openssl(box, *args):
    return subprocess.run(["openssl", *args], cwd=box.work, check=True, capture_output=True).stdout


def payload(data):
    return data[4 + int.from_bytes(data[:4], "little") :]


# ---- keys in other forms ----


def pem_and_der(box):
    """keys go out as PEM and DER, under a passphrase or not, and openssl reads them"""
    pub = of_openssl(box, "rsa", "-pubin", "-in", own_public(box) and "own.pem", "-pubout", "-outform", "DER")
    box.run("blob", "export", "--public", "--form", "der", "-o", "own.der", ok=0)
    assert box.read("own.der") == pub
    box.run("blob", "export", "--private", "--form", "pem", "--yes", "-o", "priv.pem", ok=0)
    assert (box.work / "priv.pem").stat().st_mode & 0o777 == 0o600
    assert of_openssl(box, "pkey", "-in", "priv.pem", "-pubout", "-outform", "DER") == pub
    r, w = os.pipe()
    os.write(w, b"hunter2\nhunter2\n")
    box.run("blob", "export", "--private", "--form", "der", "--passphrase", "--passphrase-fd", r, "-o", "enc.der", ok=0, pass_fds=(r,))
    assert of_openssl(box, "pkey", "-inform", "DER", "-in", "enc.der", "-passin", "pass:hunter2", "-pubout", "-outform", "DER") == pub
    box.run("blob", "export", "--private", "--passphrase", "-o", "x", ok=2)
    box.run("blob", "export", "--public", "--form", "nonsense", "-o", "x", ok=2)
    assert "x" not in box.names()


def imports(box):
    """PEM, DER and BLOB of openssl go into a container, each kind of encryption that it writes by default"""
    of_openssl(box, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "k.pem")
    of_openssl(box, "pkcs8", "-topk8", "-nocrypt", "-in", "k.pem", "-outform", "DER", "-out", "k.der")
    of_openssl(box, "rsa", "-in", "k.pem", "-outform", "MSBLOB", "-out", "k.blob")
    of_openssl(box, "pkcs8", "-topk8", "-in", "k.pem", "-passout", "pass:hunter2", "-out", "enc.pem")
    of_openssl(box, "pkey", "-in", "k.pem", "-pubout", "-out", "pub.pem")
    r, w = os.pipe()
    os.write(w, b"wrong\n")
    os.close(w)
    assert "passphrase is wrong" in box.run("blob", "import", "--container", "no", "--passphrase-fd", r, "enc.pem", ok=1, pass_fds=(r,)).stderr
    shown = set()
    for name in ("k.pem", "k.der", "k.blob", "enc.pem"):
        r, w = os.pipe()
        os.write(w, b"hunter2\n" if name == "enc.pem" else b"")
        os.close(w)
        said = box.run("blob", "import", "--container", name, "--passphrase-fd", r, name, ok=0, pass_fds=(r,)).stdout
        assert "imported" in said
        box.run("blob", "export", "--container", name, "--public", "-o", name + ".out", ok=0)
        shown.add(box.read(name + ".out"))
    assert len(shown) == 1
    id_of = box.run("blob", "show", "pub.pem", ok=0).stdout.split()[-1]
    assert id_of in box.run("blob", "show", "k.pem.out", ok=0).stdout
    box.run("blob", "import", "--container", "s", "--spec", "sign", "k.pem", ok=0)
    assert "signature" in (box.run("blob", "export", "--container", "s", "--spec", "sign", "--public", "-o", "s.out", ok=0) and box.run("blob", "show", "s.out", ok=0)).stdout


def imports_refused(box):
    """what is not a key, or not one of ours, changes nothing and is named"""
    of_openssl(box, "genpkey", "-algorithm", "ED25519", "-out", "ed.pem")
    of_openssl(box, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", "small.pem")
    of_openssl(box, "rsa", "-in", "small.pem", "-outform", "MSBLOB", "-out", "small.blob")
    box.write("tiny.blob", box.read("small.blob")[:12] + (376).to_bytes(4, "little") + box.read("small.blob")[16:])
    of_openssl(box, "genpkey", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-pkeyopt", "dsa_paramgen_q_bits:224", "-genparam", "-out", "dsa.param")
    of_openssl(box, "genpkey", "-paramfile", "dsa.param", "-out", "tiny.pem")
    of_openssl(box, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "k.pem")
    of_openssl(box, "pkcs8", "-topk8", "-in", "k.pem", "-v2", "des3", "-passout", "pass:x", "-out", "des.pem")
    good = box.read("k.pem")
    box.write("cut.pem", good[: len(good) // 2])
    box.write("bent.pem", good[:400] + (b"A" if good[400:401] != b"A" else b"B") + good[401:])
    box.write("empty", b"")
    for name in ("ed.pem", "tiny.pem", "tiny.blob", "des.pem", "cut.pem", "bent.pem", "empty"):
        p = box.run("blob", "import", "--container", "new", name, ok=1)
        assert f"'{name}'" in p.stderr, p.stderr
        box.run("blob", "show", name)
    assert "new" not in live.containers(box)
    assert "openssl" in box.run("blob", "show", "des.pem", ok=1).stderr
    assert "1024 bits" in box.run("blob", "show", "small.blob", ok=0).stdout


def session_key_forms(box):
    """the session key of a sealed file, under a key in any form, or in the clear"""
    box.run("encrypt", "-q", "--policy", "off", box.write("a", b"x").name, ok=0)
    of_openssl(box, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "k.pem")
    of_openssl(box, "pkey", "-in", "k.pem", "-pubout", "-out", "pub.pem")
    box.run("blob", "export", "--plain", "--yes", "-o", "plain", "a.spk", ok=0)
    key = box.read("plain")[12:]
    assert box.read("plain") == plaintext(AES256, key) and (box.work / "plain").stat().st_mode & 0o777 == 0o600
    assert "not confirmed" in box.run("blob", "export", "--plain", "-o", "no", "a.spk", ok=1).stderr
    pair = serialization.load_pem_private_key(box.read("k.pem"), None)
    box.run("blob", "export", "--simple", "--v15", "--to", "pub.pem", "-o", "s", "a.spk", ok=0)
    assert pair.decrypt(box.read("s")[12:][::-1], padding.PKCS1v15()) == key
    # what one has in the clear opens the file for another
    new = harness.Box(keys=False)
    new.run("init", "--bits", "2048", "-q", ok=0)
    for name in ("a.spk", "plain"):
        new.write(name, box.read(name))
    new.run("decrypt", "-o", "-", "a.spk", ok=1)
    new.run("blob", "import", "--file", "a.spk", "plain", ok=0)
    assert new.run("decrypt", "-o", "-", "a.spk", ok=0).stdout == "x"
    new.clean()


# ---- files of other programs ----


def opens(box):
    """the file of CryptoAPI's own example, and one of each cipher"""
    box.write("demo", known("demo.private"))
    box.write("rc4", sample(known("simple1"), known("attack.1")))
    box.write("aes", sample(known("simple2"), known("attack.2")))
    box.write("rc4-40", sample(known("simple4"), known("attack.4")))
    for name in ("rc4", "aes", "rc4-40"):
        assert box.run("blob", "open", "--key", "demo", name, binary=True, ok=0).stdout == ATTACK, name
    for alg in (RC4, DES3, AES128, AES256):
        for size in (0, 1, 999, 1000, 65535, 65536, 65537, 200_000):
            data = os.urandom(size)
            windows_file(box, "w", data, alg)
            box.run("blob", "open", "-f", "-o", "out", "w", ok=0)
            assert box.read("out") == data, (alg, size)


def shows(box):
    """what a file is, is said without a key"""
    windows_file(box)
    assert "RC4, under an RSA key of 2048 bits; then ciphertext" in box.run("blob", "show", "win.enc", ok=0).stdout
    box.write("s", known("simple2"))
    assert "AES-256, under an RSA key of 512 bits" in box.run("blob", "show", "s", ok=0).stdout
    box.write("p", known("plain.des"))
    assert "DES, 64 bits" in box.run("blob", "show", "p", ok=0).stdout


def taken_over(box):
    """deposited, all keys lost, recovered, and read by the program that wrote it with its new key"""
    live.enrolled(AUTHORITY, box)
    keys = {f"{n}.enc": windows_file(box, f"{n}.enc", os.urandom(5000), alg) for n, alg in (("r", RC4), ("d", DES3), ("a", AES256))}
    before = {name: box.read(name) for name in keys}
    plain = {name: box.run("blob", "open", name, binary=True, ok=0).stdout for name in keys}
    serials = {}
    for name in keys:
        j = box.json("blob", "deposit", "--description", "old " + name, name)
        assert [a["accepted"] for a in j["authorities"]] == [True]
        serials[name] = j["serial"]
    assert box.read("r.enc") == before["r.enc"], "a deposit changes nothing"
    assert box.json("blob", "list") == []
    live.lose_keys(box)
    request = box.json("recover", "--bits", "2048", "--all", ok=4)["request"]
    AUTHORITY.approve(request)
    p = box.run("recover", ok=0)
    assert "'sparekey blob list'" in p.stderr and "sparekey blob renew" in p.stderr, p.stderr
    listed = {e["serial"]: e for e in box.json("blob", "list")}
    assert {s: (e["name"], e["description"]) for s, e in listed.items()} == {s: (n, "old " + n) for n, s in serials.items()}
    # for the owner himself
    pair_pem = box.run("blob", "export", "--private", "--form", "pem", "--yes", ok=0).stdout.encode()
    own = serialization.load_pem_private_key(pair_pem, None)
    for name, key in keys.items():
        assert box.run("blob", "open", name, binary=True, ok=0).stdout == plain[name]
        box.run("blob", "renew", "-o", name + ".new", name, ok=0)
        now = box.read(name + ".new")
        assert payload(now) == payload(before[name])
        assert own.decrypt(now[4 + 12 : len(now) - len(payload(now))][::-1], padding.PKCS1v15()) == key
        # the new file has a BLOB for the present key: no recovery is needed any more
        assert box.run("blob", "open", name + ".new", binary=True, ok=0).stdout == plain[name]
    # for the program's own new key pair, on another machine
    theirs = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    numbers = theirs.public_key().public_numbers()
    box.write("theirs", bytes([6, 2, 0, 0]) + bytes.fromhex("00a40000") + b"RSA1" + (1024).to_bytes(4, "little") + (65537).to_bytes(4, "little") + numbers.n.to_bytes(128, "little"))
    box.run("blob", "renew", "--to", "theirs", "r.enc", ok=0)
    now = box.read("r.enc")
    assert int.from_bytes(now[:4], "little") == 12 + 128
    key = theirs.decrypt(now[16:144][::-1], padding.PKCS1v15())
    assert key == keys["r.enc"] and rc4(key, payload(now)) == plain["r.enc"]
    # and as a BLOB alone
    box.write("d.blob", before["d.enc"][4 : 4 + 12 + 256])
    box.run("blob", "export", "--simple", "--oaep", "--to", "theirs", "-o", "d.simple", "d.blob", ok=0)
    assert len(box.read("d.simple")) == 12 + 128


def foreign_part(box, serial):
    """What stands for the owner in a deposit that came back, read as doc/spec/deposit.md §2.1 says"""
    data = (box.home / ".local/share/sparekey/recovered" / serial).read_bytes()
    kept = live.attrs(data.split(b"\n", 1)[1])
    own = serialization.load_pem_private_key(box.run("blob", "export", "--private", "--form", "pem", "--yes", ok=0).stdout.encode(), None)
    sha1 = hashes.SHA1()
    k = own.decrypt(kept[4][0][12:][::-1], padding.OAEP(padding.MGF1(sha1), sha1, None))
    r_priv = live.attrs(kept[3][0])
    assert sorted(r_priv) == [1, 2, 3, 5] and r_priv[2] == [bytes.fromhex(serial)]
    r, rest = r_priv[5][0][:16], r_priv[5][0][16:]
    key = live.fixture.sub(k, b"foreign", bytes.fromhex(serial) + r, 32)
    return live.attrs(AESGCM(key).decrypt(bytes(12), rest, r))


def keys_alone(box):
    """a BLOB in the clear, and one with IV, mode and salt, come back as they were, and are given out in the clear"""
    live.enrolled(AUTHORITY, box)
    opaque = bytes([9, 2, 0, 0]) + (0x6602).to_bytes(4, "little") + b"SPK1" + b"".join(x.to_bytes(4, "little") for x in (1, 8, 40, 11)) + bytes(range(56)) + (5).to_bytes(4, "little") + b"abcde"
    blobs = {"plain": plaintext(RC4, b"short"), "opaque": opaque}
    for name, data in blobs.items():
        box.write(name, data)
        box.run("blob", "deposit", name, ok=0)
    live.lose_keys(box)
    AUTHORITY.approve(box.json("recover", "--bits", "2048", "--all", ok=4)["request"])
    box.run("recover", ok=0)
    listed = box.json("blob", "list")
    assert sorted(e["name"] for e in listed) == ["opaque", "plain"]
    assert {e["algorithm"] for e in listed} == {"RC2", "RC4"} and {e["bits"] for e in listed} == {40}
    for e in listed:
        box.run("blob", "export", "--plain", "--serial", e["serial"], "--yes", "-f", "-o", "out", ok=0)
        assert box.read("out") == (blobs["plain"] if e["name"] == "plain" else plaintext(0x6602, b"abcde"))
        assert foreign_part(box, e["serial"]) == {1: [blobs[e["name"]]], 2: [e["name"].encode()]}


def key_of_another_pair(box):
    """--key: the pair that the program had, of any size, as BLOB or PEM"""
    live.enrolled(AUTHORITY, box)
    box.write("demo", known("demo.private"))
    box.write("rc4", sample(known("simple1"), known("attack.1")))
    box.write("oaep", known("simple3"))
    box.run("blob", "deposit", "--key", "demo", "rc4", ok=0)
    assert "another way" in box.run("blob", "export", "--plain", "--yes", "-o", "x", "oaep", ok=1).stderr
    box.run("blob", "export", "--plain", "--yes", "--oaep", "--key", "demo", "-o", "x", "oaep", ok=0)
    assert box.read("x") == plaintext(AES128, bytes.fromhex("00112233445566778899aabbccddeeff"))
    box.run("blob", "renew", "--key", "demo", "rc4", ok=0)
    assert box.run("blob", "open", "rc4", binary=True, ok=0).stdout == ATTACK
    own_public(box)
    assert "public key" in box.run("blob", "open", "--key", "own.pem", "rc4", ok=1).stderr


def bad_files(box):
    """each is named, and nothing is written or deposited"""
    live.enrolled(AUTHORITY, box)
    windows_file(box, "good", ATTACK * 100, AES256)
    good = box.read("good")
    blob = len(good) - len(payload(good))
    bad = {
        "empty": b"", "four": good[:4], "head": good[:12], "cut": good[: blob - 1], "text": b"just a text, long enough\n" * 20,
        "len0": bytes(4) + good[4:], "huge": b"\xff\xff\xff\x7f" + good[4:], "kind": good[:4] + b"\x06" + good[5:], "version": good[:5] + b"\x03" + good[6:],
        "alg": good[:8] + b"\xff" + good[9:], "by": good[:12] + b"\xff" + good[13:], "tail": good[:-1], "none": good[:blob],
    }  # fmt: skip
    for name, data in bad.items():
        box.write(name, data)
        before = box.names()
        p = box.run("blob", "open", "-o", "out", name, ok=1)
        assert f"'{name}'" in p.stderr, (name, p.stderr)
        if name not in ("tail", "none"):
            assert f"'{name}'" in box.run("blob", "deposit", name, ok=1).stderr, name
            assert f"'{name}'" in box.run("blob", "renew", "-o", "out", name, ok=1).stderr, name
        assert box.names() == before, name
    for verb in ("open", "deposit", "renew", "show", "import"):
        assert "'missing'" in box.run("blob", verb, "missing", ok=1).stderr
        box.run("blob", verb, ok=2)
        (box.work / "folder").mkdir(exist_ok=True)
        assert "'folder'" in box.run("blob", verb, "folder", ok=1).stderr
    box.run("blob", "nonsense", ok=2)
    box.run("blob", "open", "--v15", "--oaep", "good", ok=2)
    box.run("blob", "deposit", "--description", "a\nb", "good", ok=2)
    box.write("there", b"old")
    assert "there already" in box.run("blob", "open", "-o", "there", "good", ok=1).stderr
    assert "there already" in box.run("blob", "renew", "-o", "there", "good", ok=1).stderr
    assert box.read("there") == b"old"


def wrong_padding_tells_nothing(box):
    """a v1.5 BLOB that was changed opens to something, the same each time, and never says so"""
    windows_file(box, "w", b"x" * 100)
    data = bytearray(box.read("w"))
    data[100] ^= 1
    box.write("bent", bytes(data))
    one, two = (box.run("blob", "open", "bent", binary=True, ok=0).stdout for _ in range(2))
    assert one == two != b"x" * 100


def nobody_to_deposit_with(box):
    """without an authority, and with one that is away"""
    windows_file(box)
    assert "enroll" in box.run("blob", "deposit", "win.enc", ok=1).stderr
    with live.Authority() as a:
        live.enrolled(a, box)
        a.stop("daemon")
        p = box.run("blob", "deposit", "win.enc", ok=1)
        assert "cannot be reached" in p.stderr and "was not deposited" in p.stderr


def fresh_owner():
    b = harness.Box(keys=False)
    b.run("init", "--bits", "2048", "-q", "--sheet", "sheet", ok=0)
    return b


if __name__ == "__main__":
    with live.Authority() as AUTHORITY:
        cases = [pem_and_der, imports, imports_refused, session_key_forms, opens, shows, taken_over, keys_alone, key_of_another_pair, bad_files, wrong_padding_tells_nothing, nobody_to_deposit_with]
        harness.main(cases, make=fresh_owner)
