/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/logkeys.h"

#include <stdio.h>

#include "translog/checkpoint.h"

void
spk_logkeys_free(struct spk_logkeys *k)
{
    if (k == NULL) {
        return;
    }
    for (size_t i = 0; i < SPK_LOG_IDS; i++) {
        spk_secret_free(k->seed[i]);
    }
    spk_buf_free(&k->note);
    spk_mem_free(k);
}

static spk_err
key_make(const struct spk_keys *holder, enum spk_log_id log, struct spk_logkeys *k)
{
    char name[SPK_NOTE_NAME_MAX + 16];
    uint8_t pub[SPK_ED25519_LEN];

    (void)snprintf(name, sizeof(name), "%s/%s", holder->name, spk_log_word(log));
    SPK_TRY(spk_log_seed(holder->seed, &holder->genesis, log, &k->seed[log - 1]));
    SPK_TRY(spk_ed25519_public(k->seed[log - 1], pub));
    return spk_vkey_make(name, pub, &k->names.key[log - 1]);
}

spk_err
spk_logkeys_new(const struct spk_keys *holder, struct spk_logkeys **ret_k)
{
    SPK_AUTO(spk_logkeys) k = spk_calloc(1, sizeof(*k));
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);

    SPK_CHECK(k != NULL, NOMEM);
    k->note = SPK_BUF(SPK_NOTE_MAX);
    k->names.genesis = holder->genesis;
    SPK_TRY(key_make(holder, SPK_LOG_DEPOSITS, k));
    SPK_TRY(key_make(holder, SPK_LOG_RECOVERIES, k));
    SPK_TRY(spk_logs_format(&k->names, &text));
    SPK_TRY(spk_note_sign(spk_buf_span(&text), NULL, holder->vkey.name, holder->seed, &k->note));
    *ret_k = SPK_STEAL(k);
    return SPK_OK;
}

spk_err
spk_logkeys_sign(const struct spk_logkeys *k, enum spk_log_id log, uint64_t size,
                 const struct spk_hash *root, struct spk_buf *note)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_CHECKPOINT_MAX);
    const char *name = spk_logs_key(&k->names, log)->name;
    const struct spk_checkpoint c = {.origin = spk_span_str(name), .size = size, .root = *root};

    SPK_TRY(spk_checkpoint_format(&c, &text));
    return spk_note_sign(spk_buf_span(&text), NULL, name, k->seed[log - 1], note);
}

bool
spk_logkeys_has(const struct spk_logkeys *k, const uint8_t key[SPK_ED25519_LEN])
{
    return spk_ct_eq(k->names.key[0].key, key, SPK_ED25519_LEN) ||
           spk_ct_eq(k->names.key[1].key, key, SPK_ED25519_LEN);
}
