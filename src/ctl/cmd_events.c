/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl events: what has happened at an authority, oldest first, from its store. The server
 * may run meanwhile. */
#include "base/clock.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/site.h"

#define PAGE 1000

struct events {
    const struct term *c;
    struct spk_jw w;
    uint64_t last;
    size_t n;
};

static spk_err
event_line(void *arg, uint64_t number, uint64_t time_ms, struct spk_span kind,
           struct spk_span detail)
{
    struct events *v = arg;
    char iso[21];

    v->last = number;
    v->n++;
    if (!v->c->json) {
        printf("%llu  %s  %s", (unsigned long long)number, spk_time_iso(time_ms / 1000, iso),
               term_shown_span(kind));
        printf("  %s\n", term_shown_span(detail));
        return SPK_OK;
    }
    spk_jw_open(&v->w, NULL, '{');
    spk_jw_u64(&v->w, "number", number);
    spk_jw_u64(&v->w, "time", time_ms);
    spk_jw_str(&v->w, "kind", kind);
    spk_jw_str(&v->w, "detail", detail);
    spk_jw_close(&v->w, '}');
    return SPK_OK;
}

static spk_err
walk(struct spk_store *store, struct events *v)
{
    size_t before = 0;

    do {
        before = v->n;
        SPK_TRY(spk_store_events(store, v->last, PAGE, event_line, v));
    } while (v->n == before + PAGE);
    return SPK_OK;
}

int
ctl_events(struct term *c, int argc, char **argv)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1 << 30);
    char *after = NULL;
    const struct term_opt opts[] = {
        {"after", 0, TERM_TEXT, &after, "N", N_("only those after this number")},
    };
    struct events v = {.c = c, .w = {.b = &b}};
    SPK_AUTO(spk_store) store = NULL;
    int first = 0;
    int status = term_options(c, opts, 1, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (after != NULL && !spk_ok(spk_dec_parse(spk_span_str(after), INT64_MAX, &v.last))) {
        return term_usage(c, _("--after is a plain number"));
    }
    status = ctl_store_open(c, argc, argv, first, &store);
    if (status != TERM_GO_ON) {
        return status;
    }
    spk_jw_open(&v.w, NULL, '{');
    spk_jw_open(&v.w, "events", '[');
    spk_err e = walk(store, &v);
    spk_jw_close(&v.w, ']');
    spk_jw_close(&v.w, '}');
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, argv[first], e, NULL);
    }
    return c->json ? term_json_out(&v.w, &b) : TERM_DONE;
}
