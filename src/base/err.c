/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>

static const char *const code_names[] = {
    [SPK_CODE_OK] = "ok",
    [SPK_CODE_USAGE] = "usage",
    [SPK_CODE_FORMAT] = "format",
    [SPK_CODE_VERSION] = "version",
    [SPK_CODE_TRUNC] = "truncated",
    [SPK_CODE_AUTH] = "auth",
    [SPK_CODE_NOKEY] = "nokey",
    [SPK_CODE_PASS] = "passphrase",
    [SPK_CODE_LIMIT] = "limit",
    [SPK_CODE_EXISTS] = "exists",
    [SPK_CODE_NOTFOUND] = "notfound",
    [SPK_CODE_CHANGED] = "changed",
    [SPK_CODE_DENIED] = "denied",
    [SPK_CODE_WAIT] = "wait",
    [SPK_CODE_NET] = "net",
    [SPK_CODE_TLS] = "tls",
    [SPK_CODE_PROTO] = "protocol",
    [SPK_CODE_BUSY] = "busy",
    [SPK_CODE_IO] = "io",
    [SPK_CODE_NOMEM] = "nomem",
    [SPK_CODE_CRYPTO] = "crypto",
    [SPK_CODE_STOPPED] = "stopped",
};

_Static_assert(sizeof(code_names) / sizeof(code_names[0]) == SPK_CODE_MAX_,
               "every code has a name");

const char *
spk_code_name(enum spk_code code)
{
    if ((unsigned)code >= SPK_CODE_MAX_) {
        return "unknown";
    }
    return code_names[code];
}

spk_err
spk_err_errno(void)
{
    if (errno == ENOMEM) {
        return SPK_ERR(NOMEM);
    }
    return (spk_err){SPK_CODE_IO, errno};
}
