# SPDX-License-Identifier: Apache-2.0
"""doc/spec/http-api.yaml against a running authority: every answer to every call here must be one that the page
describes, and every operation, with every success and refusal that it lists, must have been seen at the end.

    test_http_api.py BUILD-FOLDER
"""
import json
import os
import sqlite3
import sys
import time
import unittest
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

import log_verifier  # noqa: E402
from authority_fixture import (Authority, Client, Officer, Owner, b64, h, hashes, new_rsa,  # noqa: E402
                               note_text, padding, spki, statement, tree_root, unb64)

BUILD = None


class Page:
    """The OpenAPI page, and what of it was seen."""

    def __init__(self, path):
        self.doc = yaml.safe_load(path.read_text())
        self.resolver = jsonschema.RefResolver.from_schema(self.doc)
        self.seen, self.missing = set(), []

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def find(self, method, path):
        parts = path.split("?")[0].strip("/").split("/")
        best = None
        for template, item in self.doc["paths"].items():
            want = template.strip("/").split("/")
            if len(want) == len(parts) and method.lower() in item and all(
                    w == p or w.startswith("{") for w, p in zip(want, parts)):
                if best is None or best.count("{") > template.count("{"):
                    best = template
        return best

    def check(self, method, path, answer):
        template = self.find(method, path)
        if template is None:
            assert answer.status in (400, 404), (method, path, answer)
            return
        responses = self.doc["paths"][template][method.lower()]["responses"]
        self.seen.add((method, template, str(answer.status)))
        if str(answer.status) not in responses:
            assert answer.status in (400, 404, 413, 415, 429, 500, 503), (method, path, answer)
            self.validate(self.doc["components"]["schemas"]["error"], answer.json)
            return
        content = self.resolve(responses[str(answer.status)])["content"]
        kind = answer.headers["Content-Type"]
        assert kind in content, (method, path, kind)
        if "json" not in kind:
            return
        for value in answer.lines if kind == "application/x-ndjson" else [answer.json]:
            self.validate(content[kind]["schema"], value)
        if answer.status in (429, 503):
            assert int(answer.headers["Retry-After"]) > 0

    def validate(self, schema, value):
        jsonschema.Draft202012Validator(schema, resolver=self.resolver).validate(value)

    def unseen(self):
        for template, item in self.doc["paths"].items():
            for method, op in item.items():
                for status in op["responses"]:
                    if (method.upper(), template, status) not in self.seen:
                        yield f"{method.upper()} {template} {status}"


def setUpModule():
    page = Page(ROOT / "doc/spec/http-api.yaml")
    Client.observe = page.check
    Api.page = page


