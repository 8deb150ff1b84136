/* SPDX-License-Identifier: Apache-2.0 */
/* Key BLOBs of strangers through CryptImportKey: under a pair, under a session key, and under none.
 * The first byte chooses flags. */
#include <stddef.h>

#include <windows.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static HCRYPTPROV prov;
static HCRYPTKEY pair, session;

static void
set_up(void)
{
    static const BYTE rc2[] = {8, 2, 0, 0, 2, 0x66, 0, 0, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    if (!CryptAcquireContextA(&prov, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT) ||
        !CryptGenKey(prov, AT_KEYEXCHANGE, 512u << 16, &pair) ||
        !CryptImportKey(prov, rc2, sizeof rc2, 0, 0, &session)) {
        __builtin_trap();
    }
}

static void
import_with(const uint8_t *data, size_t len, HCRYPTKEY with, DWORD flags)
{
    HCRYPTKEY k = 0;
    DWORD n = 0;
    if (CryptImportKey(prov, data, (DWORD)len, with, flags, &k)) {
        (void)CryptExportKey(k, 0, PUBLICKEYBLOB, 0, NULL, &n);
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
    import_with(data + 1, len - 1, 0, flags);
    import_with(data + 1, len - 1, pair, flags);
    import_with(data + 1, len - 1, session, flags);
    return 0;
}
