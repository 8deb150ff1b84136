#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A disk that fails while a batch of files is made durable: no file is told as sealed that may not be."""

import os
import sys

import box as harness

PRELOAD = os.environ["SPK_SYNC_FAILS"]
NAMES = [f"{i}" for i in range(6)]


def encrypt(box, where):
    """encrypt -r of six files while one call fails; what was told as failed, what has a name."""
    box.config = box.home / ".config/sparekey/config"
    box.config.write_text("policy = off\n")
    for name in NAMES:
        box.write(f"d/{name}", name.encode())
    p = box.run("encrypt", "-r", "d", env={
        "LD_PRELOAD": PRELOAD, "SYNC_FAILS": where, "SYNC_FOLDER": str(box.work / "d"),
        "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}, ok=1)
    told = {n for n in NAMES if f"d/{n}" in p.stderr}
    return told, {n for n in NAMES if (box.work / "d" / f"{n}.spk").exists()}


def file_system(box):
    """the file system tells its error once: none of its files gets a name"""
    assert encrypt(box, "syncfs") == (set(NAMES), set())


def one_file(box):
    """the error is that of one file's pages: the others are sealed"""
    told, named = encrypt(box, "pages")
    assert len(told) == 1 and named == set(NAMES) - told, (told, named)


def folder(box):
    """names that may not outlive a crash are not told as sealed"""
    told, _ = encrypt(box, "folder")
    assert told == set(NAMES), told


def again(box):
    """the next run, with a disk that works, does what is left"""
    encrypt(box, "syncfs")
    box.run("encrypt", "-r", "d", ok=0)
    assert all((box.work / "d" / f"{n}.spk").exists() for n in NAMES)


if __name__ == "__main__":
    sys.exit(harness.main([file_system, one_file, folder, again]))
