/* SPDX-License-Identifier: Apache-2.0 */
#include "client/trouble.h"

#include <stdio.h>
#include <string.h>

const char *
spk_log_fault_name(enum spk_log_fault f)
{
    static const char *const names[] = {"none",      "keys",    "missing",   "malformed", "origin",
                                        "signature", "witness", "beyond",    "length",    "path",
                                        "file",      "key",     "authority", "deposit",   "index"};

    return names[f];
}

void
spk_trouble_clear(struct spk_trouble *t)
{
    if (t != NULL) {
        memset(t, 0, sizeof(*t));
    }
}

void
spk_trouble_file(struct spk_trouble *t, const char *path)
{
    if (t != NULL) {
        (void)snprintf(t->file, sizeof(t->file), "%s", path);
        t->line = 0;
    }
}

void
spk_trouble_peer(struct spk_trouble *t, const char *name)
{
    if (t != NULL) {
        (void)snprintf(t->peer, sizeof(t->peer), "%s", name);
    }
}

void
spk_trouble_said(struct spk_trouble *t, long status, const char *message)
{
    if (t != NULL) {
        t->status = status;
        t->replaced = false;
        (void)snprintf(t->said, sizeof(t->said), "%s", message);
    }
}
