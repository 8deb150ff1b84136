#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks find what they are for, and the counter counts."""

import importlib.util
import os
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def load(name):
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), os.path.join(HERE, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


layers = load("check-layers")
banned = load("check-banned")
sizes = load("check-sizes")
count = load("count-tests")


class Layers(unittest.TestCase):
    def problems(self, path, line):
        return len(layers.check(path, line + "\n"))

    def test_arrows(self):
        self.assertEqual(self.problems("src/store/x.c", '#include "base/buf.h"'), 0)
        self.assertEqual(self.problems("src/base/x.c", '#include "crypto/hash.h"'), 1)
        self.assertEqual(self.problems("src/holder/x.c", '#  include "store/store.h"'), 1)
        self.assertEqual(self.problems("src/base/x.c", '#include "buf.h"'), 1)
        self.assertEqual(self.problems("src/nowhere/x.c", ""), 1)

    def test_doors(self):
        self.assertEqual(self.problems("src/crypto/x.c", "#include <openssl/evp.h>"), 0)
        self.assertEqual(self.problems("src/wire/x.c", "#include <openssl/evp.h>"), 1)
        self.assertEqual(self.problems("src/authority/x.c", "#include <sqlite3.h>"), 1)
        self.assertEqual(self.problems("src/holder/x.c", "#include <curl/curl.h>"), 1)


class Banned(unittest.TestCase):
    def found(self, text):
        calls = [c for group in banned.BANNED for c in group.split()]
        return sorted(banned.calls_in("x.c", text, calls))

    def test_calls(self):
        self.assertEqual(self.found("p = malloc(3);\nfree (p);"), ["free", "malloc"])
        self.assertEqual(self.found("goto out;"), ["goto"])
        self.assertEqual(self.found("if (memcmp(a, b, 3) == 0) {"), ["memcmp"])

    def test_not_calls(self):
        self.assertEqual(self.found('/* malloc(3) */ s = "free(p)"; // goto\n'), [])
        self.assertEqual(self.found("spk_mem_free(p); x->free(p); x.free(p); freed(1);"), [])


class Sizes(unittest.TestCase):
    def test_function(self):
        text = "static int\nf(int a, void (*b)(int, int),\n  int c)\n{\n    x();\n}\n"
        self.assertEqual(list(sizes.functions(text.split("\n"))), [("f", 2, 5, 3)])
        self.assertEqual([f[3] for f in sizes.functions("int\ng(void)\n{\n}\n".split("\n"))], [0])

    def test_caps(self):
        long = "int\nf(void)\n{\n" + "    x();\n" * sizes.FUNCTION_MAX + "}\n"
        self.assertEqual(len(sizes.check_c("src/x.c", long)), 1)
        many = "int\nf(int a, int b, int c, int d, int e, int g, int h)\n{\n}\n"
        self.assertEqual(len(sizes.check_c("src/x.c", many)), 1)


class Count(unittest.TestCase):
    def counts(self, result, stdout=""):
        return count.count_one({"result": result, "stdout": stdout})

    def test_tap(self):
        tap = "1..4\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no server\nok 4 - d\n"
        self.assertEqual(self.counts("FAIL", tap), (2, 1, 1))
        self.assertEqual(self.counts("OK", "ok 1 - a\nokay\n# not ok\n"), (1, 0, 0))

    def test_whole(self):
        self.assertEqual(self.counts("OK"), (1, 0, 0))
        self.assertEqual(self.counts("SKIP"), (0, 0, 1))
        self.assertEqual(self.counts("TIMEOUT"), (0, 1, 0))
        self.assertEqual(self.counts("FAIL", "ok 1 - a\n"), (1, 1, 0))  # it crashed after its first case


if __name__ == "__main__":
    unittest.main()
