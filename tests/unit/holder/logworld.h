/* SPDX-License-Identifier: Apache-2.0 */
/* The two logs of the world's authority, as its server would keep them. */
#ifndef SPK_TEST_HOLDER_LOGWORLD_H
#define SPK_TEST_HOLDER_LOGWORLD_H

#include "world.h"

#include "translog/checkpoint.h"
#include "translog/nodes.h"
#include "wire/logs.h"

#define LOG_LEAVES 128

struct leaves {
    size_t n;
    struct spk_hash h[LOG_LEAVES];
};
struct logworld {
    struct leaves dep, rec;
    struct spk_logs names;
    struct spk_buf note; /* the newest checkpoint of the recoveries log */
};
extern struct logworld logs;

/** An entry on its way to the recoveries log. */
struct ent {
    struct spk_entry e;
    uint8_t salt[32];
    struct spk_hash request, detail;
};

/** Both logs empty; their keys as HELLO names them. */
void logs_begin(struct world *w);
void logs_end(void);
/** The deposits log gets n entries in all, the world's deposits at their indices. */
void logs_deposits(struct world *w, size_t n);

void leaves_root(const struct leaves *l, size_t n, struct spk_hash *ret_root);
void leaves_path(const struct leaves *l, size_t n, size_t i, struct spk_buf *path);
void leaves_growth(const struct leaves *l, size_t m, size_t n, struct spk_buf *proof);
void leaves_edge(const struct leaves *l, size_t n, struct spk_buf *edge);

unsigned say_deposits(struct world *w, size_t size, const struct spk_hash *root,
                      struct spk_span proof);
/** ADVANCE of the deposits log from m to n of logs.dep. */
unsigned advance_deposits(struct world *w, size_t m, size_t n);

/** About a request, now, true in every field; the deposit is the lowest of its scope. */
struct ent ent_of(struct world *w, const struct ask_ *a, enum spk_entry_kind kind);
/** OR anew. */
void ent_seal(struct ent *x);
/** An entry of kind EPOCH or POLICY. */
struct ent ent_policy(struct world *w);
unsigned say_recoveries(struct world *w, uint64_t size, const struct ent *x, size_t n);
/** The same at the right size; when it is signed, logs.rec has grown and the note is checked. */
unsigned log_entries(struct world *w, const struct ent *x, size_t n);
unsigned log_entry(struct world *w, struct ent x);

unsigned say_open_first(struct world *w, const struct ask_ *a);
void assert_checkpoint(const struct world *w, enum spk_log_id log, uint64_t size,
                       const struct spk_hash *root);
uint64_t counter(struct world *w, uint16_t id);

/* RELEASE with its proofs; what a test changes is set after proof_make(). */
struct proof {
    struct spk_buf deposit, path;
    uint8_t entry[SPK_LOG_ENTRY_LEN_MAX];
    size_t entry_len;
    uint64_t index;
};
void proof_make(struct world *w, const struct ent *x, uint64_t index, size_t dep,
                struct proof *ret_p);
void proof_free(struct proof *p);
unsigned say_release_logged(struct world *w, const struct ask_ *a, size_t i, const struct proof *p);

void logs_restart(struct world *w);
/** Both logs have begun, the request is logged. */
void logs_with_request(struct world *w);
void approve(struct world *w, const struct ask_ *a);
struct ent authorised(struct world *w, const struct ask_ *a, size_t dep);
/** It is refused, counted, and leaves no trace in the journal. */
void assert_untrue(struct world *w, struct ent x);

#endif
