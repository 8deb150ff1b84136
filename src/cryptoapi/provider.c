/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/provider.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
static const struct capi_alg algs_base[] = {
    {CALG_RC2, 40u, 40u, 56u, 0u,
     "RC2", "RSA Data Security's RC2"},
    {CALG_RC4, 40u, 40u, 56u, 0u,
     "RC4", "RSA Data Security's RC4"},
    {CALG_DES, 56u, 56u, 56u, 0u,
     "DES", "Data Encryption Standard (DES)"},
    {CALG_SHA1, 160u, 160u, 160u, 0x20u,
     "SHA-1", "Secure Hash Algorithm (SHA-1)"},
    {CALG_MD2, 128u, 128u, 128u, 0x20u,
     "MD2", "Message Digest 2 (MD2)"},
    {CALG_MD4, 128u, 128u, 128u, 0x20u,
     "MD4", "Message Digest 4 (MD4)"},
    {CALG_MD5, 128u, 128u, 128u, 0x20u,
     "MD5", "Message Digest 5 (MD5)"},
    {CALG_SSL3_SHAMD5, 288u, 288u, 288u, 0x20u,
     "SSL3 SHAMD5", "SSL3 SHAMD5"},
    {CALG_MAC, 0u, 0u, 0u, 0u,
     "MAC", "Message Authentication Code"},
    {CALG_RSA_SIGN, 512u, 384u, 16384u, 0x30u,
     "RSA_SIGN", "RSA Signature"},
    {CALG_RSA_KEYX, 512u, 384u, 1024u, 0x30u,
     "RSA_KEYX", "RSA Key Exchange"},
    {CALG_HMAC, 0u, 0u, 0u, 0u,
     "HMAC", "Hugo's MAC (HMAC)"},
};
static const struct capi_alg algs_strong[] = {
    {CALG_RC2, 128u, 40u, 128u, 0u,
     "RC2", "RSA Data Security's RC2"},
    {CALG_RC4, 128u, 40u, 128u, 0u,
     "RC4", "RSA Data Security's RC4"},
    {CALG_DES, 56u, 56u, 56u, 0u,
     "DES", "Data Encryption Standard (DES)"},
    {CALG_3DES_112, 112u, 112u, 112u, 0u,
     "3DES TWO KEY", "Two Key Triple DES"},
    {CALG_3DES, 168u, 168u, 168u, 0u,
     "3DES", "Three Key Triple DES"},
    {CALG_SHA1, 160u, 160u, 160u, 0x20u,
     "SHA-1", "Secure Hash Algorithm (SHA-1)"},
    {CALG_MD2, 128u, 128u, 128u, 0x20u,
     "MD2", "Message Digest 2 (MD2)"},
    {CALG_MD4, 128u, 128u, 128u, 0x20u,
     "MD4", "Message Digest 4 (MD4)"},
    {CALG_MD5, 128u, 128u, 128u, 0x20u,
     "MD5", "Message Digest 5 (MD5)"},
    {CALG_SSL3_SHAMD5, 288u, 288u, 288u, 0x20u,
     "SSL3 SHAMD5", "SSL3 SHAMD5"},
    {CALG_MAC, 0u, 0u, 0u, 0u,
     "MAC", "Message Authentication Code"},
    {CALG_RSA_SIGN, 1024u, 384u, 16384u, 0x30u,
     "RSA_SIGN", "RSA Signature"},
    {CALG_RSA_KEYX, 1024u, 384u, 16384u, 0x30u,
     "RSA_KEYX", "RSA Key Exchange"},
    {CALG_HMAC, 0u, 0u, 0u, 0u,
     "HMAC", "Hugo's MAC (HMAC)"},
};
static const struct capi_alg algs_aes[] = {
    {CALG_RC2, 128u, 40u, 128u, 0u,
     "RC2", "RSA Data Security's RC2"},
    {CALG_RC4, 128u, 40u, 128u, 0u,
     "RC4", "RSA Data Security's RC4"},
    {CALG_DES, 56u, 56u, 56u, 0u,
     "DES", "Data Encryption Standard (DES)"},
    {CALG_3DES_112, 112u, 112u, 112u, 0u,
     "3DES TWO KEY", "Two Key Triple DES"},
    {CALG_3DES, 168u, 168u, 168u, 0u,
     "3DES", "Three Key Triple DES"},
    {CALG_AES_128, 128u, 128u, 128u, 0u,
     "AES-128", "Advanced Encryption Standard (AES-128)"},
    {CALG_AES_192, 192u, 192u, 192u, 0u,
     "AES-192", "Advanced Encryption Standard (AES-192)"},
    {CALG_AES_256, 256u, 256u, 256u, 0u,
     "AES-256", "Advanced Encryption Standard (AES-256)"},
    {CALG_SHA1, 160u, 160u, 160u, 0x20u,
     "SHA-1", "Secure Hash Algorithm (SHA-1)"},
    {CALG_SHA_256, 256u, 256u, 256u, 0x20u,
     "SHA-256", "Secure Hash Algorithm (SHA-256)"},
    {CALG_SHA_384, 384u, 384u, 384u, 0x20u,
     "SHA-384", "Secure Hash Algorithm (SHA-384)"},
    {CALG_SHA_512, 512u, 512u, 512u, 0x20u,
     "SHA-512", "Secure Hash Algorithm (SHA-512)"},
    {CALG_MD2, 128u, 128u, 128u, 0x20u,
     "MD2", "Message Digest 2 (MD2)"},
    {CALG_MD4, 128u, 128u, 128u, 0x20u,
     "MD4", "Message Digest 4 (MD4)"},
    {CALG_MD5, 128u, 128u, 128u, 0x20u,
     "MD5", "Message Digest 5 (MD5)"},
    {CALG_SSL3_SHAMD5, 288u, 288u, 288u, 0x20u,
     "SSL3 SHAMD5", "SSL3 SHAMD5"},
    {CALG_MAC, 0u, 0u, 0u, 0u,
     "MAC", "Message Authentication Code"},
    {CALG_RSA_SIGN, 1024u, 384u, 16384u, 0x30u,
     "RSA_SIGN", "RSA Signature"},
    {CALG_RSA_KEYX, 1024u, 384u, 16384u, 0x30u,
     "RSA_KEYX", "RSA Key Exchange"},
    {CALG_HMAC, 0u, 0u, 0u, 0u,
     "HMAC", "Hugo's MAC (HMAC)"},
};
static const struct capi_alg algs_sign[] = {
    {CALG_SHA1, 160u, 160u, 160u, 0x20u,
     "SHA-1", "Secure Hash Algorithm (SHA-1)"},
    {CALG_MD2, 128u, 128u, 128u, 0x20u,
     "MD2", "Message Digest 2 (MD2)"},
    {CALG_MD4, 128u, 128u, 128u, 0x20u,
     "MD4", "Message Digest 4 (MD4)"},
    {CALG_MD5, 128u, 128u, 128u, 0x20u,
     "MD5", "Message Digest 5 (MD5)"},
    {CALG_SSL3_SHAMD5, 288u, 288u, 288u, 0x20u,
     "SSL3 SHAMD5", "SSL3 SHAMD5"},
    {CALG_RSA_SIGN, 1024u, 384u, 16384u, 0x30u,
     "RSA_SIGN", "RSA Signature"},
};
static const struct capi_alg algs_schannel[] = {
    {CALG_RC2, 128u, 40u, 128u, 0x0fu,
     "RC2", "RSA Data Security's RC2"},
    {CALG_RC4, 128u, 40u, 128u, 0x0fu,
     "RC4", "RSA Data Security's RC4"},
    {CALG_DES, 56u, 56u, 56u, 0x0fu,
     "DES", "Data Encryption Standard (DES)"},
    {CALG_3DES_112, 112u, 112u, 112u, 0x0fu,
     "3DES TWO KEY", "Two Key Triple DES"},
    {CALG_3DES, 168u, 168u, 168u, 0x0fu,
     "3DES", "Three Key Triple DES"},
    {CALG_SHA1, 160u, 160u, 160u, 0x2fu,
     "SHA-1", "Secure Hash Algorithm (SHA-1)"},
    {CALG_MD5, 128u, 128u, 128u, 0x2fu,
     "MD5", "Message Digest 5 (MD5)"},
    {CALG_SSL3_SHAMD5, 288u, 288u, 288u, 0x0fu,
     "SSL3 SHAMD5", "SSL3 SHAMD5"},
    {CALG_MAC, 0u, 0u, 0u, 0x0fu,
     "MAC", "Message Authentication Code"},
    {CALG_RSA_SIGN, 1024u, 384u, 16384u, 0x2fu,
     "RSA_SIGN", "RSA Signature"},
    {CALG_RSA_KEYX, 1024u, 384u, 16384u, 0x2fu,
     "RSA_KEYX", "RSA Key Exchange"},
    {CALG_HMAC, 0u, 0u, 0u, 0x0fu,
     "HMAC", "Hugo's MAC (HMAC)"},
    {CALG_SSL3_MASTER, 384u, 384u, 384u, 0x04u,
     "SSL3 MASTER", "SSL3 Master"},
    {CALG_TLS1_MASTER, 384u, 384u, 384u, 0x08u,
     "TLS1 MASTER", "TLS1 Master"},
    {CALG_SCHANNEL_MASTER_HASH, 0u, 0u, 0xffffffffu, 0x0cu,
     "SCH MASTER HASH", "SChannel Master Hash"},
    {CALG_SCHANNEL_MAC_KEY, 0u, 0u, 0xffffffffu, 0x0cu,
     "SCH MAC KEY", "SChannel MAC Key"},
    {CALG_SCHANNEL_ENC_KEY, 0u, 0u, 0xffffffffu, 0x0cu,
     "SCH ENC KEY", "SChannel Encryption Key"},
    {CALG_TLS1PRF, 0u, 0u, 0xffffffffu, 0x08u,
     "TLS1 PRF", "TLS1 Pseudo Random Function"},
};
/* clang-format on */

