/* SPDX-License-Identifier: Apache-2.0 */
/* Algorithms and providers of CryptoAPI. Part of wincrypt.h. */
#ifndef CRYPTOAPI_WINCRYPT_ALG_H
#define CRYPTOAPI_WINCRYPT_ALG_H

#include "wintypes.h"

typedef unsigned int ALG_ID;

#define GET_ALG_CLASS(x) ((x) & (7u << 13))
#define GET_ALG_TYPE(x) ((x) & (15u << 9))
#define GET_ALG_SID(x) ((x)&511u)
#define ALG_CLASS_ANY 0u
#define ALG_CLASS_SIGNATURE (1u << 13)
#define ALG_CLASS_MSG_ENCRYPT (2u << 13)
#define ALG_CLASS_DATA_ENCRYPT (3u << 13)
#define ALG_CLASS_HASH (4u << 13)
#define ALG_CLASS_KEY_EXCHANGE (5u << 13)
#define ALG_TYPE_ANY 0u
#define ALG_TYPE_DSS (1u << 9)
#define ALG_TYPE_RSA (2u << 9)
#define ALG_TYPE_BLOCK (3u << 9)
#define ALG_TYPE_STREAM (4u << 9)
#define ALG_TYPE_DH (5u << 9)
#define ALG_TYPE_SECURECHANNEL (6u << 9)
#define ALG_TYPE_ECDH (7u << 9)
#define ALG_TYPE_THIRDPARTY (8u << 9)

#define CALG_MD2 0x00008001u
#define CALG_MD4 0x00008002u
#define CALG_MD5 0x00008003u
#define CALG_SHA 0x00008004u
#define CALG_SHA1 0x00008004u
#define CALG_MAC 0x00008005u
#define CALG_SSL3_SHAMD5 0x00008008u
#define CALG_HMAC 0x00008009u
#define CALG_TLS1PRF 0x0000800au
#define CALG_HASH_REPLACE_OWF 0x0000800bu
#define CALG_SHA_256 0x0000800cu
#define CALG_SHA_384 0x0000800du
#define CALG_SHA_512 0x0000800eu
#define CALG_NO_SIGN 0x00002000u
#define CALG_DSS_SIGN 0x00002200u
#define CALG_ECDSA 0x00002203u
#define CALG_RSA_SIGN 0x00002400u
#define CALG_THIRDPARTY_SIGNATURE 0x00003000u
#define CALG_SSL3_MASTER 0x00004c01u
#define CALG_SCHANNEL_MASTER_HASH 0x00004c02u
#define CALG_SCHANNEL_MAC_KEY 0x00004c03u
#define CALG_PCT1_MASTER 0x00004c04u
#define CALG_SSL2_MASTER 0x00004c05u
#define CALG_TLS1_MASTER 0x00004c06u
#define CALG_SCHANNEL_ENC_KEY 0x00004c07u
#define CALG_NULLCIPHER 0x00006000u
#define CALG_DES 0x00006601u
#define CALG_RC2 0x00006602u
#define CALG_3DES 0x00006603u
#define CALG_DESX 0x00006604u
#define CALG_3DES_112 0x00006609u
#define CALG_SKIPJACK 0x0000660au
#define CALG_TEK 0x0000660bu
#define CALG_CYLINK_MEK 0x0000660cu
#define CALG_RC5 0x0000660du
#define CALG_AES_128 0x0000660eu
#define CALG_AES_192 0x0000660fu
#define CALG_AES_256 0x00006610u
#define CALG_AES 0x00006611u
#define CALG_RC4 0x00006801u
#define CALG_SEAL 0x00006802u
#define CALG_THIRDPARTY_CIPHER 0x00007000u
#define CALG_THIRDPARTY_HASH 0x00009000u
#define CALG_ECMQV 0x0000a001u
#define CALG_HUGHES_MD5 0x0000a003u
#define CALG_RSA_KEYX 0x0000a400u
#define CALG_DH_SF 0x0000aa01u
#define CALG_DH_EPHEM 0x0000aa02u
#define CALG_AGREEDKEY_ANY 0x0000aa03u
#define CALG_KEA_KEYX 0x0000aa04u
#define CALG_ECDH 0x0000aa05u
#define CALG_ECDH_EPHEM 0x0000ae06u
#define CALG_THIRDPARTY_KEY_EXCHANGE 0x0000b000u

#define PROV_RSA_FULL 1u
#define PROV_RSA_SIG 2u
#define PROV_DSS 3u
#define PROV_FORTEZZA 4u
#define PROV_MS_EXCHANGE 5u
#define PROV_SSL 6u
#define PROV_STT_MER 7u
#define PROV_STT_ACQ 8u
#define PROV_STT_BRND 9u
#define PROV_STT_ROOT 10u
#define PROV_STT_ISS 11u
#define PROV_RSA_SCHANNEL 12u
#define PROV_DSS_DH 13u
#define PROV_EC_ECDSA_SIG 14u
#define PROV_EC_ECNRA_SIG 15u
#define PROV_EC_ECDSA_FULL 16u
#define PROV_EC_ECNRA_FULL 17u
#define PROV_DH_SCHANNEL 18u
#define PROV_SPYRUS_LYNKS 20u
#define PROV_RNG 21u
#define PROV_INTEL_SEC 22u
#define PROV_REPLACE_OWF 23u
#define PROV_RSA_AES 24u

