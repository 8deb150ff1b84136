/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyctl key publish: a statement that the officers have signed becomes the authority's. */
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "ctl/notes.h"
#include "ctl/site.h"
#include "ctl/tls.h"

struct policies {
    struct spk_chain *chain;
};

/* Those that came over the network stand in the store only. */
static spk_err
add_stored(void *ctx, uint64_t number, struct spk_span note)
{
    struct policies *p = ctx;

    return number == p->chain->n_policies + 1 ? spk_chain_add_policy(p->chain, note) : SPK_OK;
}

static spk_err
read_policies(const struct ctl_site *s, struct spk_chain *chain)
{
    for (unsigned n = 1; n <= SPK_POLICIES_MAX; n++) {
        SPK_AUTO_BUF struct spk_buf path = SPK_BUF((size_t)8192);
        SPK_AUTO_BUF struct spk_buf note = SPK_BUF((size_t)SPK_NOTE_MAX);
        const char *name = NULL;
        spk_err e;

        SPK_TRY(spk_buf_printf(&path, "%s/policy-%u.note", s->authority, n));
        SPK_TRY(spk_buf_cstr(&path, &name));
        e = spk_file_read(AT_FDCWD, name, &note);
        if (e.code == SPK_CODE_NOTFOUND) {
            break;
        }
        SPK_TRY(e);
        SPK_TRY(spk_chain_add_policy(chain, spk_buf_span(&note)));
    }
    return SPK_OK;
}

/* The folder's statements, then the next one, when there is one. */
static spk_err
read_chain(const struct ctl_site *s, struct spk_store *store, struct spk_span next,
           struct spk_chain *chain)
{
    unsigned n = ctl_site_statements(s);
    struct policies p = {chain};

    for (unsigned i = 1; i <= n; i++) {
        SPK_AUTO_BUF struct spk_buf path = SPK_BUF((size_t)8192);
        SPK_AUTO_BUF struct spk_buf note = SPK_BUF((size_t)SPK_NOTE_MAX);
        const char *name = NULL;

        SPK_TRY(ctl_site_statement_path(s, i, &path, &name));
        SPK_TRY(spk_file_read(AT_FDCWD, name, &note));
        SPK_TRY(spk_chain_add_statement(chain, spk_buf_span(&note)));
    }
    if (next.len > 0) {
        SPK_TRY(spk_chain_add_statement(chain, next));
    }
    SPK_TRY(read_policies(s, chain));
    return spk_store_policies(store, add_stored, &p);
}

static spk_err
make_pin(const struct ctl_site *s, struct spk_store *store, struct spk_span next,
         const struct spk_pin *known, struct spk_pin **ret_pin)
{
    SPK_AUTO(spk_chain) chain = NULL;

    SPK_TRY(spk_chain_new(&chain));
    SPK_TRY(read_chain(s, store, next, chain));
    return spk_pin_make(&chain, "", known, ret_pin);
}

static bool
is_published(const struct ctl_site *s, struct spk_span note)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF((size_t)8192);
    SPK_AUTO_BUF struct spk_buf last = SPK_BUF((size_t)SPK_NOTE_MAX);
    const char *name = NULL;

    return spk_ok(ctl_site_statement_path(s, ctl_site_statements(s), &path, &name)) &&
           spk_ok(spk_file_read(AT_FDCWD, name, &last)) && spk_span_eq(spk_buf_span(&last), note);
}

struct publishing {
    const struct ctl_site *site;
    const char *path;
    struct ctl_note note;
    struct spk_authority a; /* what it says */
    struct spk_pin *now;    /* without it */
    struct spk_pin *then;   /* with it */
};

static void
publishing_clear(struct publishing *p)
{
    ctl_note_clear(&p->note);
    spk_authority_clear(&p->a);
    spk_pin_free(p->now);
    spk_pin_free(p->then);
}

