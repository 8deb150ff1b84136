/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl token new, owner list, store check: the operator's hand on the store of one folder.
 * The server may run meanwhile. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/rng.h"
#include "ctl/draft.h"
#include "ctl/site.h"

#define TOKEN_BYTES 15 /* 120 bits: 24 letters */
#define TOKEN_LIFE ((uint64_t)7 * 86400)
#define TOKEN_USES_MAX 10000
#define PAGE 1000
#define BAD_SHOWN 20
#define CLOCK_AHEAD_MS ((uint64_t)60000)

int
ctl_store_open(struct term *c, int argc, char **argv, int first, struct spk_store **ret_store)
{
    CTL_AUTO_SITE struct ctl_site s = {0};
    int status = TERM_GO_ON;

    if (argc - first != 1) {
        return term_usage(c, _("one folder is wanted"));
    }
    status = ctl_site_open(argv[first], &s);
    return status == TERM_GO_ON ? ctl_site_store(&s, false, ret_store) : status;
}

struct token {
    struct spk_hash hash;
    uint64_t end;
    uint32_t uses;
};

static spk_err
write_token(struct spk_store *store, void *arg)
{
    const struct token *t = arg;

    return spk_store_put_token(store, &t->hash, t->end, t->uses);
}

static spk_err
put_token(struct spk_store *store, struct spk_span token, uint64_t life, uint32_t uses)
{
    struct token t = {.end = spk_now() + life, .uses = uses};

    SPK_TRY(spk_sha256(token, &t.hash));
    return spk_store_write(store, write_token, &t);
}

static int
token_json(const struct spk_buf *token, uint64_t life, uint32_t uses)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1024);
    struct spk_jw w = {.b = &b};

    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "token", spk_buf_span(token));
    spk_jw_u64(&w, "until", spk_now() + life);
    spk_jw_u64(&w, "uses", uses);
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

static int
make_token(const struct term *c, struct spk_store *store, uint64_t life, uint32_t uses)
{
    SPK_AUTO_BUF struct spk_buf token = SPK_BUF((size_t)64);
    uint8_t bytes[TOKEN_BYTES];
    char iso[21];
    spk_err e = spk_random(SPK_MUT_OF(bytes));

    e = spk_ok(e) ? spk_buf_code(&token, SPK_SPAN_OF(bytes)) : e;
    spk_wipe(bytes, sizeof(bytes));
    e = spk_ok(e) ? put_token(store, spk_buf_span(&token), life, uses) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, NULL, e, NULL);
    }
    if (c->json) {
        return token_json(&token, life, uses);
    }
    (void)fwrite(token.ptr, 1, token.len, stdout);
    putchar('\n');
    if (!c->quiet) {
        fprintf(stderr,
                ngettext("good until %s, for %u enrolment: 'sparekey enroll ADDRESS --token'\n",
                         "good until %s, for %u enrolments: 'sparekey enroll ADDRESS --token'\n",
                         uses),
                spk_time_iso(spk_now() + life, iso), uses);
    }
    return TERM_DONE;
}

