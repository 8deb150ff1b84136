#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on the logs by somebody who has taken the server over: he speaks with the holder himself."""
import os
import pathlib
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import authority_fixture as fixture  # noqa: E402
from attack import b64, equal, h, need, tree_path, unb64  # noqa: E402
from authority_fixture import note_text, spki, tree_root, u64  # noqa: E402

ADVANCE, DENY, DEPOSITS, RECOVERIES = 2, 10, 1, 2
KEYS = [bytes([i]) * 32 for i in range(1, 5)]
AT = [3, 5, 6, 11]  # where the deposits of KEYS stand in their log


def growth(entries, m, old_is_known=True):
    """RFC 9162 §2.1.4.1"""
    n = len(entries)
    if m == n:
        return [] if old_is_known else [tree_root(entries)]
    split = 1
    while split * 2 < n:
        split *= 2
    if m <= split:
        return growth(entries[:split], m, old_is_known) + [tree_root(entries[split:])]
    return growth(entries[split:], m - split, False) + [tree_root(entries[:split])]


class Server(attack.Site):
    """A holder alone, and the attacker in the server's place: his logs, his one owner, his requests."""

    def __enter__(self):
        self.start_holder()
        self.line = attack.HolderLine(self)
        self.deposits = [os.urandom(80) for _ in range(16)]
        self.recoveries = []
        self.ann = fixture.Owner(self, "Ann")
        self.messages = []
        self.oc = []
        for key, index in zip(KEYS, AT):
            d = {k: unb64(v) for k, v in self.ann.make_deposit(key, "a file").items()}
            p = h(d["salt"] + d["r_priv"])
            r_pub = d["r_pub"]
            oc = h(b"sparekey/1 deposit\0" + r_pub + p)
            self.deposits[index] = b"\1\1\0\0" + r_pub[8:12] + r_pub[16:24] + oc + r_pub[168:200]
            self.oc.append(u64(index) + oc)
            self.messages.append({17: u64(index), 10: r_pub, 15: self.ann.id, 13: d["blob"], 14: p,
                                  11: d["salt"], 12: d["r_priv"]})
        for i, m in enumerate(self.messages):
            m.update({30: u64(i), 18: b"".join(tree_path(self.oc, i))})
        return self

    def client(self, key=None):
        return None

    def again(self, sig=9):
        self.line.close()
        self.stop("holder", sig)
        self.start_holder()
        self.line = attack.HolderLine(self)

    def counter(self, which):
        self.line.seq += 1
        body = fixture.attrs([])
        self.line.socket.send(struct.pack(">4sHHII", b"SKP1", 6, 0, len(body), self.line.seq) + body)
        counters = attack.pairs_of(self.line.socket.recv(65536)[16:])
        return {int.from_bytes(v[:2], "big"): int.from_bytes(v[2:], "big") for _, v in counters}[which]

    # -- what a server says

    def grow(self, n, entries=None, proof=None, size=None):
        entries = (entries or self.deposits)[:n]
        proof = growth(entries, self.counter(13)) if proof is None and self.counter(13) else proof or []
        return self.line.ask(ADVANCE, [(52, u64(DEPOSITS)), (53, u64(n if size is None else size)),
                                       (54, tree_root(entries)), (55, b"".join(proof))])

    def entry(self, kind, request, deposit, own, detail=b"", **change):
        f = {"kind": kind, "epoch": 1, "time": int(time.time() * 1000), "salt": os.urandom(32), "hash": request.hash}
        f.update(change)
        hidden = h(b"sparekey/1 request\0" + f["salt"] + f["hash"] + h(detail))
        return (struct.pack(">BBHIQ", 1, f["kind"], 0, f["epoch"], f["time"]) + f.get("hidden", hidden) + u64(deposit) +
                u64(own)), f["salt"], request.hash, h(detail)

    def tell(self, *entries, size=None):
        """Status; when it is signed, they are in the log."""
        pairs = [(52, u64(RECOVERIES)), (53, u64(len(self.recoveries) if size is None else size)),
                 (56, b"".join(struct.pack(">H", len(e[0])) + e[0] for e in entries)),
                 (57, b"".join(e[1] for e in entries)), (58, b"".join(e[2] for e in entries)),
                 (65, b"".join(e[3] for e in entries))]
        status, out = self.line.ask(ADVANCE, pairs)
        if status == self.line.OK:
            self.recoveries += [e[0] for e in entries]
            self.signed(out[27], "recoveries", self.recoveries)
        return status

    def signed(self, note, log, entries):
        """It is the log's own checkpoint of these entries."""
        text, line = note.decode().split("\n\n")
        equal(text + "\n", f"backup.test/{log}\n{len(entries)}\n{b64(tree_root(entries))}\n", "checkpoint")
        vkey = [x for x in self.line.hello[51].decode().split("\n") if x.startswith(log + " ")][0].split("+", 2)[2]
        public = fixture.ed25519.Ed25519PublicKey.from_public_bytes(unb64(vkey)[1:])
        public.verify(unb64(line.split(" ")[2].strip())[4:], (text + "\n").encode())

    def request(self):
        """Opened, logged as far as it must be, approved by two."""
        r = self.ann.new_request()
        pairs = [(21, r.record), (22, unb64(r.body["sig_sign"])), (23, unb64(r.body["sig_keyx"])),
                 (24, u64(len(self.oc))), (25, tree_root(self.oc)), (59, u64(AT[0])), (60, self.oc[0][8:]),
                 (18, b"".join(tree_path(self.oc, 0)))]
        equal(self.line.ask(self.line.OPEN, pairs)[0], self.line.OK, "OPEN")
        r.own = len(self.recoveries)
        equal(self.tell(self.entry(16, r, AT[0], r.own)), self.line.OK, "the request's entry")
        return r

    def vote(self, o, r, log="backup.test/recoveries", decision="approve"):
        """Status of an officer's word."""
        note = o.note(note_text("approval", [
            ("authority", self.key_id.hex()), ("request", r.hash.hex()), ("owner", self.ann.id.hex()),
            ("scope", f"{len(self.oc)} {tree_root(self.oc).hex()}"),
            ("recipient", h(spki(r.keyx.public_key())).hex()), ("signer", h(spki(r.sign.public_key())).hex()),
            ("evidence", h(b"seen").hex()), ("decision", decision),
            ("policy", f"{self.policy_number} {self.policy_hash.hex()}"), ("round", 1), ("time", int(time.time())),
            ("expires", int(time.time()) + 3600), ("log", log)]))
        return self.line.ask(self.line.APPROVE if decision == "approve" else DENY, [(27, note.encode())])[0]

    def approve_both(self, r):
        for o in self.officers[:2]:
            equal(self.vote(o, r), self.line.OK, "APPROVE")

    def release(self, r, i, at=None, entry=None, deposits=None, recoveries=None, **change):
        """RELEASE of deposit i with the proofs of entry `at`, made honestly but for what is given."""
        m = dict(self.messages[i])
        m[26] = r.hash
        deposits, recoveries = deposits or self.deposits, recoveries or self.recoveries
        if at is not None:
            m.update({61: b"".join(tree_path(deposits, AT[i])), 62: entry or recoveries[at], 63: u64(at),
                      64: b"".join(tree_path(recoveries, at))})
        m.update({int(k[1:]): v for k, v in change.items()})
        status, out = self.line.ask(self.line.RELEASE, [(k, v) for k, v in m.items() if v is not None])
        need(status == self.line.OK or not out, f"status {status} with {sorted(out)}")
        return attack.unwrap(out[13], r.keyx) if status == self.line.OK else status


