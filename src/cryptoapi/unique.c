/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/unique.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "keystore/container.h"

#define MACHINE_ID_FILE "/etc/machine-id"
#define ID_LEN 16
#define HASH_HEX 32

/* machine-id(5); it is not to be shown to others as it is, so its hash stands for it. */
static spk_err
machine_id(uint8_t ret_id[SPK_DIGEST_LEN_MAX])
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(256);
    if (!spk_ok(spk_file_read(AT_FDCWD, MACHINE_ID_FILE, &b))) {
        spk_buf_reset(&b); /* a container or a chroot: one id for all of them */
    }
    const struct spk_span parts[] = {SPK_SPAN_LIT("sparekey cryptoapi machine"), spk_buf_span(&b)};
    return spk_digest_parts(SPK_DIGEST_SHA256, parts, 2, ret_id);
}

/* As a GUID is written: 8-4-4-4-12 digits. */
static void
put_guid(const uint8_t id[ID_LEN], char *dst)
{
    char hex[2 * ID_LEN + 1];
    (void)spk_hex(spk_span(id, ID_LEN), hex);
    for (size_t i = 0; i < 2 * ID_LEN; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            *dst++ = '-';
        }
        *dst++ = hex[i];
    }
    *dst = '\0';
}

DWORD
capi_unique_name(const char *container, struct capi_unique *ret_u)
{
    uint8_t md5[SPK_DIGEST_LEN_MAX], id[SPK_DIGEST_LEN_MAX], swapped[ID_LEN];
    char folded[SPK_CONTAINER_NAME_MAX + 1];
    size_t len = strlen(container);
    CAPI_CHECK(len <= SPK_CONTAINER_NAME_MAX, NTE_BAD_KEYSET_PARAM);
    for (size_t i = 0; i <= len; i++) {
        char c = container[i];
        folded[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    const struct spk_span name = spk_span(folded, len + 1);
    CAPI_TRY(capi_code(spk_digest_parts(SPK_DIGEST_MD5, &name, 1, md5), NTE_FAIL));
    CAPI_TRY(capi_code(machine_id(id), NTE_FAIL));
    for (size_t i = 0; i < ID_LEN; i++) {
        swapped[i] = md5[i / 4 * 4 + 3 - i % 4]; /* printed as four little-endian numbers */
    }
    (void)spk_hex(SPK_SPAN_OF(swapped), ret_u->name);
    ret_u->name[HASH_HEX] = '_';
    put_guid(id, ret_u->name + HASH_HEX + 1);
    return ERROR_SUCCESS;
}
