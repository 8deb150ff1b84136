/* SPDX-License-Identifier: Apache-2.0 */
/* Statements signed by owners' RSA keys: enrolment record and recovery request; and the notes
 * around them: authority statement, approval, successor (doc/spec/statements.md).
 *
 * An RSA signature is RSASSA-PSS over "sparekey/1 statement\n" || kind || "\n" || H(authority SPKI)
 * || bytes. */
#ifndef SPK_WIRE_STATEMENT_H
#define SPK_WIRE_STATEMENT_H

#include "crypto/rsa.h"
#include "wire/attrs.h"
#include "wire/note.h"

#define SPK_KIND_ENROL "enrolment"
#define SPK_KIND_REQUEST "request"       /* by the new signature key */
#define SPK_KIND_POSSESSION "possession" /* by the new key exchange key, over the same record */
#define SPK_KIND_VETO                                                                              \
    "veto" /* by the owner's current signature key, over the 32-byte request hash */

SPK_MUST_USE spk_err spk_statement_sign(const struct spk_rsa *pair, const char *kind,
                                        const struct spk_hash *authority, struct spk_span bytes,
                                        struct spk_buf *sig);
SPK_MUST_USE spk_err spk_statement_verify(const struct spk_rsa *pub, const char *kind,
                                          const struct spk_hash *authority, struct spk_span bytes,
                                          struct spk_span sig);

/* -- Enrolment record: an attribute list; owner id = H(bytes). The same record serves every
 * authority. */
#define SPK_ENROL_NAME 1    /* UTF-8, 1..200 bytes */
#define SPK_ENROL_CONTACT 2 /* repeated, up to 8, UTF-8, 1..200 bytes */
#define SPK_ENROL_KEYX 3    /* canonical SPKI DER */
#define SPK_ENROL_SIGN 4    /* canonical SPKI DER */
#define SPK_ENROL_VETO 5    /* Ed25519 public key, 32 bytes */
#define SPK_ENROL_NONCE 6   /* 16 bytes */
#define SPK_ENROL_TIME 7    /* u64 unix seconds */
#define SPK_ENROL_RECORD_MAX 6144
#define SPK_CONTACTS_MAX 8
#define SPK_ENROL_TEXT_MAX 200 /* bytes of the name and of each contact */

struct spk_enrolment { /* spans borrowed from the record's bytes */
    struct spk_span name;
    size_t n_contacts;
    struct spk_span contacts[SPK_CONTACTS_MAX];
    struct spk_rsa *keyx; /* owned by this struct */
    struct spk_rsa *sign;
    uint8_t veto[32];
    uint8_t nonce[16];
    uint64_t time;
    struct spk_hash owner; /* H(bytes), set by parse */
};
void spk_enrolment_clear(struct spk_enrolment *e);
#define SPK_AUTO_ENROLMENT __attribute__((cleanup(spk_enrolment_clear))) struct spk_enrolment
SPK_MUST_USE spk_err spk_enrolment_build(const struct spk_enrolment *e, struct spk_buf *bytes);
/** Keys are checked to be canonical, in bounds and different from each other (one key, one role).
 */
SPK_MUST_USE spk_err spk_enrolment_parse(struct spk_span bytes, struct spk_enrolment *ret_e);

/* -- Recovery request record: an attribute list; request hash = H(bytes). */
#define SPK_REQ_AUTHORITY 1 /* H(SPKI) 32 */
#define SPK_REQ_OWNER 2     /* owner id 32 */
#define SPK_REQ_KIND 3      /* u64: one of the two below */
#define SPK_REQ_SELECT 4    /* 37 bytes: u8 enum spk_select, u32 count, root (zero for all) */
#define SPK_REQ_REASON 5    /* UTF-8, <= 1000 bytes */
#define SPK_REQ_REASON_MAX 1000
#define SPK_REQ_KEYX 6     /* new key exchange SPKI */
#define SPK_REQ_SIGN 7     /* new signature SPKI */
#define SPK_REQ_NONCE 8    /* 16 */
#define SPK_REQ_TIME 9     /* u64 unix seconds */
#define SPK_REQ_CONTACT 10 /* how to reach the requester, UTF-8 <= 200; may be absent */
#define SPK_REQ_CONTACT_MAX 200

#define SPK_REQ_KIND_KEYS 1  /* give session keys back and replace the pairs */
#define SPK_REQ_KIND_PAIRS 2 /* replace the pairs only; select is "all" */

#define SPK_REQ_RECORD_MAX 4096
#define SPK_REQ_LISTED_MAX 65536 /* files that one request can list */
#define SPK_REQ_CODE_LEN 24      /* "XXXXX-XXXXX-XXXXX-XXXXX" and NUL */

enum spk_select { SPK_SELECT_ALL = 1, SPK_SELECT_LISTED = 2 };
struct spk_request { /* spans borrowed; keys owned */
    struct spk_hash authority, owner;
    uint64_t kind;
    enum spk_select select;
    uint32_t count;
    struct spk_hash root; /* RFC 6962 tree over the sorted 16-byte file_ids */
    struct spk_span reason, contact;
    struct spk_rsa *keyx, *sign;
    uint8_t nonce[16];
    uint64_t time;
    struct spk_hash hash; /* H(bytes), set by parse */
};
void spk_request_clear(struct spk_request *r);
#define SPK_AUTO_REQUEST __attribute__((cleanup(spk_request_clear))) struct spk_request
SPK_MUST_USE spk_err spk_request_build(const struct spk_request *r, struct spk_buf *bytes);
SPK_MUST_USE spk_err spk_request_parse(struct spk_span bytes, struct spk_request *ret_r);
/** Both proofs of possession. */
SPK_MUST_USE spk_err spk_request_verify(const struct spk_request *r, struct spk_span bytes,
                                        struct spk_span sig_sign, struct spk_span sig_keyx);
