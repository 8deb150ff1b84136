/* SPDX-License-Identifier: Apache-2.0 */
#include "client/witnesses.h"

#include <string.h>

#include "base/text.h"

/* One key, one voice: who stands there twice would be counted on twice. */
static spk_err
add(struct spk_witnesses *w, const char *text)
{
    struct spk_vkey v;

    SPK_CHECK(w->n < SPK_WITNESSES_MAX, LIMIT);
    SPK_TRY(spk_vkey_parse_witness(spk_span_str(text), &v));
    for (size_t i = 0; i < w->n; i++) {
        SPK_CHECK(!spk_span_eq(SPK_SPAN_OF(w->keys[i].key), SPK_SPAN_OF(v.key)) &&
                      strcmp(w->keys[i].name, v.name) != 0,
                  EXISTS);
    }
    w->keys[w->n++] = v;
    return SPK_OK;
}

spk_err
spk_witnesses_parse(char *const *keys, const char *need, size_t *ret_at,
                    struct spk_witnesses *ret_w)
{
    struct spk_witnesses w = {.n = 0};
    uint64_t n = 0;

    for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
        *ret_at = i;
        SPK_TRY(add(&w, keys[i]));
    }
    *ret_at = w.n;
    w.need = w.n;
    if (need != NULL && strcmp(need, "all") != 0) {
        SPK_TRY(spk_dec_parse(spk_span_str(need), w.n, &n));
        w.need = (size_t)n;
    }
    *ret_w = w;
    return SPK_OK;
}

spk_err
spk_witnesses_check(const struct spk_witnesses *w, const struct spk_note *note, size_t *ret_good)
{
    size_t good = 0;

    SPK_TRY(spk_cosign_count(note, w->keys, w->n, &good));
    if (ret_good != NULL) {
        *ret_good = good;
    }
    SPK_CHECK(good >= w->need, NOTFOUND);
    return SPK_OK;
}
