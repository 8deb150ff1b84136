#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs in the style of the documentation's samples compile as they stand and work: for both character sets, and
for both widths of wchar_t. Arguments: the library, the headers' folder, the samples' folder, the C compiler."""

import hashlib
import hmac
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

MODES = {
    "narrow": [],
    "wide": ["-DUNICODE"],
    "short": ["-DUNICODE", "-D_UNICODE", "-fshort-wchar", "-DWIDE_LITERAL"],
}
# C++ has no void main, and no string literal for an LPTSTR but where the compiler lets it pass.
CPLUSPLUS = {
    "encrypt_file": ["narrow", "short"],
    "decrypt_file": ["narrow", "short"],
    "enum_providers": ["narrow", "short"],
    "key_container": ["short"],
    "export_key": list(MODES),
    "duplicate_hash": list(MODES),
}
# What the programs are, not the headers.
WARN = "-Wall -Wextra -Wno-int-conversion -Wno-main -Wno-main-return-type -Wno-format".split()
PASSWORD = "Pässword"
PROGRAMS = "derive_key encrypt_file decrypt_file md5_file enum_providers key_container sign_verify export_key duplicate_hash".split()


def password_bytes(mode):
    """A program that counts bytes with lstrlen() hashes the first half of a wide password."""
    if mode == "narrow":
        return PASSWORD.encode()
    return PASSWORD.encode("utf-16-le")[: len(PASSWORD)]


class Samples:
    def __init__(self, arguments, folder):
        self.library, self.headers, self.sources = (os.path.abspath(a) for a in arguments[:3])
        self.compiler = arguments[3:]
        self.folder = folder
        self.environment = dict(os.environ, HOME=folder, XDG_DATA_HOME=folder + "/data", XDG_CONFIG_HOME=folder + "/config")
        with open(os.path.join(folder, "plain"), "wb") as f:
            f.write(os.urandom(2500))

    def compile_one(self, name, mode):
        source = os.path.join(self.sources, name + ".c")
        command = self.compiler + WARN + ["-I", self.headers] + MODES[mode]
        command += [source, self.library, "-Wl,-rpath," + os.path.dirname(self.library), "-o", f"{self.folder}/{name}-{mode}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        problems = [] if done.returncode == 0 else [f"{name}, {mode}: {done.stderr}"]
        if re.search(r"^" + re.escape(self.headers) + r"\S+ (warning|error)", done.stderr, re.MULTILINE):
            problems.append(f"{name}, {mode}: the headers are not clean: {done.stderr}")
        if mode in CPLUSPLUS.get(name, []):
            command = ["c++" if self.compiler[-1].endswith("cc") else "clang++", "-std=c++17", "-fsyntax-only", "-w"]
            command += MODES[mode] + ["-I", self.headers, "-x", "c++", source]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            problems += [] if done.returncode == 0 else [f"{name}, {mode}, C++: {done.stderr}"]
        return problems

    def run(self, name, mode, *arguments, given=""):
        command = [f"{self.folder}/{name}-{mode}", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, input=given, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise AssertionError(f"{name}, {mode}: {done.returncode}, {done.stdout}{done.stderr}")
        return done.stdout

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as f:
            return f.read()

    def files(self, mode, reader):
        """What a program of one character set has encrypted, one of another decrypts."""
        plain, sealed, opened = self.read("plain"), f"versiegelt-ß-{mode}", f"geöffnet-{mode}"
        out = self.run("encrypt_file", mode, "plain", sealed)
        assert out == f"{sealed} is the encrypted form of plain.\n", out
        assert self.read(sealed)[4:12] == bytes.fromhex("0102000001680000"), self.read(sealed)[:12]
        self.run("decrypt_file", reader, sealed, opened)
        assert self.read(opened) == plain
        self.run("encrypt_file", mode, "plain", sealed + "2", PASSWORD)
        key = hashlib.md5(password_bytes(mode)).digest()
        want = Cipher(algorithms.ARC4(key), None).encryptor().update(plain)
        assert self.read(sealed + "2") == want
        self.run("decrypt_file", mode, sealed + "2", opened, PASSWORD)
        assert self.read(opened) == plain

    def names(self, mode):
        out = self.run("enum_providers", mode, given="ä€\n")
        assert "        1\tRSA Full (Signature and Key Exchange)\n" in out, out
        assert "       24\tMicrosoft Enhanced RSA and AES Cryptographic Provider\n" in out, out
        assert "The default of type 1 is Microsoft Strong Cryptographic Provider\n" in out, out
        assert re.search(r"^    RC2        Encrypt   00006602h  128$", out, re.MULTILINE), out
        assert "Its type is 1.\n" in out, out
        assert out.endswith(f" {5 if mode == 'narrow' else 2}:ä€\n"), out
        out = self.run("key_container", mode, "Schlüssel")
        for line in "A new container.", "Its name is Schlüssel", "One is Schlüssel", "Gone.":
            assert line + "\n" in out, out
        assert out.count("There is no ") == 2 and out.count("A exchange key is there.") == 1, out

    def keys(self, mode):
        out = self.run("derive_key", mode, given="sesame\n")
        assert out.splitlines()[-2:] == ["Blocks of 64 bits.", "903677054e16f329"], out
        assert self.run("md5_file", mode) == hashlib.md5(self.read("plain")).hexdigest() + "\n"
        out = self.run("sign_verify", mode)
        assert re.fullmatch(r"The signature holds, \d+ bytes.\nThat of another text does not.\n", out), out
        out = self.run("export_key", mode)
        assert out == "140 bytes of type 1 for 6610\n256 bits: Attack at dawn.\nno length: 0x8009000b\n", out
        key = hashlib.sha1(b"password").digest()[:16]
        want = [hmac.new(key, b"message", "sha1"), hashlib.sha1(b"passwordmessage")]
        out = self.run("duplicate_hash", mode)
        assert out.split("\n")[:2] == [h.digest().hex(" ") + " " for h in want], out


def main():
    with tempfile.TemporaryDirectory() as folder:
        samples = Samples(sys.argv[1:], folder)
        jobs = [(name, mode) for mode in MODES for name in PROGRAMS]
        with ThreadPoolExecutor(2) as pool:
            problems = [p for found in pool.map(lambda job: samples.compile_one(*job), jobs) for p in found]
        if problems:
            sys.exit("\n".join(problems))
        for mode, reader in ("narrow", "wide"), ("wide", "short"), ("short", "narrow"):
            samples.keys(mode)  # derive_key makes the default container, which others expect
            samples.files(mode, reader)
            samples.names(mode)
        print(f"{len(jobs)} programs work")


if __name__ == "__main__":
    main()
