/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed-file layer as two commands, for tests that run another program beside it.
 *
 *     sealed_tool seal PAIR.der IN OUT SEG_LEN COMPACT THREADS    prints the code, "ok" or another
 *     sealed_tool open PAIR.der IN OUT THREADS
 *
 * IN and OUT may be "-". */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sealed/metadata.h"
#include "sealed/seal.h"

static spk_err
load_pair(const char *path, struct spk_rsa **ret_pair)
{
    SPK_AUTO_BUF struct spk_buf der = SPK_BUF(10000);
    SPK_TRY(spk_file_read(AT_FDCWD, path, &der));
    return spk_rsa_from_pkcs8(spk_buf_span(&der), NULL, ret_pair);
}

static int
open_in(const char *path)
{
    return spk_span_eq(spk_span_str(path), SPK_SPAN_LIT("-")) ? STDIN_FILENO
                                                              : open(path, O_RDONLY | O_CLOEXEC);
}

static int
open_out(const char *path)
{
    return spk_span_eq(spk_span_str(path), SPK_SPAN_LIT("-"))
               ? STDOUT_FILENO
               : open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static spk_err
add_slots(struct spk_seal *s, const struct spk_rsa *pair)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(2000);
    unsigned flags = SPK_WRAP_OAEP | SPK_WRAP_DERIVED;
    SPK_TRY(spk_wrap(spk_seal_key(s), pair, spk_seal_id(s), flags, &blob));
    struct spk_slot slot = {.type = SPK_SLOT_USER,
                            .flags = (uint16_t)flags,
                            .recipient = *spk_rsa_id(pair),
                            .body = spk_buf_span(&blob)};
    return spk_slots_add(spk_seal_slots(s), &slot);
}

static spk_err
add_metadata(struct spk_seal *s)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_AREA_MAX);
    struct spk_metadata m = {.name = "a name", .mode = 0640, .mtime_ns = 12345, .size = UINT64_MAX};
    struct spk_span core;
    struct spk_hash core_hash;
    spk_seal_reserve(s, SPK_SLOT_HEAD + spk_metadata_body_len(&m));
    SPK_TRY(spk_seal_core(s, &core));
    SPK_TRY(spk_sha256(core, &core_hash));
    SPK_TRY(spk_metadata_seal(spk_seal_key(s), spk_seal_id(s), &core_hash, &m, &body));
    struct spk_slot slot = {.type = SPK_SLOT_METADATA, .body = spk_buf_span(&body)};
    return spk_slots_add(spk_seal_slots(s), &slot);
}

static spk_err
do_seal(const struct spk_rsa *pair, int in, int out, char *const *numbers)
{
    const struct spk_seal_opts opts = {
        .seg_len = (uint32_t)strtoul(numbers[0], NULL, 10),
        .compact = (int)strtol(numbers[1], NULL, 10),
        .threads = (unsigned)strtoul(numbers[2], NULL, 10),
    };
    SPK_AUTO(spk_seal) s = NULL;
    struct stat st;
    if (fstat(in, &st) != 0) {
        return spk_err_errno();
    }
    uint64_t size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : UINT64_MAX;
    SPK_TRY(spk_seal_begin(size, SPK_SPAN_EMPTY, &opts, &s));
    SPK_TRY(add_slots(s, pair));
    SPK_TRY(add_metadata(s));
    return spk_seal_run(s, in, out);
}

static spk_err
do_open(const struct spk_rsa *pair, int in, int out, char *const *numbers)
{
    const struct spk_open_opts opts = {.threads = (unsigned)strtoul(numbers[0], NULL, 10)};
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    uint64_t n;
    SPK_TRY(spk_header_read(in, &h));
    SPK_TRY(spk_header_open(h, pair, &key));
    return spk_open_run(h, key, in, out, &opts, &n);
}

int
main(int argc, char **argv)
{
    bool seal = argc == 8 && argv[1][0] == 's';
    if (!seal && argc != 6) {
        return 2;
    }
    SPK_AUTO(spk_rsa) pair = NULL;
    int in = open_in(argv[3]);
    int out = open_out(argv[4]);
    spk_err e = load_pair(argv[2], &pair);
    if (spk_ok(e)) {
        e = seal ? do_seal(pair, in, out, argv + 5) : do_open(pair, in, out, argv + 5);
    }
    fprintf(stderr, "%s\n", spk_code_name(e.code));
    return spk_ok(e) ? 0 : 1;
}