static int
tell_unsigned(const struct publishing *p)
{
    const struct spk_policy *today = &p->now->policy;
    size_t persons = 0;

    if (spk_ok(spk_policy_signers(today, &p->note.note, &persons))) {
        fprintf(stderr,
                ngettext("%s: error: '%s' has the signature of %zu person, policy %u asks for %u\n",
                         "%s: error: '%s' has the signatures of %zu persons, policy %u asks for "
                         "%u\n",
                         (unsigned long)persons),
                term_program, term_shown(p->path), persons, today->number, today->quorum);
    } else {
        term_say_error(p->path, _("has a signature that does not hold"));
    }
    (void)ctl_signers_print(stderr, today, &p->note.note);
    term_say_hint(_("let those who have not signed run 'sparekeyctl policy sign FILE'; then "
                    "'sparekeyctl key publish DIR FILE' again"));
    return TERM_FAILED;
}

/* The same check that every client makes, those too that know the newest policy: what one of them
 * would refuse is not published. */
static int
check(struct publishing *p, struct spk_store *store)
{
    spk_err e = make_pin(p->site, store, spk_span(NULL, 0), NULL, &p->now);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, p->site->authority, e, NULL);
    }
    if (!ctl_note_is(&p->note, SPK_AUTHORITY_KIND) ||
        !spk_ok(spk_authority_parse(p->note.note.text, &p->a)) ||
        !spk_authority_continues(&p->a, spk_pin_now(p->now))) {
        term_say_error(p->path, _("does not follow the present statement of this authority"));
        term_say_hint(_("'sparekeyctl key rotate DIR' makes one that does"));
        return TERM_FAILED;
    }
    e = make_pin(p->site, store, spk_buf_span(&p->note.raw), p->now, &p->then);
    return spk_ok(e) ? ctl_tls_check(p->site, &p->a.tls) : tell_unsigned(p);
}

static int
put(const struct publishing *p)
{
    SPK_AUTO_BUF struct spk_buf where = SPK_BUF((size_t)8192);
    const char *name = NULL;
    int status;
    spk_err e = ctl_site_statement_path(p->site, ctl_site_statements(p->site) + 1, &where, &name);

    e = spk_ok(e) ? spk_file_write(AT_FDCWD, name, spk_buf_span(&p->note.raw), 0644, false) : e;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OUTPUT, name, e, NULL);
    }
    status = ctl_tls_take(p->site, &p->a.tls);
    if (status != TERM_GO_ON) {
        return status;
    }
    if (spk_hash_zero(&p->a.follows)) {
        printf(_("key epoch %u is published in '%s'; it is in use once the server is started "
                 "again\n"),
               p->a.epoch, term_shown(name));
    } else {
        printf(_("the new TLS key is published in '%s'; it is in use once the server is started "
                 "again\n"),
               term_shown(name));
    }
    return TERM_DONE;
}

/* A run that ended between the statement and its TLS key is made whole. */
static int
again(const struct publishing *p)
{
    int status = TERM_GO_ON;
    struct spk_authority a = {0};
    spk_err e = spk_authority_parse(p->note.note.text, &a);

    if (spk_ok(e)) {
        status = ctl_tls_take(p->site, &a.tls);
        spk_authority_clear(&a);
    }
    if (status == TERM_GO_ON) {
        printf(_("the statement in '%s' is published already\n"), term_shown(p->path));
        status = TERM_DONE;
    }
    return status;
}

static int
publish(const struct ctl_site *s, const char *path)
{
    SPK_AUTO(spk_store) store = NULL;
    __attribute__((cleanup(publishing_clear))) struct publishing p = {.site = s, .path = path};
    int status = ctl_note_read(path, &p.note);

    status = status == TERM_GO_ON ? ctl_site_store(s, false, &store) : status;
    if (status != TERM_GO_ON) {
        return status;
    }
    if (is_published(s, spk_buf_span(&p.note.raw))) {
        return again(&p);
    }
    status = check(&p, store);
    return status == TERM_GO_ON ? put(&p) : status;
}

int
ctl_key_publish(struct term *c, int argc, char **argv)
{
    CTL_AUTO_SITE struct ctl_site s = {0};
    int first = 0;
    int status = term_options(c, NULL, 0, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (argc - first != 2) {
        return term_usage(c, _("one folder and one signed statement are wanted"));
    }
    status = ctl_site_open(argv[first], &s);
    return status == TERM_GO_ON ? publish(&s, argv[first + 1]) : status;
}
