/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey watch: do the logs only grow, and is anybody recovering my files? */
#include <string.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/watch_hook.h"
#include "client/watch.h"

struct watching {
    struct term *c;
    struct spk_session *s;
    struct spk_jw *w; /* NULL: text */
    char *hook;
    bool seen;
    size_t alarms;
};

/* -- words */

static const struct {
    enum spk_entry_kind kind;
    const char *name; /* for programs */
    const char *words;
} kinds[] = {
    {SPK_ENTRY_REQUESTED, "requested", N_("somebody has asked for session keys")},
    {SPK_ENTRY_APPROVAL, "approval", N_("an officer has approved")},
    {SPK_ENTRY_AUTHORISED, "authorised", N_("the release of a session key was authorised")},
    {SPK_ENTRY_RELEASED, "released", N_("a session key was given out")},
    {SPK_ENTRY_DENIED, "denied", N_("an officer has denied it")},
    {SPK_ENTRY_VETO, "veto", N_("it was vetoed")},
    {SPK_ENTRY_ENDED, "ended", N_("it has expired or was withdrawn")},
    {SPK_ENTRY_DRILL, "drill", N_("a drill has tried the way back; no key was given out")},
};

static const char *
kind_name(enum spk_entry_kind kind, const char **ret_words)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].kind == kind) {
            *ret_words = _(kinds[i].words);
            return kinds[i].name;
        }
    }
    *ret_words = "";
    return "";
}

static const struct {
    enum spk_watch_fault fault;
    const char *name;
    const char *words;
} faults[] = {
    {SPK_WATCH_NO_LOGS, "no-logs", N_("it keeps no signed logs; nothing can be watched there")},
    {SPK_WATCH_GONE, "gone", N_("it had a signed log, and does not show it any more")},
    {SPK_WATCH_UNSIGNED, "unsigned", N_("its log is not signed by the log's key")},
    {SPK_WATCH_UNWITNESSED, "unwitnessed", N_("too few of your witnesses have signed its log")},
    {SPK_WATCH_SHRUNK, "shrunk", N_("its log has fewer entries than it had")},
    {SPK_WATCH_FORKED, "forked",
     N_("its log is another one than it was: entries were changed or "
        "taken out")},
    {SPK_WATCH_MISSING, "missing", N_("a deposit of yours that has a receipt is not in its log")},
    {SPK_WATCH_BAD_ENTRY, "bad-entry", N_("its log holds an entry that cannot be")},
    {SPK_WATCH_OTHER_KEY, "other-key",
     N_("its log names another key or policy than it has shown "
        "to you")},
};

static const char *
fault_name(enum spk_watch_fault fault, const char **ret_words)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (faults[i].fault == fault) {
            *ret_words = _(faults[i].words);
            return faults[i].name;
        }
    }
    *ret_words = "";
    return "";
}

static bool
is_faulty(const struct spk_watch_result *r)
{
    for (size_t i = 0; i < SPK_LOG_IDS; i++) {
        if (r->log[i].fault != SPK_WATCH_FINE) {
            return true;
        }
    }
    return false;
}

/* -- the hook */

static bool
ring(const struct watching *g, const char *const args[WATCH_HOOK_ARGS])
{
    return g->hook != NULL && watch_hook_run(g->hook, args);
}

static void
ring_events(const struct watching *g, const struct spk_pin *pin, struct spk_watchstate *w)
{
    for (size_t i = 0; i < w->n_events; i++) {
        struct spk_watch_event *e = &w->events[i];
        char index[21], deposit[21] = "-", when[21];
        const char *words;

        if (e->hooked || !spk_watch_is_alarm(e)) {
            continue;
        }
        const char *name = kind_name(e->entry.kind, &words);
        (void)snprintf(index, sizeof(index), "%llu", (unsigned long long)e->index);
        if (e->entry.deposit != SPK_NO_DEPOSIT) {
            (void)snprintf(deposit, sizeof(deposit), "%llu", (unsigned long long)e->entry.deposit);
        }
        const char *const args[] = {
            pin->name, name, index, deposit, spk_time_iso(e->entry.time_ms / 1000, when), words};
        e->hooked = ring(g, args);
    }
}

