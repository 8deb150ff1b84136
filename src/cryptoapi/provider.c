/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/provider.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct capi_alg_name names[] = {
    {CALG_RC2, "RC2", "RSA Data Security's RC2"},
    {CALG_RC4, "RC4", "RSA Data Security's RC4"},
    {CALG_DES, "DES", "Data Encryption Standard (DES)"},
    {CALG_SHA1, "SHA-1", "Secure Hash Algorithm (SHA-1)"},
    {CALG_MD2, "MD2", "Message Digest 2 (MD2)"},
    {CALG_MD4, "MD4", "Message Digest 4 (MD4)"},
    {CALG_MD5, "MD5", "Message Digest 5 (MD5)"},
    {CALG_SSL3_SHAMD5, "SSL3 SHAMD5", "SSL3 SHAMD5"},
    {CALG_MAC, "MAC", "Message Authentication Code"},
    {CALG_RSA_SIGN, "RSA_SIGN", "RSA Signature"},
    {CALG_RSA_KEYX, "RSA_KEYX", "RSA Key Exchange"},
    {CALG_HMAC, "HMAC", "Hugo's MAC (HMAC)"},
    {CALG_3DES_112, "3DES TWO KEY", "Two Key Triple DES"},
    {CALG_3DES, "3DES", "Three Key Triple DES"},
    {CALG_AES_128, "AES-128", "Advanced Encryption Standard (AES-128)"},
    {CALG_AES_192, "AES-192", "Advanced Encryption Standard (AES-192)"},
    {CALG_AES_256, "AES-256", "Advanced Encryption Standard (AES-256)"},
    {CALG_SHA_256, "SHA-256", "Secure Hash Algorithm (SHA-256)"},
    {CALG_SHA_384, "SHA-384", "Secure Hash Algorithm (SHA-384)"},
    {CALG_SHA_512, "SHA-512", "Secure Hash Algorithm (SHA-512)"},
    {CALG_SSL3_MASTER, "SSL3 MASTER", "SSL3 Master"},
    {CALG_TLS1_MASTER, "TLS1 MASTER", "TLS1 Master"},
    {CALG_SCHANNEL_MASTER_HASH, "SCH MASTER HASH", "SChannel Master Hash"},
    {CALG_SCHANNEL_MAC_KEY, "SCH MAC KEY", "SChannel MAC Key"},
    {CALG_SCHANNEL_ENC_KEY, "SCH ENC KEY", "SChannel Encryption Key"},
    {CALG_TLS1PRF, "TLS1 PRF", "TLS1 Pseudo Random Function"},
    {CALG_DSS_SIGN, "DSA_SIGN", "Digital Signature Algorithm"},
    {CALG_DH_SF, "DH_SF", "Diffie-Hellman (store and forward)"},
    {CALG_DH_EPHEM, "DH_KEYX", "Diffie-Hellman (ephemeral)"},
};