int
ctl_token_new(struct term *c, int argc, char **argv)
{
    char *expires = NULL;
    char *uses_text = NULL;
    const struct term_opt opts[] = {
        {"expires", 0, TERM_TEXT, &expires, "TIME", N_("how long it is good (default: 7d)")},
        {"uses", 0, TERM_TEXT, &uses_text, "N", N_("how many may enrol with it (default: 1)")},
    };
    SPK_AUTO(spk_store) store = NULL;
    uint64_t life = TOKEN_LIFE;
    uint64_t uses = 1;
    int first = 0;
    int status = term_options(c, opts, 2, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if ((expires != NULL && (!spk_ok(ctl_duration_parse(expires, &life)) || life == 0)) ||
        (uses_text != NULL &&
         (!spk_ok(spk_dec_parse(spk_span_str(uses_text), TOKEN_USES_MAX, &uses)) || uses == 0))) {
        return term_usage(c, _("--expires looks like 12h or 7d, --uses is a plain number"));
    }
    status = ctl_store_open(c, argc, argv, first, &store);
    return status == TERM_GO_ON ? make_token(c, store, life, (uint32_t)uses) : status;
}

/* -- owner list */

struct owners {
    const struct term *c;
    struct spk_jw w;
    uint64_t last;
    size_t n;
};

static spk_err
owner_line(void *arg, const struct spk_owner_row *row)
{
    struct owners *o = arg;
    char hex[2 * SPK_HASH_LEN + 1];
    char iso[21];

    o->last = row->key;
    o->n++;
    if (!o->c->json) {
        printf("%s  %-8s  %s  %s\n", spk_hex(spk_hash_span(&row->owner), hex),
               spk_owner_state_name(row->state), spk_time_iso(row->time_ms / 1000, iso),
               term_shown_span(row->name));
        return SPK_OK;
    }
    spk_jw_open(&o->w, NULL, '{');
    spk_jw_hex(&o->w, "owner", spk_hash_span(&row->owner));
    spk_jw_cstr(&o->w, "state", spk_owner_state_name(row->state));
    spk_jw_u64(&o->w, "time", row->time_ms);
    spk_jw_str(&o->w, "name", row->name);
    spk_jw_u64(&o->w, "successors", row->successors);
    spk_jw_close(&o->w, '}');
    return SPK_OK;
}

static spk_err
walk_owners(struct spk_store *store, struct owners *o, struct spk_span name)
{
    size_t before = 0;

    do {
        const struct spk_owner_query q = {.name = name, .after_key = o->last, .limit = PAGE};

        before = o->n;
        SPK_TRY(spk_store_owners(store, &q, owner_line, o));
    } while (o->n == before + PAGE);
    return SPK_OK;
}

int
ctl_owner_list(struct term *c, int argc, char **argv)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1 << 30);
    char *name = NULL;
    const struct term_opt opts[] = {
        {"name", 0, TERM_TEXT, &name, "PART", N_("only those with this in their name")},
    };
    struct owners o = {.c = c, .w = {.b = &b}};
    SPK_AUTO(spk_store) store = NULL;
    int first = 0;
    int status = term_options(c, opts, 1, argc, argv, &first);
    spk_err e;

    status = status == TERM_GO_ON ? ctl_store_open(c, argc, argv, first, &store) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    spk_jw_open(&o.w, NULL, '{');
    spk_jw_open(&o.w, "owners", '[');
    e = walk_owners(store, &o, spk_span_str(name));
    spk_jw_close(&o.w, ']');
    spk_jw_close(&o.w, '}');
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, argv[first], e, NULL);
    }
    return c->json ? term_json_out(&o.w, &b) : TERM_DONE;
}

/* -- store check */

struct check {
    uint64_t next, bad, gaps, lost;
    size_t n_jumps; /* of this page: from next on, up to before a row */
    struct {
        uint64_t from, to;
    } jumps[PAGE];
    uint64_t accepted, checked, wrong;
    uint64_t newest_ms; /* when the newest was accepted */
};

static spk_err
check_row(void *arg, const struct spk_deposit_row *row)
{
    struct check *k = arg;
    char hex[2 * SPK_FILE_ID_LEN + 1];

    if (term_stop) {
        return SPK_ERR(STOPPED);
    }
    if (row->index != k->next) {
        k->jumps[k->n_jumps].from = k->next;
        k->jumps[k->n_jumps++].to = row->index;
    }
    k->next = row->index + 1;
    k->newest_ms = row->time_ms;
    if (!spk_ok(spk_deposit_row_verify(row))) {
        k->bad++;
        if (k->bad <= BAD_SHOWN) {
            printf(_("deposit %llu, serial %s: altered after it was stored\n"),
                   (unsigned long long)row->index, spk_hex(SPK_SPAN_OF(row->serial.b), hex));
        }
    }
    k->accepted += row->state == SPK_DEPOSIT_ACCEPTED;
    k->checked += row->state == SPK_DEPOSIT_CHECKED;
    k->wrong += row->state == SPK_DEPOSIT_WRONG;
    return SPK_OK;
}

static void
missing(struct check *k, uint64_t from, uint64_t to)
{
    if (to == from + 1) {
        printf(_("index %llu is missing\n"), (unsigned long long)from);
    } else if (to > from) {
        printf(_("index %llu to %llu are missing\n"), (unsigned long long)from,
               (unsigned long long)to - 1);
    }
    k->gaps += to - from;
}

