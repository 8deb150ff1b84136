/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/replace_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define LOCK_TRIES 100
#define NO_AREA 2u
#define GROW_UNIT 4096u /* of a two-area form that is outgrown: not again for the next slot */

uint64_t spk_replace_wait_ms = 20000;
spk_err (*spk_replace_pwrite)(int fd, struct spk_span s, uint64_t off) = spk_pwrite_full;

/* ---- the file ---- */

static void
target_end(struct spk_target *t)
{
    if (t->fd >= 0) {
        close(t->fd); /* and unlocks */
    }
    t->fd = -1;
    spk_mem_free(t->path);
    t->path = NULL;
}
#define AUTO_TARGET __attribute__((cleanup(target_end)))

/* A file that we may read but not write can still be replaced by a rewrite. */
static spk_err
target_open_fd(struct spk_target *t, const char *path)
{
    t->read_only = false;
    t->fd = openat(t->dirfd, path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (t->fd < 0 && errno == EACCES) {
        t->fd = openat(t->dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        t->read_only = true;
    }
    if (t->fd < 0) {
        return errno == EISDIR ? SPK_ERR(FORMAT) : spk_err_errno();
    }
    SPK_TRY(spk_lock_wait(t->fd, spk_replace_wait_ms));
    return fstat(t->fd, &t->st) != 0 ? spk_err_errno() : SPK_OK;
}

/* A rename must hit the file, not a symbolic link that leads to it. */
static spk_err
target_name(struct spk_target *t, const char *path)
{
    struct stat link;
    char proc[64];
    char real[PATH_MAX];
    if (fstatat(t->dirfd, path, &link, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(link.st_mode)) {
        snprintf(proc, sizeof proc, "/proc/self/fd/%d", t->fd);
        ssize_t n = readlink(proc, real, sizeof real - 1);
        if (n < 0) {
            return spk_err_errno();
        }
        real[n] = '\0';
        path = real;
    }
    t->path = spk_strdup(path);
    SPK_CHECK(t->path != NULL, NOMEM);
    return SPK_OK;
}

/* Open and lock. Another replacer may have renamed a new file into place while we waited for the
 * lock on the old one: then begin again with the new one. */
static spk_err
target_open(int dirfd, const char *path, struct spk_target *t)
{
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        struct stat now;
        target_end(t);
        t->dirfd = dirfd;
        SPK_TRY(target_open_fd(t, path));
        SPK_CHECK(S_ISREG(t->st.st_mode), FORMAT);
        if (fstatat(dirfd, path, &now, 0) == 0 && now.st_ino == t->st.st_ino &&
            now.st_dev == t->st.st_dev) {
            return target_name(t, path);
        }
    }
    return SPK_ERR(BUSY);
}

/* ---- in place ---- */

spk_err
spk_next_generation(const struct spk_header *h, const struct spk_secret *key,
                    uint64_t *ret_generation, unsigned *ret_newest)
{
    unsigned order[2];
    unsigned n = spk_header_order(h, order);
    uint64_t generation = 1;
    unsigned newest = NO_AREA;
    for (unsigned i = 0; i < n && newest == NO_AREA; i++) {
        const struct spk_area *a = &h->area[order[i]];
        bool ok;
        SPK_TRY(spk_area_mac_ok(a, &h->core.id, &h->core_hash, key, &ok));
        if (ok) {
            newest = order[i];
            generation = a->generation == UINT64_MAX ? 1 : a->generation + 1;
        }
    }
    *ret_generation = generation;
    *ret_newest = newest;
    return SPK_OK;
}

static spk_err
write_durably(int fd, struct spk_span s, uint64_t off)
{
    SPK_TRY(spk_replace_pwrite(fd, s, off));
    return fdatasync(fd) != 0 ? spk_err_errno() : SPK_OK;
}

/* The copy that is not the newest good one goes first: at every moment one of the two is whole. */
static spk_err
areas_in_place(const struct spk_target *t, const struct spk_header *h, const struct spk_secret *key,
               const struct spk_slots *slots)
{
    SPK_AUTO_BUF struct spk_buf area = SPK_BUF(SPK_AREA_MAX);
    uint64_t generation;
    unsigned newest;
    SPK_TRY(spk_next_generation(h, key, &generation, &newest));
    SPK_TRY(spk_area_build(&h->core, &h->core_hash, key, generation, slots, &area));
    unsigned first = newest == 1 ? 0 : 1;
    for (unsigned i = 0; i < 2; i++) {
        unsigned which = i == 0 ? first : 1 - first;
        uint64_t off = h->core_bytes.len + (uint64_t)which * h->core.area_len;
        SPK_TRY(write_durably(t->fd, spk_buf_span(&area), off));
    }
    const struct timespec times[2] = {t->st.st_atim, t->st.st_mtim};
    (void)futimens(t->fd, times);
    return SPK_OK;
}

/* An area_len in which these slots fit; the present one if it does. */
static spk_err
area_len_for(const struct spk_core *core, const struct spk_slots *slots, uint32_t *ret_len)
{
    size_t need = spk_slots_area_need(slots);
    size_t unit = (core->flags & SPK_CORE_FLAG_COMPACT) ? SPK_AREA_UNIT : GROW_UNIT;
    SPK_CHECK(need <= SPK_AREA_MAX, LIMIT);
    *ret_len = core->area_len;
    if (need > core->area_len) {
        *ret_len = (uint32_t)((need + unit - 1) / unit * unit);
    }
    return SPK_OK;
}

static bool
goes_in_place(const struct spk_target *t, const struct spk_core *core, uint32_t area_len)
{
    return !t->read_only && (core->flags & SPK_CORE_FLAG_COMPACT) == 0 &&
           area_len == core->area_len;
}

spk_err
spk_sealed_replace_slots(int dirfd, const char *path, const struct spk_secret *key,
                         const struct spk_slots *slots)
{
    AUTO_TARGET struct spk_target t = {.fd = -1};
    SPK_AUTO(spk_header) h = NULL;
    bool mac_ok;
    uint32_t area_len;
    SPK_TRY(target_open(dirfd, path, &t));
    SPK_TRY(spk_header_read(t.fd, &h));
    SPK_TRY(spk_header_open_key(h, key, &mac_ok)); /* who knows K may mend what the MAC denies */
    SPK_TRY(area_len_for(&h->core, slots, &area_len));
    if (goes_in_place(&t, &h->core, area_len)) {
        return areas_in_place(&t, h, key, slots);
    }
    return spk_target_rewrite(&t, h, key, slots, area_len);
}

/* ---- a damaged core ---- */

spk_err
spk_sealed_rebuild(int dirfd, const char *path, struct spk_span core_bytes,
                   const struct spk_secret *key, const struct spk_slots *slots)
{
    AUTO_TARGET struct spk_target t = {.fd = -1};
    SPK_AUTO(spk_header) h = NULL;
    uint32_t area_len;
    SPK_TRY(target_open(dirfd, path, &t));
    SPK_TRY(spk_header_read_with_core(t.fd, core_bytes, key, &h));
    SPK_TRY(area_len_for(&h->core, slots, &area_len));
    if (!goes_in_place(&t, &h->core, area_len)) {
        return spk_target_rewrite(&t, h, key, slots, area_len);
    }
    SPK_TRY(write_durably(t.fd, h->core_bytes, 0));
    return areas_in_place(&t, h, key, slots);
}