static const struct capi_alg algs_base[] = {
    {CALG_RC2, 40u, 40u, 56u, 0u},
    {CALG_RC4, 40u, 40u, 56u, 0u},
    {CALG_DES, 56u, 56u, 56u, 0u},
    {CALG_SHA1, 160u, 160u, 160u, 0x20u},
    {CALG_MD2, 128u, 128u, 128u, 0x20u},
    {CALG_MD4, 128u, 128u, 128u, 0x20u},
    {CALG_MD5, 128u, 128u, 128u, 0x20u},
    {CALG_SSL3_SHAMD5, 288u, 288u, 288u, 0x20u},
    {CALG_MAC, 0u, 0u, 0u, 0u},
    {CALG_RSA_SIGN, 512u, 384u, 16384u, 0x30u},
    {CALG_RSA_KEYX, 512u, 384u, 1024u, 0x30u},
    {CALG_HMAC, 0u, 0u, 0u, 0u},
};
static const struct capi_alg algs_strong[] = {
    {CALG_RC2, 128u, 40u, 128u, 0u},
    {CALG_RC4, 128u, 40u, 128u, 0u},
    {CALG_DES, 56u, 56u, 56u, 0u},
    {CALG_3DES_112, 112u, 112u, 112u, 0u},
    {CALG_3DES, 168u, 168u, 168u, 0u},
    {CALG_SHA1, 160u, 160u, 160u, 0x20u},
    {CALG_MD2, 128u, 128u, 128u, 0x20u},
    {CALG_MD4, 128u, 128u, 128u, 0x20u},
    {CALG_MD5, 128u, 128u, 128u, 0x20u},
    {CALG_SSL3_SHAMD5, 288u, 288u, 288u, 0x20u},
    {CALG_MAC, 0u, 0u, 0u, 0u},
    {CALG_RSA_SIGN, 1024u, 384u, 16384u, 0x30u},
    {CALG_RSA_KEYX, 1024u, 384u, 16384u, 0x30u},
    {CALG_HMAC, 0u, 0u, 0u, 0u},
};
static const struct capi_alg algs_aes[] = {
    {CALG_RC2, 128u, 40u, 128u, 0u},
    {CALG_RC4, 128u, 40u, 128u, 0u},
    {CALG_DES, 56u, 56u, 56u, 0u},
    {CALG_3DES_112, 112u, 112u, 112u, 0u},
    {CALG_3DES, 168u, 168u, 168u, 0u},
    {CALG_AES_128, 128u, 128u, 128u, 0u},
    {CALG_AES_192, 192u, 192u, 192u, 0u},
    {CALG_AES_256, 256u, 256u, 256u, 0u},
    {CALG_SHA1, 160u, 160u, 160u, 0x20u},
    {CALG_SHA_256, 256u, 256u, 256u, 0x20u},
    {CALG_SHA_384, 384u, 384u, 384u, 0x20u},
    {CALG_SHA_512, 512u, 512u, 512u, 0x20u},
    {CALG_MD2, 128u, 128u, 128u, 0x20u},
    {CALG_MD4, 128u, 128u, 128u, 0x20u},
    {CALG_MD5, 128u, 128u, 128u, 0x20u},
    {CALG_SSL3_SHAMD5, 288u, 288u, 288u, 0x20u},
    {CALG_MAC, 0u, 0u, 0u, 0u},
    {CALG_RSA_SIGN, 1024u, 384u, 16384u, 0x30u},
    {CALG_RSA_KEYX, 1024u, 384u, 16384u, 0x30u},
    {CALG_HMAC, 0u, 0u, 0u, 0u},
};
static const struct capi_alg algs_sign[] = {
    {CALG_SHA1, 160u, 160u, 160u, 0x20u},        {CALG_MD2, 128u, 128u, 128u, 0x20u},
    {CALG_MD4, 128u, 128u, 128u, 0x20u},         {CALG_MD5, 128u, 128u, 128u, 0x20u},
    {CALG_SSL3_SHAMD5, 288u, 288u, 288u, 0x20u}, {CALG_RSA_SIGN, 1024u, 384u, 16384u, 0x30u},
};
static const struct capi_alg algs_schannel[] = {
    {CALG_RC2, 128u, 40u, 128u, 0x0fu},
    {CALG_RC4, 128u, 40u, 128u, 0x0fu},
    {CALG_DES, 56u, 56u, 56u, 0x0fu},
    {CALG_3DES_112, 112u, 112u, 112u, 0x0fu},
    {CALG_3DES, 168u, 168u, 168u, 0x0fu},
    {CALG_SHA1, 160u, 160u, 160u, 0x2fu},
    {CALG_MD5, 128u, 128u, 128u, 0x2fu},
    {CALG_SSL3_SHAMD5, 288u, 288u, 288u, 0x0fu},
    {CALG_MAC, 0u, 0u, 0u, 0x0fu},
    {CALG_RSA_SIGN, 1024u, 384u, 16384u, 0x2fu},
    {CALG_RSA_KEYX, 1024u, 384u, 16384u, 0x2fu},
    {CALG_HMAC, 0u, 0u, 0u, 0x0fu},
    {CALG_SSL3_MASTER, 384u, 384u, 384u, 0x04u},
    {CALG_TLS1_MASTER, 384u, 384u, 384u, 0x08u},
    {CALG_SCHANNEL_MASTER_HASH, 0u, 0u, 0xffffffffu, 0x0cu},
    {CALG_SCHANNEL_MAC_KEY, 0u, 0u, 0xffffffffu, 0x0cu},
    {CALG_SCHANNEL_ENC_KEY, 0u, 0u, 0xffffffffu, 0x0cu},
    {CALG_TLS1PRF, 0u, 0u, 0xffffffffu, 0x08u},
};
static const struct capi_alg algs_dss[] = {
    {CALG_SHA1, 160u, 160u, 160u, 0x20u},
    {CALG_MD5, 128u, 128u, 128u, 0x20u},
    {CALG_DSS_SIGN, 1024u, 512u, 1024u, 0x20u},
};
static const struct capi_alg algs_dss_dh[] = {
    {CALG_RC2, 40u, 40u, 56u, 0u},
    {CALG_RC4, 40u, 40u, 56u, 0u},
    {CALG_DES, 56u, 56u, 56u, 0u},
    {CALG_SHA1, 160u, 160u, 160u, 0x20u},
    {CALG_MD5, 128u, 128u, 128u, 0x20u},
    {CALG_MAC, 0u, 0u, 0u, 0u},
    {CALG_DSS_SIGN, 1024u, 512u, 1024u, 0x20u},
    {CALG_DH_SF, 512u, 512u, 1024u, 0u},
    {CALG_DH_EPHEM, 512u, 512u, 1024u, 0u},
    {CALG_HMAC, 0u, 0u, 0u, 0u},
};
static const struct capi_alg algs_dss_dh_enhanced[] = {
    {CALG_RC2, 128u, 40u, 128u, 0u},
    {CALG_RC4, 128u, 40u, 128u, 0u},
    {CALG_DES, 56u, 56u, 56u, 0u},
    {CALG_3DES_112, 112u, 112u, 112u, 0u},
    {CALG_3DES, 168u, 168u, 168u, 0u},
    {CALG_SHA1, 160u, 160u, 160u, 0x20u},
    {CALG_MD5, 128u, 128u, 128u, 0x20u},
    {CALG_MAC, 0u, 0u, 0u, 0u},
    {CALG_DSS_SIGN, 1024u, 512u, 1024u, 0x20u},
    {CALG_DH_SF, 1024u, 512u, 4096u, 0u},
    {CALG_DH_EPHEM, 1024u, 512u, 4096u, 0u},
    {CALG_HMAC, 0u, 0u, 0u, 0u},
};
static const struct capi_alg algs_dh_schannel[] = {
    {CALG_RC2, 128u, 40u, 128u, 0x0cu},
    {CALG_RC4, 128u, 40u, 128u, 0x0cu},
    {CALG_DES, 56u, 56u, 56u, 0x0cu},
    {CALG_3DES_112, 112u, 112u, 112u, 0x0cu},
    {CALG_3DES, 168u, 168u, 168u, 0x0cu},
    {CALG_SHA1, 160u, 160u, 160u, 0x2cu},
    {CALG_MD5, 128u, 128u, 128u, 0x2cu},
    {CALG_MAC, 0u, 0u, 0u, 0x0cu},
    {CALG_DSS_SIGN, 1024u, 512u, 1024u, 0x2cu},
    {CALG_DH_SF, 1024u, 512u, 4096u, 0x0cu},
    {CALG_DH_EPHEM, 1024u, 512u, 4096u, 0x0cu},
    {CALG_HMAC, 0u, 0u, 0u, 0x0cu},
    {CALG_SSL3_MASTER, 384u, 384u, 384u, 0x04u},
    {CALG_TLS1_MASTER, 384u, 384u, 384u, 0x08u},
    {CALG_SCHANNEL_MASTER_HASH, 0u, 0u, 0xffffffffu, 0x0cu},
    {CALG_SCHANNEL_MAC_KEY, 0u, 0u, 0xffffffffu, 0x0cu},
    {CALG_SCHANNEL_ENC_KEY, 0u, 0u, 0xffffffffu, 0x0cu},
    {CALG_TLS1PRF, 0u, 0u, 0xffffffffu, 0x08u},
};

