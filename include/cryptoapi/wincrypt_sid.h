/* SPDX-License-Identifier: Apache-2.0 */
/* The last part of an ALG_ID, for programs that put one together. Part of wincrypt.h. */
#ifndef CRYPTOAPI_WINCRYPT_SID_H
#define CRYPTOAPI_WINCRYPT_SID_H

#define ALG_SID_ANY 0u
#define ALG_SID_RSA_ANY 0u
#define ALG_SID_RSA_PKCS 1u
#define ALG_SID_RSA_MSATWORK 2u
#define ALG_SID_RSA_ENTRUST 3u
#define ALG_SID_RSA_PGP 4u
#define ALG_SID_DSS_ANY 0u
#define ALG_SID_DSS_PKCS 1u
#define ALG_SID_DSS_DMS 2u
#define ALG_SID_ECDSA 3u
#define ALG_SID_DES 1u
#define ALG_SID_3DES 3u
#define ALG_SID_DESX 4u
#define ALG_SID_IDEA 5u
#define ALG_SID_CAST 6u
#define ALG_SID_SAFERSK64 7u
#define ALG_SID_SAFERSK128 8u
#define ALG_SID_3DES_112 9u
#define ALG_SID_SKIPJACK 10u
#define ALG_SID_TEK 11u
#define ALG_SID_CYLINK_MEK 12u
#define ALG_SID_RC5 13u
#define ALG_SID_AES_128 14u
#define ALG_SID_AES_192 15u
#define ALG_SID_AES_256 16u
#define ALG_SID_AES 17u
#define ALG_SID_RC2 2u
#define ALG_SID_RC4 1u
#define ALG_SID_SEAL 2u
#define ALG_SID_DH_SANDF 1u
#define ALG_SID_DH_EPHEM 2u
#define ALG_SID_AGREED_KEY_ANY 3u
#define ALG_SID_KEA 4u
#define ALG_SID_ECDH 5u
#define ALG_SID_ECDH_EPHEM 6u
#define ALG_SID_ECMQV 1u
#define ALG_SID_MD2 1u
#define ALG_SID_MD4 2u
#define ALG_SID_MD5 3u
#define ALG_SID_SHA 4u
#define ALG_SID_SHA1 4u
#define ALG_SID_MAC 5u
#define ALG_SID_RIPEMD 6u
#define ALG_SID_RIPEMD160 7u
#define ALG_SID_SSL3SHAMD5 8u
#define ALG_SID_HMAC 9u
#define ALG_SID_TLS1PRF 10u
#define ALG_SID_HASH_REPLACE_OWF 11u
#define ALG_SID_SHA_256 12u
#define ALG_SID_SHA_384 13u
#define ALG_SID_SHA_512 14u
#define ALG_SID_SSL3_MASTER 1u
#define ALG_SID_SCHANNEL_MASTER_HASH 2u
#define ALG_SID_SCHANNEL_MAC_KEY 3u
#define ALG_SID_PCT1_MASTER 4u
#define ALG_SID_SSL2_MASTER 5u
#define ALG_SID_TLS1_MASTER 6u
#define ALG_SID_SCHANNEL_ENC_KEY 7u
#define ALG_SID_THIRDPARTY_ANY 0u
#define ALG_SID_EXAMPLE 80u

#endif