#define ALGS(a) (a), COUNT(a)

static const struct capi_provider providers[] = {
    {MS_DEF_PROV_A, PROV_RSA_FULL, CAPI_BASE, ALGS(algs_base)},
    {MS_ENHANCED_PROV_A, PROV_RSA_FULL, CAPI_ENHANCED, ALGS(algs_strong)},
    {MS_ENH_RSA_AES_PROV_A, PROV_RSA_AES, CAPI_AES, ALGS(algs_aes)},
    {MS_ENH_RSA_AES_PROV_XP_A, PROV_RSA_AES, CAPI_AES, ALGS(algs_aes)},
    {MS_DEF_RSA_SCHANNEL_PROV_A, PROV_RSA_SCHANNEL, CAPI_SCHANNEL, ALGS(algs_schannel)},
    {MS_DEF_RSA_SIG_PROV_A, PROV_RSA_SIG, CAPI_SIGN_ONLY, ALGS(algs_sign)},
    {MS_STRONG_PROV_A, PROV_RSA_FULL, CAPI_STRONG, ALGS(algs_strong)},
};

static const struct capi_type types[] = {
    {PROV_RSA_FULL, "RSA Full (Signature and Key Exchange)", MS_STRONG_PROV_A},
    {PROV_RSA_SIG, "", MS_DEF_RSA_SIG_PROV_A},
    {PROV_RSA_SCHANNEL, "RSA SChannel", MS_DEF_RSA_SCHANNEL_PROV_A},
    {PROV_RSA_AES, "RSA Full and AES", MS_ENH_RSA_AES_PROV_A},
};

const struct capi_provider *
capi_provider_at(size_t i)
{
    return i < COUNT(providers) ? &providers[i] : NULL;
}

const struct capi_provider *
capi_provider_find(const char *name)
{
    for (size_t i = 0; i < COUNT(providers); i++) {
        if (strcmp(providers[i].name, name) == 0) {
            return &providers[i];
        }
    }
    return NULL;
}

const struct capi_type *
capi_type_at(size_t i)
{
    return i < COUNT(types) ? &types[i] : NULL;
}

const struct capi_type *
capi_type_find(DWORD type)
{
    for (size_t i = 0; i < COUNT(types); i++) {
        if (types[i].type == type) {
            return &types[i];
        }
    }
    return NULL;
}

const struct capi_alg *
capi_provider_alg(const struct capi_provider *p, ALG_ID id)
{
    for (size_t i = 0; i < p->alg_count; i++) {
        if (p->algs[i].id == id) {
            return &p->algs[i];
        }
    }
    return NULL;
}
