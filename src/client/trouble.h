/* SPDX-License-Identifier: Apache-2.0 */
/* Where a failure happened: what a program needs beside the code to say a sentence. */
#ifndef SPK_CLIENT_TROUBLE_H
#define SPK_CLIENT_TROUBLE_H

#include "base/span.h"

struct spk_trouble {
    char file[1024]; /* the file in question, or "" */
    unsigned line;   /* of it, when that is what is wrong; else 0 */
    char peer[256];  /* the authority in question, or "" */
    char said[512];  /* what the peer answered: hostile, escape it before it is shown */
    long status;     /* its HTTP status, or 0 */
};

/* t may be NULL in all of them; what is too long is cut. */
void spk_trouble_clear(struct spk_trouble *t);
void spk_trouble_file(struct spk_trouble *t, const char *path);
void spk_trouble_peer(struct spk_trouble *t, const char *name);
void spk_trouble_said(struct spk_trouble *t, long status, const char *message);

#endif
