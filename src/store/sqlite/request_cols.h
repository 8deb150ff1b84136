/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a request but for its key, in their order: X(name, kind). The first list is
 * written once, the second again and again. */
#ifndef SPK_STORE_SQLITE_REQUEST_COLS_H
#define SPK_STORE_SQLITE_REQUEST_COLS_H

#define SQ_REQUEST_FIXED(X)                                                                        \
    X(hash, hash)                                                                                  \
    X(owner, hash)                                                                                 \
    X(login, hash)                                                                                 \
    X(recipient, hash)                                                                             \
    X(created, u64)                                                                                \
    X(record, blob)                                                                                \
    X(sig_sign, blob)                                                                              \
    X(sig_keyx, blob)                                                                              \
    X(serials, blob)
#define SQ_REQUEST_MOVING(X)                                                                       \
    X(owner_key, u64)                                                                              \
    X(stage, u32)                                                                                  \
    X(state, u32)                                                                                  \
    X(opened, u64)                                                                                 \
    X(due, u64)                                                                                    \
    X(expires, u64)                                                                                \
    X(persons, u64)                                                                                \
    X(persons2, u64)                                                                               \
    X(needed, u64)                                                                                 \
    X(released, u64)                                                                               \
    X(scope_end, u64)                                                                              \
    X(scope_count, u64)                                                                            \
    X(scope_root, hash)                                                                            \
    X(successor, blob)

#endif
