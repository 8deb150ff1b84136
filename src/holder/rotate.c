/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/rotate.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "holder/uselog.h"

spk_err
spk_rotate_from(struct spk_span bytes, const struct spk_keys *k, struct spk_authority *ret_now)
{
    SPK_AUTO_AUTHORITY a = {.epoch = 0};
    struct spk_note note;

    SPK_TRY(spk_note_parse(bytes, true, &note));
    SPK_TRY(spk_authority_parse(note.text, &a));
    SPK_CHECK(a.epoch == k->n || a.epoch + 1 == k->n, AUTH);
    SPK_CHECK(spk_hash_eq(spk_rsa_id(a.key), spk_rsa_id(k->epoch[a.epoch - 1].pair)), AUTH);
    SPK_CHECK(spk_hash_eq(&a.policy, &k->genesis), AUTH);
    SPK_CHECK(spk_ct_eq(a.holder.key, k->vkey.key, SPK_ED25519_LEN), AUTH);
    *ret_now = a;
    a = (struct spk_authority){.key = NULL};
    return SPK_OK;
}

static spk_err
epoch_make(int dirfd, struct spk_keys *k, unsigned bits)
{
    SPK_AUTO_BUF struct spk_buf log = SPK_BUF(SPK_USELOG_MAX);
    char detail[64];

    SPK_TRY(spk_keys_rotate(k, bits));
    const struct spk_epoch *e = spk_keys_newest(k);
    (void)snprintf(detail, sizeof(detail), "key epoch %u of %u bits made", (unsigned)e->number,
                   bits);
    SPK_TRY(spk_uselog_read(dirfd, &log));
    SPK_TRY(spk_uselog_add(&log, k, "rotate", detail, spk_now()));
    SPK_TRY(spk_uselog_write(dirfd, &log));
    return spk_keys_write_epoch(dirfd, k, e);
}

spk_err
spk_rotate(int dirfd, struct spk_keys *k, const struct spk_authority *now, unsigned bits,
           struct spk_buf *text)
{
    SPK_AUTO_AUTHORITY next = *now;

    next.key = NULL;
    memset(&next.follows, 0, sizeof(next.follows));
    if (now->epoch == k->n) {
        SPK_TRY(epoch_make(dirfd, k, bits));
    }
    next.epoch = now->epoch + 1;
    next.previous = *spk_rsa_id(now->key);
    SPK_TRY(spk_rsa_public(spk_keys_newest(k)->pair, &next.key));
    return spk_authority_format(&next, text);
}
