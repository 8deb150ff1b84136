/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals, vetoes, officers' queries and reports of drills: one spelling each. */
#include "fuzz.h"
#include "wire/drill.h"
#include "wire/statement.h"

static void
approval(struct spk_span in, struct spk_buf *again)
{
    struct spk_approval a;

    if (spk_ok(spk_approval_parse(in, &a))) {
        MUST(spk_approval_format(&a, again));
        must(spk_span_eq(in, spk_buf_span(again)));
    }
}

static void
veto(struct spk_span in, struct spk_buf *again)
{
    struct spk_hash a, r;

    if (spk_ok(spk_veto_parse(in, &a, &r))) {
        MUST(spk_veto_format(&a, &r, again));
        must(spk_span_eq(in, spk_buf_span(again)));
    }
}

static void
query(struct spk_span in, struct spk_buf *again)
{
    struct spk_officer_query q;

    if (spk_ok(spk_officer_query_parse(in, &q))) {
        MUST(spk_officer_query_format(&q, again));
        must(spk_span_eq(in, spk_buf_span(again)));
    }
}

static void
drill(struct spk_span in, struct spk_buf *again)
{
    struct spk_drill d;

    if (spk_ok(spk_drill_parse(in, &d))) {
        MUST(spk_drill_format(&d, again));
        must(spk_span_eq(in, spk_buf_span(again)));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const all[])(struct spk_span, struct spk_buf *) = {approval, veto, query, drill};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        SPK_AUTO_BUF struct spk_buf again = SPK_BUF(FUZZ_OUT_MAX);
        all[i](spk_span(data, size), &again);
    }
    return 0;
}
