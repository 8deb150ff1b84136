/* SPDX-License-Identifier: Apache-2.0 */
/* Key BLOBs that Sparekey itself does not use, named with what can be said of them
 * (doc/spec/key-blobs.md, "Other programs' BLOBs" and "DSS and Diffie-Hellman"). */
#include <stdio.h>

#include "base/rd.h"
#include "cli/blob.h"
#include "keyblob/ffblob.h"

#define BLOB_WRAPPED 0xb
#define MAGIC_RSA_PAIR 0x32415352u /* "RSA2" */
#define MAGIC_DSS 0x00535344u
#define MAGIC_DH 0x00484400u
#define MAGIC_KIND 0x00ffffffu /* the last byte is a digit, or the pair's */

struct head {
    uint8_t type, version;
    uint32_t alg;
    uint32_t word; /* what stands behind the header: a magic, or a second ALG_ID */
};

static bool
read_head(struct spk_span b, struct head *h)
{
    struct spk_rd r = spk_rd(b);
    uint16_t reserved = 0;

    return spk_ok(spk_rd_u8(&r, &h->type)) && spk_ok(spk_rd_u8(&r, &h->version)) &&
           spk_ok(spk_rd_u16le(&r, &reserved)) && spk_ok(spk_rd_u32le(&r, &h->alg)) &&
           spk_ok(spk_rd_u32le(&r, &h->word));
}

static bool
version_ok(const struct head *h)
{
    return h->version == SPK_BLOB_VERSION ||
           (h->version == SPK_FFBLOB_VERSION && spk_ffblob_alg_ok(h->alg));
}

/* Of an encrypted pair only the length is seen: 12 bytes and nine halves of the modulus, and
 * perhaps a padding, which is less than four bytes of modulus. */
static size_t
bits_by_length(size_t blob_len)
{
    size_t body = blob_len < 20 ? 0 : blob_len - 20;

    return body * 2 / 9 / 4 * 4 * 8;
}

static bool
say_encrypted(struct spk_span b, const struct head *h, struct blob_kind *k)
{
    bool dss = h->alg == SPK_CALG_DSS_SIGN;
    bool sign = h->alg == SPK_CALG_RSA_SIGN;
    size_t bits = bits_by_length(b.len);

    k->hint = _("the session key that it was exported under opens it: 'blob import --session KEY' "
                "names the file that has that key");
    if (spk_ffblob_alg_ok(h->alg)) {
        (void)snprintf(k->what, sizeof(k->what), "%s",
                       dss ? _("PRIVATEKEYBLOB, a DSS key, encrypted under a session key")
                           : _("PRIVATEKEYBLOB, a Diffie-Hellman key, encrypted under a session "
                               "key"));
        return true;
    }
    if (bits < SPK_ANYRSA_MIN_BITS) {
        return false; /* cut short, or nothing of the kind */
    }
    (void)snprintf(k->what, sizeof(k->what),
                   _("PRIVATEKEYBLOB, an RSA key (%s) of about %zu bits, encrypted under a session "
                     "key"),
                   sign ? _("signature") : _("key exchange"), bits);
    return true;
}

static bool
say_ff(struct spk_span b, const struct head *h, struct blob_kind *k)
{
    SPK_AUTO_FFBLOB f = {0};
    bool dss = h->alg == SPK_CALG_DSS_SIGN;

    if (!spk_ok(spk_ffblob_parse(b, &f))) {
        return false;
    }
    k->readable = f.parts.p.len > 0;
    k->hint = _("Sparekey itself uses RSA keys alone; 'blob import' puts a pair where a CryptoAPI "
                "program with a DSS or Diffie-Hellman provider finds it");
    (void)snprintf(k->what, sizeof(k->what),
                   f.pair ? _("PRIVATEKEYBLOB, a %s key of %zu bits, version %u")
                          : _("PUBLICKEYBLOB, a %s key of %zu bits, version %u"),
                   dss ? "DSS" : "Diffie-Hellman",
                   (f.parts.p.len > 0 ? f.parts.p.len : f.p_len) * 8, (unsigned)h->version);
    return true;
}

static bool
say_pair(struct spk_span b, const struct head *h, struct blob_kind *k)
{
    bool ff = spk_ffblob_alg_ok(h->alg);
    uint32_t want = h->alg == SPK_CALG_DSS_SIGN ? MAGIC_DSS : MAGIC_DH;

    if (!ff && h->alg != SPK_CALG_RSA_KEYX && h->alg != SPK_CALG_RSA_SIGN) {
        return false;
    }
    if (h->type == SPK_BLOB_PRIVATE &&
        (ff ? (h->word & MAGIC_KIND) != want : h->word != MAGIC_RSA_PAIR)) {
        return say_encrypted(b, h, k);
    }
    return ff && say_ff(b, h, k);
}

static bool
say_wrapped(const struct head *h, struct blob_kind *k)
{
    const char *key = spk_alg_name(h->alg), *by = spk_alg_name(h->word);

    if (key == NULL || by == NULL) {
        return false;
    }
    k->hint = _("the session key that wraps it opens it: 'blob export --plain --session KEY' names "
                "the file that has that key");
    (void)snprintf(k->what, sizeof(k->what),
                   _("SYMMETRICWRAPKEYBLOB, a session key, %s, under another session key, %s"), key,
                   by);
    return true;
}

/* Ours are read as session keys; how others write theirs, nobody else knows. */
static bool
say_opaque(const struct head *h, struct blob_kind *k)
{
    if (h->word == SPK_OPAQUE_MAGIC) {
        return false;
    }
    k->hint = _("only the provider that wrote it can read it: export the key as SIMPLEBLOB there");
    (void)snprintf(k->what, sizeof(k->what), _("OPAQUEKEYBLOB of another CryptoAPI provider"));
    return true;
}

bool
blob_kind_of(struct spk_span b, struct blob_kind *ret_k)
{
    struct head h;

    ret_k->readable = false;
    if (!read_head(b, &h) || !version_ok(&h)) {
        return false;
    }
    switch (h.type) {
    case SPK_BLOB_PUBLIC:
    case SPK_BLOB_PRIVATE:
        return say_pair(b, &h, ret_k);
    case SPK_BLOB_OPAQUE:
        return say_opaque(&h, ret_k);
    case BLOB_WRAPPED:
        return say_wrapped(&h, ret_k);
    default:
        return false;
    }
}

bool
blob_kind_refused(const char *path, struct spk_span b)
{
    struct blob_kind k;

    if (!blob_kind_of(b, &k) || k.readable) {
        return false;
    }
    fprintf(stderr, _("%s: error: '%s' cannot be used here: %s\n"), term_program, term_shown(path),
            k.what);
    term_say_hint(k.hint);
    return true;
}

int
blob_kind_show(const struct blob_kind *k)
{
    printf("%s\n%s\n", k->what, k->hint);
    return term_flush(TERM_DONE);
}
