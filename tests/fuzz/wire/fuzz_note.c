/* SPDX-License-Identifier: Apache-2.0 */
/* A note that is read can be written to the same bytes; a verifier key has one spelling. */
#include "fuzz.h"
#include "wire/note.h"

static void
note(struct spk_span in, const struct spk_vkey *v)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(FUZZ_OUT_MAX);
    struct spk_span body;
    struct spk_note n;

    if (spk_ok(spk_note_parse(in, true, &n))) {
        MUST(spk_note_format(&n, &again));
        must(spk_span_eq(in, spk_buf_span(&again)));
        (void)!spk_ok(spk_note_kind(&n, "sparekey/1 policy", &body));
        must(!spk_ok(spk_note_verify(&n, v)));
    }
}

static void
vkey(struct spk_span in)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(FUZZ_OUT_MAX);
    struct spk_vkey v;

    if (spk_ok(spk_vkey_parse(in, &v))) {
        MUST(spk_vkey_format(&v, &again));
        must(spk_span_eq(in, spk_buf_span(&again)));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t key[SPK_ED25519_LEN] = {9}; /* signs nothing */
    struct spk_vkey v;

    MUST(spk_vkey_make("officer/alice", key, &v));
    note(spk_span(data, size), &v);
    vkey(spk_span(data, size));
    return 0;
}
