/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on the holder's socket: SOCK_SEQPACKET, one frame = one packet of at most 64 KiB,
 * u32 "SKP1" | u16 type | u16 status | u32 length | u32 sequence | body = attribute list
 * (doc/spec/holder.md). */
#ifndef SPK_WIRE_FRAME_H
#define SPK_WIRE_FRAME_H

#include "wire/attrs.h"

#define SPK_FRAME_MAX 65536
#define SPK_FRAME_HEAD 16

enum spk_frame_type {
    /* VERSION -> VERSION NAME EPOCH SPKI (every epoch's) VKEY POLICY_NUMBER POLICY GENESIS LOGS */
    SPK_MSG_HELLO = 1,
    /* deposits: LOG SIZE ROOT PROOF; recoveries: LOG SIZE [ENTRIES [SALTS REQUESTS DETAILS]], or
     * LOG NOTE EDGE PROOF -> NOTE */
    SPK_MSG_ADVANCE = 2,
    /* a deposit -> OK or REFUSED */
    SPK_MSG_CHECK = 3,
    /* REQUEST INDEX POSITION a deposit PATH [SELECT_INDEX SELECT_PATH]
     * [LOG_PATH ENTRY ENTRY_INDEX ENTRY_PATH] -> BLOB */
    SPK_MSG_RELEASE = 4,
    /* reserved for shared keys */
    SPK_MSG_TRANSPORT = 5,
    /* -> counters as COUNTER (u16 id || u64 value, repeated) */
    SPK_MSG_STATUS = 6,
    SPK_MSG_STOP = 7,
    /* NOTE -> POLICY_NUMBER POLICY */
    SPK_MSG_POLICY = 8,
    /* RECORD SIG_SIGN SIG_KEYX SCOPE_COUNT SCOPE_ROOT [POLICIES] [FIRST [FIRST_OC PATH]]
     * [LAST] -> REQUEST + state */
    SPK_MSG_OPEN = 9,
    /* NOTE (approval note with decision deny) -> REQUEST + state */
    SPK_MSG_DENY = 10,
    /* REQUEST ENROL [LAST] and NOTE (by the veto code) or SIG (by the signature key) -> state */
    SPK_MSG_VETO = 11,
    /* REQUEST ENROL [LAST] -> NOTE */
    SPK_MSG_SUCCESSOR = 12,
    /* a deposit -> RPUB BLOB under the newest epoch */
    SPK_MSG_REWRAP = 13,
    /* NOTE -> REQUEST + state */
    SPK_MSG_APPROVE = 14,
    /* REQUEST -> state */
    SPK_MSG_STATE = 15,
    /* INDEX POSITION [a deposit LOG_PATH] -> OK or REFUSED */
    SPK_MSG_DRILL = 16,
    /* [SIZE ROOT PROOF OPENED] -> NOTE */
    SPK_MSG_REPORT = 17,
};
/* "a deposit" = RPUB OWNER BLOB P and either SALT RPRIV or SEALED.
 * "state" = STATE OPENED DUE EXPIRES PERSONS PERSONS2 NEEDED RELEASED. */

enum spk_frame_status {
    SPK_FRAME_OK = 0,
    SPK_FRAME_REFUSED = 1, /* the one refusal code of everything that concerns a key */
    SPK_FRAME_BAD = 2,     /* the message is malformed or not allowed now; the session ends */
    SPK_FRAME_BUSY = 3,    /* rate limit; try again later */
    SPK_FRAME_FAILED = 4,  /* the holder cannot: its state cannot be written, ... */
};

