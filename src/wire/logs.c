/* SPDX-License-Identifier: Apache-2.0 */
/* The logs note and the entries of the recoveries log (doc/spec/log.md §5, §6). */
#include "wire/logs.h"

#include <stdio.h>
#include <string.h>

#include "base/rd.h"
#include "crypto/kdf.h"
#include "wire/lines.h"

#define LOGS_TEXT_MAX 4096
#define ENTRY_VERSION 1

const char *
spk_log_word(enum spk_log_id log)
{
    return log == SPK_LOG_DEPOSITS ? "deposits" : "recoveries";
}

spk_err
spk_log_seed(const struct spk_secret *holder_seed, const struct spk_hash *genesis,
             enum spk_log_id log, struct spk_secret **ret_seed)
{
    SPK_AUTO(spk_secret) seed = NULL;
    char info[64];

    (void)snprintf(info, sizeof(info), "sparekey/1 %s log", spk_log_word(log));
    SPK_TRY(spk_secret_new(SPK_ED25519_LEN, &seed));
    SPK_TRY(spk_hkdf_sha256(spk_secret_span(holder_seed), spk_hash_span(genesis),
                            spk_span_str(info), spk_secret_mut(seed)));
    *ret_seed = SPK_STEAL(seed);
    return SPK_OK;
}

/* -- the note ---------------------------------------------------------------------------------- */

static spk_err
put_key(struct spk_buf *text, const char *name, const struct spk_vkey *v)
{
    SPK_TRY(spk_buf_str(text, name));
    SPK_TRY(spk_buf_u8(text, ' '));
    SPK_TRY(spk_vkey_format(v, text));
    return spk_buf_u8(text, '\n');
}

static bool
same_key(const struct spk_vkey *a, const struct spk_vkey *b)
{
    return spk_span_eq(SPK_SPAN_OF(a->key), SPK_SPAN_OF(b->key));
}

spk_err
spk_logs_format(const struct spk_logs *l, struct spk_buf *text)
{
    SPK_CHECK(!same_key(&l->key[0], &l->key[1]), FORMAT);
    SPK_TRY(spk_buf_str(text, SPK_LOGS_KIND "\n"));
    SPK_TRY(spk_lines_put_hash(text, "genesis", &l->genesis));
    for (unsigned i = 0; i < SPK_LOG_IDS; i++) {
        SPK_TRY(put_key(text, spk_log_word((enum spk_log_id)(i + 1)), &l->key[i]));
    }
    return SPK_OK;
}

spk_err
spk_logs_parse(struct spk_span text, struct spk_logs *ret_l)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(LOGS_TEXT_MAX);
    struct spk_span key;
    struct spk_logs l;
    struct spk_rd r;

    SPK_TRY(spk_lines_begin(text, SPK_LOGS_KIND, &r));
    SPK_TRY(spk_lines_hash(&r, "genesis", &l.genesis));
    for (unsigned i = 0; i < SPK_LOG_IDS; i++) {
        SPK_TRY(spk_lines_get(&r, spk_log_word((enum spk_log_id)(i + 1)), &key));
        SPK_TRY(spk_vkey_parse(key, &l.key[i]));
    }
    SPK_TRY(spk_logs_format(&l, &again));
    SPK_TRY(spk_lines_end(&r, text, spk_buf_span(&again)));
    *ret_l = l;
    return SPK_OK;
}

spk_err
spk_logs_verify(struct spk_span note, const struct spk_vkey *holder, const struct spk_hash *genesis,
                struct spk_logs *ret_l)
{
    struct spk_note n;
    struct spk_logs l;
    spk_err e;

    SPK_TRY(spk_note_parse(note, false, &n));
    SPK_TRY(spk_logs_parse(n.text, &l));
    e = spk_note_verify(&n, holder);
    SPK_CHECK(e.code != SPK_CODE_NOTFOUND, AUTH);
    SPK_TRY(e);
    SPK_CHECK(!same_key(&l.key[0], holder) && !same_key(&l.key[1], holder), AUTH);
    SPK_CHECK(spk_hash_eq(&l.genesis, genesis), CHANGED);
    *ret_l = l;
    return SPK_OK;
}

const struct spk_vkey *
spk_logs_key(const struct spk_logs *l, enum spk_log_id log)
{
    return &l->key[log - 1];
}

/* -- entries ----------------------------------------------------------------------------------- */

