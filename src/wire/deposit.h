/* SPDX-License-Identifier: Apache-2.0 */
/* What a deposit is, byte by byte (doc/spec/deposit.md): R_pub, R_priv, P, the deposit tag T, the
 * commitment OC, the log entry, and the record that a sealed file carries (slot 5). */
#ifndef SPK_WIRE_DEPOSIT_H
#define SPK_WIRE_DEPOSIT_H

#include "crypto/derive.h"
#include "crypto/rsa.h"
#include "wire/attrs.h"

#define SPK_RPUB_LEN 200
#define SPK_RPUB_TIME_OFF 16 /* the authority's time stands in the middle of it ... */
#define SPK_RPUB_TIME_END 24
#define SPK_RPUB_NOTIME_LEN 192  /* ... and is not in the record that a file carries */
#define SPK_RPRIV_MAX 16384      /* bytes of R_priv */
#define SPK_DESCRIPTION_MAX 1024 /* bytes of UTF-8 */
#define SPK_RPRIV_CORE_MAX 4096  /* bytes of a core that a deposit can carry */
#define SPK_RPRIV_FOREIGN_MAX 6144
#define SPK_SALT_LEN 32
#define SPK_ENTRY_LEN 80

struct spk_rpub {
    uint16_t flags;   /* SPK_WRAP_* */
    uint32_t alg;     /* ALG_ID of the session key */
    uint32_t epoch;   /* authority key epoch */
    uint32_t policy;  /* policy number at encryption */
    uint64_t time_ms; /* the authority's; 0 in what a client sends; not under T */
    struct spk_file_id id;
    struct spk_hash commitment; /* C */
    struct spk_hash authority;  /* H(SPKI) */
    struct spk_hash blob;       /* H(SIMPLEBLOB) */
    struct spk_hash tag;        /* T */
    struct spk_hash owner_tag;  /* opaque, may be zero */
};
void spk_rpub_build(const struct spk_rpub *r, uint8_t ret_bytes[SPK_RPUB_LEN]);
/** Version other than 1 or unknown flags: SPK_CODE_VERSION. */
SPK_MUST_USE spk_err spk_rpub_parse(struct spk_span bytes, struct spk_rpub *ret_r);
/** The padding of its BLOB is derived from the key (SPK_WRAP_DERIVED). */
bool spk_rpub_is_derived(const struct spk_rpub *r);

/* R_priv attribute types */
#define SPK_RPRIV_OWNER 1       /* 32: owner id */
#define SPK_RPRIV_SERIAL 2      /* 16: = file_id */
#define SPK_RPRIV_DESCRIPTION 3 /* UTF-8, no control characters; may be empty */
#define SPK_RPRIV_CORE 4        /* the sealed file's core verbatim */
#define SPK_RPRIV_FOREIGN 5     /* instead of a core: another program's key (wire/foreign.h) */

struct spk_rpriv {
    struct spk_hash owner;
    struct spk_file_id id;
    struct spk_span description; /* borrowed */
    struct spk_span core;        /* borrowed; may be empty */
    struct spk_span foreign;     /* borrowed; may be empty; never both */
};
SPK_MUST_USE spk_err spk_rpriv_build(const struct spk_rpriv *p, struct spk_buf *out);
SPK_MUST_USE spk_err spk_rpriv_parse(struct spk_span bytes, struct spk_rpriv *ret_p);

/** P = H(salt || R_priv). */
SPK_MUST_USE spk_err spk_deposit_p(const uint8_t salt[SPK_SALT_LEN], struct spk_span rpriv,
                                   struct spk_hash *ret_p);
/** T = HMAC-SHA-256(sub("deposit", file_id, 32), "sparekey/1 deposit\0" || R_pub without time and T
 * || H(owner id)
 * || H(R_priv)). r->tag and r->time_ms are not read. */
SPK_MUST_USE spk_err spk_deposit_tag(const struct spk_secret *key, const struct spk_rpub *r,
                                     const struct spk_hash *owner, struct spk_span rpriv,
                                     struct spk_hash *ret_t);
/** OC = H("sparekey/1 deposit\0" || R_pub || P). */
SPK_MUST_USE spk_err spk_deposit_oc(const uint8_t rpub[SPK_RPUB_LEN], const struct spk_hash *p,
                                    struct spk_hash *ret_oc);
/** The 80-byte log entry of a deposit. */
void spk_deposit_entry(const struct spk_rpub *r, const struct spk_hash *oc,
                       uint8_t ret_entry[SPK_ENTRY_LEN]);

/* A whole deposit on its way: what a client sends and an authority stores. All spans borrowed. */
struct spk_deposit {
    struct spk_rpub rpub;
    uint8_t salt[SPK_SALT_LEN];
    struct spk_span rpriv; /* canonical R_priv bytes; empty when only `sealed` is known */
    struct spk_span blob;
    struct spk_hash p;     /* P; computed when rpriv is there */
    struct spk_hash owner; /* owner id */
    struct spk_span
        sealed; /* slot-5 tail r || AEAD(salt || R_priv); empty unless filed from a file */
};
/** Everything that can be checked without a key: lengths, R_priv canonical and naming this owner
 * and serial, H(blob), blob structure and its algorithm, P. */
SPK_MUST_USE spk_err spk_deposit_check_public(const struct spk_deposit *d);

/* Slot 5, the deposit record in a sealed file. */
#define SPK_RECORD_FIXED (SPK_RPUB_NOTIME_LEN + 32 + 32 + 16 + 16)
/** Body of slot 5 under K for this deposit (owner, rpub, salt, rpriv). */
SPK_MUST_USE spk_err spk_record_build(const struct spk_secret *key, const struct spk_deposit *d,
                                      struct spk_buf *body);
/** Without K: rpub (time 0), p, owner, sealed are set; borrowed from body. */
SPK_MUST_USE spk_err spk_record_parse(struct spk_span body, struct spk_deposit *ret_d);
/** With K: salt and R_priv out of d->sealed (P is checked): SPK_CODE_AUTH when it does not open. */
SPK_MUST_USE spk_err spk_record_open(const struct spk_secret *key, const struct spk_deposit *d,
                                     uint8_t ret_salt[SPK_SALT_LEN], struct spk_buf *rpriv);

/** The whole test with K at hand that the holder makes before a release and an owner makes offline:
 * C, T, R_priv owner and serial, and with derived padding the re-made BLOB. One code,
 * SPK_CODE_AUTH, for whatever fails. */
SPK_MUST_USE spk_err spk_deposit_prove(const struct spk_deposit *d, const struct spk_secret *key,
                                       const struct spk_rsa *authority);

#endif
