/* SPDX-License-Identifier: Apache-2.0 */
/* Key BLOBs of strangers through CryptImportKey: under a pair, under a session key, and under none;
 * in an RSA and in a Diffie-Hellman provider. The first byte chooses flags. */
#include <stddef.h>

#include <windows.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static HCRYPTPROV prov, dh_prov;
static HCRYPTKEY pair, session, dh_pair, dh_session;

static void
set_up(void)
{
    static const BYTE rc2[] = {8, 2, 0, 0, 2, 0x66, 0, 0, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    if (!CryptAcquireContextA(&prov, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT) ||
        !CryptGenKey(prov, AT_KEYEXCHANGE, 512u << 16, &pair) ||
        !CryptImportKey(prov, rc2, sizeof rc2, 0, 0, &session) ||
        !CryptAcquireContextA(&dh_prov, NULL, NULL, PROV_DSS_DH, CRYPT_VERIFYCONTEXT) ||
        !CryptGenKey(dh_prov, CALG_DH_EPHEM, 512u << 16, &dh_pair) ||
        !CryptImportKey(dh_prov, rc2, sizeof rc2, 0, 0, &dh_session)) {
        __builtin_trap();
    }
}

struct input {
    const uint8_t *data;
    DWORD len;
};

static void
import_with(HCRYPTPROV p, struct input in, HCRYPTKEY with, DWORD flags)
{
    HCRYPTKEY k = 0;
    DWORD n = 0;
    if (CryptImportKey(p, in.data, in.len, with, flags, &k)) {
        (void)CryptExportKey(k, 0, PUBLICKEYBLOB, 0, NULL, &n);
        (void)CryptExportKey(k, 0, PRIVATEKEYBLOB, CRYPT_BLOB_VER3, NULL, &n);
        (void)CryptGetKeyParam(k, KP_KEYLEN, NULL, &n, 0);
        (void)CryptDestroyKey(k);
    } else if (k != 0) {
        __builtin_trap(); /* a failure must leave no handle behind */
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (prov == 0) {
        set_up();
    }
    if (len < 1 || len > 16384) {
        return 0;
    }
    DWORD flags = (data[0] & 1 ? CRYPT_EXPORTABLE : 0) | (data[0] & 2 ? CRYPT_OAEP : 0) |
                  (data[0] & 4 ? CRYPT_IPSEC_HMAC_KEY : 0) | (data[0] & 8 ? CRYPT_NO_SALT : 0);
    const struct input in = {data + 1, (DWORD)len - 1};
    import_with(prov, in, 0, flags);
    import_with(prov, in, pair, flags);
    import_with(prov, in, session, flags);
    import_with(dh_prov, in, 0, flags);
    import_with(dh_prov, in, dh_pair, flags);
    import_with(dh_prov, in, dh_session, flags);
    return 0;
}
