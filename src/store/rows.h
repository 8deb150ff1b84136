/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that a store keeps, and what can be asked for. In a row that
 * a call gives back the spans point into .mem, which its _clear() frees; one that a visitor is
 * shown lasts as long as the visit. */
#ifndef SPK_STORE_ROWS_H
#define SPK_STORE_ROWS_H

#include "base/buf.h"
#include "wire/deposit.h"

/* -- Owners. */
enum spk_owner_state { SPK_OWNER_PENDING = 1, SPK_OWNER_ENROLLED = 2, SPK_OWNER_DENIED = 3 };
const char *spk_owner_state_name(uint32_t state);
struct spk_owner_row {
    uint64_t key; /* small number that deposits refer to; 0 in what is put */
    struct spk_hash owner;
    struct spk_hash login; /* H(SPKI) of the current signature key */
    uint32_t state;        /* enum spk_owner_state */
    uint32_t successors;   /* how many successor notes there are */
    uint64_t time_ms;      /* of enrolment */
    struct spk_span name, record, signature;
    struct spk_span successor; /* the newest successor note, or empty */
    struct spk_buf mem;
};
struct spk_owner_query {
    uint32_t state;       /* 0: any */
    struct spk_span name; /* substring without regard to ASCII case; empty: any */
    uint64_t after_key, limit;
};

/* -- Deposits. */
enum spk_deposit_state {
    SPK_DEPOSIT_ACCEPTED = 1, /* stored; what can be checked without a key holds */
    SPK_DEPOSIT_CHECKED = 2,  /* the holder has opened it and found it right */
    SPK_DEPOSIT_WRONG = 3,    /* the holder has said no to it */
};
struct spk_deposit_row {
    uint64_t index, owner_key;
    struct spk_hash owner; /* the owner's id, joined; not read by put */
    struct spk_file_id serial;
    uint32_t epoch, policy;
    uint64_t time_ms;
    struct spk_hash oc, leaf, p;
    uint32_t state;  /* enum spk_deposit_state; not read by put */
    uint64_t proven; /* unix seconds of the last proof; 0: none, or not known; not read by put */
    struct spk_span description;
    struct spk_span rpub;        /* SPK_RPUB_LEN bytes, with the time */
    struct spk_span salt, rpriv; /* both empty when only sealed is there */
    struct spk_span sealed, blob;
    struct spk_buf mem;
};
enum spk_put { SPK_PUT_NEW = 1, SPK_PUT_DUPLICATE = 2, SPK_PUT_CONFLICT = 3 };
struct spk_put_result {
    enum spk_put what;
    uint64_t index, time_ms; /* of the row that stands */
};
struct spk_deposit_query {
    uint64_t owner_key;               /* 0: of all owners */
    const struct spk_file_id *serial; /* NULL: any */
    struct spk_span description;      /* substring; empty: any */
    uint64_t since_ms, until_ms;      /* inclusive; until 0: no bound */
    uint64_t from;                    /* first index looked at */
    uint64_t end;                     /* index to stop before; 0: no bound */
    uint64_t limit;                   /* rows handed over at most */
    uint64_t scan;                    /* rows looked at at most; 0: no bound */
};
struct spk_deposit_page {
    uint64_t rows;
    bool more;     /* limit or scan was reached */
    uint64_t next; /* then: where to go on */
};

/* -- Recovery requests. */
enum spk_request_stage {
    SPK_STAGE_FILED = 1,   /* taken; nobody has looked yet whether there is such an owner */
    SPK_STAGE_UNKNOWN = 2, /* there is no such owner: it only ages */
    SPK_STAGE_SCOPED = 3,  /* scope frozen; the holder is yet to be told */
    SPK_STAGE_TOLD = 4,    /* the holder knows it */
    SPK_STAGE_REFUSED = 5, /* the holder refused to open it */
};
struct spk_request_row {
    uint64_t key;
    struct spk_hash hash, owner;
    struct spk_hash login;         /* H(SPKI) of the new signature key: the requester's login */
    struct spk_hash recipient;     /* H(SPKI) of the new key exchange key */
    uint64_t owner_key;            /* once scoped */
    uint32_t stage, state;         /* state: enum spk_request_state as last heard from the holder */
    uint64_t created;              /* unix seconds, ours */
    uint64_t opened, due, expires; /* unix seconds, the holder's */
    uint64_t persons, persons2, needed, released;
    uint64_t scope_end; /* deposits with an index below it count */
    uint64_t scope_count;
    struct spk_hash scope_root;
    struct spk_span record, sig_sign, sig_keyx;
    struct spk_span serials; /* 16 bytes each, sorted; empty: all */
    struct spk_span successor;
    struct spk_buf mem;
};
struct spk_request_query {
    const struct spk_hash *owner; /* NULL: any */
    uint32_t stage, state;        /* 0: any */
    uint64_t created_from;        /* unix seconds; older ones are left out */
    uint64_t after_key, limit;
    uint64_t before_key; /* 0: no bound */
    bool newest;         /* in falling order, so that a limit leaves out the oldest */
};
#define SPK_PRUNE_MAX 1000
struct spk_request_prune {
    uint64_t created_before, expired_before; /* unix seconds */
    uint64_t unknown_max;
};

/* -- Records that came with a file alone. */
struct spk_record_row {
    uint64_t key;
    uint64_t time; /* unix seconds of arrival */
    struct spk_span body, blob;
};

#endif
