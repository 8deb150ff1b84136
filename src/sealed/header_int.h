/* SPDX-License-Identifier: Apache-2.0 */
/* What a header is made of: for header.c, lost_core.c and, by replace_int.h, what rewrites files.
 */
#ifndef SPK_SEALED_HEADER_INT_H
#define SPK_SEALED_HEADER_INT_H

#include "sealed/area.h"

struct spk_header {
    uint8_t *bytes; /* core and areas; what the file was too short for is zero */
    size_t len;
    struct spk_core core;
    struct spk_span core_bytes;
    struct spk_hash core_hash;
    struct spk_area area[2];
    struct spk_slots *best; /* borrowed from one of the areas */
    bool cut;               /* the file ends within the areas */
    bool mac_ok;            /* it was opened, and the MAC of the area of best has held */
};

/** Order in which areas are tried: highest generation first, A before B. */
unsigned spk_header_order(const struct spk_header *h, unsigned ret_order[2]);

#endif
