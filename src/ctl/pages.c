/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of an authority, which come in pages: "next" of an answer is "after" of the next question
 * (doc/spec/http-api.yaml). */
#include <string.h>

#include "base/text.h"
#include "ctl/ctl.h"

#define PATH_MAX_LEN ((size_t)2048)

static spk_err
get_page(struct ctl_desk *d, const char *path, bool first, uint64_t after, struct spk_json **ret_j)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(PATH_MAX_LEN);
    const char *text = NULL;

    SPK_TRY(spk_buf_str(&b, path));
    if (!first) {
        SPK_TRY(spk_buf_printf(&b, "%cafter=%llu", strchr(path, '?') != NULL ? '&' : '?',
                               (unsigned long long)after));
    }
    SPK_TRY(spk_buf_cstr(&b, &text));
    return spk_api_get(d->api, text, ret_j);
}

/* A list that does not come in pages has no "next"; one that does, ends with null. */
static spk_err
next_page(const struct spk_json *j, bool first, uint64_t *after, bool *ret_more)
{
    uint64_t next = 0;

    *ret_more = spk_json_has(j, "next") && !spk_json_is_null(j, "next");
    if (*ret_more) {
        SPK_CHECK(spk_ok(spk_json_u64(j, "next", &next)), PROTO);
        SPK_CHECK(first || next > *after, PROTO); /* or it would never end */
        *after = next;
    }
    return SPK_OK;
}

int
ctl_desk_list(struct ctl_desk *d, const char *path, const char *member, ctl_entry_fn fn, void *ctx)
{
    uint64_t after = 0;
    bool more = true;

    for (bool first = true; more; first = false) {
        SPK_AUTO(spk_json) j = NULL;
        const struct spk_json *list = NULL;
        size_t n = 0;
        spk_err e = term_stop ? SPK_ERR(STOPPED) : get_page(d, path, first, after, &j);

        if (spk_ok(e) && !spk_ok(spk_json_array(j, member, &list, &n))) {
            e = SPK_ERR(PROTO);
        }
        e = spk_ok(e) ? next_page(j, first, &after, &more) : e;
        if (!spk_ok(e)) {
            return term_error(TERM_ABOUT_PEER, NULL, e, &d->trouble);
        }
        for (size_t i = 0; i < n; i++) {
            int status = fn(ctx, spk_json_at(list, i));

            if (status != TERM_GO_ON) {
                return status;
            }
        }
    }
    return TERM_GO_ON;
}