#define ALGS(a) (a), COUNT(a)

/* In the order of CryptEnumProviders: by name. */
static const struct capi_provider providers[] = {
    {MS_DEF_PROV_A, PROV_RSA_FULL, CAPI_BASE, false, ALGS(algs_base)},
    {MS_DEF_DSS_DH_PROV_A, PROV_DSS_DH, CAPI_BASE, true, ALGS(algs_dss_dh)},
    {MS_DEF_DSS_PROV_A, PROV_DSS, CAPI_SIGN_ONLY, true, ALGS(algs_dss)},
    {MS_DEF_DH_SCHANNEL_PROV_A, PROV_DH_SCHANNEL, CAPI_SCHANNEL, true, ALGS(algs_dh_schannel)},
    {MS_ENHANCED_PROV_A, PROV_RSA_FULL, CAPI_ENHANCED, false, ALGS(algs_strong)},
    {MS_ENH_DSS_DH_PROV_A, PROV_DSS_DH, CAPI_ENHANCED, true, ALGS(algs_dss_dh_enhanced)},
    {MS_ENH_RSA_AES_PROV_A, PROV_RSA_AES, CAPI_AES, false, ALGS(algs_aes)},
    {MS_ENH_RSA_AES_PROV_XP_A, PROV_RSA_AES, CAPI_AES, false, ALGS(algs_aes)},
    {MS_DEF_RSA_SCHANNEL_PROV_A, PROV_RSA_SCHANNEL, CAPI_SCHANNEL, false, ALGS(algs_schannel)},
    {MS_DEF_RSA_SIG_PROV_A, PROV_RSA_SIG, CAPI_SIGN_ONLY, false, ALGS(algs_sign)},
    {MS_STRONG_PROV_A, PROV_RSA_FULL, CAPI_STRONG, false, ALGS(algs_strong)},
};

