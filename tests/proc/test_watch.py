#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sparekey watch: nobody recovers in secret, and no log is rewritten. The lies are told by a server that has stolen the
TLS key and, where it needs them, the keys of the logs."""
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import log_model  # noqa: E402
import log_verifier as verifier  # noqa: E402
from attack import equal, need, said  # noqa: E402
from authority_fixture import b64, h  # noqa: E402

SITE = None
LOGS = ("deposits", "recoveries")


def watch(person, status=0, *words, args=()):
    r = person.run("watch", *args).is_(status, *(() if status == 3 else words))
    for word in words if status == 3 else ():
        need(word in r.out.decode(), f"does not say {word!r}: {r}")
    return r


def seen(person, status=0, *args):
    return json.loads(person.run("watch", "--json", *args).is_(status).out)[0]


def entries(log):
    """The true entries, as they are served."""
    out = verifier.Log(lambda path: said(SITE.http.get(f"/log/{log}/{path}"), 200).body, keys()[LOGS.index(log)])
    out.check()
    return out.entries


def keys():
    return verifier.logs_note(SITE.http.get("/v1/authority").json["logs"], SITE.vkey, SITE.policy_hash.hex())


def stolen_keys():
    """The logs' own keys, by their names: what only who has the holder's machine can take."""
    folder, public = SITE.folder / "holder", verifier.Key(SITE.vkey).public
    for data in (p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file()):
        for at in range(len(data) - 31):
            if log_model.Key("x", data[at:at + 32], 1).public == public:
                made = (log_model.hkdf(data[at:at + 32], SITE.policy_hash, b"sparekey/1 " + w.encode() + b" log") for w in LOGS)
                return {w: log_model.Key(f"backup.test/{w}", seed, 1) for w, seed in zip(LOGS, made)}
    raise AssertionError("the holder's seed is not there")


class Lie:
    """Logs made up from entries, signed, and served on the authority's port."""

    def __init__(self, signers, **logs):
        self.files, notes = {}, {}
        for name, made in logs.items():
            if made is None:
                continue
            leaves = [verifier.leaf_hash(e) for e in made]
            text = f"backup.test/{name}\n{len(made)}\n{b64(verifier.root(leaves))}\n"
            notes[name] = text + "\n" + signers[name].sign(text)
            for n, width in verifier.tiles(len(made), 0):
                at = slice(256 * n, 256 * n + width)
                self.files[f"/log/{name}/" + verifier.tile_path(0, n, width)] = b"".join(leaves[at])
                self.files[f"/log/{name}/" + verifier.tile_path("entries", n, width)] = b"".join(
                    len(e).to_bytes(2, "big") + e for e in made[at])
        self.files["/v1/checkpoints"] = json.dumps(notes).encode()

    def answer(self, _method, path, _body):
        return (200, self.files[path]) if path in self.files else (404, {"error": "not-found", "message": "no such thing"})


def told(person, lie, status, *words, calls=None):
    """What watch says to a lie; the truth is believed again afterwards."""
    with SITE.away(), attack.Impostor(SITE, lie if callable(lie) else lie.answer) as server:
        r = watch(person, status, *words)
        if calls is not None:
            equal([path for _, path, _ in server.seen], calls, "calls")
    return r


def wait_entries(log, count):
    end = time.monotonic() + 20
    while len(entries(log)) < count:
        need(time.monotonic() < end, f"the {log} log does not grow")
        time.sleep(0.05)


def hook(person):
    """A program that writes down what it is told."""
    program, out = person.folder / "hook", person.folder / "rung"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >>{out}\necho >>{out}\n')
    program.chmod(0o755)
    person.config().write_text(f"watch-hook = {program}\n")
    return lambda: [line.split("|")[:-1] for line in out.read_text().splitlines()] if out.exists() else []


def test_nothing_new():
    """a log that grows by honest entries is no news, and costs one call"""
    person = attack.Person("ann").enrolled(SITE)
    person.file("x", b"data")
    person.good("encrypt", "x")
    r = seen(person)
    need(r["faults"] == [] and r["deposits"] >= 1 and r["events"] == [], r)
    lie = Lie(stolen_keys(), deposits=entries("deposits"), recoveries=entries("recoveries"))
    told(person, lie, 0, calls=["/v1/checkpoints"])
    person.file("y", b"more")
    person.good("encrypt", "y")
    equal(seen(person)["deposits"], r["deposits"] + 1, "deposits")
    watch(person, args=["--quiet"]).is_(0)


