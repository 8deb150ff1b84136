/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey sync: send what is spooled. */
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "client/spool.h"

struct tally {
    size_t sent, kept, unfolded;
};

static int
tell_kept(const struct spk_session *s, const struct spk_spool_entry *e, spk_err why)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(e->path.len + 2);
    const char *name = "";
    spk_err copied = spk_buf_add(&path, spk_buf_span(&e->path));

    if (spk_ok(copied) && spk_ok(spk_buf_cstr(&path, &name))) {
        return term_error(TERM_ABOUT_PEER, name, why, &s->trouble);
    }
    return term_error(TERM_ABOUT_PEER, NULL, why, &s->trouble);
}

/* The file learns of it, or else our own notes do; only then the entry goes. */
static spk_err
settle(struct spk_session *s, const char *name, const struct spk_spool_entry *e, struct tally *t)
{
    spk_err folded = spk_spool_fold(s, e);

    if (!spk_ok(folded)) {
        SPK_TRY(spk_spool_note_accepted(s->profile, &e->parcel));
        t->unfolded++;
    }
    SPK_TRY(spk_spool_drop(s->profile, name));
    t->sent++;
    return SPK_OK;
}

static int
one_entry(struct term *c, struct spk_session *s, const char *name, struct tally *t)
{
    struct spk_spool_entry e = {0};
    const struct spk_pin *pin = NULL;
    const struct spk_authority *a = NULL;
    struct spk_api *api = NULL;
    spk_err err = spk_spool_read(s->profile, name, &s->trouble, &e);
    int status = TERM_DONE;

    if (!spk_ok(err)) {
        t->kept++;
        return term_error(TERM_ABOUT_OWN, NULL, err, &s->trouble);
    }
    spk_trouble_clear(&s->trouble);
    err = spk_profile_by_key(s->profile, &e.parcel.d.rpub.authority, &pin, &a);
    if (!spk_ok(err)) {
        term_say_error(NULL, _("a spooled deposit is for an authority that is not pinned here"));
        term_say_hint(_("'sparekey enroll --pin ADDRESS' pins it again, with its address from its "
                        "operators"));
        t->kept++;
        spk_spool_entry_clear(&e);
        return TERM_FAILED;
    }
    err = spk_session_api(s, spk_session_index(s, pin), &api);
    err = spk_ok(err) ? spk_spool_send(api, &e) : err;
    if (!spk_ok(err)) {
        t->kept++;
        status = tell_kept(s, &e, err);
    } else {
        err = settle(s, name, &e, t);
        if (!spk_ok(err)) {
            status = term_error(TERM_ABOUT_OWN, s->profile->data_dir, err, NULL);
        } else if (!c->quiet) {
            printf(_("%s: deposit %llu at %s\n"), term_shown_span(spk_buf_span(&e.path)),
                   (unsigned long long)e.parcel.index, pin->name);
        }
    }
    spk_spool_entry_clear(&e);
    return status;
}

static void
summary(const struct tally *t, size_t left)
{
    fprintf(stderr,
            ngettext("sparekey: note: %zu deposit sent, %zu still in the spool\n",
                     "sparekey: note: %zu deposits sent, %zu still in the spool\n", t->sent),
            t->sent, left);
    if (t->unfolded > 0) {
        fprintf(stderr,
                ngettext("sparekey: note: %zu file could not be opened to note it in it; "
                         "'verify' on this computer knows\n",
                         "sparekey: note: %zu files could not be opened to note it in them; "
                         "'verify' on this computer knows\n",
                         t->unfolded),
                t->unfolded);
    }
}

int
cmd_sync(struct term *c, int argc, char **argv)
{
    SPK_AUTO(spk_session) s = NULL;
    SPK_AUTO_BUF struct spk_buf names = SPK_BUF((size_t)SPK_SPOOL_ENTRIES_MAX * SPK_SPOOL_NAME_MAX);
    struct tally t = {0};
    const char *name = NULL;
    size_t n = 0;
    int first = 0;
    int status = term_options(c, NULL, 0, argc, argv, &first);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    if (first < argc) {
        return term_usage(c, _("'sync' takes no names"));
    }
    status = term_session(c, &s);
    if (status != TERM_GO_ON) {
        return status;
    }
    e = spk_spool_list(s->profile, &names, &n);
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, s->profile->data_dir, e, NULL);
    }
    status = TERM_DONE;
    name = (const char *)names.ptr;
    for (size_t i = 0; i < n && !term_stop; i++, name += strlen(name) + 1) {
        int one = one_entry(c, s, name, &t);

        status = one != TERM_DONE ? one : status;
    }
    if (!c->quiet) {
        summary(&t, n - t.sent);
    }
    return term_stop ? TERM_STOPPED : term_flush(status);
}
