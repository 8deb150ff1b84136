/* SPDX-License-Identifier: Apache-2.0 */
/* Owners and deposits made up for the tests of stores. */
#ifndef TEST_STORE_ROWS_H
#define TEST_STORE_ROWS_H

#include <stdio.h>
#include <string.h>

#include "spk_test.h"

#include "keyblob/blob.h"
#include "store/store.h"

struct made { /* a deposit row and the bytes that it borrows */
    struct spk_deposit_row row;
    uint8_t rpub[SPK_RPUB_LEN], salt[SPK_SALT_LEN], blob[64];
    uint8_t rpriv[2048];
    char description[64];
};

static inline struct spk_hash
hash_of(const char *text)
{
    struct spk_hash h;
    assert_spk_ok(spk_sha256(spk_span_str(text), &h));
    return h;
}

static inline struct spk_file_id
serial_of(uint32_t n)
{
    struct spk_file_id id = {{0x01, 0x93}};
    spk_put_u32(id.b + 12, n);
    return id;
}

/** R_pub, R_priv and columns that fit together, for an owner key and id. */
static inline void
make_deposit(struct made *m, uint64_t owner_key, const struct spk_hash *owner, uint32_t serial,
             uint64_t time_ms)
{
    struct spk_buf priv = SPK_BUF(sizeof(m->rpriv));
    struct spk_rpub r = {.alg = SPK_CALG_AES_256, .epoch = 1, .policy = 1, .time_ms = time_ms};

    memset(m, 0, sizeof(*m));
    snprintf(m->description, sizeof(m->description), "file number %u of Ørsted", serial);
    memset(m->salt, (int)(serial & 0xff), sizeof(m->salt));
    memset(m->blob, (int)(serial & 0xff), sizeof(m->blob));
    r.id = serial_of(serial);
    assert_spk_ok(spk_sha256(SPK_SPAN_OF(m->blob), &r.blob));
    const struct spk_rpriv p = {
        .owner = *owner, .id = r.id, .description = spk_span_str(m->description)};
    assert_spk_ok(spk_rpriv_build(&p, &priv));
    memcpy(m->rpriv, priv.ptr, priv.len);
    m->row.rpriv = spk_span(m->rpriv, priv.len);
    spk_buf_free(&priv);
    spk_rpub_build(&r, m->rpub);
    assert_spk_ok(spk_deposit_p(m->salt, m->row.rpriv, &m->row.p));
    m->row.owner_key = owner_key;
    m->row.serial = r.id;
    m->row.epoch = 1;
    m->row.policy = 1;
    m->row.time_ms = time_ms;
    m->row.description = spk_span_str(m->description);
    m->row.rpub = SPK_SPAN_OF(m->rpub);
    m->row.salt = SPK_SPAN_OF(m->salt);
    m->row.blob = SPK_SPAN_OF(m->blob);
    assert_spk_ok(spk_deposit_row_leaf(&m->row));
}

/** An owner by name, put and committed; returns its key. */
static inline uint64_t
add_owner(struct spk_store *s, const char *name, uint32_t state)
{
    uint64_t key = 0;
    char login[80];
    snprintf(login, sizeof(login), "login of %s", name);
    const struct spk_owner_row row = {.owner = hash_of(name),
                                      .login = hash_of(login),
                                      .state = state,
                                      .time_ms = 5,
                                      .name = spk_span_str(name),
                                      .record = spk_span_str("record"),
                                      .signature = spk_span_str("signature")};
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_owner(s, &row, &key));
    assert_spk_ok(spk_store_commit(s));
    return key;
}

static inline struct spk_put_result
put(struct spk_store *s, const struct made *m)
{
    struct spk_put_result r = {0};
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_deposit(s, &m->row, &r));
    assert_spk_ok(spk_store_commit(s));
    return r;
}

#endif