/* Length of an entry of this kind; 0: there is none. */
static size_t
entry_len(unsigned kind)
{
    switch (kind) {
    case SPK_ENTRY_REQUESTED:
    case SPK_ENTRY_AUTHORISED:
    case SPK_ENTRY_DENIED:
    case SPK_ENTRY_ENDED:
    case SPK_ENTRY_DRILL:
    case SPK_ENTRY_APPROVAL:
    case SPK_ENTRY_VETO:
    case SPK_ENTRY_RELEASED:
        return SPK_REQUEST_ENTRY_LEN;
    case SPK_ENTRY_REWRAPPED:
        return SPK_REWRAP_ENTRY_LEN;
    case SPK_ENTRY_EPOCH:
    case SPK_ENTRY_POLICY:
        return SPK_ADMIN_ENTRY_LEN;
    default:
        return 0;
    }
}

bool
spk_entry_is_of_request(enum spk_entry_kind kind)
{
    return entry_len(kind) == SPK_REQUEST_ENTRY_LEN;
}

void
spk_entry_build(const struct spk_entry *e, uint8_t ret_bytes[SPK_LOG_ENTRY_LEN_MAX],
                size_t *ret_len)
{
    *ret_len = entry_len(e->kind);
    ret_bytes[0] = ENTRY_VERSION;
    ret_bytes[1] = (uint8_t)e->kind;
    spk_put_u16(ret_bytes + 2, 0);
    spk_put_u32(ret_bytes + 4, e->number);
    spk_put_u64(ret_bytes + 8, e->time_ms);
    memcpy(ret_bytes + 16, e->hash.b, SPK_HASH_LEN);
    if (*ret_len == SPK_REQUEST_ENTRY_LEN) {
        spk_put_u64(ret_bytes + 48, e->deposit);
        spk_put_u64(ret_bytes + 56, e->request);
    } else if (*ret_len == SPK_REWRAP_ENTRY_LEN) {
        memcpy(ret_bytes + 48, e->other.b, SPK_HASH_LEN);
    }
}

spk_err
spk_entry_parse(struct spk_span bytes, struct spk_entry *ret_e)
{
    struct spk_entry e = {.number = 0};
    struct spk_rd r = spk_rd(bytes);
    uint8_t version = 0, kind = 0;
    uint16_t zero = 0;

    SPK_TRY(spk_rd_u8(&r, &version));
    SPK_TRY(spk_rd_u8(&r, &kind));
    SPK_CHECK(version == ENTRY_VERSION && entry_len(kind) > 0, VERSION);
    e.kind = (enum spk_entry_kind)kind;
    SPK_TRY(spk_rd_u16(&r, &zero));
    SPK_CHECK(zero == 0, VERSION);
    SPK_TRY(spk_rd_u32(&r, &e.number));
    SPK_TRY(spk_rd_u64(&r, &e.time_ms));
    SPK_TRY(spk_rd_copy(&r, e.hash.b, SPK_HASH_LEN));
    if (spk_entry_is_of_request(e.kind)) {
        SPK_TRY(spk_rd_u64(&r, &e.deposit));
        SPK_TRY(spk_rd_u64(&r, &e.request));
    } else if (e.kind == SPK_ENTRY_REWRAPPED) {
        SPK_TRY(spk_rd_copy(&r, e.other.b, SPK_HASH_LEN));
    }
    SPK_TRY(spk_rd_end(&r));
    *ret_e = e;
    return SPK_OK;
}

spk_err
spk_entry_salt(struct spk_span record, uint8_t ret_salt[32])
{
    static const char label[] = "sparekey/1 request salt"; /* with its NUL */
    const struct spk_span parts[] = {SPK_SPAN_OF(label), record};
    struct spk_hash h;

    SPK_TRY(spk_sha256_parts(parts, 2, &h));
    memcpy(ret_salt, h.b, sizeof(h.b));
    return SPK_OK;
}

spk_err
spk_entry_or_of(const uint8_t salt[32], const struct spk_hash *request,
                const struct spk_hash *detail, struct spk_hash *ret_or)
{
    static const char label[] = "sparekey/1 request"; /* with its NUL */
    const struct spk_span parts[] = {SPK_SPAN_OF(label), spk_span(salt, 32), spk_hash_span(request),
                                     spk_hash_span(detail)};

    return spk_sha256_parts(parts, 4, ret_or);
}

spk_err
spk_entry_or(const uint8_t salt[32], const struct spk_hash *request, struct spk_span detail,
             struct spk_hash *ret_or)
{
    struct spk_hash h;

    SPK_TRY(spk_sha256(detail, &h));
    return spk_entry_or_of(salt, request, &h, ret_or);
}
