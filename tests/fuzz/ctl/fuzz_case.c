/* SPDX-License-Identifier: Apache-2.0 */
/* What an authority answers to an officer's tool: a page of a scope, or the preimages when the
 * first byte is not a brace. A fault always has its sentence. */
#include <stdlib.h>

#include "ctl/case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static spk_err
look(struct ctl_case *c, const struct spk_json *j, bool page)
{
    if (!page) {
        return ctl_case_take(c, j);
    }
    c->request.select = SPK_SELECT_ALL;
    SPK_TRY(ctl_case_page(c, j));
    return ctl_case_end(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct spk_pin nobody;
    static const struct spk_hash hash;
    SPK_AUTO(spk_json) j = NULL;
    SPK_AUTO(ctl_case) c = NULL;
    bool page = size > 0 && data[0] == '{';
    size_t skip = size > 0 && !page ? 1 : 0;
    spk_err e;

    if (!spk_ok(spk_json_parse(spk_span(data + skip, size - skip), &j)) ||
        !spk_ok(ctl_case_new(&nobody, &hash, &c))) {
        return 0;
    }
    e = look(c, j, page);
    if (e.code == SPK_CODE_AUTH && c->fault == NULL) {
        abort();
    }
    return 0;
}
