/* SPDX-License-Identifier: Apache-2.0 */
/* Where a failure happened: what a program needs beside the code to say a sentence. */
#ifndef SPK_CLIENT_TROUBLE_H
#define SPK_CLIENT_TROUBLE_H

#include "base/span.h"

/* What of an authority's log does not hold. */
enum spk_log_fault {
    SPK_LOG_FAULT_NONE,
    SPK_LOG_FAULT_KEYS,    /* the note on the logs' keys: not the holder's, or not the pinned one */
    SPK_LOG_FAULT_MISSING, /* there is no receipt */
    SPK_LOG_FAULT_MALFORMED, /* no receipt, or not as it is written */
    SPK_LOG_FAULT_ORIGIN,    /* of another log */
    SPK_LOG_FAULT_SIGNATURE, /* of the log's key */
    SPK_LOG_FAULT_WITNESS,   /* of a witness that we know */
    SPK_LOG_FAULT_BEYOND,    /* the index is not below the checkpoint's size */
    SPK_LOG_FAULT_LENGTH,    /* the path is too long or too short for index and size */
    SPK_LOG_FAULT_PATH,      /* the path leads elsewhere: another entry, index, size or tree */
    SPK_LOG_FAULT_FILE,      /* of another file */
    SPK_LOG_FAULT_KEY,       /* of another session key */
    SPK_LOG_FAULT_AUTHORITY, /* of another authority key */
    SPK_LOG_FAULT_DEPOSIT,   /* of another deposit of this file */
    SPK_LOG_FAULT_INDEX,     /* of another number than the file has noted */
};

const char *spk_log_fault_name(enum spk_log_fault f); /* "missing", "origin", ... */

struct spk_trouble {
    char file[1024]; /* the file in question, or "" */
    unsigned line;   /* of it, when that is what is wrong; else 0 */
    char peer[256];  /* the authority in question, or "" */
    char said[512];  /* what the peer answered: hostile, escape it before it is shown */
    long status;     /* its HTTP status, or 0 */
    bool replaced;   /* it has refused our key because a recovery has replaced it */
    enum spk_log_fault log;
};

/* t may be NULL in all of them; what is too long is cut. */
void spk_trouble_clear(struct spk_trouble *t);
void spk_trouble_file(struct spk_trouble *t, const char *path);
void spk_trouble_peer(struct spk_trouble *t, const char *name);
void spk_trouble_said(struct spk_trouble *t, long status, const char *message);

#endif
