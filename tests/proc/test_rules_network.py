#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on the wire and on the server's patience: hung up, stalled, cut anywhere, flooded, fed with what is no JSON."""
import contextlib
import json
import os
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import attack  # noqa: E402
import authority_fixture as fixture  # noqa: E402
from attack import equal, need, said  # noqa: E402

SITE = None
RELAY = None


def person_behind_the_relay(name="me"):
    RELAY.pass_on()
    return attack.Person(name).enrolled(SITE, RELAY.port)


def sealed_or_not(person, r, name="x"):
    """Either a sealed file that can come back, or none and a word why."""
    path = person.work / (name + ".spk")
    if r.rc == 0:
        RELAY.pass_on()
        v = person.json("verify", "--online", path)
        equal(v["verdict"], "proven", f"verdict after {r}")
        path.unlink()
        return True
    equal(r.rc, 1, r)
    need(not path.exists(), f"a file without a deposit: {r}")
    need(not list(person.work.glob(".*")), f"something was left: {list(person.work.iterdir())}")
    return False


# ---- the way to the authority


def test_cut_anywhere():
    """the connection is cut after any number of bytes in either direction: nothing is sealed that cannot come back"""
    person = person_behind_the_relay()
    person.file("x", os.urandom(3000))
    person.config().write_text("timeout = 5\n")
    done = []
    for side in ("down", "up"):
        for n in (0, 1, 100, 700, 1500, 1800, 2000, 2200, 2400, 2700, 3000, 3500, 4500):
            RELAY.pass_on()
            setattr(RELAY, side, n)
            if sealed_or_not(person, person.run("encrypt", "--quiet", "x")):
                done.append((side, n))
    need(done and len(done) < 26, f"cuts that did not hurt: {done}")
    RELAY.pass_on()
    need(sealed_or_not(person, person.run("encrypt", "--quiet", "x")), "whole again")


def test_stalls_and_crawls():
    """the authority falls silent in the middle: given up in time, with words; when it only crawls, waited for"""
    person = person_behind_the_relay()
    person.file("x")
    person.config().write_text("timeout = 1\n")
    for side, n in (("down", 0), ("down", 1700), ("up", 2500)):
        RELAY.pass_on()
        RELAY.stall = True
        setattr(RELAY, side, n)
        start = time.monotonic()
        r = person.run("encrypt", "--quiet", "x")
        need(time.monotonic() - start < 15, f"waited {time.monotonic() - start:.0f} s")
        sealed_or_not(person, r)
    RELAY.pass_on()
    RELAY.crawl = 40
    need(sealed_or_not(person, person.run("encrypt", "--quiet", "x")), "a slow line")


def test_spool_over_a_bad_line():
    """spooled, then sync is cut in the middle again and again: sent once, never lost"""
    person = person_behind_the_relay()
    RELAY.refuse = True
    for i in range(4):
        person.file(f"f{i}", bytes([i]) * 10)
    person.good("encrypt", "--quiet", "--policy", "spool", *[f"f{i}" for i in range(4)])
    equal(len(person.spooled()), 4, "spool")
    RELAY.pass_on()
    for n in (1500, 2500, 3000, 4000, 6000):
        RELAY.down = n
        person.run("sync", "--quiet")
    RELAY.pass_on()
    person.good("sync", "--quiet")
    equal(person.spooled(), [], "spool")
    for i in range(4):
        equal(person.json("verify", "--online", f"f{i}.spk")["verdict"], "proven", "verdict")


def test_tree_over_a_bad_line():
    """a tree is sealed while the line breaks: what has a name has its deposit, the next run does the rest"""
    person = person_behind_the_relay()
    for i in range(60):
        person.file(f"t/{i:02}", bytes([i]) * 100)
    for n in (2000, 20000):
        RELAY.pass_on()
        RELAY.up = n
        person.run("encrypt", "--quiet", "-r", "t").is_(1)
        RELAY.pass_on()
        for path in sorted((person.work / "t").glob("*.spk"))[:5]:
            equal(person.json("verify", "--online", path)["verdict"], "proven", "verdict")
    person.good("encrypt", "--quiet", "-r", "t")
    equal(len(list((person.work / "t").glob("*.spk"))), 60, "sealed")


