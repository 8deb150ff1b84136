#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sealed files that are none, were damaged, cut, extended, or made by somebody hostile.

What must hold for each: the right text or none at all, never a part of it under its name, and a message that names
the file. Many damaged copies go through one process, each in a folder of its own.
"""
import os
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import sealed_reader as sr  # noqa: E402
import sparekey_cli as t  # noqa: E402
from sparekey_cli import DONE, FAILED, UNRECOVERABLE, need  # noqa: E402

TEXT = b"only the right bytes, or none\n" * 3
CORE = 88
CHUNK = 400  # copies a process
NOT_SEALED, CUT, CHANGED, LATER = "is not a sealed file", "is cut short", "was changed", "later version"


# ---- many copies at once ---------------------------------------------------------------------------------------


def try_chunk(box, folder, copies):
    """Decrypt {number: bytes} in one process; gives {number: text or None} and the result."""
    names = {}
    for number, data in copies.items():
        names[number] = folder / str(number)
        names[number].mkdir(parents=True)
        (names[number] / "s.spk").write_bytes(data)
    r = box.run("decrypt", "--quiet", *[n / "s.spk" for n in names.values()])
    got = {}
    for number, name in names.items():
        left = sorted(p.name for p in name.iterdir())
        out = [n for n in left if n != "s.spk"]
        need(len(out) <= 1 and not any(n.startswith(".") for n in out), f"copy {number} left {left}")
        need((name / "s.spk").read_bytes() == copies[number], f"copy {number} itself was changed")
        got[number] = (name / out[0]).read_bytes() if out else None
        named = [e for e in r.errors if f"'{name}/s.spk'" in e]
        need(len(named) == (0 if out else 1), f"copy {number}: {named}, output {out}")
    need(r.rc == (DONE if None not in got.values() else FAILED), f"status {r.rc}")
    return got, r


def try_copies(box, copies):
    """The same in chunks, on all cores: {number: text or None}, {number: error line}."""
    items = list(copies.items())
    chunks = [dict(items[i : i + CHUNK]) for i in range(0, len(items), CHUNK)]
    got, lines = {}, {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(try_chunk, box, box.work / f"c{i}", c) for i, c in enumerate(chunks)]
        for job in jobs:
            one, r = job.result()
            got.update(one)
            for e in r.errors:
                lines[int(e.split("/s.spk'")[0].rsplit("/", 1)[1])] = e
    return got, lines


def flipped(data, at, bits):
    return data[:at] + bytes([data[at] ^ bits]) + data[at + 1 :]


def check_flips(box, data, places, may_open, bits=lambda i: 1 << i % 8):
    """Flip at all places; may_open(i): the right text is allowed there, and nothing else is wanted."""
    got, _ = try_copies(box, {i: flipped(data, i, bits(i)) for i in places})
    for i, text in got.items():
        need(text is None or text == TEXT, f"byte {i} flipped gives a wrong text")
        need((text is not None) == may_open(i), f"byte {i} flipped: opens {text is not None}")


# ---- files made by hand ----------------------------------------------------------------------------------------


def craft(box, plain=TEXT, seg_len=4096, flags=sr.COMPACT, area_len=1024, tlvs=b"", slots=None, meta=None,
          patch=None):
    """A sealed file for the box's key; slots(own) may change the list of slots, patch(core) the core's bytes
    before anything is bound to them."""
    pub = t.pair_of(box.container()).public_key()
    key = os.urandom(32)
    core = sr.Core(sr.uuid7(), 1700000000, area_len, seg_len, flags, tlvs)
    core.commitment = sr.sub(key, "commitment", core.file_id, 32)
    if patch:
        data = patch(core.build())
        core.build = lambda: data
    own = [(1, sr.OAEP | sr.DERIVED, sr.h(sr.spki_of(pub)), sr.wrap(key, pub, core.file_id))]
    if meta is not None:
        own.append((4, 0, bytes(32), sr.write_metadata(core, key, meta)))
    area = sr.build_area(key, core, slots(own) if slots else own)
    payload = sr.seal_payload(core, key, plain, os.urandom(32), lambda i: os.urandom(12))
    return core.build() + core.areas * area + payload


def refused(box, data, *words, name="bad.spk"):
    """decrypt, to a file and to standard output, verify and inspect all survive it; the first two refuse."""
    path = box.file(name, data)
    with box.untouched():
        for args in (["decrypt"], ["decrypt", "-o", "out"], ["decrypt", "-o", "-"]):
            r = box.run(*args, name)
            r.is_(FAILED, f"'{name}'", *words)
            need(r.out == b"", f"text of a bad file came out: {r}")
        r = box.run("decrypt", "-o", "-", "-", input=data)
        need(r.rc == FAILED and r.out == b"", f"text of a bad file came through a pipe: {r}")
        need(box.run("verify", "--payload", name).rc in (FAILED, UNRECOVERABLE), "verify calls it good")
        need(box.run("inspect", name).rc in (DONE, FAILED), "inspect")
        need(box.run("inspect", "--json", name).rc in (DONE, FAILED), "inspect --json")
    path.unlink()


# ---- tests -----------------------------------------------------------------------------------------------------


def test_files_that_are_not_sealed(box):
    for name, data in {"empty": b"", "one": b"x", "newline": b"\n", "text": b"hello world\n" * 100,
                       "zeros": bytes(5000), "random": os.urandom(5000), "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
                       "tail": craft(box)[1:]}.items():
        refused(box, data, NOT_SEALED, name=name)
    refused(box, b"\x89", CUT)
    refused(box, b"\x89SPK\r\n\x1a\n", CUT)
    refused(box, b"\x89SPK\n\x1a\n" + craft(box)[8:], NOT_SEALED)  # as a text-mode transfer leaves it


def test_every_byte_of_a_compact_file(box):
    data = box.sealed("s", TEXT).read_bytes()
    area_len, flags = struct.unpack(">I", data[40:44])[0], struct.unpack(">I", data[48:52])[0]
    need(flags == sr.COMPACT, "a small file is not compact")
    rest = CORE + struct.unpack(">I", data[CORE + 4 : CORE + 8])[0] + 64
    zeros = range(rest, CORE + area_len)
    check_flips(box, data, range(len(data)), lambda i: i in zeros)
    box.good("decrypt", "-f", "s.spk")


def test_every_byte_of_a_compact_file_inverted(box):
    data = craft(box, area_len=512)
    rest = CORE + struct.unpack(">I", data[CORE + 4 : CORE + 8])[0] + 64
    check_flips(box, data, range(len(data)), lambda i: rest <= i < CORE + 512, bits=lambda i: 0xFF)


def test_every_byte_of_a_file_with_two_areas(box):
    data = craft(box, flags=0)
    check_flips(box, data, range(len(data)), lambda i: CORE <= i < CORE + 2048)


def test_bytes_of_a_file_with_two_areas_from_a_pipe(box):
    r = box.good("encrypt", "-o", "s.spk", "-", input=TEXT)
    need(r.out.startswith(b"s.spk: "), f"{r}")
    data = (box.work / "s.spk").read_bytes()
    area_len = struct.unpack(">I", data[40:44])[0]
    need(struct.unpack(">I", data[48:52])[0] == 0, "a pipe's file is compact")
    used = struct.unpack(">I", data[CORE + 4 : CORE + 8])[0] + 64
    areas = range(CORE, CORE + 2 * area_len)
    in_use = [i for i in areas if (i - CORE) % area_len < used]
    rest = [i for i in areas if (i - CORE) % area_len >= used][::61]
    places = [*range(0, CORE, 3), *in_use[::3], *rest, *range(areas.stop, len(data), 3)]
    check_flips(box, data, places, lambda i: i in areas)


def test_both_copies_of_the_area_damaged(box):
    data = bytearray(craft(box, flags=0))
    data[CORE + 30] ^= 1
    data[CORE + 1024 + 200] ^= 1
    refused(box, bytes(data), CHANGED)


def test_cut_at_every_byte(box):
    for data in (craft(box, area_len=512), craft(box, flags=0)):
        got, lines = try_copies(box, {i: data[:i] for i in range(len(data))})
        for i, text in got.items():
            need(text is None, f"cut at {i} it opens")
            word = CUT if i > 0 else NOT_SEALED
            need(word in lines[i], f"cut at {i}: {lines[i]}")
        for folder in box.work.iterdir():
            folder.rename(box.folder / os.urandom(4).hex())


def test_cut_at_segments(box):
    plain = os.urandom(3 * 4064 + 1000)
    data = craft(box, plain)
    p0 = CORE + 1024 + 74
    whole = box.file("whole.spk", data)
    box.opens(whole, plain)
    for n in range(4):
        for d in (-33, -32, -1, 0, 1, 4, 16, 31, 32, 33):
            if 0 <= n * 4096 + d < len(data) - p0:
                cut = box.file("cut.spk", data[: p0 + n * 4096 + d])
                with box.untouched():
                    box.run("decrypt", "-o", "x", cut).is_(FAILED, CUT, "cut.spk")
                    r = box.run("decrypt", "-o", "-", cut).is_(FAILED, CUT)
                    need(plain.startswith(r.out), "wrong bytes in front of the cut")
                    need(not r.out or "do not use it" in r.said, f"no warning: {r}")
                    box.run("verify", "--payload", cut).is_(FAILED, CUT)


def test_extended(box):
    plain = os.urandom(2 * 4064 + 1000)
    data = craft(box, plain)
    final = data[CORE + 1024 + 74 + 2 * 4096 :]
    for name, more in {"byte": b"\0", "newline": b"\n", "a tag": bytes(16), "a head": bytes(32), "final": final,
                       "itself": data, "zeros": bytes(100000), "random": os.urandom(70000)}.items():
        bad = box.file("bad.spk", data + more)
        with box.untouched():
            for out in ("x", "-"):
                r = box.run("decrypt", "-o", out, bad)
                need(r.rc == FAILED and "bad.spk" in r.said, f"{name} behind the end: {r}")
                need(plain.startswith(r.out), "wrong bytes")


def test_segments_moved(box):
    plain = os.urandom(4 * 4064 + 500)
    data = craft(box, plain)
    other = craft(box, plain)
    p0 = CORE + 1024 + 74
    head, segs = data[:p0], [data[p0 + i * 4096 : p0 + (i + 1) * 4096] for i in range(5)]
    foreign = other[p0 + 4096 : p0 + 8192]
    for name, order in {"swapped": [0, 2, 1, 3, 4], "doubled": [0, 1, 1, 2, 3, 4], "dropped": [0, 1, 3, 4],
                        "first dropped": [1, 2, 3, 4], "final first": [4, 0, 1, 2, 3], "only final": [4],
                        "final twice": [0, 1, 2, 3, 4, 4]}.items():
        refused_late(box, head + b"".join(segs[i] for i in order), plain, name)
    refused_late(box, head + segs[0] + foreign + b"".join(segs[2:]), plain, "a foreign segment")
    refused_late(box, other[: CORE + 1024] + data[CORE + 1024 :], plain, "a foreign header")
    refused_late(box, data[: CORE + 1024] + other[CORE + 1024 :], plain, "a foreign payload")


def refused_late(box, data, plain, what):
    bad = box.file("bad.spk", data)
    with box.untouched():
        box.run("decrypt", "-o", "x", bad).is_(FAILED, "bad.spk")
        r = box.run("decrypt", "-o", "-", bad).is_(FAILED)
        need(plain.startswith(r.out), f"{what}: wrong bytes came out")


def test_unknown_versions_and_critical_fields(box):
    data = craft(box)
    refused(box, data[:8] + b"\0\2" + data[10:], LATER)
    refused(box, data[:8] + b"\xff\xff" + data[10:], LATER)
    refused(box, data[:10] + b"\0\2" + data[12:], LATER)
    refused(box, craft(box, patch=lambda c: c[:48] + struct.pack(">I", sr.COMPACT | 4) + c[52:]), LATER)
    refused(box, craft(box, tlvs=struct.pack(">HH", 2, 3) + b"abc"), LATER)
    refused(box, craft(box, slots=lambda own: own + [(7, 0, bytes(32), b"from the future")]), LATER)
    refused(box, craft(box, flags=0, slots=lambda own: own + [(0x7FFF, 0, bytes(32), b"")]), LATER)
    refused(box, craft(box, slots=lambda own: [(own[0][0], 4 | own[0][1], *own[0][2:])]), LATER)
    refused(box, craft(box, slots=lambda own: own + [(6, 1, bytes(32), bytes(16))]), LATER)


def test_unknown_fields_that_may_be_skipped(box):
    for data in (craft(box, tlvs=struct.pack(">HH", 0x8001, 3) + b"abc"),
                 craft(box, slots=lambda own: [(0x8001, 0xFFFF, os.urandom(32), b"later")] + own),
                 craft(box, meta={1: b"name", 9: b"later", 0x7777: b""})):
        box.opens(box.file("later.spk", data), TEXT)


def test_lying_sizes(box):
    data = craft(box)
    for at, size, values in ((12, 4, (0, 16, 87, 89, 65536, 65537, 0xFFFFFFFF)), (40, 4, (0, 64, 255, 257, 65600, 0xFFFFFFFF)),
                             (44, 4, (0, 31, 32, 4095, 16777217, 0xFFFFFFFF)), (CORE + 4, 4, (0, 19, 20, 961, 0xFFFFFFFF)),
                             (CORE + 16, 2, (0, 2, 256, 65535)), (CORE + 18, 2, (1, 65535)),
                             (CORE + 24, 4, (0, 1, 269, 0x7FFFFFFF, 0xFFFFFFFF))):
        for value in values:
            refused(box, data[:at] + value.to_bytes(size, "big") + data[at + size :])
    for tlvs in (b"\0", b"\x80\1\0\1", b"\x80\1\xff\xff", struct.pack(">HH", 1, 39) + bytes(39)):
        refused(box, craft(box, tlvs=tlvs))


def test_large_but_lawful_sizes(box):
    many = b"".join(struct.pack(">HH", 0x9000, 1000) + os.urandom(1000) for _ in range(60))
    box.opens(box.file("a.spk", craft(box, tlvs=many)), TEXT)
    box.opens(box.file("b.spk", craft(box, seg_len=16777216, plain=bytes(100000))), bytes(100000))
    box.opens(box.file("c.spk", craft(box, flags=0, area_len=65536)), TEXT)
    box.opens(box.file("d.spk", craft(box, area_len=65536, slots=lambda own: [(0x8000, 0, bytes(32), b"")] * 255 + own)), TEXT)
    refused(box, craft(box, area_len=65536, slots=lambda own: [(0x8000, 0, bytes(32), b"")] * 256 + own))


def test_many_false_slots_cost_little(box):
    false = lambda own: [(1, 3, own[0][2], own[0][3][:12] + bytes([i % 251 + 1]) * 255 + b"\1") for i in range(200)]  # noqa: E731
    refused(box, craft(box, flags=0, area_len=65536, slots=false), "sparekey: error: ")


def test_a_forged_copy_of_the_area_is_passed_over(box):
    data = craft(box, flags=0)
    for slots in ([], [(1, 3, os.urandom(32), bytes(268))], [(2, 3, os.urandom(32), b"")]):
        body = b"".join(struct.pack(">HHI", k, f, len(v)) + r + v for k, f, r, v in slots)
        forged = b"KSLT" + struct.pack(">IQHH", 20 + len(body), 99, len(slots), 0) + body + os.urandom(32)
        forged += sr.h(forged)
        forged += bytes(1024 - len(forged))
        path = box.file("forged.spk", data[:CORE] + forged + data[CORE + 1024 :])
        box.opens(path, TEXT)
        path = box.file("forged.spk", data[: CORE + 1024] + forged + data[CORE + 2048 :])
        box.opens(path, TEXT)
        refused(box, data[:CORE] + 2 * forged + data[CORE + 2048 :])


def test_names_inside_that_would_lead_elsewhere(box):
    for items in ({1: b"../escape"}, {1: b"/tmp/escape"}, {1: b"a/b"}, {1: b"."}, {1: b".."}, {1: b""}, {1: b"nul\0l"},
                  {1: b"x" * 256}, {1: b"x", 2: struct.pack(">I", 0o104755)}, {1: b"x", 3: b"short"}):
        box.file("evil.spk", craft(box, meta=items))
        with box.untouched():
            box.run("decrypt", "evil.spk").is_(FAILED, "'evil.spk'", "-o to name the output")
        box.opens("evil.spk", TEXT)  # whoever names the output is not kept from it
        box.good("decrypt", "-f", "-o", "mine", "evil.spk")
        need((box.work / "mine").read_bytes() == TEXT, "right text")


def test_names_inside_that_a_listing_would_not_show(box):
    for i, name in enumerate((b"a\x1b[31m\nb\xc2\x9bc\xff\xe2\x80\xae", b".profile")):
        box.file(f"evil{i}.spk", craft(box, meta={1: name, 2: struct.pack(">I", 0o7777)}))
        r = box.good("decrypt", f"evil{i}.spk")
        need(not t.CONTROL.search(r.out.decode()), f"the name reaches the terminal: {r}")
        need(not os.path.lexists(os.fsencode(box.work) + b"/" + name), "it got the name inside")
        path = box.work / f"evil{i}"
        need(path.read_bytes() == TEXT, "it is there under the sealed file's own name")
        need(path.stat().st_mode & 0o7000 == 0, "set-user-id out of a file")
        box.run("decrypt", f"evil{i}.spk").is_(FAILED, "is there already")
        box.file(f"evil{i}", craft(box, meta={1: name}))
        box.run("decrypt", "-f", f"evil{i}").is_(FAILED, "-o")


def test_an_existing_target_of_the_name_inside_stays(box):
    box.file("evil.spk", craft(box, meta={1: b"precious"}))
    box.file("precious", b"mine")
    with box.untouched():
        box.run("decrypt", "evil.spk").is_(FAILED, "'precious' is there already", "--force")


def test_a_lying_size_inside_is_no_harm(box):
    box.file("evil.spk", craft(box, meta={1: b"x", 4: struct.pack(">Q", 1 << 62)}))
    box.good("decrypt", "evil.spk")
    need((box.work / "x").read_bytes() == TEXT, "right text")


def test_wrong_key(box):
    data = box.sealed("a", TEXT).read_bytes()
    box.home = box.cli.home("other")
    box.env["HOME"] = str(box.home)
    for name, variant in {"a.spk": data, "b.spk": data[:-1]}.items():
        box.file(name, variant)
        with box.untouched():
            for out in ("x", "-"):
                r = box.run("decrypt", "-o", out, name)
                r.is_(FAILED, f"'{name}' cannot be opened: none of your keys fits", "sparekey recover")
    box.run("verify", "a.spk").is_(UNRECOVERABLE)
    box.run("verify", "--payload", "a.spk").is_(FAILED, "none of your keys fits")
    box.good("inspect", "a.spk")


if __name__ == "__main__":
    sys.exit(t.main(sys.modules[__name__]))
