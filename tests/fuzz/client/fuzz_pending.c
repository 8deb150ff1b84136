/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pending.h"
#include "framed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(size + 4096);
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(size + 4096);
    SPK_AUTO(spk_pending) p = spk_calloc(1, sizeof(*p));

    if (p == NULL) {
        abort();
    }
    p->record = SPK_BUF((size_t)SPK_REQ_RECORD_MAX);
    p->sig_sign = SPK_BUF((size_t)SPK_RSA_MAX_LEN);
    p->sig_keyx = SPK_BUF((size_t)SPK_RSA_MAX_LEN);
    p->serials = SPK_BUF((size_t)1 << 20);
    fuzz_frame("sparekey/1 pending\n", data, size, &b);
    if (spk_ok(spk_pending_parse(spk_buf_span(&b), p))) {
        if (!spk_ok(spk_pending_build(p, &again))) {
            abort();
        }
        fuzz_same(&b, &again);
    }
    return 0;
}
