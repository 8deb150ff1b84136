/* SPDX-License-Identifier: Apache-2.0 */
/* The one result type.
 *
 * A function that can fail returns spk_err by value.  It is a struct so that it can never be
 * mistaken for a length, a bool or a file descriptor.  Outputs come last, are named ret_*, and are
 * untouched on failure.  Libraries return codes and never print; the programs turn a code into a
 * sentence that names the file and the next step. */
#ifndef SPK_BASE_ERR_H
#define SPK_BASE_ERR_H

#include <stdbool.h>

enum spk_code {
    SPK_CODE_OK = 0,
    SPK_CODE_USAGE,   /* what the caller asked for makes no sense (a wrong option or program) */
    SPK_CODE_FORMAT,  /* bytes that are not of the format: magic, length, order, trailing bytes */
    SPK_CODE_VERSION, /* right format, but a version, suite or critical field that we do not know */
    SPK_CODE_TRUNC,   /* ends too early */
    SPK_CODE_AUTH,    /* a MAC, tag or signature does not hold: altered, or the wrong key */
    SPK_CODE_NOKEY,   /* no key that fits is at hand */
    SPK_CODE_PASS,    /* passphrase needed and none to be had, or a wrong one */
    SPK_CODE_LIMIT,   /* larger or more than a named limit allows */
    SPK_CODE_EXISTS,  /* it is there already and may not be replaced */
    SPK_CODE_NOTFOUND, /* it is not there */
    SPK_CODE_CHANGED,  /* it changed under us: a file while read, a pinned key */
    SPK_CODE_DENIED,   /* a policy, a permission or a peer said no */
    SPK_CODE_WAIT,     /* not yet: officers have not decided, a waiting time runs */
    SPK_CODE_NET,      /* a peer cannot be reached or hung up */
    SPK_CODE_TLS,      /* a peer is not who it should be */
    SPK_CODE_PROTO,    /* a peer answered what its specification does not allow */
    SPK_CODE_BUSY,     /* a peer or a lock is busy; try again */
    SPK_CODE_IO,       /* the operating system said no; errno is in .sys */
    SPK_CODE_NOMEM,    /* out of memory */
    SPK_CODE_CRYPTO,   /* the cryptographic library failed: no answer about the data */
    SPK_CODE_STOPPED,  /* interrupted by the user */
    SPK_CODE_MAX_
};

typedef struct {
    enum spk_code code;
    int sys; /* errno for SPK_CODE_IO; also ENOENT with _NOTFOUND, ECONNRESET with _NET; else 0 */
} spk_err;

#define SPK_MUST_USE __attribute__((warn_unused_result))
#define SPK_API __attribute__((visibility("default")))

#define SPK_OK ((spk_err){SPK_CODE_OK, 0})
#define SPK_ERR(name) ((spk_err){SPK_CODE_##name, 0})

/** SPK_CODE_IO with the current errno (SPK_CODE_NOMEM for ENOMEM). */
spk_err spk_err_errno(void) SPK_MUST_USE;

static inline bool
spk_ok(spk_err e)
{
    return e.code == SPK_CODE_OK;
}

/* Only these two macros may hide a return. */
#define SPK_TRY(expr)                                                                              \
    do {                                                                                           \
        spk_err try_err_ = (expr);                                                                 \
        if (try_err_.code != SPK_CODE_OK) {                                                        \
            return try_err_;                                                                       \
        }                                                                                          \
    } while (0)
#define SPK_CHECK(cond, name)                                                                      \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            return SPK_ERR(name);                                                                  \
        }                                                                                          \
    } while (0)

/** Short stable name of a code, for logs and JSON: "format", "auth", ...  Static storage. */
const char *spk_code_name(enum spk_code code);

#endif
