/* SPDX-License-Identifier: Apache-2.0 */
/* The TLS key of an authority's folder. The next one waits beside it, with ".next" at the end of
 * its name, until the statement that names it is published. */
#ifndef SPK_CTL_TLS_H
#define SPK_CTL_TLS_H

#include "ctl/site.h"

struct ctl_tls {
    struct spk_buf cert; /* PEM */
    struct spk_secret *key;
    struct spk_hash hash; /* of the key in the certificate */
};
#define CTL_AUTO_TLS __attribute__((cleanup(ctl_tls_clear)))
void ctl_tls_clear(struct ctl_tls *t);
/** The files cert and key, or, when these are NULL, a pair made here for host. */
int ctl_tls_get(const char *cert, const char *key, const char *host, struct ctl_tls *ret_t);
/** Make or take the next TLS key, and write the statement that names it, for the officers. */
int ctl_tls_rotate(const struct ctl_site *s, const char *cert, const char *key, const char *out);
/** TERM_GO_ON when the folder has the TLS key of this hash, in use or waiting; else told. */
int ctl_tls_check(const struct ctl_site *s, const struct spk_hash *hash);
/** Put the waiting key in its place, if it is the one of this hash. */
int ctl_tls_take(const struct ctl_site *s, const struct spk_hash *hash);

#endif