/* Places without a row: known to be lost (log adopt), or taken out. */
static spk_err
look_at_gap(struct spk_store *store, struct check *k, uint64_t from, uint64_t to)
{
    struct spk_lost l = {.n = 1};

    while (from < to && l.n > 0) {
        SPK_TRY(spk_store_lost(store, from, to, &l));
        for (size_t i = 0; i < l.n; i++) {
            missing(k, from, l.at[i].index);
            from = l.at[i].index + 1;
            k->lost++;
        }
    }
    missing(k, from, to);
    return SPK_OK;
}

static spk_err
look_at_jumps(struct spk_store *store, struct check *k)
{
    for (size_t i = 0; i < k->n_jumps; i++) {
        SPK_TRY(look_at_gap(store, k, k->jumps[i].from, k->jumps[i].to));
    }
    k->n_jumps = 0;
    return SPK_OK;
}

static spk_err
check_all(struct spk_store *store, struct check *k, uint64_t *ret_count)
{
    struct spk_deposit_query q = {.limit = PAGE};
    struct spk_deposit_page page = {.more = true};

    /* What is added while this runs is not looked at. */
    SPK_TRY(spk_store_deposit_count(store, ret_count));
    q.end = *ret_count;
    while (page.more && *ret_count > 0) {
        SPK_TRY(spk_store_deposits(store, &q, check_row, k, &page));
        SPK_TRY(look_at_jumps(store, k));
        q.from = page.next;
    }
    SPK_TRY(k->next < *ret_count ? look_at_gap(store, k, k->next, *ret_count) : SPK_OK);
    return SPK_OK;
}

/* Times do not fall along the index: one that is ahead holds all that follow. */
static void
tell_clock(const struct check *k)
{
    char when[21];

    if (k->newest_ms <= spk_now_ms() + CLOCK_AHEAD_MS) {
        return;
    }
    fprintf(stderr,
            _("%s: warning: the newest deposit was accepted at %s, which is ahead of this clock: "
              "until then all others get that time\n"),
            term_program, spk_time_iso(k->newest_ms / 1000, when));
    term_say_hint(_("set the clock if it is behind; if it was ahead once, this passes by itself, "
                    "and nothing is lost but the true times"));
}

static int
tell_check(const struct term *c, const struct check *k, uint64_t count)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)4096);
    struct spk_jw w = {.b = &b};
    bool well = k->bad == 0 && k->gaps == 0;

    if (c->json) {
        spk_jw_open(&w, NULL, '{');
        spk_jw_u64(&w, "deposits", count);
        spk_jw_u64(&w, "altered", k->bad);
        spk_jw_u64(&w, "missing", k->gaps);
        spk_jw_u64(&w, "lost", k->lost);
        spk_jw_u64(&w, "checked", k->checked);
        spk_jw_u64(&w, "wrong", k->wrong);
        spk_jw_u64(&w, "newest", k->newest_ms);
        spk_jw_close(&w, '}');
        return term_json_out(&w, &b) == TERM_DONE && well ? TERM_DONE : TERM_FAILED;
    }
    printf(ngettext("%llu deposit: %llu altered, %llu missing; the holder has proven %llu and "
                    "refused %llu\n",
                    "%llu deposits: %llu altered, %llu missing; the holder has proven %llu and "
                    "refused %llu\n",
                    count),
           (unsigned long long)count, (unsigned long long)k->bad, (unsigned long long)k->gaps,
           (unsigned long long)k->checked, (unsigned long long)k->wrong);
    if (k->lost > 0) {
        printf(_("%llu places in the log have no deposit any more: it was lost, and adopted\n"),
               (unsigned long long)k->lost);
    }
    if (!well) {
        term_say_error(
            NULL, _("the store is not what was stored: restore it from a backup, and find out who "
                    "has written to it"));
    }
    return well ? TERM_DONE : TERM_FAILED;
}

int
ctl_store_check(struct term *c, int argc, char **argv)
{
    struct check k = {.next = 0};
    SPK_AUTO(spk_store) store = NULL;
    uint64_t count = 0;
    int first = 0;
    int status = term_options(c, NULL, 0, argc, argv, &first);
    spk_err e;

    status = status == TERM_GO_ON ? ctl_store_open(c, argc, argv, first, &store) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    e = check_all(store, &k, &count);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, argv[first], e, NULL);
    }
    tell_clock(&k);
    return tell_check(c, &k, count);
}
