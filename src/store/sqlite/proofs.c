/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of deposits. How many there are is counted as they come and go: counting rows would take
 * long in a large store, and whoever watches the server asks often. */
#include "store/sqlite/sq_tables.h"

static spk_err
run_alone(struct sq *s, enum sq_sql id)
{
    struct sq_use u = sq_begin_write(s, id);

    return sq_run(&u);
}

static spk_err
write_proof(struct sq *s, enum sq_sql id, uint64_t index, uint64_t time)
{
    struct sq_use u = sq_begin_write(s, id);

    sq_u64(&u, time);
    sq_u64(&u, index);
    return sq_run(&u);
}

spk_err
sq_put_proof(struct spk_store *base, uint64_t index, uint64_t time)
{
    struct sq *s = sq_of(base);

    SPK_TRY(write_proof(s, SQ_PROOF_SET, index, time));
    if (sqlite3_changes(s->writer.db) != 0) {
        return SPK_OK;
    }
    SPK_TRY(write_proof(s, SQ_PROOF_PUT, index, time));
    SPK_CHECK(sqlite3_changes(s->writer.db) != 0, CHANGED);
    return run_alone(s, SQ_PROVEN_UP);
}

spk_err
sq_drop_proof(struct spk_store *base, uint64_t index)
{
    struct sq *s = sq_of(base);
    struct sq_use u = sq_begin_write(s, SQ_PROOF_DROP);

    sq_u64(&u, index);
    SPK_TRY(sq_run(&u));
    return sqlite3_changes(s->writer.db) != 0 ? run_alone(s, SQ_PROVEN_DOWN) : SPK_OK;
}

spk_err
sq_proofs_due(struct spk_store *base, uint64_t time, size_t max, uint64_t *ret_index, size_t *ret_n)
{
    struct sq_use u = sq_begin(sq_of(base), SQ_PROOFS_DUE);
    size_t n = 0;

    sq_u64(&u, time);
    sq_u64(&u, max);
    while (n < max && sq_step(&u)) {
        ret_index[n++] = sq_col_u64(&u, 0);
    }
    SPK_TRY(sq_end(&u));
    *ret_n = n;
    return SPK_OK;
}

spk_err
sq_proof_sums(struct spk_store *base, uint64_t owner_key, struct spk_proof_sums *ret_s)
{
    struct spk_proof_sums sums = {0};
    struct sq_use u = sq_begin(sq_of(base), owner_key != 0 ? SQ_PROOFS_OF : SQ_PROOFS_ALL);

    if (owner_key != 0) {
        sq_u64(&u, owner_key);
    }
    if (sq_step(&u)) {
        sums = (struct spk_proof_sums){sq_col_u64(&u, 0), sq_col_u64(&u, 1), sq_col_u64(&u, 2),
                                       sq_col_u64(&u, 3)};
    }
    SPK_TRY(sq_end(&u));
    *ret_s = sums;
    return SPK_OK;
}