def test_somebody_else_recovers():
    """a thief with the owner's records asks, gets two approvals, and takes a key: each step is an alarm"""
    person = attack.Person("bob").enrolled(SITE)
    rung = hook(person)
    person.file("x", b"secret")
    person.good("encrypt", "x")
    equal(seen(person)["events"], [], "events")
    thief = attack.Person("bob").enrolled(SITE)
    thief.lose_keys()
    request = SITE.opened(json.loads(thief.run("recover", "--all", "--json", "--bits", "2048").is_(4).out))
    r = seen(person, 3)
    equal([(e["kind"], e["asked"], e["alarm"]) for e in r["events"]], [("requested", False, True)], "events")
    equal([line[1] for line in rung()], ["requested"], "hook")
    watch(person, 3)  # told until it is put aside, the hook once
    equal(len(rung()), 1, "hook")
    need("ALARM" in watch(person, 3).out.decode(), "no alarm in words")
    SITE.approve(request)
    thief.run("recover", "--all").is_(0)
    r = seen(person, 3)
    kinds = [e["kind"] for e in r["events"]]
    equal(kinds[:3], ["requested", "approval", "approval"], "events")
    need("authorised" in kinds, f"no release in {kinds}")
    equal(len(rung()), len([e for e in r["events"] if e["alarm"]]), "hook")
    watch(person, 3, args=["--seen"])
    rest = [e["kind"] for e in seen(person)["events"]] if person.run("watch").rc == 0 else None
    need(rest == [] or rest is None, rest)


def test_ones_own_request():
    """what was asked for on this computer is told, and is no alarm"""
    person = attack.Person("cid").enrolled(SITE)
    person.file("x", b"data")
    person.good("encrypt", "x")
    seen(person)
    person.run("watch", "--seen")
    person.lose_keys()
    request = SITE.opened(json.loads(person.run("recover", "x.spk", "--json", "--bits", "2048").is_(4).out))
    r = seen(person)
    equal([(e["kind"], e["asked"]) for e in r["events"]], [("requested", True)], "events")
    SITE.approve(request)
    person.run("recover", "x.spk").is_(0)
    r = seen(person)
    need(len(r["events"]) >= 4 and all(e["asked"] for e in r["events"]), r)


def test_lies():
    """logs that shrink, fork, vanish, or are signed by somebody else; each leaves its evidence"""
    person = attack.Person("dan").enrolled(SITE)
    for name in "xyz":
        person.file(name, b"data")
        person.good("encrypt", name)
    seen(person, person.run("watch", "--seen").rc)
    true = {w: entries(w) for w in LOGS}
    need(all(len(e) >= 2 for e in true.values()), "too few entries to lie about")
    signers, folder = stolen_keys(), person.home / ".local/share/sparekey/watch-evidence"

    def lie(words, keys=signers, files=1, **change):
        before = len(list(folder.iterdir())) if folder.exists() else 0
        told(person, Lie(keys, **dict(true, **change)), 3, words)
        gone = any(v is None for v in change.values())
        equal(len(list(folder.iterdir())) if folder.exists() else 0, before + files * (not gone), "evidence")
        equal(seen(person)["events"], [], "events")

    for w in LOGS:
        other = true[w][0][:20] + bytes([true[w][0][20] ^ 1]) + true[w][0][21:]
        lie("fewer entries", **{w: true[w][:-1]})
        lie("another one than it was", **{w: [other] + true[w][1:]})
        lie("another one than it was", **{w: [other] + true[w]})
        lie("does not show it", **{w: None})
        strangers = {v: log_model.Key(f"backup.test/{v}", bytes([7]) * 32, 1) for v in LOGS}
        lie("not signed", keys=dict(signers, **{w: strangers[w]}), **{w: true[w] + [other]})
        swapped = {v: log_model.Key(f"backup.test/{v}", bytes([8 + LOGS.index(w)]) * 32, 1) for v in LOGS}
        lie("not signed", keys=swapped, files=2)
    both = {w: true[w][:-1] for w in LOGS}
    with SITE.away(), attack.Impostor(SITE, Lie(signers, **dict(true, **both)).answer):
        equal([(f["log"], f["fault"]) for f in seen(person, 3)["faults"]], [(w, "shrunk") for w in LOGS], "faults")
    short = Lie(signers, **dict(true, deposits=true["deposits"][:-1], recoveries=true["recoveries"] + [b"x"]))
    short.files = {path: data for path, data in short.files.items() if "/recoveries/" not in path}
    told(person, short, 3, "fewer entries")  # a log that is not shown does not hide what the other one says
    entry = log_model.request_entry(16, 1, int(time.time() * 1000), bytes(32), bytes(32), b"", 0, 0)
    lie("cannot be", recoveries=true["recoveries"] + [entry])  # its own index is not its index
    lie("cannot be", recoveries=true["recoveries"] + [b"\1\x63" + entry[2:]])
    policy = b"\1\x22\0\0" + (1).to_bytes(4, "big") + entry[8:16] + h(b"another policy")
    lie("another key or policy", recoveries=true["recoveries"] + [policy])


