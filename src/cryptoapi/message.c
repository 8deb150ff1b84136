/* SPDX-License-Identifier: Apache-2.0 */
/* FormatMessage for the codes of this library, in our own words. */
#include <string.h>

#include "cryptoapi/wide.h"

#define TEXT_MAX 256

static const struct {
    DWORD code;
    const char *text;
} messages[] = {
    {ERROR_SUCCESS, "Done."},
    {ERROR_FILE_NOT_FOUND, "There is no such file."},
    {ERROR_PATH_NOT_FOUND, "There is no such folder."},
    {ERROR_TOO_MANY_OPEN_FILES, "Too many files are open."},
    {ERROR_ACCESS_DENIED, "Access is denied."},
    {ERROR_INVALID_HANDLE, "The handle is not valid."},
    {ERROR_NOT_ENOUGH_MEMORY, "There is not enough memory."},
    {ERROR_GEN_FAILURE, "Reading or writing failed."},
    {ERROR_NOT_SUPPORTED, "This is not supported."},
    {ERROR_FILE_EXISTS, "The file exists already."},
    {ERROR_INVALID_PARAMETER, "A parameter or a handle is not valid."},
    {ERROR_DISK_FULL, "The disk is full."},
    {ERROR_NEGATIVE_SEEK, "The pointer would stand before the beginning of the file."},
    {ERROR_CALL_NOT_IMPLEMENTED, "This function is not supported."},
    {ERROR_INSUFFICIENT_BUFFER, "The buffer is too small."},
    {ERROR_BUSY, "The key container or another resource is in use."},
    {ERROR_ALREADY_EXISTS, "It exists already."},
    {ERROR_FILENAME_EXCED_RANGE, "The name of the file is too long."},
    {ERROR_MORE_DATA, "The buffer is too small for what there is."},
    {ERROR_NO_MORE_ITEMS, "There are no more items."},
    {ERROR_MR_MID_NOT_FOUND, "There is no text for this code."},
    {ERROR_INVALID_FLAGS, "The flags are not valid."},
    {ERROR_NO_UNICODE_TRANSLATION, "The text is not valid UTF-8 or UTF-16."},
    {NTE_BAD_UID, "The provider handle is not valid."},
    {NTE_BAD_HASH, "The hash cannot be used for this."},
    {NTE_BAD_KEY, "The key cannot be used for this."},
    {NTE_BAD_LEN, "The data has a wrong length."},
    {NTE_BAD_DATA, "The data is not valid."},
    {NTE_BAD_SIGNATURE, "The signature does not hold."},
    {NTE_BAD_VER, "The key BLOB has another version."},
    {NTE_BAD_ALGID, "The provider does not have this algorithm."},
    {NTE_BAD_FLAGS, "The flags are not valid."},
    {NTE_BAD_TYPE, "The type or the parameter is not known."},
    {NTE_BAD_KEY_STATE, "The key may not be exported."},
    {NTE_BAD_HASH_STATE, "The hash is finished."},
    {NTE_NO_KEY, "There is no such key."},
    {NTE_NO_MEMORY, "There is not enough memory."},
    {NTE_EXISTS, "The key container exists already."},
    {NTE_PERM, "Access is denied."},
    {NTE_NOT_FOUND, "It was not found."},
    {NTE_BAD_PROVIDER, "There is no provider of this name."},
    {NTE_BAD_PROV_TYPE, "The provider type is not valid."},
    {NTE_BAD_PUBLIC_KEY, "The key is no key exchange pair."},
    {NTE_BAD_KEYSET, "There is no key container of this name, or it may not be opened."},
    {NTE_PROV_TYPE_NOT_DEF, "There is no provider of this type."},
    {NTE_KEYSET_NOT_DEF, "There is no provider of this name."},
    {NTE_KEYSET_ENTRY_BAD, "The key container is damaged."},
    {NTE_PROV_TYPE_NO_MATCH, "The provider is of another type."},
    {NTE_PROV_DLL_NOT_FOUND,
     "OpenSSL's legacy module, which has this algorithm, is not installed."},
    {NTE_BAD_KEYSET_PARAM, "The name of the key container is not valid."},
    {NTE_FAIL, "An operation failed inside."},
    {NTE_SILENT_CONTEXT, "The user would have to be asked, and may not be."},
    {NTE_FIXEDPARAMETER, "The parameter cannot be changed any more."},
};

static const char *
text_of(DWORD code)
{
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        if (messages[i].code == code) {
            return messages[i].text;
        }
    }
    return NULL;
}

struct message_out {
    void *buffer; /* or where a pointer to a new one goes */
    DWORD size;   /* in characters */
    size_t width; /* bytes of a character */
    bool allocate;
};

/* Copies bytes with a terminator; *ret_chars without it. */
static DWORD
put_message(struct spk_span bytes, struct message_out out, DWORD *ret_chars)
{
    size_t chars = bytes.len / out.width;
    void *dst = out.buffer;
    CAPI_CHECK(dst != NULL, ERROR_INVALID_PARAMETER);
    if (out.allocate) {
        size_t n = chars + 1 > out.size ? chars + 1 : out.size;
        dst = LocalAlloc(LPTR, n * out.width);
        CAPI_CHECK(dst != NULL, ERROR_NOT_ENOUGH_MEMORY);
        memcpy(out.buffer, &dst, sizeof dst);
    } else {
        CAPI_CHECK(out.size > chars, ERROR_INSUFFICIENT_BUFFER);
    }
    memcpy(dst, bytes.ptr, bytes.len);
    memset((uint8_t *)dst + bytes.len, 0, out.width);
    *ret_chars = (DWORD)chars;
    return ERROR_SUCCESS;
}

static DWORD
format(DWORD flags, DWORD code, struct message_out out, DWORD *ret_chars)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(4 * TEXT_MAX);
    char line[TEXT_MAX];
    CAPI_CHECK((flags & FORMAT_MESSAGE_FROM_SYSTEM) != 0, ERROR_INVALID_PARAMETER);
    const char *text = text_of(code);
    CAPI_CHECK(text != NULL, ERROR_MR_MID_NOT_FOUND);
    size_t len = strlen(text);
    memcpy(line, text, len);
    memcpy(line + len, "\r\n", 3);
    if (out.width == sizeof(WCHAR)) {
        CAPI_TRY(capi_widen(line, &b));
    } else {
        CAPI_TRY(capi_code(spk_buf_str(&b, line), NTE_FAIL));
    }
    return put_message(spk_buf_span(&b), out, ret_chars);
}

DWORD WINAPI
FormatMessageA(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId, DWORD dwLanguageId,
               LPSTR lpBuffer, DWORD nSize, void *Arguments)
{
    DWORD chars = 0;
    (void)lpSource;
    (void)dwLanguageId;
    (void)Arguments;
    struct message_out out = {lpBuffer, nSize, 1, (dwFlags & FORMAT_MESSAGE_ALLOCATE_BUFFER) != 0};
    return capi_finish(format(dwFlags, dwMessageId, out, &chars)) ? chars : 0;
}

DWORD WINAPI
FormatMessageW(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId, DWORD dwLanguageId,
               LPWSTR lpBuffer, DWORD nSize, void *Arguments)
{
    DWORD chars = 0;
    (void)lpSource;
    (void)dwLanguageId;
    (void)Arguments;
    struct message_out out = {lpBuffer, nSize, sizeof(WCHAR),
                              (dwFlags & FORMAT_MESSAGE_ALLOCATE_BUFFER) != 0};
    return capi_finish(format(dwFlags, dwMessageId, out, &chars)) ? chars : 0;
}