/** The code that the requester reads out: the first 100 bits of the request hash. */
void spk_request_code(const struct spk_hash *hash, char ret_code[SPK_REQ_CODE_LEN]);
/** True when a typed code fits the hash (case, spaces, dashes do not matter). */
bool spk_request_code_fits(const struct spk_hash *hash, struct spk_span typed);

/* -- Authority statement (note text; its hash pins an authority). */
#define SPK_AUTHORITY_KIND "sparekey/1 authority"
struct spk_authority {
    char name[SPK_NOTE_NAME_MAX + 1]; /* key name of the authority, e.g. its host name */
    uint32_t epoch;
    struct spk_rsa *key;      /* owned */
    struct spk_hash previous; /* H(SPKI) of the key before; zero: none */
    struct spk_vkey holder;   /* Ed25519 key that signs successor statements */
    struct spk_hash tls;      /* H(SPKI) of the TLS key */
    struct spk_hash policy;   /* H(text) of the genesis policy */
    struct spk_hash follows;  /* H(text) of the statement before, if only tls differs; else zero */
    struct spk_hash hash;     /* H(text), set by parse */
};
void spk_authority_clear(struct spk_authority *a);
#define SPK_AUTO_AUTHORITY __attribute__((cleanup(spk_authority_clear))) struct spk_authority
SPK_MUST_USE spk_err spk_authority_format(const struct spk_authority *a, struct spk_buf *text);
SPK_MUST_USE spk_err spk_authority_parse(struct spk_span text, struct spk_authority *ret_a);
/** May stand after prev: the next key, or the same one with another TLS key. Signatures are for the
 * caller. */
bool spk_authority_continues(const struct spk_authority *a, const struct spk_authority *prev);
/** What an enrolment address looks like: "https://host:port/#" + hex hash. Split it: url gets
 * "https://host:port" (no '/' at its end). The hash may be absent. */
SPK_MUST_USE spk_err spk_authority_address(struct spk_span address, struct spk_buf *url,
                                           bool *ret_has_hash, struct spk_hash *ret_hash);
/** Fingerprint for people: first 100 bits of the hash, as a code; spk_request_code_fits() compares
 * it. */
void spk_authority_fingerprint(const struct spk_hash *hash, char ret_code[SPK_REQ_CODE_LEN]);

/* -- Approval or denial (note text signed by one officer). */
#define SPK_APPROVAL_KIND "sparekey/1 approval"
struct spk_approval {
    struct spk_hash authority, request, owner;
    uint64_t scope_count;
    struct spk_hash scope_root; /* RFC 6962 tree over u64 index || OC, sorted by index */
    struct spk_hash recipient;  /* H(new key exchange SPKI) */
    struct spk_hash signer;     /* H(new signature SPKI) */
    struct spk_hash evidence;   /* H of what the officer's tool showed */
    bool approve;
    uint32_t policy; /* number and hash of the policy signed under */
    struct spk_hash policy_hash;
    uint32_t round;                  /* 1; 2 confirms after a waiting time */
    uint64_t time, expires;          /* unix seconds */
    char log[SPK_NOTE_NAME_MAX + 1]; /* the recoveries log that its request stands in; "": none */
};
SPK_MUST_USE spk_err spk_approval_format(const struct spk_approval *a, struct spk_buf *text);
SPK_MUST_USE spk_err spk_approval_parse(struct spk_span text, struct spk_approval *ret_a);

/* -- Veto by the printed code (note signed by the key "veto/HEX-OWNER-ID"). */
#define SPK_VETO_KIND "sparekey/1 veto"
SPK_MUST_USE spk_err spk_veto_format(const struct spk_hash *authority,
                                     const struct spk_hash *request, struct spk_buf *text);
SPK_MUST_USE spk_err spk_veto_parse(struct spk_span text, struct spk_hash *ret_authority,
                                    struct spk_hash *ret_request);

/* -- Successor (note signed by the holder): the owner's new pairs. */
#define SPK_SUCCESSOR_KIND "sparekey/1 successor"
struct spk_successor {
    struct spk_hash authority, owner;
    uint32_t number;             /* 1, 2, ... for this owner */
    struct spk_hash previous;    /* H(text) of number-1, or the owner id for number 1 */
    struct spk_rsa *keyx, *sign; /* owned */
    struct spk_hash request;
    uint64_t time;
};
void spk_successor_clear(struct spk_successor *s);
#define SPK_AUTO_SUCCESSOR __attribute__((cleanup(spk_successor_clear))) struct spk_successor
SPK_MUST_USE spk_err spk_successor_format(const struct spk_successor *s, struct spk_buf *text);
SPK_MUST_USE spk_err spk_successor_parse(struct spk_span text, struct spk_successor *ret_s);

/* -- Officer's query: authenticates one HTTPS request of an officer (note text). */
#define SPK_OFFICER_QUERY_KIND "sparekey/1 officer-query"
struct spk_officer_query {
    struct spk_hash authority;
    char method[8];
    char path[256];       /* with query string */
    struct spk_hash body; /* H(body) */
    uint64_t time;        /* unix seconds; accepted within 300 s */
    uint8_t nonce[16];
};
SPK_MUST_USE spk_err spk_officer_query_format(const struct spk_officer_query *q,
                                              struct spk_buf *text);
SPK_MUST_USE spk_err spk_officer_query_parse(struct spk_span text, struct spk_officer_query *ret_q);

#endif