static void
ring_fault(const struct watching *g, const struct spk_pin *pin, enum spk_watch_fault fault)
{
    char when[21];
    const char *words;
    const char *name = fault_name(fault, &words);
    const char *const args[] = {pin->name, name, "-", "-", spk_time_iso(spk_now(), when), words};

    (void)ring(g, args);
}

/* -- results */

static void
print_event(const struct spk_pin *pin, const struct spk_watch_event *e)
{
    char when[21];
    const char *words;

    (void)kind_name(e->entry.kind, &words);
    (void)spk_time_iso(e->entry.time_ms / 1000, when);
    printf(spk_watch_is_alarm(e) ? _("ALARM: %s, %s: %s") : _("%s, %s: %s"), pin->name, when,
           words);
    if (e->entry.deposit != SPK_NO_DEPOSIT) {
        printf(_(" (deposit %llu)"), (unsigned long long)e->entry.deposit);
    }
    printf(e->asked ? _("; a request of yours, entry %llu\n") : _("; entry %llu\n"),
           (unsigned long long)e->index);
}

static void
print_result(const struct watching *g, const struct spk_pin *pin, const struct spk_watchstate *w,
             const struct spk_watch_result *r)
{
    const char *words;

    for (size_t i = 0; i < SPK_LOG_IDS; i++) {
        if (r->log[i].fault == SPK_WATCH_FINE) {
            continue;
        }
        (void)fault_name(r->log[i].fault, &words);
        printf(_("ALARM: %s: %s\n"), pin->name, words);
        if (r->log[i].evidence != NULL) {
            printf(_("  what was seen before and what it shows now is kept in '%s'\n"),
                   term_shown(r->log[i].evidence));
        }
    }
    for (size_t i = 0; i < w->n_events; i++) {
        if (!w->events[i].undecided && (!g->c->quiet || spk_watch_is_alarm(&w->events[i]))) {
            print_event(pin, &w->events[i]);
        }
    }
    if (w->unlisted > 0) {
        printf(w->unlisted_alarms > 0 ? _("ALARM: %s: %llu more, too many to list\n")
                                      : _("%s: %llu more, too many to list\n"),
               pin->name, (unsigned long long)w->unlisted);
    }
    if (!g->c->quiet && !is_faulty(r) && spk_ok(r->trouble)) {
        printf(_("%s: %llu deposits and %llu other entries, each where it was; %llu new\n"),
               pin->name, (unsigned long long)r->deposits, (unsigned long long)r->recoveries,
               (unsigned long long)r->fresh);
    }
}

static void
json_event(struct spk_jw *j, const struct spk_watch_event *e)
{
    const char *words;

    spk_jw_open(j, NULL, '{');
    spk_jw_u64(j, "entry", e->index);
    spk_jw_cstr(j, "kind", kind_name(e->entry.kind, &words));
    spk_jw_u64(j, "time", e->entry.time_ms / 1000);
    if (e->entry.deposit != SPK_NO_DEPOSIT) {
        spk_jw_u64(j, "deposit", e->entry.deposit);
    }
    spk_jw_u64(j, "request", e->entry.request);
    spk_jw_bool(j, "asked", e->asked);
    spk_jw_bool(j, "alarm", spk_watch_is_alarm(e));
    spk_jw_close(j, '}');
}

static void
json_result(struct spk_jw *j, const struct spk_pin *pin, const struct spk_watchstate *w,
            const struct spk_watch_result *r)
{
    const char *words;

    spk_jw_open(j, NULL, '{');
    spk_jw_cstr(j, "authority", pin->name);
    spk_jw_open(j, "faults", '[');
    for (size_t i = 0; i < SPK_LOG_IDS; i++) {
        if (r->log[i].fault != SPK_WATCH_FINE) {
            spk_jw_open(j, NULL, '{');
            spk_jw_cstr(j, "log", spk_log_word((enum spk_log_id)(i + 1)));
            spk_jw_cstr(j, "fault", fault_name(r->log[i].fault, &words));
            if (r->log[i].evidence != NULL) {
                spk_jw_cstr(j, "evidence", r->log[i].evidence);
            }
            spk_jw_close(j, '}');
        }
    }
    spk_jw_close(j, ']');
    spk_jw_u64(j, "deposits", r->deposits);
    spk_jw_u64(j, "recoveries", r->recoveries);
    spk_jw_u64(j, "new", r->fresh);
    spk_jw_open(j, "events", '[');
    for (size_t i = 0; i < w->n_events; i++) {
        if (!w->events[i].undecided) {
            json_event(j, &w->events[i]);
        }
    }
    spk_jw_close(j, ']');
    spk_jw_u64(j, "unlisted", w->unlisted);
    spk_jw_u64(j, "undecided", spk_watchstate_undecided(w));
    spk_jw_close(j, '}');
}

