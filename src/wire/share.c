/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/share.h"

#include <string.h>

#include "base/text.h"
#include "crypto/ed25519.h"

#define MAGIC_LEN 8
#define NUMBERS_LEN 3

enum { A_COPY = 1, A_GENESIS, A_POLICY, A_NUMBERS, A_OFFICER, A_TO, A_SEALED };

static const char *
magic_of(enum spk_share_kind kind)
{
    return kind == SPK_SHARE_KEPT ? "SPKSHARE" : "SPKSPASS";
}

static spk_err
share_check(const struct spk_share *s)
{
    SPK_CHECK(s->k >= 2 && s->k <= s->n && s->x >= 1 && s->x <= s->n, FORMAT);
    SPK_CHECK(s->officer[0] != '\0' && spk_utf8_plain(spk_span_str(s->officer)), FORMAT);
    SPK_CHECK(!spk_ct_zero(s->to, sizeof(s->to)), FORMAT);
    return SPK_OK;
}

/* All fields but the sealed bytes, as attributes over scratch space of the caller. */
static spk_err
share_attrs(const struct spk_share *s, struct spk_attrs *l, uint8_t policy[8],
            uint8_t numbers[NUMBERS_LEN])
{
    numbers[0] = s->k;
    numbers[1] = s->n;
    numbers[2] = s->x;
    SPK_TRY(spk_attrs_add(l, A_COPY, SPK_SPAN_OF(s->copy)));
    SPK_TRY(spk_attrs_add(l, A_GENESIS, spk_hash_span(&s->genesis)));
    SPK_TRY(spk_attrs_add_u64(l, A_POLICY, s->policy, policy));
    SPK_TRY(spk_attrs_add(l, A_NUMBERS, spk_span(numbers, NUMBERS_LEN)));
    SPK_TRY(spk_attrs_add(l, A_OFFICER, spk_span_str(s->officer)));
    return spk_attrs_add(l, A_TO, SPK_SPAN_OF(s->to));
}

/* What the seal is bound to: kind and every field. */
static spk_err
share_info(const struct spk_share *s, struct spk_buf *info)
{
    struct spk_attrs l = {.n = 0};
    uint8_t policy[8], numbers[NUMBERS_LEN];

    SPK_TRY(spk_buf_str(info, magic_of(s->kind)));
    SPK_TRY(share_attrs(s, &l, policy, numbers));
    return spk_attrs_build(&l, info);
}

spk_err
spk_share_seal(const struct spk_share *s, const struct spk_secret *share, struct spk_buf *file)
{
    SPK_AUTO_BUF struct spk_buf info = SPK_BUF(SPK_SHARE_FILE_MAX);
    SPK_AUTO_BUF struct spk_buf sealed = SPK_BUF(SPK_SHARE_FILE_MAX);
    struct spk_attrs l = {.n = 0};
    uint8_t policy[8], numbers[NUMBERS_LEN];

    SPK_TRY(share_check(s));
    SPK_CHECK(spk_secret_len(share) == SPK_SHARE_LEN, USAGE);
    SPK_CHECK(spk_secret_span(share).ptr[0] == s->x, USAGE);
    SPK_TRY(share_info(s, &info));
    SPK_TRY(spk_x25519_seal(s->to, spk_buf_span(&info), spk_secret_span(share), &sealed));
    SPK_TRY(share_attrs(s, &l, policy, numbers));
    SPK_TRY(spk_attrs_add(&l, A_SEALED, spk_buf_span(&sealed)));
    SPK_TRY(spk_buf_str(file, magic_of(s->kind)));
    return spk_attrs_build(&l, file);
}

static spk_err
share_kind(struct spk_span file, enum spk_share_kind *ret_kind)
{
    SPK_CHECK(file.len > MAGIC_LEN && file.len <= SPK_SHARE_FILE_MAX, FORMAT);
    for (enum spk_share_kind kind = SPK_SHARE_KEPT; kind <= SPK_SHARE_PASSED_ON; kind++) {
        if (spk_span_eq(spk_span(file.ptr, MAGIC_LEN), spk_span_str(magic_of(kind)))) {
            *ret_kind = kind;
            return SPK_OK;
        }
    }
    return SPK_ERR(FORMAT);
}

