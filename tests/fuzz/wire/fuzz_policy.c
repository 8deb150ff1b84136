/* SPDX-License-Identifier: Apache-2.0 */
/* A policy has one spelling, and its own officers' signatures only. */
#include "fuzz.h"
#include "wire/policy.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(FUZZ_OUT_MAX);
    struct spk_note n;
    struct spk_policy p;
    size_t persons;

    if (!spk_ok(spk_note_parse(spk_span(data, size), true, &n)) ||
        !spk_ok(spk_policy_parse(n.text, &p))) {
        return 0;
    }
    MUST(spk_policy_format(&p, &again));
    must(spk_span_eq(n.text, spk_buf_span(&again)));
    must(spk_policy_officer(&p, spk_span_str(p.officers[0].key.name)) == &p.officers[0]);
    if (spk_ok(spk_policy_signers(&p, &n, &persons))) {
        must(persons <= p.n_officers && persons <= n.n);
    }
    return 0;
}