static const struct capi_type types[] = {
    {PROV_RSA_FULL, "RSA Full (Signature and Key Exchange)", MS_STRONG_PROV_A},
    {PROV_RSA_SIG, "", MS_DEF_RSA_SIG_PROV_A},
    {PROV_DSS, "DSS Signature", MS_DEF_DSS_PROV_A},
    {PROV_RSA_SCHANNEL, "RSA SChannel", MS_DEF_RSA_SCHANNEL_PROV_A},
    {PROV_DSS_DH, "DSS Signature with Diffie-Hellman Key Exchange", MS_ENH_DSS_DH_PROV_A},
    {PROV_DH_SCHANNEL, "Diffie-Hellman SChannel", MS_DEF_DH_SCHANNEL_PROV_A},
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

const struct capi_alg_name *
capi_alg_name(ALG_ID id)
{
    size_t i = 0;
    while (i + 1 < COUNT(names) && names[i].id != id) {
        i++;
    }
    return &names[i];
}

ALG_ID
capi_pair_alg(const struct capi_provider *p, ALG_ID alg)
{
    if (alg == AT_KEYEXCHANGE) {
        return p->dss ? CALG_DH_SF : CALG_RSA_KEYX;
    }
    if (alg == AT_SIGNATURE) {
        return p->dss ? CALG_DSS_SIGN : CALG_RSA_SIGN;
    }
    return alg;
}

DWORD
capi_pair_spec(ALG_ID alg)
{
    if (alg == CALG_RSA_KEYX || alg == CALG_DH_SF) {
        return AT_KEYEXCHANGE;
    }
    return alg == CALG_RSA_SIGN || alg == CALG_DSS_SIGN ? AT_SIGNATURE : 0;
}

bool
capi_alg_dss(ALG_ID alg)
{
    return alg == CALG_DSS_SIGN || alg == CALG_DH_SF || alg == CALG_DH_EPHEM;
}
