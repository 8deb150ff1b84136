/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment and request records, authority statements, addresses: one spelling each. */
#include "fuzz.h"
#include "wire/statement.h"

static void
enrolment(struct spk_span in, struct spk_buf *again)
{
    struct spk_enrolment e;

    if (spk_ok(spk_enrolment_parse(in, &e))) {
        MUST(spk_enrolment_build(&e, again));
        must(spk_span_eq(in, spk_buf_span(again)));
        spk_enrolment_clear(&e);
    }
}

static void
request(struct spk_span in, struct spk_buf *again)
{
    struct spk_request r;

    if (spk_ok(spk_request_parse(in, &r))) {
        MUST(spk_request_build(&r, again));
        must(spk_span_eq(in, spk_buf_span(again)));
        must(!spk_request_code_fits(&r.hash, in));
        spk_request_clear(&r);
    }
}

static void
authority(struct spk_span in, struct spk_buf *again)
{
    struct spk_authority a;

    if (spk_ok(spk_authority_parse(in, &a))) {
        MUST(spk_authority_format(&a, again));
        must(spk_span_eq(in, spk_buf_span(again)));
        spk_authority_clear(&a);
    }
}

static void
successor(struct spk_span in, struct spk_buf *again)
{
    struct spk_successor s;

    if (spk_ok(spk_successor_parse(in, &s))) {
        MUST(spk_successor_format(&s, again));
        must(spk_span_eq(in, spk_buf_span(again)));
        spk_successor_clear(&s);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const all[])(struct spk_span, struct spk_buf *) = {enrolment, request, authority,
                                                                     successor};
    SPK_AUTO_BUF struct spk_buf url = SPK_BUF(FUZZ_OUT_MAX);
    struct spk_span in = spk_span(data, size);
    struct spk_hash h;
    bool has;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        SPK_AUTO_BUF struct spk_buf again = SPK_BUF(FUZZ_OUT_MAX);
        all[i](in, &again);
    }
    if (spk_ok(spk_authority_address(in, &url, &has, &h))) {
        must(url.len > 8 && url.len <= in.len);
    }
    return 0;
}
