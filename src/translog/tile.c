/* SPDX-License-Identifier: Apache-2.0 */
#include "translog/tile.h"

#include <inttypes.h>
#include <string.h>

#include "base/rd.h"
#include "base/text.h"

/* -- names ------------------------------------------------------------------------------------- */

/* N in groups of three digits, all but the last with an x before them. */
static spk_err
path_number(uint64_t n, struct spk_buf *out)
{
    uint16_t group[8];
    size_t count = 0;

    do {
        group[count++] = (uint16_t)(n % 1000);
        n /= 1000;
    } while (n > 0);
    while (count > 1) {
        SPK_TRY(spk_buf_printf(out, "x%03u/", (unsigned)group[--count]));
    }
    return spk_buf_printf(out, "%03u", (unsigned)group[0]);
}

spk_err
spk_tile_path(const struct spk_tile *t, struct spk_buf *out)
{
    SPK_CHECK(t->width >= 1 && t->width <= SPK_TILE_WIDTH && t->level < SPK_TILE_LEVELS, USAGE);
    SPK_CHECK(t->n <= SPK_LOG_MAX / SPK_TILE_WIDTH, USAGE);
    if (t->entries) {
        SPK_TRY(spk_buf_str(out, "tile/entries/"));
    } else {
        SPK_TRY(spk_buf_printf(out, "tile/%u/", t->level));
    }
    SPK_TRY(path_number(t->n, out));
    return t->width == SPK_TILE_WIDTH ? SPK_OK : spk_buf_printf(out, ".p/%u", t->width);
}

static bool
three_digits(struct spk_span s, uint64_t *ret_v)
{
    uint64_t v = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return false;
        }
        v = 10 * v + (uint64_t)(s.ptr[i] - '0');
    }
    *ret_v = v;
    return s.len == 3;
}

static spk_err
parse_number(struct spk_span *rest, uint64_t *ret_n)
{
    struct spk_span group;
    uint64_t n = 0, part = 0;

    while (rest->len > 0 && rest->ptr[0] == 'x') {
        SPK_CHECK(spk_split(rest, '/', &group), FORMAT);
        SPK_CHECK(three_digits(spk_span(group.ptr + 1, group.len - 1), &part), FORMAT);
        n = 1000 * n + part;
        SPK_CHECK(n <= SPK_LOG_MAX / 1000, LIMIT);
    }
    SPK_CHECK(rest->len >= 3 && three_digits(spk_span(rest->ptr, 3), &part), FORMAT);
    *rest = spk_span(rest->ptr + 3, rest->len - 3);
    *ret_n = 1000 * n + part;
    return SPK_OK;
}

spk_err
spk_tile_parse(struct spk_span path, struct spk_tile *ret_t)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(2 * SPK_TILE_PATH_MAX);
    struct spk_tile t = {.width = SPK_TILE_WIDTH};
    struct spk_span rest = path, level;
    uint64_t v = 0;

    SPK_CHECK(path.len <= SPK_TILE_PATH_MAX, LIMIT);
    SPK_CHECK(spk_skip_prefix(&rest, "tile/") && spk_split(&rest, '/', &level), FORMAT);
    t.entries = spk_span_eq(level, spk_span_str("entries"));
    if (!t.entries) {
        SPK_TRY(spk_dec_parse(level, SPK_TILE_LEVELS - 1, &v));
        t.level = (unsigned)v;
    }
    SPK_TRY(parse_number(&rest, &t.n));
    if (spk_skip_prefix(&rest, ".p/")) {
        SPK_TRY(spk_dec_parse(rest, SPK_TILE_WIDTH - 1, &v));
        t.width = (unsigned)v;
    } else {
        SPK_CHECK(rest.len == 0, FORMAT);
    }
    SPK_TRY(spk_tile_path(&t, &again)); /* leading groups of zeros, width 0 */
    SPK_CHECK(spk_span_eq(spk_buf_span(&again), path), FORMAT);
    *ret_t = t;
    return SPK_OK;
}

unsigned
spk_tile_width(uint64_t size, unsigned level, uint64_t n)
{
    uint64_t nodes = level < SPK_TILE_LEVELS ? size >> (SPK_TILE_HEIGHT * level) : 0;

    if (n >= nodes / SPK_TILE_WIDTH) {
        return n == nodes / SPK_TILE_WIDTH ? (unsigned)(nodes % SPK_TILE_WIDTH) : 0;
    }
    return SPK_TILE_WIDTH;
}

/* -- nodes ------------------------------------------------------------------------------------- */

void
spk_tile_of(unsigned level, uint64_t index, struct spk_tile *ret_t)
{
    unsigned above = level % SPK_TILE_HEIGHT; /* of the tile's own hashes */

    *ret_t = (struct spk_tile){.level = level / SPK_TILE_HEIGHT,
                               .n = index << above >> SPK_TILE_HEIGHT,
                               .width = SPK_TILE_WIDTH};
}

spk_err
spk_tile_node(const struct spk_hash *hashes, unsigned width, unsigned level, uint64_t index,
              struct spk_hash *ret_h)
{
    unsigned above = level % SPK_TILE_HEIGHT, n = 1u << above;
    unsigned first = (unsigned)(index << above) % SPK_TILE_WIDTH;

    SPK_CHECK(first + n <= width && width <= SPK_TILE_WIDTH, NOTFOUND);
    return spk_tree_root(hashes + first, n, ret_h);
}

/* -- bundles ----------------------------------------------------------------------------------- */

spk_err
spk_bundle_add(struct spk_buf *out, struct spk_span entry)
{
    SPK_CHECK(entry.len <= SPK_LOG_ENTRY_MAX, LIMIT);
    SPK_TRY(spk_buf_u16(out, (uint16_t)entry.len));
    return spk_buf_add(out, entry);
}

spk_err
spk_bundle_parse(struct spk_span bytes, unsigned width, struct spk_span ret_entries[SPK_TILE_WIDTH])
{
    struct spk_rd r = spk_rd(bytes);

    SPK_CHECK(width <= SPK_TILE_WIDTH, USAGE);
    for (unsigned i = 0; i < width; i++) {
        SPK_TRY(spk_rd_var16(&r, SPK_LOG_ENTRY_MAX, &ret_entries[i]));
    }
    return spk_rd_end(&r);
}
