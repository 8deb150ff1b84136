/* SPDX-License-Identifier: Apache-2.0 */
/* Officers, policies, statements and owners for the tests of the client, made on the spot. */
#ifndef SPK_TEST_CLIENT_FIXTURE_H
#define SPK_TEST_CLIENT_FIXTURE_H

#include "client/pin.h"
#include "client/profile.h"

#define FIX_OFFICERS 3

struct fix_officer {
    struct spk_secret *seed;
    struct spk_vkey vkey;
};
struct fix {
    struct fix_officer officers[FIX_OFFICERS];
    struct spk_rsa *keys[2];  /* of the authority: epoch 1 and 2 */
    struct spk_rsa *owner[2]; /* key exchange, signature */
    struct spk_policy policy1;
    struct spk_buf policy1_note, statement1_note;
};
/** Makes everything; the keys are made once a process. */
void fix_make(struct fix *f);
void fix_clear(struct fix *f);

/** Text under the signatures of the officers whose bit is set in who. */
void fix_sign(const struct fix *f, struct spk_span text, unsigned who, struct spk_buf *note);
/** The note of a policy that follows prev, with these officers (bits) and signers (bits). */
void fix_next_policy(const struct fix *f, const struct spk_policy *prev, unsigned officers,
                     unsigned signers, struct spk_policy *ret_p, struct spk_buf *note);
/** A statement for key number `key`; `change` may spoil it before it is signed. */
void fix_statement(const struct fix *f, size_t key, uint32_t epoch,
                   void (*change)(struct spk_authority *), unsigned signers, struct spk_buf *note);
/** A pin over statement 1 and policy 1. */
struct spk_pin *fix_pin(const struct fix *f);
/** A profile in memory that has the pin and an owner; folders below dir. */
struct spk_profile *fix_profile(const struct fix *f, const char *dir);

#endif
