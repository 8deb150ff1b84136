/* SPDX-License-Identifier: Apache-2.0 */
/* A header whose core is damaged, from the core that a deposit kept (doc/spec/sealed-file.md,
 * "Rebuilding"). */
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "sealed/header_int.h"
#include "sealed/io.h"
#include "sealed/payload.h"

#define TRIES_MAX 256 /* each may cost a hash over a whole area */

/* Does the payload of this file begin where core says, and is it bound to it? */
static spk_err
core_fits(int fd, const struct spk_secret *key, const struct spk_core *core,
          struct spk_span core_bytes)
{
    struct spk_floe floe;
    SPK_WIPE_ON_EXIT(floe);
    struct spk_hash h;
    uint8_t header[SPK_FLOE_HEADER_LEN];
    uint64_t off = core_bytes.len + (uint64_t)spk_core_areas(core) * core->area_len;
    SPK_TRY(spk_pread_full(fd, header, sizeof header, off));
    SPK_TRY(spk_sha256(core_bytes, &h));
    return spk_payload_open_begin(&floe, key, core, &h, header);
}

/* All values of area_len: slots may have outgrown their area since the core was deposited, and a
 * rewrite changes nothing else of it. */
static spk_err
core_search(int fd, const struct spk_secret *key, struct spk_core core, struct spk_buf *ret_core)
{
    uint32_t least = spk_core_areas(&core) == 1 ? SPK_AREA_MIN_COMPACT : SPK_AREA_MIN;
    for (core.area_len = least; core.area_len <= SPK_AREA_MAX; core.area_len += SPK_AREA_UNIT) {
        spk_buf_reset(ret_core);
        SPK_TRY(spk_core_build(&core, ret_core));
        spk_err e = core_fits(fd, key, &core, spk_buf_span(ret_core));
        if (e.code != SPK_CODE_AUTH && e.code != SPK_CODE_TRUNC) {
            return e;
        }
    }
    return SPK_ERR(AUTH);
}

/* The core that this file's payload is bound to. */
static spk_err
core_find(int fd, const struct spk_secret *key, struct spk_span given, struct spk_buf *ret_core)
{
    struct spk_core core;
    struct spk_hash c;
    SPK_CHECK(spk_secret_len(key) == SPK_KEY_LEN, USAGE);
    SPK_TRY(spk_core_parse(given, &core));
    SPK_TRY(spk_commitment(key, &core.id, &c));
    SPK_CHECK(spk_ct_eq(c.b, core.commitment.b, sizeof c.b), AUTH);

    spk_err as_given = core_fits(fd, key, &core, given);
    if (spk_ok(as_given)) {
        return spk_buf_add(ret_core, given);
    }
    return spk_ok(core_search(fd, key, core, ret_core)) ? SPK_OK : as_given;
}

spk_err
spk_header_read_with_core(int fd, struct spk_span core_bytes, const struct spk_secret *key,
                          struct spk_header **ret_h)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return spk_err_errno();
    }
    SPK_CHECK(S_ISREG(st.st_mode), FORMAT);
    SPK_AUTO_BUF struct spk_buf image = SPK_BUF(SPK_HEADER_MAX);
    uint8_t *rest;
    size_t n;
    SPK_TRY(core_find(fd, key, core_bytes, &image));
    size_t core_len = image.len;
    SPK_TRY(spk_buf_grow(&image, SPK_HEADER_MAX - core_len, &rest));
    SPK_TRY(spk_io_pread_some(fd, rest, SPK_HEADER_MAX - core_len, core_len, &n));
    return spk_header_parse(spk_span(image.ptr, core_len + n), ret_h);
}

spk_err
spk_header_find_slots(int fd, struct spk_slots **ret_slots)
{
    SPK_AUTO_BUF struct spk_buf image = SPK_BUF(SPK_HEADER_MAX);
    uint8_t *p;
    size_t n;
    SPK_TRY(spk_buf_grow(&image, SPK_HEADER_MAX, &p));
    SPK_TRY(spk_io_pread_some(fd, p, SPK_HEADER_MAX, 0, &n));

    uint8_t *at = p;
    for (unsigned i = 0; i < TRIES_MAX; i++, at++) {
        at = memmem(at, n - (size_t)(at - p), SPK_AREA_MAGIC, SPK_AREA_MAGIC_LEN);
        if (at == NULL) {
            break;
        }
        size_t rest = n - (size_t)(at - p);
        struct spk_area a;
        SPK_TRY(spk_area_parse(spk_span(at, rest < SPK_AREA_MAX ? rest : SPK_AREA_MAX), &a));
        if (a.state == SPK_AREA_GOOD) {
            *ret_slots = a.slots;
            a.slots = NULL;
            spk_area_end(&a);
            return SPK_OK;
        }
        spk_area_end(&a);
    }
    return SPK_ERR(NOTFOUND);
}

spk_err
spk_header_check_core(const struct spk_header *h, struct spk_span deposited)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_CORE_MAX);
    struct spk_core core;

    SPK_TRY(spk_core_parse(deposited, &core));
    core.area_len = h->core.area_len;
    SPK_TRY(spk_core_build(&core, &b));
    SPK_CHECK(spk_span_eq(spk_buf_span(&b), h->core_bytes), AUTH);
    return SPK_OK;
}
