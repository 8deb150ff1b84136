/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/logsfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rd.h"
#include "crypto/kdf.h"
#include "crypto/mac.h"

#define MAGIC "SPKHLOGS"
#define MAGIC_LEN 8
#define PLAIN_LEN (SPK_LOGSFILE_SLOT - SPK_HASH_LEN)

_Static_assert(PLAIN_LEN == MAGIC_LEN + 8 + 8 + SPK_HASH_LEN, "a slot");

void
spk_logsfile_close(struct spk_logsfile *f)
{
    if (f->fd >= 0) {
        (void)close(f->fd);
    }
    spk_secret_free(f->key);
    *f = SPK_LOGSFILE_NONE;
}

spk_err
spk_logsfile_on(int fd, const struct spk_keys *k, struct spk_logsfile *ret_f)
{
    SPK_AUTO_LOGSFILE f = {.fd = fd};

    SPK_TRY(spk_secret_new(SPK_HASH_LEN, &f.key));
    SPK_TRY(spk_hkdf_sha256(spk_secret_span(k->seed), spk_hash_span(&k->genesis),
                            SPK_SPAN_LIT("sparekey/1 holder logs"), spk_secret_mut(f.key)));
    *ret_f = f;
    f = SPK_LOGSFILE_NONE;
    return SPK_OK;
}

static spk_err
slot_mac(const struct spk_logsfile *f, const uint8_t slot[SPK_LOGSFILE_SLOT],
         struct spk_hash *ret_mac)
{
    const struct spk_span part = spk_span(slot, PLAIN_LEN);

    return spk_hmac_sha256(spk_secret_span(f->key), &part, 1, ret_mac);
}

static uint64_t
slot_offset(uint64_t sequence)
{
    return sequence % 2 * SPK_LOGSFILE_SECTOR;
}

spk_err
spk_logsfile_put(struct spk_logsfile *f, const struct spk_logat *at)
{
    uint8_t slot[SPK_LOGSFILE_SLOT];
    struct spk_hash mac;

    SPK_CHECK(!f->broken, IO);
    SPK_CHECK(f->sequence < UINT64_MAX, LIMIT);
    memcpy(slot, MAGIC, MAGIC_LEN);
    spk_put_u64(slot + MAGIC_LEN, f->sequence + 1);
    spk_put_u64(slot + MAGIC_LEN + 8, at->size);
    memcpy(slot + MAGIC_LEN + 16, at->root.b, SPK_HASH_LEN);
    SPK_TRY(slot_mac(f, slot, &mac));
    memcpy(slot + PLAIN_LEN, mac.b, SPK_HASH_LEN);
    SPK_TRY(spk_pwrite_full(f->fd, SPK_SPAN_OF(slot), slot_offset(f->sequence + 1)));
    if (fdatasync(f->fd) != 0) {
        f->broken = true; /* as for the journal: only a restart can tell */
        return spk_err_errno();
    }
    f->sequence++;
    return SPK_OK;
}

spk_err
spk_logsfile_make(int dirfd, const struct spk_keys *k, const struct spk_logat *at, bool replace)
{
    SPK_AUTO(spk_newfile) n = NULL;
    SPK_AUTO_LOGSFILE f = SPK_LOGSFILE_NONE;
    static const uint8_t zeros[SPK_LOGSFILE_LEN]; /* its blocks are there before they are needed */

    SPK_TRY(spk_newfile_open(dirfd, SPK_LOGSFILE_NAME, 0600, &n));
    SPK_TRY(spk_pwrite_full(spk_newfile_fd(n), SPK_SPAN_OF(zeros), 0));
    int fd = fcntl(spk_newfile_fd(n), F_DUPFD_CLOEXEC, 3);
    if (fd < 0) {
        return spk_err_errno();
    }
    SPK_TRY(spk_logsfile_on(fd, k, &f));
    SPK_TRY(spk_logsfile_put(&f, at));
    return spk_newfile_commit(n, replace);
}

/* -- Reading ----------------------------------------------------------------------------------- */

/* Takes the slot when it is whole and newer than the one that f has. */
static spk_err
slot_look(struct spk_logsfile *f, uint64_t which, const uint8_t slot[SPK_LOGSFILE_SLOT],
          struct spk_logat *at)
{
    uint64_t sequence = spk_get_u64(slot + MAGIC_LEN);
    struct spk_hash mac;

    SPK_TRY(slot_mac(f, slot, &mac));
    if (!spk_span_eq(spk_span(slot, MAGIC_LEN), spk_span_str(MAGIC)) || sequence == 0 ||
        sequence % 2 != which || !spk_ct_eq(mac.b, slot + PLAIN_LEN, SPK_HASH_LEN)) {
        f->torn = f->torn || !spk_ct_zero(slot, SPK_LOGSFILE_SLOT); /* zeros: not used yet */
        return SPK_OK;
    }
    if (sequence > f->sequence) {
        f->sequence = sequence;
        at->size = spk_get_u64(slot + MAGIC_LEN + 8);
        memcpy(at->root.b, slot + MAGIC_LEN + 16, SPK_HASH_LEN);
    }
    return SPK_OK;
}

spk_err
spk_logsfile_open(int dirfd, const struct spk_keys *k, struct spk_logsfile *ret_f,
                  struct spk_logat *ret_at)
{
    SPK_AUTO_LOGSFILE f = SPK_LOGSFILE_NONE;
    struct spk_logat at = {.size = 0};
    uint8_t slot[SPK_LOGSFILE_SLOT];
    struct stat st;
    int fd = openat(dirfd, SPK_LOGSFILE_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0) {
        return errno == ENOENT ? SPK_ERR(NOTFOUND) : spk_err_errno();
    }
    SPK_TRY(spk_logsfile_on(fd, k, &f));
    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(S_ISREG(st.st_mode) && st.st_size == (off_t)SPK_LOGSFILE_LEN, AUTH);
    for (uint64_t i = 0; i < 2; i++) {
        SPK_TRY(spk_pread_full(fd, slot, sizeof(slot), slot_offset(i)));
        SPK_TRY(slot_look(&f, i, slot, &at));
    }
    SPK_CHECK(f.sequence > 0, AUTH);
    *ret_f = f;
    f = SPK_LOGSFILE_NONE;
    *ret_at = at;
    return SPK_OK;
}
