/* SPDX-License-Identifier: Apache-2.0 */
#include "client/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/scope.h"

#define DEPOSITS "deposited"
#define REQUESTS "asked"
#define DEPOSIT_LEN (8 + SPK_FILE_ID_LEN)
#define LEDGER_MAX ((size_t)1 << 30) /* 40 million deposits */

static spk_err
path_of(const struct spk_profile *p, const char *folder, const struct spk_pin *pin,
        char **ret_folder, char **ret_path)
{
    SPK_TRY(spk_profile_data_path(p, folder, ret_folder));
    return spk_path_join(*ret_folder, pin->name, ret_path);
}

/* A last record that a crash or a full disk has cut short goes. Who holds the lock writes alone. */
static spk_err
mend_end(int fd, size_t len)
{
    struct stat st;

    if (flock(fd, LOCK_EX) != 0 || fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK((uint64_t)st.st_size < LEDGER_MAX, LIMIT);
    off_t torn = st.st_size % (off_t)len;
    if (torn != 0 && ftruncate(fd, st.st_size - torn) != 0) {
        return spk_err_errno();
    }
    return SPK_OK;
}

static spk_err
append(const struct spk_profile *p, const char *folder, const struct spk_pin *pin,
       struct spk_span records, size_t len)
{
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(path_of(p, folder, pin, &dir, &path));
    SPK_TRY(spk_mkdirs(dir, 0700));
    SPK_AUTO_FD int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return spk_err_errno();
    }
    SPK_TRY(mend_end(fd, len));
    return spk_write_full(fd, records);
}

static spk_err
load(const struct spk_profile *p, const char *folder, const struct spk_pin *pin, size_t len,
     struct spk_buf *ret_b)
{
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(path_of(p, folder, pin, &dir, &path));
    spk_err e = spk_file_read(AT_FDCWD, path, ret_b);
    if (e.code == SPK_CODE_NOTFOUND) {
        return SPK_OK;
    }
    SPK_TRY(e);
    ret_b->len -= ret_b->len % len;
    return SPK_OK;
}

spk_err
spk_ledger_add_deposit(const struct spk_profile *p, const struct spk_rpub *rpub, uint64_t index)
{
    const struct spk_authority *a = NULL;
    const struct spk_pin *pin = NULL;
    uint8_t record[DEPOSIT_LEN];

    SPK_TRY(spk_profile_by_key(p, &rpub->authority, &pin, &a));
    spk_put_u64(record, index);
    memcpy(record + 8, rpub->id.b, SPK_FILE_ID_LEN);
    return append(p, DEPOSITS, pin, SPK_SPAN_OF(record), DEPOSIT_LEN);
}

static int
by_number(const void *a, const void *b)
{
    uint64_t x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

spk_err
spk_ledger_indices(const struct spk_profile *p, const struct spk_pin *pin, uint64_t **ret_list,
                   size_t *ret_n)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(LEDGER_MAX);

    SPK_TRY(load(p, DEPOSITS, pin, DEPOSIT_LEN, &b));
    size_t n = b.len / DEPOSIT_LEN;
    uint64_t *list = spk_calloc(n + 1, sizeof(*list));
    SPK_CHECK(list != NULL, NOMEM);
    for (size_t i = 0; i < n; i++) {
        list[i] = spk_get_u64(b.ptr + i * DEPOSIT_LEN);
    }
    qsort(list, n, sizeof(*list), by_number);
    *ret_list = list;
    *ret_n = n;
    return SPK_OK;
}

bool
spk_ledger_is_fresh(const struct spk_profile *p, const struct spk_pin *pin, uint64_t ms)
{
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *path = NULL;
    struct stat st;

    return spk_ok(path_of(p, DEPOSITS, pin, &dir, &path)) && stat(path, &st) == 0 &&
           (uint64_t)st.st_mtime * 1000 + ms > spk_now_ms();
}

spk_err
spk_ledger_add_request(const struct spk_profile *p, const struct spk_pin *pin,
                       const struct spk_hash *request)
{
    return append(p, REQUESTS, pin, spk_hash_span(request), SPK_HASH_LEN);
}

spk_err
spk_ledger_has_request(const struct spk_profile *p, const struct spk_pin *pin,
                       const struct spk_hash *request, bool *ret_has)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(LEDGER_MAX);

    SPK_TRY(load(p, REQUESTS, pin, SPK_HASH_LEN, &b));
    *ret_has = false;
    for (size_t i = 0; i < b.len; i += SPK_HASH_LEN) {
        *ret_has |= spk_span_eq(spk_span(b.ptr + i, SPK_HASH_LEN), spk_hash_span(request));
    }
    return SPK_OK;
}