class Api(unittest.TestCase):
    """One authority, one story, in the order of the names."""

    page = None

    @classmethod
    def setUpClass(cls):
        cls.a = Authority(BUILD, conf="requests_per_hour = 200\nmax_body = 200000\nmax_batch = 20\n")
        cls.a.__enter__()
        cls.ann = cls.a.enrol("Ann Miller")
        cls.keys = {}

    @classmethod
    def tearDownClass(cls):
        cls.a.__exit__()

    def refused(self, answer, status, code=None):
        self.assertEqual(answer.status, status, answer)
        if code:
            self.assertEqual(answer.json["error"], code)
        self.assertTrue(answer.json["message"].endswith("."), answer)

    def test_01_authority_and_status(self):
        a = self.a.http.get("/v1/authority").json
        self.assertEqual(a["statement"], self.a.statement)
        self.assertEqual(a["policies"], [self.a.genesis])
        self.assertTrue(a["holder"])
        self.assertEqual(a["limits"]["batch"], 20)
        self.assertEqual(self.a.http.get("/v1/status").json["holder"], "ready")
        self.refused(self.a.http.get("/v1/nothing"), 404, "not-found")
        self.refused(self.a.http.call("DELETE", "/v1/owners"), 404)
        self.refused(self.a.http.get("/v1/status?x=1"), 400)
        self.refused(self.a.http.get("/v1/%zz"), 400)

    def test_02_enrolment(self):
        post = self.a.http.post
        bob = Owner(self.a, "Bob")
        self.assertEqual(post("/v1/owners", bob.enrolment()).status, 201)
        again = post("/v1/owners", bob.enrolment())
        self.assertEqual((again.status, again.json), (200, {"owner": bob.id.hex(), "state": "enrolled"}))
        self.refused(post("/v1/owners", {"record": "!!", "signature": ""}), 400, "bad-request")
        self.refused(post("/v1/owners", bob.enrolment(extra=1)), 400)
        eve = Owner(self.a, "Eve", sign=bob.sign)
        self.refused(post("/v1/owners", eve.enrolment()), 409, "conflict")
        eve = Owner(self.a, "Eve")
        eve.signature = bob.signature
        self.refused(post("/v1/owners", eve.enrolment()), 422, "unprocessable")
        other = Owner(self.a, "Eve")
        other.signature = statement(other.sign, b"enrolment", h(b"another authority"), other.record)
        self.refused(post("/v1/owners", other.enrolment()), 422)
        self.refused(post("/v1/owners", {"record": b64(b"\0\0"), "signature": b64(b"x")}), 422)

    def test_03_self(self):
        me = self.ann.http.get("/v1/owners/self").json
        self.assertEqual((me["owner"], me["state"]), (self.ann.id.hex(), "enrolled"))
        self.refused(self.a.http.get("/v1/owners/self"), 401, "unauthorized")
        self.refused(self.a.client(new_rsa()).get("/v1/owners/self"), 401)

    def test_04_deposit(self):
        for i in range(5):
            key = os.urandom(32)
            d = self.ann.make_deposit(key, f"file {i} of Ørsted")
            r = self.ann.http.post("/v1/deposits", d)
            self.assertEqual(r.status, 201)
            self.keys[r.json["index"]] = key
        again = self.ann.http.post("/v1/deposits", d)
        self.assertEqual((again.status, again.json["duplicate"]), (200, True))
        self.assertEqual({k: v for k, v in again.json.items() if k != "duplicate"}, r.json)
        self.assertEqual(log_verifier.Receipt(r.json["receipt"], self.logs()[0]).index, r.json["index"])
        serial = bytes.fromhex(r.json["serial"])
        other = self.ann.make_deposit(os.urandom(32), "same serial, other key", file_id=serial)
        self.refused(self.ann.http.post("/v1/deposits", other), 409, "conflict")
        post = self.ann.http.post
        self.refused(post("/v1/deposits", raw=b"{"), 400)
        self.refused(post("/v1/deposits", raw=b"x" * 100000), 413, "too-large")
        self.refused(post("/v1/deposits", raw=b"{}", ctype="text/plain"), 415, "unsupported")
        self.refused(self.a.http.post("/v1/deposits", d), 401)

    def test_05_deposit_that_does_not_fit(self):
        post, make = self.ann.http.post, self.ann.make_deposit
        good = make(os.urandom(32), "x")
        for part, value in (("blob", b64(b"\1\2")), ("r_pub", b64(bytes(200))), ("r_priv", ""),
                            ("salt", b64(b"short")), ("r_priv", b64(b"\0\0"))):
            self.refused(post("/v1/deposits", {**good, part: value}), 422, "unprocessable")
        other = make(os.urandom(32), "y")
        self.refused(post("/v1/deposits", {**good, "blob": other["blob"]}), 422)
        self.refused(post("/v1/deposits", {**good, "r_priv": other["r_priv"]}), 422)
        timed = bytearray(unb64(good["r_pub"]))
        timed[23] = 1
        self.refused(post("/v1/deposits", {**good, "r_pub": b64(timed)}), 422)
        self.refused(post("/v1/deposits", make(os.urandom(32), "z", policy=7)), 422)
        self.refused(post("/v1/deposits", make(os.urandom(32), "z", flags=1)), 422)  # not derived
        self.refused(post("/v1/deposits", make(os.urandom(32), "z", owner=h(b"somebody"))), 422)

    def test_06_batch(self):
        made = [self.ann.make_deposit(os.urandom(32), f"batch {i}") for i in range(3)]
        lines = [json.dumps(m) for m in made] + ["nonsense", json.dumps(made[0])]
        r = self.ann.http.post("/v1/deposits", raw="\n".join(lines).encode(), ctype="application/x-ndjson")
        self.assertEqual(r.status, 200)
        *out, last = r.lines
        self.assertEqual(list(last), ["checkpoint"])
        key = self.logs()[0]
        for made_line, line in zip(made, out):  # the receipt is put together from what one has
            r_pub = bytearray(unb64(made_line["r_pub"]))
            r_pub[16:24] = line["time"].to_bytes(8, "big")
            extra = bytes(r_pub) + h(unb64(made_line["salt"]) + unb64(made_line["r_priv"]))
            path = unb64(line["path"])
            text = f"c2sp.org/tlog-proof@v1\nextra {b64(extra)}\nindex {line['index']}\n"
            text += "".join(b64(path[i:i + 32]) + "\n" for i in range(0, len(path), 32))
            log_verifier.Receipt(text + "\n" + last["checkpoint"], key)
        self.assertEqual([x.get("state") for x in out], ["accepted"] * 3 + [None, "accepted"])
        self.assertEqual([x["index"] for x in out[:3]], [5, 6, 7])
        self.assertEqual(out[3]["error"], "bad-request")
        self.assertTrue(out[4]["duplicate"])
        post = self.ann.http.post
        self.refused(post("/v1/deposits", raw=b"", ctype="application/x-ndjson"), 400)
        self.refused(post("/v1/deposits", raw=b"{}\n" * 21, ctype="application/x-ndjson"), 413)
        self.refused(post("/v1/deposits", raw=b"x" * 300000, ctype="application/x-ndjson"), 413)

    def test_07_list(self):
        get = self.ann.http.get
        rows = get("/v1/deposits").json["deposits"]
        self.assertEqual([r["index"] for r in rows], list(range(8)))
        page = get("/v1/deposits?limit=3").json
        self.assertEqual((len(page["deposits"]), page["next"]), (3, 2))
        page = get(f"/v1/deposits?limit=100&after={page['next']}").json
        self.assertEqual((page["deposits"][0]["index"], page["next"]), (3, None))
        found = get("/v1/deposits?description=%C3%98rsted").json["deposits"]
        self.assertEqual(len(found), 5)
        self.assertEqual(get("/v1/deposits?description=rsted+").json["deposits"], [])
        self.assertEqual(len(get(f"/v1/deposits?serial={rows[4]['serial']}").json["deposits"]), 1)
        self.assertEqual(get(f"/v1/deposits?since={rows[-1]['time'] + 60000}").json["deposits"], [])
        self.assertEqual(get(f"/v1/deposits?until={rows[0]['time'] - 1}").json["deposits"], [])
        for bad in ("limit=0", "limit=x", "limit=99999999", "serial=zz", "after=-1", "until=1&until=2",
                    "description=%ff", "nonsense=1"):
            self.refused(get("/v1/deposits?" + bad), 400)
        self.refused(self.a.http.get("/v1/deposits"), 401)

    def test_08_show(self):
        rows = self.ann.http.get("/v1/deposits").json["deposits"]
        one = self.ann.http.get("/v1/deposits/" + rows[0]["serial"]).json
        r_pub = unb64(one["r_pub"])
        self.assertEqual(r_pub[24:40].hex(), rows[0]["serial"])
        self.assertEqual(int.from_bytes(r_pub[16:24], "big"), one["time"])
        self.assertEqual(unb64(one["p"]), h(unb64(one["salt"]) + unb64(one["r_priv"])))
        self.refused(self.ann.http.get("/v1/deposits/" + "00" * 16), 404, "not-found")
        self.refused(self.ann.http.get("/v1/deposits/xyz"), 400)
        self.refused(self.a.http.get("/v1/deposits/" + rows[0]["serial"]), 401)
        bob = self.a.enrol("Bob the second")
        self.refused(bob.http.get("/v1/deposits/" + rows[0]["serial"]), 404)

    def logs(self):
        """Verifier keys of both logs."""
        note = self.a.http.get("/v1/authority").json["logs"]
        return log_verifier.logs_note(note, self.a.vkey, self.a.policy_hash.hex())

    def test_08_logs(self):
        get, key = self.a.http.get, self.logs()[0]
        log = log_verifier.Log(lambda path: get("/log/deposits/" + path).body, key)
        leaves = log.check()
        self.assertEqual(log.size, 8)
        for row in self.ann.http.get("/v1/deposits").json["deposits"]:
            r = self.ann.http.get(f"/v1/deposits/{row['serial']}/receipt")
            receipt = log_verifier.Receipt(r.json["receipt"], key)
            self.assertEqual((receipt.index, receipt.serial, r.json["index"]),
                             (row["index"], row["serial"], row["index"]))
            self.assertEqual(leaves[receipt.index], log_verifier.leaf_hash(receipt.entry))
        self.assertEqual(get("/log/deposits/checkpoint").headers["Cache-Control"], "no-cache")
        self.assertEqual(get("/v1/checkpoints").json["deposits"], get("/log/deposits/checkpoint").body.decode())
        r = get("/log/deposits/tile/0/000.p/3")  # an older, smaller one
        self.assertEqual((r.body, r.headers["Content-Type"]), (b"".join(leaves[:3]), "application/octet-stream"))
        for path in ("tile/0/000", "tile/0/000.p/9", "tile/0/000.p/0", "tile/0/001.p/1", "tile/1/000.p/1", "tile/0/x000/000.p/3",
                     "tile/0/0.p/3", "tile/8/000.p/1", "tile/entries/000", "tile/entries/000.p/9", "tile/0", "tile",
                     "tile/0/000.p/3/4", "nothing"):
            self.refused(get("/log/deposits/" + path), 404)
        self.refused(get("/log/others/checkpoint"), 404)
        self.refused(get("/log/deposits/checkpoint?x=1"), 400)
        self.refused(self.ann.http.get("/v1/deposits/" + "00" * 16 + "/receipt"), 404)
        self.refused(self.a.http.get(f"/v1/deposits/{row['serial']}/receipt"), 401)

    def test_08_logs_full_tiles_and_absent_holder(self):
        with Authority(BUILD, conf="check_per_second = 0\n", holder=False) as a:
            ann = a.enrol("Ann")
            made = [json.dumps(ann.make_deposit(b"K" * 32, "x")) for _ in range(260)]
            r = ann.http.post("/v1/deposits", raw="\n".join(made).encode(), ctype="application/x-ndjson")
            self.assertEqual((len(r.lines), r.lines[0].get("path")), (260, None))
            self.assertNotIn("receipt", ann.deposit(b"L" * 32, "y").json)
            self.assertNotIn("logs", a.http.get("/v1/authority").json)
            self.refused(a.http.get("/log/deposits/checkpoint"), 404)
            self.refused(a.http.get("/log/deposits/tile/0/000"), 404)
            path = f"/v1/deposits/{r.lines[0]['serial']}/receipt"
            self.refused(ann.http.get(path), 503)
            a.start_holder()
            end = time.monotonic() + 20
            while ann.http.get(path).status == 503 and time.monotonic() < end:
                time.sleep(0.1)
            self.logs_of(a, 261)
            full = a.http.get("/log/deposits/tile/0/000")
            self.assertEqual((full.status, len(full.body)), (200, 8192))
            self.assertIn("immutable", full.headers["Cache-Control"])
            entries = a.http.get("/log/deposits/tile/entries/000")
            self.assertEqual((entries.status, len(entries.body)), (200, 256 * 82))
            self.assertNotIn("immutable", a.http.get("/log/deposits/tile/1/000.p/1").headers["Cache-Control"])
            a.stop("holder")  # what was signed stays there, after a new start too
            a.stop("daemon")
            a.start_server()
            self.logs_of(a, 261)

    def logs_of(self, a, size):
        note = a.http.get("/v1/authority").json["logs"]
        key = log_verifier.logs_note(note, a.vkey, a.policy_hash.hex())[0]
        log = log_verifier.Log(lambda path: a.http.get("/log/deposits/" + path).body, key)
        log.check()
        self.assertEqual(log.size, size)

    def test_09_pending_owner(self):
        with Authority(BUILD, conf="enrolment = approval\n", holder=False) as a:
            cid = Owner(a, "Cid")
            r = a.http.post("/v1/owners", cid.enrolment())
            self.assertEqual((r.status, r.json["state"]), (201, "pending"))
            self.assertEqual(cid.http.get("/v1/owners/self").json["state"], "pending")
            self.refused(cid.deposit(os.urandom(32), "x"), 403, "forbidden")
            alice, path = a.officers[0], "/v1/officer/enrolments"
            self.refused(a.http.get(path), 401)
            waiting = alice.get(path).json["enrolments"]
            self.assertEqual([w["owner"] for w in waiting], [cid.id.hex()])
            mine = f"{path}/{cid.id.hex()}"
            self.refused(a.http.post(mine, {"decision": "approve"}), 401)
            self.refused(alice.post(mine, {"decision": "perhaps"}), 400)
            self.refused(alice.post(f"{path}/{'00' * 32}", {"decision": "deny"}), 404)
            self.assertEqual(alice.post(mine, {"decision": "approve"}).json["state"], "enrolled")
            self.refused(alice.post(mine, {"decision": "deny"}), 409)
            self.assertEqual(cid.deposit(os.urandom(32), "x").status, 201)
        with Authority(BUILD, conf="enrolment = token\nenrolments_per_hour = 2\n", holder=False) as a:
            db = sqlite3.connect(a.folder / "authority/sparekey.db")
            db.execute("INSERT INTO tokens VALUES(?, ?, 1)", (h(b"welcome"), int(time.time()) + 60))
            db.commit()
            db.close()
            dan = Owner(a, "Dan")
            self.refused(a.http.post("/v1/owners", dan.enrolment()), 403)
            self.assertEqual(a.http.post("/v1/owners", dan.enrolment(token="welcome")).status, 201)
            self.refused(a.http.post("/v1/owners", dan.enrolment(token="welcome")), 429, "too-many")

    def test_10_records(self):
        record = self.ann.file_record(b"F" * 32, "never deposited")
        self.keys["file"] = b"F" * 32
        self.assertEqual(self.a.http.post("/v1/records", record).status, 202)
        stranger = Owner(self.a, "Nobody")
        self.assertEqual(self.a.http.post("/v1/records", stranger.file_record(b"G" * 32, "x")).status, 202)
        self.refused(self.a.http.post("/v1/records", {"record": "", "blob": ""}), 400)
        with Authority(BUILD, conf="records_per_hour = 1\n", holder=False) as a:
            a.http.post("/v1/records", record)
            self.refused(a.http.post("/v1/records", record), 429)

    def test_11_request(self):
        cls, post = type(self), self.a.http.post
        cls.q = q = self.ann.new_request()
        self.assertEqual(post("/v1/requests", q.body).json, {"request": q.hash.hex()})
        nobody = Owner(self.a, "Nobody").new_request()
        self.assertEqual(post("/v1/requests", nobody.body).status, 202)
        self.refused(post("/v1/requests", {**q.body, "sig_sign": q.body["sig_keyx"]}), 422)
        self.refused(post("/v1/requests", {**q.body, "serials": ["00" * 16]}), 422)
        self.refused(post("/v1/requests", {**q.body, "record": b64(b"\0\0")}), 422)
        self.refused(post("/v1/requests", {"record": 1}), 400)
        self.refused(post("/v1/requests", raw=b"x" * 300000), 413)
        for who in (q, nobody):
            state = who.http.get(who.path())
            self.assertEqual(state.json["state"], "open", state)
            self.refused(who.http.get(who.path("/keys")), 403)
            self.refused(who.http.post(who.path("/successor")), 403)
        self.a.wait_request(q)
        self.refused(self.a.http.get(q.path()), 401)
        self.refused(nobody.http.get(q.path()), 404)
        self.refused(nobody.http.get(q.path("/keys")), 404)
        self.refused(nobody.http.post(q.path("/successor")), 404)
        self.refused(self.a.http.get(q.path("/keys")), 401)
        self.refused(self.a.http.post(q.path("/successor")), 401)
        self.refused(q.http.get("/v1/requests/abc"), 400)
        mine = self.ann.http.get("/v1/requests").json["requests"]
        self.assertEqual([m["request"] for m in mine], [q.hash.hex()])
        self.assertEqual(mine[0]["recipient"], h(spki(q.keyx.public_key())).hex())
        self.refused(self.a.http.get("/v1/requests"), 401)
        with Authority(BUILD, conf="requests_per_hour = 1\n", holder=False) as a:
            bob = a.enrol("Bob")
            self.assertEqual(a.http.post("/v1/requests", bob.new_request().body).status, 202)
            self.refused(a.http.post("/v1/requests", bob.new_request().body), 429)

    def test_12_officers_look(self):
        alice, q = self.a.officers[0], self.q
        rows = alice.get("/v1/officer/requests?state=open").json["requests"]
        self.assertEqual([(r["request"], r["name"]) for r in rows], [(q.hash.hex(), "Ann Miller")])
        self.assertEqual(alice.get("/v1/officer/requests?state=denied").json["requests"], [])
        self.refused(alice.get("/v1/officer/requests?state=lost"), 400)
        one = alice.get("/v1/officer/requests/" + q.hash.hex()).json
        self.assertEqual(unb64(one["record"]), q.record)
        self.assertEqual(unb64(one["enrolment"]), self.ann.record)
        self.assertEqual(one["scope"]["count"], 9)  # eight deposits, and the record of the file
        self.refused(alice.get("/v1/officer/requests/" + "00" * 32), 404)
        path = f"/v1/officer/requests/{q.hash.hex()}/scope"
        page = alice.get(path + "?limit=8").json
        self.assertEqual((len(page["deposits"]), page["next"]), (8, 7))
        last = alice.get(path + "?after=7").json
        self.assertEqual((last["deposits"][0]["r_priv"], last["next"]), (None, None))
        entries = []
        for d in page["deposits"] + last["deposits"]:
            oc = h(b"sparekey/1 deposit\0" + unb64(d["r_pub"]) + unb64(d["p"]))
            entries.append(d["index"].to_bytes(8, "big") + oc)
        self.assertEqual(tree_root(entries).hex(), one["scope"]["root"])
        self.refused(alice.get(path + "?limit=0"), 400)
        self.refused(alice.get(f"/v1/officer/requests/{'00' * 32}/scope"), 404)
        found = alice.get("/v1/officer/owners?name=MILLER").json["owners"]
        self.assertEqual([f["owner"] for f in found], [self.ann.id.hex()])
        self.assertEqual(len(alice.get("/v1/officer/owners?limit=1").json["owners"]), 1)
        self.refused(alice.get("/v1/officer/owners?limit=x"), 400)
        for p in ("/v1/officer/requests", "/v1/officer/requests/" + q.hash.hex(), path, "/v1/officer/owners",
                  "/v1/officer/enrolments"):
            self.refused(self.a.http.get(p), 401)

    def test_13_approve_and_take(self):
        q, post = self.q, self.a.http.post
        alice, bob = self.a.officers[:2]
        self.refused(post("/v1/officer/approvals", {"note": "nonsense"}), 403)
        self.refused(post("/v1/officer/approvals", {}), 400)
        stranger = Officer(self.a, "mallory")
        text = alice.vote_note(q).split("\n\n")[0] + "\n"
        self.refused(post("/v1/officer/approvals", {"note": stranger.note(text)}), 403)
        self.refused(alice.vote(q, recipient=h(b"another key").hex()), 409)
        self.refused(post("/v1/officer/approvals", {"note": alice.vote_note(q, request="00" * 32)}), 404)
        self.assertEqual(alice.vote(q).json, {"state": "open", "persons": 1, "needed": 2})
        self.assertEqual(bob.vote(q).json["state"], "approved")
        taken, after = {}, ""
        while True:
            page = q.http.get(q.path("/keys?limit=4" + after)).json
            self.assertEqual(page["refused"], [])
            for k in page["keys"]:
                blob = unb64(k["blob"])
                taken[k["index"]] = q.keyx.decrypt(blob[12:][::-1], padding.OAEP(
                    padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        self.assertEqual(len(taken), 9)
        self.assertEqual({i: taken[i] for i in range(5)}, {i: self.keys[i] for i in range(5)})
        self.assertIn(self.keys["file"], taken.values())
        self.refused(q.http.get(q.path("/keys?limit=9999")), 400)
        note = q.http.post(q.path("/successor")).json["successor"]
        self.assertTrue(note.startswith("sparekey/1 successor\n"))
        self.assertEqual(q.http.get(q.path()).json["state"], "done")
        for path in ("/v1/owners/self", "/v1/deposits", "/v1/deposits/" + "0" * 32, "/v1/deposits/" + "0" * 32 + "/receipt", "/v1/requests"):
            self.refused(self.ann.http.get(path), 403, "replaced")
        self.assertEqual(q.http.get("/v1/owners/self").json["successor"], note)
        filed = [d for d in q.http.get("/v1/deposits").json["deposits"] if d["description"] == ""]
        self.assertIn("sealed", q.http.get("/v1/deposits/" + filed[0]["serial"]).json)

    def test_14_pairs_only_and_veto(self):
        eve = self.a.enrol("Eve")
        q = eve.new_request(kind=2)
        self.a.http.post("/v1/requests", q.body)
        self.a.wait_request(q)
        for officer in self.a.officers[:2]:
            officer.vote(q)
        self.refused(q.http.get(q.path("/keys")), 409)
        q.http.post(q.path("/successor"))
        self.assertEqual(q.http.get("/v1/owners/self").json["owner"], eve.id.hex())
        fay = self.a.enrol("Fay")
        for by_code in (False, True):
            q = fay.new_request()
            self.a.http.post("/v1/requests", q.body)
            self.a.wait_request(q)
            veto = q.path("/veto")
            self.refused(self.a.http.post(veto, {}), 400)
            self.refused(self.a.http.post("/v1/requests/" + "00" * 32 + "/veto", {"note": "x"}), 404)
            wrong = {"signature": b64(statement(q.sign, b"veto", self.a.key_id, q.hash))}
            self.refused(q.http.post(veto, wrong), 403)
            if by_code:
                text = note_text("veto", [("authority", self.a.key_id.hex()), ("request", q.hash.hex())])
                r = self.a.http.post(veto, {"note": fay.veto.note(text)})
            else:
                r = fay.http.post(veto, {"signature": b64(statement(fay.sign, b"veto", self.a.key_id, q.hash))})
            self.assertEqual(r.json, {"state": "vetoed"}, r)

    def test_15_policy(self):
        post = self.a.http.post
        self.refused(post("/v1/officer/policy", {"note": "nonsense"}), 422)
        self.refused(post("/v1/officer/policy", {}), 400)
        one = self.a.next_policy(signers=self.a.officers[:1], wait=5)
        self.refused(post("/v1/officer/policy", {"note": one}), 422)
        note = self.a.next_policy(signers=self.a.officers[:2], wait=5)
        self.assertEqual(post("/v1/officer/policy", {"note": note}).json, {"number": 2})
        self.assertEqual(post("/v1/officer/policy", {"note": note}).json, {"number": 2})
        self.assertEqual(self.a.http.get("/v1/authority").json["policies"][1], note)

    def test_16_rates_and_damage(self):
        with Authority(BUILD, conf="deposits_per_second = 1\nrecords_per_hour = 3\n", holder=True) as a:
            gil = a.enrol("Gil")
            serial = gil.deposit(os.urandom(32), "x").json["serial"]
            self.refused(gil.deposit(os.urandom(32), "y"), 429, "too-many")
            q = gil.new_request()
            a.http.post("/v1/requests", q.body)
            a.wait_request(q)
            for officer in a.officers[:2]:
                officer.vote(q)
            db = sqlite3.connect(a.folder / "authority/sparekey.db")
            db.execute("UPDATE deposits SET description = 'harmless'")
            db.commit()
            db.close()
            r = gil.http.get("/v1/deposits/" + serial)
            self.refused(r, 500, "damaged")
            self.refused(q.http.get(q.path("/keys")), 500, "damaged")
            veto = {"signature": b64(statement(gil.sign, b"veto", a.key_id, q.hash))}
            a.http.post(q.path("/veto"), veto)
            self.refused(a.http.post(q.path("/veto"), veto), 429)
            for path in ("/v1/officer/approvals", "/v1/officer/policy"):
                self.refused(a.http.post(path, {"note": "of anybody"}), 429)

    def pages(self, get, path, member, key, limit):
        """All rows, each page as long as was asked for, and no row twice."""
        rows, after = [], None
        while True:
            sign = "&" if "?" in path else "?"
            page = get(f"{path}{sign}limit={limit}" + ("" if after is None else f"&after={after}")).json
            self.assertLessEqual(len(page[member]), limit)
            rows += [row[key] for row in page[member]]
            if page["next"] is None:
                return rows
            self.assertGreater(page["next"], -1 if after is None else after)
            after = page["next"]

    def test_17_pages(self):
        with Authority(BUILD, conf="enrolment = approval\nmax_list = 4\n", holder=False) as a:
            owners = [Owner(a, f"Owner {i}") for i in range(5)]
            for o in owners:
                self.assertEqual(a.http.post("/v1/owners", o.enrolment()).status, 201)
            alice, ids = a.officers[0], [o.id.hex() for o in owners]
            for path, member in (("/v1/officer/enrolments", "enrolments"), ("/v1/officer/owners", "owners"),
                                 ("/v1/officer/owners?name=OWNER", "owners")):
                for limit in (1, 2, 4):
                    self.assertEqual(self.pages(alice.get, path, member, "owner", limit), ids)
                sign = "&" if "?" in path else "?"
                for wrong in ("limit=5", "limit=0", "limit=x", "after=-1"):
                    self.refused(alice.get(f"{path}{sign}{wrong}"), 400)
                self.assertEqual(len(alice.get(path).json[member]), 4)
        with Authority(BUILD, conf="max_list = 3\n") as a:
            ann, alice = a.enrol("Ann"), a.officers[0]
            asked = [ann.new_request() for _ in range(5)]
            for q in asked:
                self.assertEqual(a.http.post("/v1/requests", q.body).status, 202)
                a.wait_request(q)
            newest_first = [q.hash.hex() for q in reversed(asked)]
            for limit in (1, 2, 3):
                self.assertEqual(self.pages(ann.http.get, "/v1/requests", "requests", "request", limit), newest_first)
                for path in ("/v1/officer/requests", "/v1/officer/requests?state=open"):
                    self.assertEqual(self.pages(alice.get, path, "requests", "request", limit), newest_first)
            self.assertEqual(self.pages(alice.get, "/v1/officer/requests?state=denied", "requests", "request", 2), [])
            self.refused(ann.http.get("/v1/requests?limit=0"), 400)
            self.refused(alice.get("/v1/officer/requests?limit=4"), 400)

    def until(self, question, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = question()
            if answer:
                return answer
            time.sleep(0.1)
        self.fail("it did not come")

    def test_18_proofs(self):
        with Authority(BUILD, conf="check_again_days = 10\n") as a:
            hal = a.enrol("Hal")
            serials = [hal.deposit(os.urandom(32), "x").json["serial"] for _ in range(3)]
            show = lambda i: hal.http.get("/v1/deposits/" + serials[i])
            sums = lambda: hal.http.get("/v1/owners/self").json
            self.until(lambda: sums()["proven"] == 3)
            day, now = 86400, int(time.time())
            self.assertTrue(all(abs(r["proven"] - now) < 60 and r["state"] == "checked" for r in hal.http.get("/v1/deposits").json["deposits"]))
            self.assertEqual(show(0).json["proven"], hal.http.get("/v1/deposits").json["deposits"][0]["proven"])
            db = sqlite3.connect(a.folder / "authority/sparekey.db", timeout=20)
            # two are due again, the oldest proof first, and one of them has been spoiled since; the third one is not due
            db.execute("UPDATE proofs SET time = ? WHERE idx = 0", (now - 11 * day,))
            db.execute("UPDATE proofs SET time = ? WHERE idx = 1", (now - 12 * day,))
            db.execute("UPDATE proofs SET time = ? WHERE idx = 2", (now - 9 * day,))
            db.execute("UPDATE deposits SET blob = x'00' WHERE idx = 1")
            db.commit()
            self.until(lambda: sums()["wrong"] == 1)
            self.until(lambda: show(0).json["proven"] >= now)
            rows = hal.http.get("/v1/deposits").json["deposits"]
            self.assertEqual([r["state"] for r in rows], ["checked", "damaged", "checked"])
            self.assertEqual([rows[1]["proven"], rows[2]["proven"]], [None, now - 9 * day])
            me = sums()
            self.assertEqual((me["deposits"], me["proven"], me["wrong"], me["oldest_proof"]), (3, 2, 1, now - 9 * day))
            told = db.execute("SELECT detail FROM events WHERE kind = 'wrong'").fetchall()
            self.assertEqual(told, [("deposit 1, which was proven before",)])
            db.close()
            status = a.http.get("/v1/status").json
            self.assertEqual([status[k] for k in ("deposits", "checked", "proven", "wrong", "oldest_proof", "unchecked_since")],
                             [3, 3, 2, 1, now - 9 * day, None])
            self.until(lambda: self.metrics(a)["sparekey_holder_checks"] >= 4)
            m = self.metrics(a)
            self.assertEqual((m["sparekey_deposits"], m["sparekey_deposits_proven"], m["sparekey_deposits_wrong"]), (3, 2, 1))
            self.assertEqual((m["sparekey_oldest_proof_seconds"], m["sparekey_holder_up"]), (now - 9 * day, 1))
            self.drill(a)
            a.stop("holder")
            hal.deposit(os.urandom(32), "y")
            status = self.until(lambda: (s := a.http.get("/v1/status").json)["holder"] == "absent" and s)
            self.assertEqual((status["deposits"], status["checked"]), (4, 3))
            self.assertLess(abs(status["unchecked_since"] - time.time()), 60)

    def drill(self, a):
        """Deposits 0 and 2 of three are good."""
        alice, path = a.officers[0], "/v1/officer/drill"
        for bad in ([], [1, 0], [0, 0], [-1], list(range(65))):
            self.refused(alice.post(path, {"deposits": bad}), 400)
        self.refused(alice.post(path, {"deposits": [0], "backup": {"size": 0, "root": "00" * 32, "time": 0}}), 400)
        self.refused(alice.post(path, {"deposits": [3]}), 409)
        self.refused(alice.post(path, {"deposits": [0], "backup": {"size": 2, "root": "00" * 32, "time": 0}}), 409)
        self.refused(a.http.post(path, {"deposits": [0]}), 401)
        report = alice.post(path, {"deposits": [0, 1, 2]}).json["report"]
        self.assertIn("\nsample 3\ngood 0\nbad 1\ngood 2\n\n", report)
        self.assertIn("/holder ", report)

    def metrics(self, a):
        r = a.http.get("/metrics")
        self.assertEqual((r.status, r.headers["Content-Type"]), (200, "text/plain; version=0.0.4"))
        return {line.split()[0]: int(line.split()[1]) for line in r.body.decode().splitlines() if not line.startswith("#")}

    def test_99_everything_was_seen(self):
        self.assertEqual(list(self.page.unseen()), [])


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main(verbosity=1, warnings="ignore")
