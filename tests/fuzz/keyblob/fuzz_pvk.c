/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a PVK file, opened with and without a password. A BLOB that comes out goes into
 * another file and comes out of that one again. */
#include <stdlib.h>

#include "keyblob/anyblob.h"
#include "keyblob/pvk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_again(struct spk_span blob, const struct spk_pvk *was, const struct spk_secret *pass)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF((size_t)1 << 20);
    SPK_AUTO(spk_secret) again = NULL;
    struct spk_pvk p;
    if (!spk_ok(spk_pvk_build(blob, was->spec, pass, &out)) ||
        !spk_ok(spk_pvk_parse(spk_buf_span(&out), &p)) || p.spec != was->spec ||
        !spk_ok(spk_pvk_open(&p, pass, &again)) || !spk_span_eq(spk_secret_span(again), blob)) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_secret) pass = NULL;
    SPK_AUTO(spk_secret) blob = NULL;
    SPK_AUTO(spk_anyrsa) pair = NULL;
    struct spk_pvk p;
    uint32_t alg = 0;
    if (size > ((size_t)1 << 16) || !spk_ok(spk_pvk_parse(spk_span(data, size), &p)) ||
        !spk_ok(spk_secret_from(spk_span_str("abc"), &pass))) {
        return 0;
    }
    if (p.salt.len != 0 && spk_pvk_open(&p, NULL, &blob).code != SPK_CODE_PASS) {
        abort();
    }
    if (!spk_ok(spk_pvk_open(&p, pass, &blob))) {
        return 0;
    }
    if (p.salt.len != 0) { /* so that it has the sign of a pair */
        write_again(spk_secret_span(blob), &p, pass);
    }
    write_again(spk_secret_span(blob), &p, NULL);
    (void)spk_ok(spk_anyblob_parse_private(spk_secret_span(blob), &alg, &pair));
    return 0;
}
