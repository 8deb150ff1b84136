/* SPDX-License-Identifier: Apache-2.0 */
/* R_pub, R_priv, slot 5, and a whole deposit cut out of the input. */
#include <string.h>

#include "fuzz.h"
#include "wire/deposit.h"

static void
rpub(struct spk_span in)
{
    uint8_t again[SPK_RPUB_LEN];
    struct spk_rpub r;

    if (spk_ok(spk_rpub_parse(in, &r))) {
        spk_rpub_build(&r, again);
        must(spk_span_eq(in, SPK_SPAN_OF(again)));
    }
}

static void
rpriv(struct spk_span in)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(FUZZ_OUT_MAX);
    struct spk_rpriv p;

    if (spk_ok(spk_rpriv_parse(in, &p))) {
        MUST(spk_rpriv_build(&p, &again));
        must(spk_span_eq(in, spk_buf_span(&again)));
    }
}

static void
record(struct spk_span in)
{
    SPK_AUTO_BUF struct spk_buf opened = SPK_BUF(FUZZ_OUT_MAX);
    SPK_AUTO(spk_secret) key = NULL;
    uint8_t salt[SPK_SALT_LEN];
    struct spk_deposit d;

    if (spk_ok(spk_record_parse(in, &d))) {
        MUST(spk_secret_new(SPK_KEY_LEN, &key));
        must(!spk_ok(spk_record_open(key, &d, salt, &opened)));
        must(opened.len == 0);
    }
}

/* R_pub, then half of the rest as R_priv, half as BLOB. */
static void
whole(struct spk_span in)
{
    struct spk_deposit d = {.rpriv = SPK_SPAN_EMPTY};

    if (in.len < SPK_RPUB_LEN || !spk_ok(spk_rpub_parse(spk_span(in.ptr, SPK_RPUB_LEN), &d.rpub))) {
        return;
    }
    size_t half = (in.len - SPK_RPUB_LEN) / 2;
    d.rpriv = spk_span(in.ptr + SPK_RPUB_LEN, half);
    d.blob = spk_span(in.ptr + SPK_RPUB_LEN + half, in.len - SPK_RPUB_LEN - half);
    (void)!spk_ok(spk_deposit_check_public(&d));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rpub(spk_span(data, size));
    rpriv(spk_span(data, size));
    record(spk_span(data, size));
    whole(spk_span(data, size));
    return 0;
}
