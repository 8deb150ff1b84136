/* SPDX-License-Identifier: Apache-2.0 */
/* The holder's socket: one thread, one poll loop, one packet of each ready peer a turn
 * (doc/spec/holder.md §2). */
#ifndef SPK_HOLDER_SERVER_H
#define SPK_HOLDER_SERVER_H

#include <sys/types.h>

#include "holder/core.h"

#define SPK_SESSIONS_MAX 64
#define SPK_ALLOW_UIDS_MAX 8

struct spk_server {
    struct spk_holder *h;
    int listener;
    int signals; /* signalfd that ends the loop */
    uid_t own;   /* may connect, and stop the holder */
    size_t n_uids;
    uid_t uids[SPK_ALLOW_UIDS_MAX]; /* peers besides the holder's own uid */
};

/** A listening SOCK_SEQPACKET socket at path; a dead one there is replaced. Only the own uid can
 * connect, unless shared: then anyone can, and the peer's uid is what decides. */
SPK_MUST_USE spk_err spk_server_listen(const char *path, bool shared, int *ret_fd);
/** Until told to stop. Works under the sandbox: it opens nothing but accepted connections. */
SPK_MUST_USE spk_err spk_server_run(struct spk_server *s);

#endif