def test_recovery_over_a_bad_line():
    """the line breaks at each step of a recovery: the next run goes on where the last one ended"""
    person = person_behind_the_relay("unlucky")
    person.file("x", b"contents")
    person.good("encrypt", "--quiet", "x")
    person.lose_keys()
    for n in (700, 1200, 2600):
        RELAY.down = n
        r = person.run("recover", "--quiet", "x.spk")
        need(r.rc in (1, 4), r)
    RELAY.pass_on()
    r = person.run("recover", "--quiet", "--json", "x.spk").is_(4)
    SITE.approve(SITE.opened(json.loads(r.out)))
    for n in (1500, 2600, 3200, 4500):
        RELAY.pass_on()
        RELAY.down = n
        if person.run("recover", "--quiet", "x.spk").rc == 0:
            break
    RELAY.pass_on()
    person.run("recover", "--quiet", "x.spk").is_(0)
    person.opens(person.work / "x.spk", b"contents")


# ---- several authorities


def test_one_of_several():
    """two authorities, of which one is away, somebody else, or silent: told by name; n of m only when it is so set"""
    person = attack.Person("careful")
    with attack.Site() as one, attack.Site() as two:
        for name, site in (("one", one), ("two", two)):
            person.good("enroll", "--quiet", "--name", name, site.address())
        person.file("x", b"contents")
        person.good("encrypt", "--quiet", "x")

        def refused():
            r = person.run("encrypt", "--quiet", "-f", "x").is_(1, "two")
            need("authority one" not in r.said and "'one'" not in r.said, r)

        sealed = (person.work / "x.spk").read_bytes()
        with two.away():
            refused()
            with attack.Impostor(two, lambda *_: (200, {}), stolen=False) as other:
                refused()
                need(not any(body for _, _, body in other.seen), other.seen)
            with attack.Impostor(two, lambda *_: (200, {})):
                refused()
            equal((person.work / "x.spk").read_bytes(), sealed, "the file that was there")
            person.config().write_text("need = 1\n")
            r = person.run("encrypt", "-f", "x").is_(0, "two")
            need(b"two" in r.out, r)
            equal(person.json("verify", "x.spk")["verdict"], "proven", "verdict")
            person.config().write_text("need = 3\n")
            person.run("encrypt", "--quiet", "-f", "x").is_(1, "fewer authorities")
            # the one that is there is enough to get the file back
            person.config().write_text("")
            person.lose_keys()
            r = person.run("recover", "--quiet", "--json", "--authority", "one", "x.spk").is_(4)
            one.approve(one.opened(json.loads(r.out)))
            person.run("recover", "--quiet", "--authority", "one", "x.spk").is_(0)
            person.opens(person.work / "x.spk", b"contents")


# ---- what the server is fed with


def bodies():
    """What is no good JSON of the API, with the statuses that may answer it."""
    deep = b"[" * 100000 + b"]" * 100000
    yield from (b"", b" ", b"{", b"}", b"null", b"[]", b"\"x\"", b"1", b"{\"record\":", b"{\"record\":1}", b"{'record':''}",
                b"{\"record\":\"\xff\"}", b"{\"record\":\"\\ud800\"}", b"{\"record\":\"\\u0000\"}", b"\xef\xbb\xbf{}",
                b"{\"record\":\"\",\"record\":\"\"}", b"{\"r\x00\":1}", b"{\"record\":NaN}", b"{\"record\":1e999}",
                b"{\"unknown\":1}", b"{\"record\":\"!!!!\",\"signature\":\"\"}", b"{\"record\":\"AAA\",\"signature\":\"\"}",
                b"{\"record\":\"AAB=\",\"signature\":\"AAAA\"}", b"{} {}", b"{}x", b"{\"__proto__\":{}}", deep,
                b"{\"record\":" + deep + b"}", b"{\"a\":" * 50000 + b"1" + b"}" * 50000, b"[" + b"0," * 200000 + b"0]",
                b"{\"record\":\"" + b"A" * 700000 + b"\"}", b"\x00" * 1000, os.urandom(5000))


