/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey requests: recoveries that somebody has opened in my name. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "client/pending.h"
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
print_one(const struct spk_json *j, const char *authority, bool here)
{
    char when[21];

    printf(_("%s at %s: %s, opened %s"), term_shown(text_of(j, "request")), authority,
           term_shown(text_of(j, "state")), spk_time_iso(number_of(j, "opened"), when));
    if (number_of(j, "due") != 0) {
        printf(_(", release from %s on"), spk_time_iso(number_of(j, "due"), when));
    }
    printf(_("\n  reason: %s\n  for the key %.16s…\n"), term_shown(text_of(j, "reason")),
           term_shown(text_of(j, "recipient")));
    if (number_of(j, "policy") < number_of(j, "today")) {
        printf(ngettext("  takes %llu person, as policy %llu asks for, under which files were "
                        "deposited; the policy of today is number %llu\n",
                        "  takes %llu persons, as policy %llu asks for, under which files were "
                        "deposited; the policy of today is number %llu\n",
                        (unsigned long)number_of(j, "needed")),
               (unsigned long long)number_of(j, "needed"),
               (unsigned long long)number_of(j, "policy"),
               (unsigned long long)number_of(j, "today"));
    }
    if (here) {
        fputs(_("  opened on this computer: 'sparekey recover' goes on with it\n"), stdout);
    }
}

static void
json_one(struct spk_jw *w, const struct spk_json *j, const char *authority, bool here)
{
    static const char *const texts[] = {"request", "state", "reason", "recipient"};
    static const char *const numbers[] = {"opened", "due", "expires", "needed", "policy", "today"};

    spk_jw_open(w, NULL, '{');
    spk_jw_cstr(w, "authority", authority);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        spk_jw_cstr(w, texts[i], text_of(j, texts[i]));
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        spk_jw_u64(w, numbers[i], number_of(j, numbers[i]));
    }
    spk_jw_bool(w, "here", here);
    spk_jw_close(w, '}');
}

struct listing {
    struct spk_jw *w; /* NULL: text */
    const char *authority;
    char here[2 * SPK_HASH_LEN + 1]; /* the request that this computer has opened, or "" */
    size_t count, strange;           /* all of them; those from elsewhere that may yet succeed */
};

static bool
has_ended(const char *state)
{
    static const char *const ends[] = {"denied", "vetoed", "expired", "done"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (strcmp(state, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

static spk_err
list_one(void *ctx, const struct spk_json *row)
{
    struct listing *l = ctx;

    bool here = strcmp(text_of(row, "request"), l->here) == 0;

    if (l->w != NULL) {
        json_one(l->w, row, l->authority, here);
    } else {
        print_one(row, l->authority, here);
    }
    l->count++;
    l->strange += !here && !has_ended(text_of(row, "state"));
    return SPK_OK;
}

static int
one_authority(struct spk_session *s, struct spk_pin *pin, struct listing *l)
{
    SPK_AUTO(spk_pending) p = NULL;
    spk_err e = SPK_OK;

    l->authority = pin->name;
    l->here[0] = '\0';
    if (spk_ok(spk_pending_load(s, pin, &p))) {
        (void)spk_hex(spk_hash_span(&p->request.hash), l->here);
    }
    e = spk_requests_each(s, pin, list_one, l);
    return spk_ok(e) ? TERM_DONE : term_error(TERM_ABOUT_PEER, NULL, e, &s->trouble);
}

static int
all_authorities(struct term *c, struct spk_session *s)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)16 << 20);
    struct spk_jw w = {.b = &b};
    struct listing l = {.w = c->json ? &w : NULL};
    int status = TERM_DONE;

    spk_jw_open(&w, NULL, '[');
    for (size_t i = 0; i < s->profile->n_authorities; i++) {
        int one = one_authority(s, s->profile->authorities[i], &l);

        status = one != TERM_DONE ? one : status;
    }
    spk_jw_close(&w, ']');
    if (c->json) {
        return term_json_out(&w, &b) == TERM_DONE ? status : TERM_FAILED;
    }
    if (l.count == 0 && status == TERM_DONE) {
        fputs(_("no recovery request concerns you\n"), stdout);
    } else if (l.count > 0 && !c->quiet) {
        printf(ngettext("%zu recovery request concerns you\n",
                        "%zu recovery requests concern you\n", l.count),
               l.count);
    }
    if (l.strange > 0 && !c->quiet) {
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