/* -- the run */

static size_t
count_alarms(const struct spk_watchstate *w, const struct spk_watch_result *r)
{
    size_t n = is_faulty(r) || w->unlisted_alarms > 0;

    for (size_t i = 0; i < w->n_events; i++) {
        n += spk_watch_is_alarm(&w->events[i]);
    }
    return n;
}

static int
tell(struct watching *g, struct spk_pin *pin, struct spk_watchstate *w,
     const struct spk_watch_result *r)
{
    bool undecided = spk_watchstate_undecided(w) > 0;

    if (g->w != NULL) {
        json_result(g->w, pin, w, r);
    } else {
        print_result(g, pin, w, r);
    }
    if (undecided) {
        term_say_error(pin->name,
                       _("it does not say whose some of its requests are: they could not be "
                         "told apart"));
        term_say_hint(_("'sparekey watch' asks again each time"));
    }
    g->alarms += count_alarms(w, r);
    for (size_t i = 0; i < SPK_LOG_IDS; i++) {
        if (r->log[i].fault != SPK_WATCH_FINE) {
            ring_fault(g, pin, r->log[i].fault);
        }
    }
    ring_events(g, pin, w);
    if (g->seen) {
        spk_watchstate_seen(w);
    }
    spk_err e = spk_watchstate_save(g->s->profile, pin, w);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, g->s->profile->data_dir, e, NULL);
    }
    return undecided ? TERM_FAILED : TERM_DONE;
}

static int
one_authority(struct watching *g, struct spk_pin *pin)
{
    SPK_AUTO(spk_watchstate) w = NULL;
    struct spk_watch_result r = {0};
    spk_err e = spk_watchstate_load(g->s->profile, pin, &g->s->trouble, &w);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, &g->s->trouble);
    }
    e = spk_watch_look(g->s, pin, &w, &r);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_PEER, NULL, e, &g->s->trouble);
    }
    int status = tell(g, pin, w, &r);
    if (!spk_ok(r.trouble)) {
        status = term_error(TERM_ABOUT_PEER, NULL, r.trouble, &g->s->trouble);
    }
    spk_watch_result_clear(&r);
    return status;
}

static int
all_authorities(struct watching *g)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)16 << 20);
    struct spk_jw w = {.b = &b};
    int status = TERM_DONE;

    g->w = g->c->json ? &w : NULL;
    spk_jw_open(&w, NULL, '[');
    for (size_t i = 0; i < g->s->profile->n_authorities; i++) {
        int one = one_authority(g, g->s->profile->authorities[i]);

        status = one != TERM_DONE ? one : status;
    }
    spk_jw_close(&w, ']');
    if (g->c->json && term_json_out(&w, &b) != TERM_DONE) {
        return TERM_FAILED;
    }
    if (g->alarms > 0 && !g->seen) {
        term_say_hint(
            _("'sparekey requests' shows what is under way, 'sparekey veto REQUEST' stops "
              "it; what you know of, 'sparekey watch --seen' puts aside"));
    }
    return term_flush(g->alarms > 0 ? TERM_ALARM : status);
}

int
cmd_watch(struct term *c, int argc, char **argv)
{
    SPK_AUTO(spk_session) s = NULL;
    struct watching g = {.c = c};
    const struct term_opt opts[] = {
        {"hook", 0, TERM_TEXT, &g.hook, N_("PROGRAM"), N_("run this program for each new alarm")},
        {"seen", 0, TERM_FLAG, &g.seen, NULL, N_("do not tell of these events again")},
    };
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (first < argc) {
        return term_usage(c, _("'watch' takes no names"));
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
    g.s = s;
    if (g.hook == NULL) {
        g.hook = s->profile->watch_hook;
    }
    return all_authorities(&g);
}