def refused_before(lengths, begin):
    """the answer comes before any byte of the body has gone"""
    with socket.create_connection(("127.0.0.1", SITE.http.port), timeout=20) as plain:
        with SITE.http.context.wrap_socket(plain) as s:
            s.sendall(b"POST /v1/requests HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      + lengths + b"\r\n\r\n")
            answer = s.recv(4096)
            need(answer.startswith(begin), f"{lengths} is answered {answer!r}")


def test_what_is_no_json():
    """malformed, oversized, deeply nested, doubled, binary bodies at every door"""
    ann = SITE.enrol("Ann")
    some = "11" * 32
    doors = ["/v1/owners", "/v1/records", "/v1/requests", f"/v1/requests/{some}/veto", "/v1/officer/approvals",
             "/v1/officer/policy"]
    for body in bodies():
        for path in doors:
            a = SITE.http.post(path, raw=body)
            need(a.status in (400, 413, 422, 404, 403), f"{path} answers {body[:40]!r} with {a}")
            need(a.json["error"] and a.json["message"].endswith("."), f"{path} answers {body[:40]!r} with {a}")
        a = ann.http.post("/v1/deposits", raw=body)
        need(a.status in (400, 413), f"a deposit {body[:40]!r} is answered {a}")
        alice = SITE.officers[0]
        path = f"/v1/officer/enrolments/{some}"
        a = SITE.http.post(path, raw=body, headers=alice.header("POST", path, body))
        need(a.status in (400, 404, 413), f"a decision {body[:40]!r} is answered {a}")
    huge = b"{\"record\":\"" + b"A" * 12000000 + b"\"}"
    for client, path in ((SITE.http, "/v1/records"), (ann.http, "/v1/deposits")):
        a = said(client.post(path, raw=huge), 413)  # not a reset: whoever still sends must learn why
        need(a.json["message"].endswith(".") and a.headers["Connection"] == "close", f"{path} answers {a}")
    said(SITE.http.post("/v1/requests", raw=iter([b"A" * 1000000] * 30)), 413)  # in chunks, of no stated length
    refused_before(b"Expect: 100-continue\r\nContent-Length: 9000000", b"HTTP/1.1 413 ")
    refused_before(b"Content-Length: 900000000", b"HTTP/1.1 413 ")
    for ctype in ("text/plain", "application/jsonx", "application/xml", "multipart/form-data"):
        said(ann.http.post("/v1/deposits", raw=b"{}", ctype=ctype), 415)
    equal(ann.http.get("/v1/deposits").json["deposits"], [], "deposits")
    said(ann.deposit(b"K" * 32, "still good"), 201)


def test_a_bad_line_in_a_batch():
    """bad lines among good ones: each is answered in its place, the good ones are kept"""
    ann = SITE.enrol("Ben")
    good = [ann.make_deposit(bytes([i + 1]) * 32, f"{i}") for i in range(5)]
    lines = [json.dumps(good[0]).encode(), b"{", json.dumps(good[1]).encode(), b"", b"\xff", json.dumps(good[2]).encode(),
             b"[" * 1000, json.dumps(dict(good[3], extra=1)).encode(), b"{\"r_pub\":\"" + b"A" * 100000 + b"\"}",
             json.dumps(good[4]).encode()]
    answers = said(ann.http.post("/v1/deposits", raw=b"\n".join(lines), ctype="application/x-ndjson"), 200).lines
    equal([a.get("state") or "no" for a in answers if "checkpoint" not in a],
          ["accepted", "no", "accepted", "no", "no", "accepted", "no", "no", "no", "accepted"], "answers")
    equal(len(ann.http.get("/v1/deposits").json["deposits"]), 4, "deposits")


def test_strange_requests():
    """paths, methods, numbers and headers that nobody sends who means well"""
    ann = SITE.enrol("Cam")
    for path in ("/", "/v1", "/v1/", "/v1/owners/", "/v1/deposits/..", "/v1/deposits/%2e%2e/x", "/v1/deposits/zz",
                 "/v1/deposits/" + "A" * 32, "/v2/status", "//v1/status", "/v1/status/", "/v1/requests/" + "1" * 63,
                 "/v1/deposits?after=-1", "/v1/deposits?limit=0", "/v1/deposits?limit=99999999999999999999",
                 "/v1/deposits?unknown=1", "/v1/deposits?serial=1", "/v1/deposits?description=%ff", "/v1/deposits?limit=1&limit=2",
                 "/v1/deposits?since=x", "/v1/status?x", "/v1/deposits?description=%00"):
        a = ann.http.get(path)
        need(a.status in (400, 404), f"{path} is answered {a}")
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"):
        a = ann.http.call(method, "/v1/deposits")
        need(a.status in (400, 404, 405, 501), f"{method} is answered {a}")
    said(SITE.http.get("/v1/status"), 200)
    for raw in (b"GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                b"POST /v1/owners HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
                b"POST /v1/owners HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                b"POST /v1/owners HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n", b"GET /v1/status HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
                b"\x00" * 1000, b"GET\r\n\r\n"):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", SITE.port), timeout=5) as s, \
                SITE.http.context.wrap_socket(s) as t:
            t.sendall(raw)
            t.settimeout(1)
            answer = t.recv(4096)
            need(not answer.startswith(b"HTTP/1.1 2"), f"{raw[:60]!r} is answered {answer[:200]!r}")
    said(SITE.http.get("/v1/status"), 200)


def test_those_who_never_finish():
    """connections that say nothing, half a handshake, half a request, a body that never ends: others are served"""
    SITE.http.close()
    held = []
    for i in range(60):
        s = socket.create_connection(("127.0.0.1", SITE.port))
        held.append(s)
        if i % 3 == 1:
            s.sendall(b"\x16\x03\x01\x02\x00\x01")
        if i % 3 == 2:
            t = SITE.http.context.wrap_socket(s)
            held[-1] = t
            t.sendall(b"POST /v1/owners HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{")
    start = time.monotonic()
    said(SITE.http.get("/v1/status"), 200)
    ann = SITE.enrol("Don")
    said(ann.deposit(b"K" * 32, "x"), 201)
    need(time.monotonic() - start < 5, f"served after {time.monotonic() - start:.1f} s")
    for s in held:
        s.close()


# ---- caps


CAPS = ("requests_per_hour = 5\nrequests_per_owner = 3\nrecords_per_hour = 4\nenrolments_per_hour = 3\nmax_body = 65536\n"
        "max_batch = 5\ndeposits_per_second = 5\n")


def until_429(send, most):
    """How many were taken before the first refusal, which must say when to come again."""
    for i in range(most + 1):
        a = send()
        if a.status == 429:
            need(int(a.headers.get("Retry-After", "0")) >= 1, f"no Retry-After: {a.headers}")
            need(a.json["error"] == "too-many", a)
            return i
        need(a.status < 300, a)
    raise AssertionError(f"{most} were taken")


def test_caps():
    """more requests, records, enrolments, deposits, lines and bytes than the configuration allows"""
    with attack.Site(rates="", conf=CAPS) as site:
        ann, eve = site.enrol("Ann"), site.enrol("Eve")
        equal(until_429(lambda: site.http.post("/v1/owners", fixture.Owner(site, "x").enrolment()), 5), 1, "enrolments")
        lines = [json.dumps(ann.make_deposit(bytes([i]) * 32, "x")) for i in range(6)]
        body = "\n".join(lines)
        said(ann.http.post("/v1/deposits", raw=body.encode(), ctype="application/x-ndjson"), 413)
        body = "\n".join(lines[:5])
        said(ann.http.post("/v1/deposits", raw=body.encode(), ctype="application/x-ndjson"), 200)
        need(until_429(lambda: ann.http.post("/v1/deposits", json.loads(lines[0])), 40) < 40, "deposits")
        # one owner's haste is not another's
        said(eve.deposit(b"e" * 32, "x"), 201)
        time.sleep(1.2)
        said(ann.http.post("/v1/deposits", json.loads(lines[5])), 201)
        big = b"{\"record\":\"" + b"A" * 70000 + b"\"}"
        said(site.http.post("/v1/records", raw=big), 413)
        equal(until_429(lambda: site.http.post("/v1/requests", ann.new_request().body), 5), 3, "requests for one owner")
        # those that are waiting do not keep another owner out
        said(site.http.post("/v1/requests", eve.new_request().body), 202)
        need(until_429(lambda: site.http.post("/v1/requests", eve.new_request().body), 5) <= 2, "requests from here")
        need(until_429(lambda: site.http.post("/v1/records", eve.file_record(b"r" * 32, "x")), 6) <= 4, "records")
        with site.database() as db:
            equal(db.execute("SELECT count(*) FROM deposits").fetchone()[0] >= 7, True, "deposits")


if __name__ == "__main__":
    with attack.Site() as SITE:
        RELAY = attack.Relay(SITE.port)
        STATUS = attack.main(globals())
        RELAY.close()
    sys.exit(STATUS)