/* The form that UNICODE chooses. */
#ifdef UNICODE
#define CRYPTOAPI_AW(name) name##_W
#else
#define CRYPTOAPI_AW(name) name##_A
#endif

#define MS_DEF_PROV_A "Microsoft Base Cryptographic Provider v1.0"
#define MS_ENHANCED_PROV_A "Microsoft Enhanced Cryptographic Provider v1.0"
#define MS_STRONG_PROV_A "Microsoft Strong Cryptographic Provider"
#define MS_DEF_RSA_SIG_PROV_A "Microsoft RSA Signature Cryptographic Provider"
#define MS_DEF_RSA_SCHANNEL_PROV_A "Microsoft RSA SChannel Cryptographic Provider"
#define MS_DEF_DSS_PROV_A "Microsoft Base DSS Cryptographic Provider"
#define MS_DEF_DSS_DH_PROV_A "Microsoft Base DSS and Diffie-Hellman Cryptographic Provider"
#define MS_ENH_DSS_DH_PROV_A "Microsoft Enhanced DSS and Diffie-Hellman Cryptographic Provider"
#define MS_DEF_DH_SCHANNEL_PROV_A "Microsoft DH SChannel Cryptographic Provider"
#define MS_SCARD_PROV_A "Microsoft Base Smart Card Crypto Provider"
#define MS_ENH_RSA_AES_PROV_A "Microsoft Enhanced RSA and AES Cryptographic Provider"
#define MS_ENH_RSA_AES_PROV_XP_A "Microsoft Enhanced RSA and AES Cryptographic Provider (Prototype)"
#define MS_DEF_PROV_W CRYPTOAPI_WIDE("Microsoft Base Cryptographic Provider v1.0")
#define MS_ENHANCED_PROV_W CRYPTOAPI_WIDE("Microsoft Enhanced Cryptographic Provider v1.0")
#define MS_STRONG_PROV_W CRYPTOAPI_WIDE("Microsoft Strong Cryptographic Provider")
#define MS_DEF_RSA_SIG_PROV_W CRYPTOAPI_WIDE("Microsoft RSA Signature Cryptographic Provider")
#define MS_DEF_RSA_SCHANNEL_PROV_W CRYPTOAPI_WIDE("Microsoft RSA SChannel Cryptographic Provider")
#define MS_DEF_DSS_PROV_W CRYPTOAPI_WIDE("Microsoft Base DSS Cryptographic Provider")
#define MS_DEF_DSS_DH_PROV_W                                                                       \
    CRYPTOAPI_WIDE("Microsoft Base DSS and Diffie-Hellman Cryptographic Provider")
#define MS_ENH_DSS_DH_PROV_W                                                                       \
    CRYPTOAPI_WIDE("Microsoft Enhanced DSS and Diffie-Hellman Cryptographic Provider")
#define MS_DEF_DH_SCHANNEL_PROV_W CRYPTOAPI_WIDE("Microsoft DH SChannel Cryptographic Provider")
#define MS_SCARD_PROV_W CRYPTOAPI_WIDE("Microsoft Base Smart Card Crypto Provider")
#define MS_ENH_RSA_AES_PROV_W                                                                      \
    CRYPTOAPI_WIDE("Microsoft Enhanced RSA and AES Cryptographic Provider")
#define MS_ENH_RSA_AES_PROV_XP_W                                                                   \
    CRYPTOAPI_WIDE("Microsoft Enhanced RSA and AES Cryptographic Provider (Prototype)")
#define MS_DEF_PROV CRYPTOAPI_AW(MS_DEF_PROV)
#define MS_ENHANCED_PROV CRYPTOAPI_AW(MS_ENHANCED_PROV)
#define MS_STRONG_PROV CRYPTOAPI_AW(MS_STRONG_PROV)
#define MS_DEF_RSA_SIG_PROV CRYPTOAPI_AW(MS_DEF_RSA_SIG_PROV)
#define MS_DEF_RSA_SCHANNEL_PROV CRYPTOAPI_AW(MS_DEF_RSA_SCHANNEL_PROV)
#define MS_DEF_DSS_PROV CRYPTOAPI_AW(MS_DEF_DSS_PROV)
#define MS_DEF_DSS_DH_PROV CRYPTOAPI_AW(MS_DEF_DSS_DH_PROV)
#define MS_ENH_DSS_DH_PROV CRYPTOAPI_AW(MS_ENH_DSS_DH_PROV)
#define MS_DEF_DH_SCHANNEL_PROV CRYPTOAPI_AW(MS_DEF_DH_SCHANNEL_PROV)
#define MS_SCARD_PROV CRYPTOAPI_AW(MS_SCARD_PROV)
#define MS_ENH_RSA_AES_PROV CRYPTOAPI_AW(MS_ENH_RSA_AES_PROV)
#define MS_ENH_RSA_AES_PROV_XP CRYPTOAPI_AW(MS_ENH_RSA_AES_PROV_XP)

#endif