def test_a_deposit_is_missing():
    """a deposit with a receipt, and a log that is too short for it, shown to a watcher who sees it for the first time"""
    person = attack.Person("eve").enrolled(SITE)
    person.file("x", b"data")
    person.good("encrypt", "x")
    true = {w: entries(w) for w in LOGS}
    short = Lie(stolen_keys(), deposits=true["deposits"][:-1], recoveries=true["recoveries"])
    told(person, short, 1, "does not say whose")  # it may wait for its witnesses a while
    share = person.home / ".local/share/sparekey"
    ledger = next((share / "deposited").iterdir())
    os.utime(ledger, (time.time() - 601,) * 2)
    told(person, short, 3, "is not in its log")


def test_a_refused_answer():
    """an authority that does not say whose a request is delays the alarm, and says so; it does not stop it"""
    person = attack.Person("hal").enrolled(SITE)
    person.file("x", b"data")
    person.good("encrypt", "x")
    seen(person)
    ledger = person.home / ".local/share/sparekey/deposited"
    need(len(list(ledger.iterdir())) == 1, "no ledger")
    for path in ledger.iterdir():
        path.unlink()  # as on another computer of the owner's
    thief = attack.Person("hal").enrolled(SITE)
    thief.lose_keys()
    SITE.opened(json.loads(thief.run("recover", "--all", "--json", "--bits", "2048").is_(4).out))
    told(person, Lie(stolen_keys(), **{w: entries(w) for w in LOGS}), 1, "does not say whose")
    r = seen(person, 3)
    equal([(e["kind"], e["alarm"]) for e in r["events"]], [("requested", True)], "events")
    equal(r["undecided"], 0, "undecided")


def test_no_answer():
    """an authority that is down, says nonsense, or serves tiles that are cut: no alarm, and no all-clear"""
    person = attack.Person("fay").enrolled(SITE)
    seen(person, person.run("watch", "--seen").rc)
    person.file("x", b"data")
    person.good("encrypt", "x")
    true = Lie(stolen_keys(), deposits=entries("deposits"), recoveries=entries("recoveries"))
    with SITE.away():
        watch(person, 1, "cannot be reached")
    told(person, lambda *_: (200, b"[]"), 1)
    told(person, lambda *_: (503, {"error": "busy", "message": "later"}), 1)
    told(person, lambda m, p, b: (200, true.files[p][:-1] if "tile" in p else true.files[p]), 1)
    watch(person, 0)


def test_notes_damaged():
    """what watch keeps for itself is damaged: it says which file, and what to do"""
    person = attack.Person("gus").enrolled(SITE)
    person.run("watch", "--seen")
    path = next((person.home / ".local/share/sparekey/watch").iterdir())
    good = path.read_bytes()
    for bad in (b"", good[:-1], good[:40] + bytes([good[40] ^ 1]) + good[41:], good + b"x"):
        path.write_bytes(bad)
        watch(person, 1, str(path))
    path.write_bytes(good)
    watch(person, person.run("watch").rc)


if __name__ == "__main__":
    with attack.Site() as SITE:
        sys.exit(attack.main(globals()))
