/* SPDX-License-Identifier: Apache-2.0 */
/* What the server knows of its own authority: the statements of all key epochs and TLS keys, and
 * the chain of policies, each verified before it is believed.  It only ever grows while the server
 * runs. */
#ifndef SPK_AUTHORITY_BOOKS_H
#define SPK_AUTHORITY_BOOKS_H

#include "store/store.h"
#include "wire/policy.h"
#include "wire/statement.h"

#define SPK_WHY_MAX 512

struct spk_books;
/** statement-N.note (or statement.note alone) and policy-N.note of the folder, then later policies
 * of the store; all of them are in the store afterwards.
 * @param ret_why  On failure a sentence for people, or empty. */
SPK_MUST_USE spk_err spk_books_load(const char *folder, struct spk_store *store,
                                    char ret_why[SPK_WHY_MAX], struct spk_books **ret_b);
void spk_books_free(struct spk_books *b);
SPK_DEFINE_AUTO(spk_books)

size_t spk_books_epochs(const struct spk_books *b);
/** i from 0, oldest first; *ret_note gets the file's bytes. */
const struct spk_authority *spk_books_epoch(const struct spk_books *b, size_t i,
                                            struct spk_span *ret_note);
/** The epoch whose key has this H(SPKI); NULL when none has. */
const struct spk_authority *spk_books_by_key(const struct spk_books *b, const struct spk_hash *id);
const struct spk_authority *spk_books_newest(const struct spk_books *b);

/* Policies stay where they are until spk_books_free(). */
const struct spk_policy *spk_books_policy(struct spk_books *b, uint32_t number,
                                          struct spk_span *ret_note);
const struct spk_policy *spk_books_today(struct spk_books *b);
/** Would it be the next policy, or is it today's? Nothing changes. *ret_number is its number. */
SPK_MUST_USE spk_err spk_books_check_policy(struct spk_books *b, struct spk_span note,
                                            uint32_t *ret_number);
/** The next policy: verified against today's. The store is the caller's business. */
SPK_MUST_USE spk_err spk_books_add_policy(struct spk_books *b, struct spk_span note);

#endif
