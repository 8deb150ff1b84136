/* SPDX-License-Identifier: Apache-2.0 */
/* A payload of three segments with damage that the input chooses: it opens to the same text, or not
 * at all.
 *
 * The input is a list of edits, 5 bytes each: what (cut, flip, insert, copy), and where (u32,
 * modulo length). An input whose first byte is FF is the payload itself. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sealed/payload.h"
#include "sealed/seal.h"

#define SEG 4096u
#define TEXT (2 * (SEG - SPK_FLOE_OVERHEAD) + 100u)
#define SEALED (SPK_FLOE_HEADER_LEN + 2 * SEG + 100u + SPK_FLOE_OVERHEAD)
#define ROOM (4 * SEALED)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct spk_secret *key;
static struct spk_buf core_bytes = SPK_BUF(SPK_CORE_MAX);
static uint8_t text[TEXT];
static uint8_t sealed[SEALED];
static int in_fd = -1, out_fd = -1;

static void
must(bool yes)
{
    if (!yes) {
        abort();
    }
}

static void
seal_segments(const struct spk_floe *f)
{
    static const uint8_t iv[SPK_AEAD_IV_LEN] = {3};
    struct spk_floe_worker w;
    must(spk_ok(spk_floe_worker_begin(&w, f)));
    for (unsigned i = 0; i < 3; i++) {
        uint8_t *seg = sealed + SPK_FLOE_HEADER_LEN + i * SEG;
        size_t n = i < 2 ? SEG - SPK_FLOE_OVERHEAD : 100;
        memcpy(seg + SPK_FLOE_SEG_HEAD, text + i * (SEG - SPK_FLOE_OVERHEAD), n);
        must(spk_ok(spk_floe_seal(&w, i, i == 2, iv, seg, n)));
    }
    spk_floe_worker_end(&w);
}

static void
setup(void)
{
    static const uint8_t k[32] = {1}, iv[SPK_FLOE_IV_LEN] = {2};
    struct spk_core core = {.area_len = 256, .seg_len = SEG, .flags = SPK_CORE_FLAG_COMPACT};
    struct spk_hash core_hash;
    struct spk_floe f;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i * 37 >> 3);
    }
    must(spk_ok(spk_secret_from(SPK_SPAN_OF(k), &key)));
    must(spk_ok(spk_core_build(&core, &core_bytes)));
    must(spk_ok(spk_sha256(spk_buf_span(&core_bytes), &core_hash)));
    must(spk_ok(spk_payload_seal_begin(&f, key, &core, &core_hash, iv, sealed)));
    seal_segments(&f);
    in_fd = memfd_create("in", MFD_CLOEXEC);
    out_fd = memfd_create("out", MFD_CLOEXEC);
    must(in_fd >= 0 && out_fd >= 0);
}

/* One edit of the n bytes at b; gives the new length. */
static size_t
edit(uint8_t *b, size_t n, uint8_t what, uint32_t where)
{
    size_t at = n == 0 ? 0 : where % n;
    switch (what % 4) {
    case 0:
        return at;
    case 1:
        if (n > 0) {
            b[at] ^= (uint8_t)(1u << (what / 4 % 8));
        }
        return n;
    case 2:
        if (n < ROOM) {
            memmove(b + at + 1, b + at, n - at);
            b[at] = what;
            return n + 1;
        }
        return n;
    default: { /* what follows the place once more, at the end */
        size_t more = n - at < ROOM - n ? n - at : ROOM - n;
        memmove(b + n, b + at, more);
        return n + more;
    }
    }
}

static void
open_one(const uint8_t *payload, size_t n)
{
    SPK_AUTO(spk_header) h = NULL;
    static uint8_t head[SPK_CORE_FIXED + 256];
    static uint8_t got[TEXT];
    struct spk_open_opts opts = {.threads = 1};
    uint64_t bytes = 0;
    memcpy(head, core_bytes.ptr, core_bytes.len);
    must(spk_ok(spk_header_parse(SPK_SPAN_OF(head), &h)));
    must(ftruncate(in_fd, 0) == 0 && ftruncate(out_fd, 0) == 0);
    must(lseek(out_fd, 0, SEEK_SET) == 0);
    must(spk_ok(spk_pwrite_full(in_fd, SPK_SPAN_OF(head), 0)));
    must(spk_ok(spk_pwrite_full(in_fd, spk_span(payload, n), sizeof head)));
    if (!spk_ok(spk_open_run(h, key, in_fd, out_fd, &opts, &bytes))) {
        return;
    }
    must(n == sizeof sealed && spk_span_eq(spk_span(payload, n), SPK_SPAN_OF(sealed)));
    must(bytes == TEXT && spk_ok(spk_pread_full(out_fd, got, TEXT, 0)));
    must(spk_span_eq(SPK_SPAN_OF(got), SPK_SPAN_OF(text)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t work[ROOM + 1];
    if (key == NULL) {
        setup();
    }
    if (size > 0 && data[0] == 0xff) {
        open_one(data + 1, size - 1 < ROOM ? size - 1 : ROOM);
        return 0;
    }
    size_t n = sizeof sealed;
    memcpy(work, sealed, n);
    for (size_t i = 0; i + 5 <= size && i < 5 * 16; i += 5) {
        n = edit(work, n, data[i], spk_get_u32(data + i + 1));
    }
    open_one(work, n);
    return 0;
}
