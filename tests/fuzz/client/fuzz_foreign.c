/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a file of another program, and its decryption with a fixed key. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "client/foreign_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t algs[] = {SPK_CALG_RC4, SPK_CALG_AES_128, SPK_CALG_3DES};

static void
decrypt(int in, const struct spk_foreign_file *f, int out)
{
    static const uint8_t key[24] = {1, 2, 3};
    static const size_t lens[] = {16, 16, 24};

    for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
        const struct spk_plainkey k = {.alg = algs[i], .key = spk_span(key, lens[i])};
        spk_err e = spk_foreign_file_decrypt(in, f, &k, out);

        if (spk_ok(e) && f->payload == 0) {
            abort();
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_FD int in = memfd_create("in", MFD_CLOEXEC);
    SPK_AUTO_FD int out = memfd_create("out", MFD_CLOEXEC);
    struct spk_foreign_file f;

    if (in < 0 || out < 0 || !spk_ok(spk_write_full(in, spk_span(data, size)))) {
        abort();
    }
    if (!spk_ok(spk_foreign_file_read(in, &f))) {
        return 0;
    }
    if (f.payload > size || f.blob.len > size) {
        abort();
    }
    decrypt(in, &f, out);
    spk_foreign_file_clear(&f);
    return 0;
}
