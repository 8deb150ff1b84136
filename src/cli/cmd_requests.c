/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey requests: recoveries that somebody has opened in my name. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "client/veto.h"

static const char *
text_of(const struct spk_json *j, const char *key)
{
    const char *s = NULL;

    return spk_ok(spk_json_str(j, key, &s)) ? s : "";
}

static uint64_t
number_of(const struct spk_json *j, const char *key)
{
    uint64_t v = 0;

    return spk_ok(spk_json_u64(j, key, &v)) ? v : 0;
}

static void
print_one(const struct spk_json *j, const char *authority)
{
    char when[21];

    printf(_("%s at %s: %s, opened %s"), term_shown(text_of(j, "request")), authority,
           term_shown(text_of(j, "state")), spk_time_iso(number_of(j, "opened"), when));
    if (number_of(j, "due") != 0) {
        printf(_(", release from %s on"), spk_time_iso(number_of(j, "due"), when));
    }
    printf(_("\n  reason: %s\n  for the key %.16s…\n"), term_shown(text_of(j, "reason")),
           term_shown(text_of(j, "recipient")));
}

static void
json_one(struct spk_jw *w, const struct spk_json *j, const char *authority)
{
    static const char *const texts[] = {"request", "state", "reason", "recipient"};
    static const char *const numbers[] = {"opened", "due", "expires"};

    spk_jw_open(w, NULL, '{');
    spk_jw_cstr(w, "authority", authority);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        spk_jw_cstr(w, texts[i], text_of(j, texts[i]));
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        spk_jw_u64(w, numbers[i], number_of(j, numbers[i]));
    }
    spk_jw_close(w, '}');
}

struct listing {
    struct spk_jw *w; /* NULL: text */
    const char *authority;
    size_t count;
};

static spk_err
list_one(void *ctx, const struct spk_json *row)
{
    struct listing *l = ctx;

    if (l->w != NULL) {
        json_one(l->w, row, l->authority);
    } else {
        print_one(row, l->authority);
    }
    l->count++;
    return SPK_OK;
}

static int
one_authority(struct spk_session *s, struct spk_pin *pin, struct spk_jw *w, size_t *count)
{
    struct listing l = {.w = w, .authority = pin->name};
    spk_err e = spk_requests_each(s, pin, list_one, &l);

    *count += l.count;
    return spk_ok(e) ? TERM_DONE : term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);
}

static int
all_authorities(struct term *c, struct spk_session *s)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)16 << 20);
    struct spk_jw w = {.b = &b};
    int status = TERM_DONE;
    size_t count = 0;

    spk_jw_open(&w, NULL, '[');
    for (size_t i = 0; i < s->profile->n_authorities; i++) {
        int one = one_authority(s, s->profile->authorities[i], c->json ? &w : NULL, &count);

        status = one != TERM_DONE ? one : status;
    }
    spk_jw_close(&w, ']');
    if (c->json) {
        return term_json_out(&w, &b) == TERM_DONE ? status : TERM_FAILED;
    }
    if (count == 0 && status == TERM_DONE) {
        fputs(_("no recovery request concerns you\n"), stdout);
    } else if (count > 0 && !c->quiet) {
        term_say_hint(_("one that is not yours is stopped by 'sparekey veto REQUEST'"));
    }
    return term_flush(status);
}

int
cmd_requests(struct term *c, int argc, char **argv)
{
    SPK_AUTO(spk_session) s = NULL;
    int first = 0;
    int status = term_options(c, NULL, 0, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (first < argc) {
        return term_usage(c, _("'requests' takes no names"));
    }
    status = term_session(c, &s);
    if (status != TERM_GO_ON) {
        return status;
    }
    if (s->profile->n_authorities == 0) {
        term_say_error(NULL, _("no authority is pinned"));
        term_say_hint(_("'sparekey enroll ADDRESS' registers with one"));
        return TERM_FAILED;
    }
    return all_authorities(c, s);
}