enum spk_frame_attr {
    SPK_FA_VERSION = 1,
    SPK_FA_NAME = 2,
    SPK_FA_EPOCH = 3,
    SPK_FA_SPKI = 4, /* u32 epoch || DER, repeated */
    SPK_FA_VKEY = 5,
    SPK_FA_POLICY_NUMBER = 6,
    SPK_FA_POLICY = 7, /* hash */
    SPK_FA_GENESIS = 8,
    SPK_FA_RPUB = 10,
    SPK_FA_SALT = 11,
    SPK_FA_RPRIV = 12,
    SPK_FA_BLOB = 13,
    SPK_FA_P = 14,
    SPK_FA_OWNER = 15,
    SPK_FA_SEALED = 16,
    SPK_FA_INDEX = 17,        /* u64: the deposit's index */
    SPK_FA_PATH = 18,         /* hashes, one after the other */
    SPK_FA_SELECT_INDEX = 19, /* u64: position in the sorted list of file_ids */
    SPK_FA_SELECT_PATH = 20,
    SPK_FA_RECORD = 21,
    SPK_FA_SIG_SIGN = 22,
    SPK_FA_SIG_KEYX = 23,
    SPK_FA_SCOPE_COUNT = 24, /* u64 */
    SPK_FA_SCOPE_ROOT = 25,
    SPK_FA_REQUEST = 26, /* request hash */
    SPK_FA_NOTE = 27,
    SPK_FA_ENROL = 28, /* enrolment record bytes */
    SPK_FA_SIG = 29,
    SPK_FA_POSITION = 30, /* u64: position of (index, OC) in the request's scope, for PATH */
    SPK_FA_POLICIES = 31, /* u32 each, rising: those of the deposits in the scope */
    SPK_FA_STATE = 40,    /* u64, enum spk_request_state */
    SPK_FA_OPENED = 41,   /* u64 unix seconds, the holder's */
    SPK_FA_DUE = 42,      /* u64: earliest release by wall time; 0 when no wait */
    SPK_FA_EXPIRES = 43,  /* u64 */
    SPK_FA_PERSONS = 44,  /* u64: approving persons, round 1 */
    SPK_FA_PERSONS2 = 45, /* u64: confirming persons, round 2 */
    SPK_FA_NEEDED = 46,   /* u64: persons that the whole request takes */
    SPK_FA_RELEASED = 47, /* u64: deposits released so far */
    SPK_FA_COUNTER = 50,
    SPK_FA_LOGS = 51,        /* signed logs note (wire/logs.h) */
    SPK_FA_LOG = 52,         /* u64, enum spk_log_id */
    SPK_FA_SIZE = 53,        /* u64: entries of a log */
    SPK_FA_ROOT = 54,        /* hash */
    SPK_FA_PROOF = 55,       /* hashes: growth */
    SPK_FA_ENTRIES = 56,     /* u16 length || entry, repeated */
    SPK_FA_SALTS = 57,       /* 32 for each entry about a request, in their order */
    SPK_FA_REQUESTS = 58,    /* request hash for each of them */
    SPK_FA_FIRST = 59,       /* u64: lowest deposit index of a scope, 2^64 - 1: empty */
    SPK_FA_FIRST_OC = 60,    /* OC of that deposit; its PATH in the scope goes with it */
    SPK_FA_LOG_PATH = 61,    /* hashes: the deposit's entry in the deposits log */
    SPK_FA_ENTRY = 62,       /* entry of the recoveries log */
    SPK_FA_ENTRY_INDEX = 63, /* u64: where it stands */
    SPK_FA_ENTRY_PATH = 64,  /* hashes */
    SPK_FA_DETAILS = 65,     /* H(detail) for each entry about a request, H("") without one */
    SPK_FA_EDGE = 66,        /* hashes of the complete subtrees, the smallest first */
    SPK_FA_LAST = 67,        /* the owner's newest successor note */
};

enum spk_request_state {
    SPK_STATE_OPEN = 1,     /* waiting for officers */
    SPK_STATE_WAITING = 2,  /* quorum there, the waiting time runs */
    SPK_STATE_CONFIRM = 3,  /* waiting time over, the quorum must confirm (round 2) */
    SPK_STATE_APPROVED = 4, /* releases are allowed */
    SPK_STATE_DENIED = 5,
    SPK_STATE_VETOED = 6,
    SPK_STATE_EXPIRED = 7,
    SPK_STATE_DONE =
        8, /* successor signed; releases stay possible to the same recipient until it expires */
};
const char *spk_request_state_name(enum spk_request_state s); /* "open", "waiting", ... */

struct spk_frame {
    uint16_t type, status;
    uint32_t seq;
    struct spk_span body; /* borrowed */
};
SPK_MUST_USE spk_err spk_frame_build(uint16_t type, uint16_t status, uint32_t seq,
                                     struct spk_span body, struct spk_buf *out);
SPK_MUST_USE spk_err spk_frame_parse(struct spk_span packet, struct spk_frame *ret_f);

#endif