def flip(data, at=0):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def refused(site, wrong, counter=12):
    """Each of these is refused, and counted."""
    for name, attempt in wrong.items():
        before = site.counter(counter)
        equal(attempt(), site.line.REFUSED, name)
        equal(site.counter(counter), before + 1, f"counter after: {name}")


def test_no_log_can_fork():
    """another tree, a shorter one, proofs of something else, also across kill -9 of the holder"""
    with Server() as s:
        status, out = s.grow(9)
        equal(status, s.line.OK, "backfill")
        s.signed(out[27], "deposits", s.deposits[:9])
        other = list(s.deposits)
        other[4] = b"another deposit"
        good = growth(s.deposits[:16], 9)
        wrong = {
            "fork": lambda: s.grow(9, other, [])[0], "fork, larger": lambda: s.grow(16, other)[0],
            "its root, our proof": lambda: s.grow(16, other, good)[0], "shorter": lambda: s.grow(8, proof=[])[0],
            "empty": lambda: s.grow(0, proof=[])[0], "no proof": lambda: s.grow(16, proof=[])[0],
            "proof cut": lambda: s.grow(16, proof=good[:-1])[0],
            "proof longer": lambda: s.grow(16, proof=good + good[:1])[0],
            "proof altered": lambda: s.grow(16, proof=[flip(good[0])] + good[1:])[0],
            "another size": lambda: s.grow(16, proof=good, size=2**63)[0]}
        refused(s, wrong)
        s.again()
        refused(s, {k: wrong[k] for k in ("fork", "fork, larger", "shorter")})
        again = s.grow(9, proof=[])
        equal(again[1][27], out[27], "the note after a restart")
        equal(s.grow(16)[0], s.line.OK, "the honest growth")
        s.signed(s.grow(16, proof=[])[1][27], "deposits", s.deposits)