static spk_err
share_fields(const struct spk_attrs *l, struct spk_share *s)
{
    uint8_t numbers[NUMBERS_LEN];
    struct spk_span officer;

    SPK_TRY(spk_attrs_fixed(l, A_COPY, s->copy, sizeof(s->copy)));
    SPK_TRY(spk_attrs_fixed(l, A_GENESIS, s->genesis.b, SPK_HASH_LEN));
    SPK_TRY(spk_attrs_u64(l, A_POLICY, &s->policy));
    SPK_TRY(spk_attrs_fixed(l, A_NUMBERS, numbers, sizeof(numbers)));
    s->k = numbers[0];
    s->n = numbers[1];
    s->x = numbers[2];
    SPK_TRY(spk_attrs_get(l, A_OFFICER, SPK_NOTE_NAME_MAX, &officer));
    SPK_CHECK(officer.len > 0 && memchr(officer.ptr, 0, officer.len) == NULL, FORMAT);
    memcpy(s->officer, officer.ptr, officer.len);
    SPK_TRY(spk_attrs_fixed(l, A_TO, s->to, sizeof(s->to)));
    return spk_attrs_get(l, A_SEALED, SPK_SHARE_FILE_MAX, &s->sealed);
}

spk_err
spk_share_parse(struct spk_span file, struct spk_share *ret_s)
{
    static const uint16_t known[] = {A_COPY,    A_GENESIS, A_POLICY, A_NUMBERS,
                                     A_OFFICER, A_TO,      A_SEALED};
    struct spk_share s = {.k = 0};
    struct spk_attrs l;

    SPK_TRY(share_kind(file, &s.kind));
    SPK_TRY(spk_attrs_parse_known(spk_span(file.ptr + MAGIC_LEN, file.len - MAGIC_LEN), known,
                                  sizeof(known) / sizeof(known[0]), &l));
    SPK_TRY(share_fields(&l, &s));
    SPK_TRY(share_check(&s));
    *ret_s = s;
    return SPK_OK;
}

spk_err
spk_share_open(const struct spk_share *s, const struct spk_secret *x25519,
               struct spk_secret **ret_share)
{
    SPK_AUTO_BUF struct spk_buf info = SPK_BUF(SPK_SHARE_FILE_MAX);
    SPK_AUTO(spk_secret) share = NULL;
    uint8_t pub[32];

    SPK_TRY(spk_x25519_public(x25519, pub));
    SPK_CHECK(spk_ct_eq(pub, s->to, sizeof(pub)), NOKEY);
    SPK_TRY(share_info(s, &info));
    SPK_TRY(spk_x25519_open(x25519, spk_buf_span(&info), s->sealed, &share));
    SPK_CHECK(spk_secret_len(share) == SPK_SHARE_LEN, AUTH);
    SPK_CHECK(spk_secret_span(share).ptr[0] == s->x, AUTH);
    *ret_share = SPK_STEAL(share);
    return SPK_OK;
}

spk_err
spk_share_pass_on(struct spk_span kept, const struct spk_secret *x25519,
                  const uint8_t transport[32], struct spk_buf *file)
{
    SPK_AUTO(spk_secret) share = NULL;
    struct spk_share s;

    SPK_TRY(spk_share_parse(kept, &s));
    SPK_CHECK(s.kind == SPK_SHARE_KEPT, FORMAT);
    SPK_TRY(spk_share_open(&s, x25519, &share));
    s.kind = SPK_SHARE_PASSED_ON;
    memcpy(s.to, transport, sizeof(s.to));
    return spk_share_seal(&s, share, file);
}

spk_err
spk_transport_code(const uint8_t copy[SPK_COPY_ID_LEN], const uint8_t transport[32],
                   char ret_code[SPK_REQ_CODE_LEN])
{
    const struct spk_span parts[] = {SPK_SPAN_LIT("sparekey/1 transport\n"),
                                     spk_span(copy, SPK_COPY_ID_LEN), spk_span(transport, 32)};
    struct spk_hash h;

    SPK_TRY(spk_sha256_parts(parts, 3, &h));
    spk_request_code(&h, ret_code);
    return SPK_OK;
}
