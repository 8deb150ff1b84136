/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/drill.h"

#include "wire/lines.h"

spk_err
spk_drill_format(const struct spk_drill *d, struct spk_buf *text)
{
    SPK_CHECK(d->n > 0 && d->n <= SPK_DRILL_MAX, FORMAT);
    SPK_TRY(spk_buf_str(text, SPK_DRILL_KIND "\n"));
    SPK_TRY(spk_lines_put_hash(text, "genesis", &d->genesis));
    SPK_TRY(spk_lines_put_u64(text, "time", d->time));
    SPK_TRY(spk_lines_put_u64(text, "deposits", d->deposits));
    SPK_TRY(spk_lines_put_u64(text, "recoveries", d->recoveries));
    SPK_TRY(spk_lines_put_u64_hash(text, "backup", d->backup, &d->root));
    SPK_TRY(spk_lines_put_u64(text, "made", d->made));
    SPK_TRY(spk_lines_put_u64(text, "sample", d->n));
    for (size_t i = 0; i < d->n; i++) {
        SPK_CHECK(i == 0 || d->of[i].index > d->of[i - 1].index, FORMAT);
        SPK_TRY(spk_lines_put_u64(text, d->of[i].good ? "good" : "bad", d->of[i].index));
    }
    return SPK_OK;
}

static spk_err
parse_one(struct spk_rd *r, struct spk_drilled *ret_x)
{
    struct spk_rd again = *r;

    ret_x->good = spk_ok(spk_lines_u64(&again, "good", &ret_x->index));
    if (ret_x->good) {
        *r = again;
        return SPK_OK;
    }
    return spk_lines_u64(r, "bad", &ret_x->index);
}

spk_err
spk_drill_parse(struct spk_span text, struct spk_drill *ret_d)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SPK_DRILL_TEXT_MAX);
    struct spk_drill d = {.n = 0};
    struct spk_rd r;
    uint64_t n = 0;

    SPK_TRY(spk_lines_begin(text, SPK_DRILL_KIND, &r));
    SPK_TRY(spk_lines_hash(&r, "genesis", &d.genesis));
    SPK_TRY(spk_lines_u64(&r, "time", &d.time));
    SPK_TRY(spk_lines_u64(&r, "deposits", &d.deposits));
    SPK_TRY(spk_lines_u64(&r, "recoveries", &d.recoveries));
    SPK_TRY(spk_lines_u64_hash(&r, "backup", &d.backup, &d.root));
    SPK_TRY(spk_lines_u64(&r, "made", &d.made));
    SPK_TRY(spk_lines_u64(&r, "sample", &n));
    SPK_CHECK(n > 0 && n <= SPK_DRILL_MAX, FORMAT);
    for (; d.n < n; d.n++) {
        SPK_TRY(parse_one(&r, &d.of[d.n]));
    }
    SPK_TRY(spk_drill_format(&d, &again));
    SPK_TRY(spk_lines_end(&r, text, spk_buf_span(&again)));
    *ret_d = d;
    return SPK_OK;
}
