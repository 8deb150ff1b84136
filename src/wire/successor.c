/* SPDX-License-Identifier: Apache-2.0 */
/* The successor statement: an owner's new pairs, signed by the holder (doc/spec/statements.md §7).
 */
#include "wire/lines.h"
#include "wire/statement.h"

#define SUCCESSOR_TEXT_MAX 4096

void
spk_successor_clear(struct spk_successor *s)
{
    spk_rsa_free(s->keyx);
    spk_rsa_free(s->sign);
    s->keyx = NULL;
    s->sign = NULL;
}

static spk_err
successor_check(const struct spk_successor *s)
{
    SPK_CHECK(s->number >= 1, FORMAT);
    /* The chain hangs on the owner id: the first link names it, the later ones cannot. */
    SPK_CHECK((s->number == 1) == spk_hash_eq(&s->previous, &s->owner), FORMAT);
    SPK_CHECK(!spk_hash_eq(spk_rsa_id(s->keyx), spk_rsa_id(s->sign)), FORMAT);
    return SPK_OK;
}

spk_err
spk_successor_format(const struct spk_successor *s, struct spk_buf *text)
{
    SPK_TRY(successor_check(s));
    SPK_TRY(spk_buf_str(text, SPK_SUCCESSOR_KIND "\n"));
    SPK_TRY(spk_lines_put_hash(text, "authority", &s->authority));
    SPK_TRY(spk_lines_put_hash(text, "owner", &s->owner));
    SPK_TRY(spk_lines_put_u64(text, "number", s->number));
    SPK_TRY(spk_lines_put_hash(text, "previous", &s->previous));
    SPK_TRY(spk_lines_put_rsa(text, "keyx", s->keyx));
    SPK_TRY(spk_lines_put_rsa(text, "sign", s->sign));
    SPK_TRY(spk_lines_put_hash(text, "request", &s->request));
    return spk_lines_put_u64(text, "time", s->time);
}

spk_err
spk_successor_parse(struct spk_span text, struct spk_successor *ret_s)
{
    SPK_AUTO_SUCCESSOR s = {.number = 0};
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(SUCCESSOR_TEXT_MAX);
    struct spk_rd r;

    SPK_TRY(spk_lines_begin(text, SPK_SUCCESSOR_KIND, &r));
    SPK_TRY(spk_lines_hash(&r, "authority", &s.authority));
    SPK_TRY(spk_lines_hash(&r, "owner", &s.owner));
    SPK_TRY(spk_lines_u32(&r, "number", &s.number));
    SPK_TRY(spk_lines_hash(&r, "previous", &s.previous));
    SPK_TRY(spk_lines_rsa(&r, "keyx", &s.keyx));
    SPK_TRY(spk_lines_rsa(&r, "sign", &s.sign));
    SPK_TRY(spk_lines_hash(&r, "request", &s.request));
    SPK_TRY(spk_lines_u64(&r, "time", &s.time));
    SPK_TRY(spk_successor_format(&s, &again));
    SPK_TRY(spk_lines_end(&r, text, spk_buf_span(&again)));
    *ret_s = s;
    s.keyx = NULL;
    s.sign = NULL;
    return SPK_OK;
}
