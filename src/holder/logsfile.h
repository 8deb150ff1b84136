/* SPDX-License-Identifier: Apache-2.0 */
/* The file that says how far the deposits log has come: two slots of fixed size that take turns, so
 * that a log that grows all day makes no file grow (doc/spec/holder-state.md §4). */
#ifndef SPK_HOLDER_LOGSFILE_H
#define SPK_HOLDER_LOGSFILE_H

#include "base/secret.h"
#include "holder/keyfile.h"

#define SPK_LOGSFILE_NAME "logs"
#define SPK_LOGSFILE_SECTOR 4096 /* the largest that disks write at once: no slot tears another */
#define SPK_LOGSFILE_SLOT 88     /* magic 8, sequence 8, size 8, root 32, MAC 32 */
#define SPK_LOGSFILE_LEN ((size_t)2 * SPK_LOGSFILE_SECTOR)

/** How far the log has come. */
struct spk_logat {
    uint64_t size;
    struct spk_hash root;
};
struct spk_logsfile {
    int fd;
    uint64_t sequence; /* of the newest whole slot */
    bool torn;         /* at opening, the other one held something that was never finished */
    bool broken;       /* a sync failed: nobody knows what the disk holds */
    struct spk_secret *key;
};
void spk_logsfile_close(struct spk_logsfile *f);
#define SPK_LOGSFILE_NONE ((struct spk_logsfile){.fd = -1})
#define SPK_AUTO_LOGSFILE __attribute__((cleanup(spk_logsfile_close))) struct spk_logsfile

/** Stand on an empty file; fd is taken over in any case. */
SPK_MUST_USE spk_err spk_logsfile_on(int fd, const struct spk_keys *k, struct spk_logsfile *ret_f);
/** A whole file with one slot, durable, under its name. */
SPK_MUST_USE spk_err spk_logsfile_make(int dirfd, const struct spk_keys *k,
                                       const struct spk_logat *at, bool replace);
/** The newest whole slot. No file: SPK_CODE_NOTFOUND. Damaged, or another holder's:
 * SPK_CODE_AUTH. */
SPK_MUST_USE spk_err spk_logsfile_open(int dirfd, const struct spk_keys *k,
                                       struct spk_logsfile *ret_f, struct spk_logat *ret_at);
/** Into the older slot, and durable. After a failure the newest one is as it was. */
SPK_MUST_USE spk_err spk_logsfile_put(struct spk_logsfile *f, const struct spk_logat *at);

#endif
