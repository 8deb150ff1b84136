/* SPDX-License-Identifier: Apache-2.0 */
/* A header: core, areas, slots; opened with the key of the known answer, and walked. */
#include <stdlib.h>

#include "sealed/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct spk_secret *
known_key(void)
{
    static struct spk_secret *key;
    uint8_t k[32];
    for (unsigned i = 0; i < 32; i++) {
        k[i] = (uint8_t)i;
    }
    if (key == NULL && !spk_ok(spk_secret_from(SPK_SPAN_OF(k), &key))) {
        abort();
    }
    return key;
}

/* Every byte of every slot is inside the input's copy: reading them is what the sanitizer watches.
 */
static unsigned
walk(const struct spk_slots *slots)
{
    unsigned sum = 0;
    for (size_t i = 0; i < spk_slots_count(slots); i++) {
        const struct spk_slot *s = spk_slots_at(slots, i);
        for (size_t j = 0; j < s->body.len; j++) {
            sum += s->body.ptr[j];
        }
    }
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_header) h = NULL;
    volatile unsigned sum = 0;
    bool mac_ok = false;
    uint64_t generation;
    if (!spk_ok(spk_header_parse(spk_span(data, size), &h))) {
        return 0;
    }
    for (unsigned i = 0; i < 3; i++) {
        (void)spk_header_area_state(h, i, &generation);
    }
    if (spk_header_slots(h) != NULL) {
        sum += walk(spk_header_slots(h));
    }
    spk_err e = spk_header_open_key(h, known_key(), &mac_ok);
    if (spk_ok(e) && mac_ok) {
        sum += walk(spk_header_slots(h));
    }
    (void)sum;
    return 0;
}
