/* SPDX-License-Identifier: Apache-2.0 */
/* A request in which everything holds, for tests that then tell one lie. */
#ifndef SPK_TEST_CASE_WORLD_H
#define SPK_TEST_CASE_WORLD_H

#include "spk_test.h"

#include "ctl/case.h"
#include "ctl/identity.h"

#define FILES 3
#define TEXT_MAX ((size_t)1 << 20)

enum key { K_AUTHORITY, K_KEYX, K_SIGN, K_NEW_KEYX, K_NEW_SIGN, K_OTHER, KEYS };
extern struct spk_rsa *keys[KEYS]; /* made once: they take the most of the time */

struct file {
    struct spk_rpub rpub;
    uint8_t salt[SPK_SALT_LEN];
    struct spk_rpriv priv;
    uint64_t index;
    bool hidden; /* R_priv is not readable for the authority either */
};
struct world {
    struct spk_identity *alice, *bob, *stranger;
    struct spk_secret *holder;
    struct spk_pin *pin;
    struct spk_enrolment enrolment;
    struct spk_request request;
    struct spk_hash ask; /* the hash that the officer asks for */
    size_t n_files;
    struct file files[FILES];
    size_t n_serials;
    struct spk_file_id serials[FILES];
    struct spk_buf record, sig_sign, sig_keyx, enrol, enrol_sig;
    size_t n_notes, n_votes;
    struct spk_buf successors[4], votes[4];
    uint64_t count;
    struct spk_hash root;
    const char *fault; /* what the last run found */
};

void sign_note(struct spk_span text, const char *name, const struct spk_secret *seed,
               struct spk_buf *note);
void sign_enrolment(struct world *w, enum key by);
/* The first n files are asked for, and the root over them is in the record. */
void list_files(struct world *w, size_t n);
void sign_request(struct world *w, enum key by_sign, enum key by_keyx);
/* The scope as the authority would freeze it. */
void freeze(struct world *w);
int setup(void **state);
int teardown(void **state);
int make_keys(void **state);
int free_keys(void **state);
/* The authority's two answers; the second for files from..to. */
struct spk_json *preimages(const struct world *w);
struct spk_json *scope(const struct world *w, size_t from, size_t to);

#endif
