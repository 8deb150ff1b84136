/* SPDX-License-Identifier: Apache-2.0 */
/* An officer's identity file. What is taken must be whole: locked without keys, or open with both.
 */
#include <stdlib.h>

#include "ctl/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_identity) id = NULL;

    if (!spk_ok(spk_identity_parse(spk_span(data, size), &id))) {
        return 0;
    }
    if (id->locked != (id->sign == NULL) || id->locked != (id->seal == NULL) ||
        !spk_officer_name_ok(id->name) || id->officer.n_owners > SPK_OFFICER_OWNERS_MAX) {
        abort();
    }
    return 0;
}