def test_entries_must_be_true():
    """times, kinds, salts, indices and requests that are not; what has not happened; the same again"""
    with Server() as s:
        equal(s.grow(16)[0], s.line.OK, "deposits")
        r = s.request()
        stranger = s.ann.new_request()
        now = int(time.time() * 1000)
        salt = os.urandom(32)

        def one(*args, **kw):
            return lambda: s.tell(s.entry(*args, **kw))
        refused(s, {
            "never opened": one(16, stranger, AT[0], 1), "twice": one(16, r, AT[0], 1),
            "a release before the quorum": one(17, r, AT[0], 0), "an approval": one(22, r, AT[0], 0, b"note"),
            "a denial": one(18, r, AT[0], 0, b"note"), "a veto": one(23, r, AT[0], 0), "released": one(24, r, AT[0], 0),
            "kind": one(99, r, AT[0], 0), "ahead": one(19, r, AT[0], 0, time=now + 310000),
            "behind": one(19, r, AT[0], 0, time=now - 310000), "epoch": one(19, r, AT[0], 0, epoch=2),
            "hidden": one(19, r, AT[0], 0, salt=salt, hidden=h(b"x")), "index": one(19, r, AT[0], 1),
            "deposit": one(19, r, AT[1], 0), "another request": one(19, r, AT[0], 0, hash=stranger.hash),
            "not at the end": lambda: s.tell(s.entry(19, r, AT[0], 0), size=0),
            "a gap": lambda: s.tell(s.entry(19, r, AT[0], 0), size=2)})
        s.approve_both(r)
        refused(s, {"beyond the log": one(17, r, 99, 0), "with a good one before it": lambda: s.tell(
            s.entry(17, r, AT[0], 0), s.entry(24, r, AT[0], 0))})
        equal(s.tell(s.entry(22, r, AT[0], 0, b"note")), s.line.OK, "what has happened")
        equal(s.counter(14), 2, "entries")


def test_no_release_around_the_logs():
    """no entry, another deposit's, another request's, an old checkpoint, a forked tree, another recipient"""
    with Server() as s:
        equal(s.grow(16)[0], s.line.OK, "deposits")
        r = s.request()
        s.approve_both(r)
        theirs = s.request()
        s.approve_both(theirs)
        no_entry = {"no proofs": lambda: s.release(r, 1), "the request's own entry": lambda: s.release(r, 1, 0)}
        refused(s, no_entry, counter=2)
        equal(s.tell(s.entry(17, r, AT[1], r.own)), s.line.OK, "authorised")
        at, old = len(s.recoveries) - 1, list(s.recoveries)
        equal(s.tell(s.entry(17, theirs, AT[2], theirs.own)), s.line.OK, "authorised")
        fork = old + [s.entry(17, r, AT[3], r.own)[0]]
        others = list(s.deposits)
        others[AT[1]] = others[0]
        d = tree_path(s.deposits, AT[1])
        refused(s, dict(no_entry, **{
            "another deposit's entry": lambda: s.release(r, 0, at),
            "another request's entry": lambda: s.release(r, 2, at + 1),
            "mine for another request": lambda: s.release(theirs, 1, at),
            "an old checkpoint": lambda: s.release(r, 1, at, recoveries=old),
            "a forked tree": lambda: s.release(r, 3, at + 1, recoveries=fork),
            "an entry altered": lambda: s.release(r, 0, at, entry=s.recoveries[at][:48] + u64(AT[0]) + u64(r.own)),
            "another place": lambda: s.release(r, 1, at, _63=u64(at + 1)),
            "far away": lambda: s.release(r, 1, at, _63=u64(2**64 - 1)),
            "path cut": lambda: s.release(r, 1, at, _64=b"".join(tree_path(s.recoveries, at))[:-32]),
            "an old deposits log": lambda: s.release(r, 1, at, deposits=s.deposits[:12]),
            "deposit's path cut": lambda: s.release(r, 1, at, _61=b"".join(d)[:-32]),
            "deposit's path altered": lambda: s.release(r, 1, at, _61=flip(b"".join(d))),
            "under another index": lambda: s.release(r, 1, at, _17=u64(AT[0]))}), counter=2)
        equal(s.release(r, 1, at), KEYS[1], "the honest question")
        s.again()
        equal(s.release(r, 1, at), KEYS[1], "the same to the same recipient, after kill -9")
        refused(s, {"after kill -9": lambda: s.release(r, 3, at)}, counter=2)


def test_votes_are_for_one_log():
    """approvals and denials that name no log, the deposits' one, or that of another authority, also across kill -9"""
    with Server() as s:
        equal(s.grow(16)[0], s.line.OK, "deposits")
        r = s.request()
        s.again()
        alice, bob = s.officers[:2]
        for log in ("none", "backup.test/deposits", "other.test/recoveries", "backup.test", "backup.test/recoveries/"):
            for decision in ("approve", "deny"):
                for o in (alice, bob):
                    equal(s.vote(o, r, log, decision), s.line.REFUSED, f"{decision} for {log}")
        refused(s, {"an approval": lambda: s.tell(s.entry(22, r, AT[0], r.own, b"note")),
                    "a release": lambda: s.tell(s.entry(17, r, AT[1], r.own))})
        s.approve_both(r)
        equal(s.tell(s.entry(17, r, AT[1], r.own)), s.line.OK, "authorised")
        equal(s.release(r, 1, len(s.recoveries) - 1), KEYS[1], "the honest question")


if __name__ == "__main__":
    sys.exit(attack.main(globals()))
