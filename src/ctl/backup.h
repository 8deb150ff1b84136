/* SPDX-License-Identifier: Apache-2.0 */
/* What a backup consists of: the files of an authority's folder, a list of them with their hashes,
 * and what its logs said (doc/spec/backup.md). */
#ifndef SPK_CTL_BACKUP_H
#define SPK_CTL_BACKUP_H

#include "ctl/logcheck.h"
#include "ctl/site.h"

#define CTL_BACKUP_FILES_MAX 1024
#define CTL_BACKUP_LIST "backup.list"
#define CTL_BACKUP_COPY "copy.skc" /* of the keys, sealed to the officers */

struct ctl_backup_file {
    char name[256]; /* plain: no folder in it, no dot in front */
    uint64_t size;
    struct spk_hash hash;
};
struct ctl_backup {
    uint64_t time; /* unix seconds */
    struct spk_hash genesis;
    struct ctl_backup_log {
        uint64_t size;
        struct spk_hash root;
    } log[SPK_LOG_IDS]; /* as the newest checkpoints say */
    char database[256]; /* which of the files it is */
    size_t n;
    struct ctl_backup_file files[CTL_BACKUP_FILES_MAX];
};
SPK_MUST_USE spk_err ctl_backup_format(const struct ctl_backup *b, struct spk_buf *out);
/** Strict: the one way to write it. */
SPK_MUST_USE spk_err ctl_backup_parse(struct spk_span text, struct ctl_backup *ret_b);
bool ctl_backup_name_ok(struct spk_span name);

/** Copy a file, 0600, synced; what was copied is what is hashed. */
SPK_MUST_USE spk_err ctl_backup_copy_file(const char *from, const char *to,
                                          struct ctl_backup_file *ret_f);
/** The database of a folder that nobody works on: pages, both logs, and the keys that the folder's
 * own statement vouches for. Sizes and roots go to b. TERM_GO_ON, or told. */
int ctl_backup_verify(const char *folder, const char *database, struct ctl_backup *b);
/** A folder without folders in it. */
void ctl_backup_remove(const char *folder);

#endif
