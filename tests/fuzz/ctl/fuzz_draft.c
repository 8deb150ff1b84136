/* SPDX-License-Identifier: Apache-2.0 */
/* Files with officers' public lines. Whatever is taken can be written, and reads back the same. */
#include <stdlib.h>
#include <string.h>

#include "ctl/draft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_STR struct spk_policy *p = spk_calloc(1, sizeof(*p));

    if (p == NULL || !spk_ok(ctl_draft_add(p, spk_span(data, size)))) {
        return 0;
    }
    for (size_t i = 0; i < p->n_officers; i++) {
        SPK_AUTO_BUF struct spk_buf line = SPK_BUF((size_t)SPK_NOTE_MAX);
        struct spk_officer back;

        if (!spk_ok(ctl_officer_line(&p->officers[i], &line)) ||
            !spk_ok(ctl_officer_parse(spk_span(line.ptr, line.len - 1), &back)) ||
            strcmp(back.key.name, p->officers[i].key.name) != 0) {
            abort();
        }
    }
    return 0;
}
