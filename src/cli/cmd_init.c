/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey init: key pairs, enrolment record, monitoring secret, and the recovery sheet. */
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "client/enrol.h"
#include "client/owner.h"
#include "crypto/rng.h"

struct init_opts {
    char *name;
    struct term_many contacts;
    char *bits;
    char *sheet;
    bool passphrase;
    bool new_owner;
};

/* What the system calls the person, when nothing was said. */
static const char *
login_name(char *buf, size_t len)
{
    const struct passwd *pw = getpwuid(getuid());
    size_t n;

    if (pw == NULL) {
        return "owner";
    }
    (void)snprintf(buf, len, "%s",
                   pw->pw_gecos != NULL && pw->pw_gecos[0] != '\0' && pw->pw_gecos[0] != ','
                       ? pw->pw_gecos
                       : pw->pw_name);
    n = strcspn(buf, ",");
    buf[n] = '\0';
    return spk_utf8_plain(spk_span_str(buf)) ? buf : "owner";
}

static spk_err
make_pairs(struct spk_container *c, unsigned bits)
{
    static const enum spk_key_spec specs[] = {SPK_AT_KEYEXCHANGE, SPK_AT_SIGNATURE};

    for (size_t i = 0; i < 2; i++) {
        SPK_AUTO(spk_rsa) pair = NULL;

        SPK_TRY(spk_rsa_generate(bits, &pair));
        SPK_TRY(spk_container_set(c, specs[i], pair));
    }
    return SPK_OK;
}

static spk_err
make_record(struct spk_profile *p, struct spk_container *c, const struct init_opts *o,
            const struct spk_secret *veto)
{
    SPK_AUTO_BUF struct spk_buf record = SPK_BUF((size_t)SPK_ENROL_RECORD_MAX);
    struct spk_hash owner;
    char buf[SPK_CONTAINER_NAME_MAX];
    const struct spk_owner_new owner_new = {.name = o->name != NULL ? o->name
                                                                    : login_name(buf, sizeof(buf)),
                                            .contacts = o->contacts.v,
                                            .n_contacts = o->contacts.n,
                                            .keyx = spk_container_key(c, SPK_AT_KEYEXCHANGE),
                                            .sign = spk_container_key(c, SPK_AT_SIGNATURE),
                                            .veto_code = veto};

    SPK_TRY(spk_owner_record(&owner_new, &record));
    SPK_TRY(spk_sha256(spk_buf_span(&record), &owner));
    return spk_profile_set_owner(p, &owner, spk_buf_span(&record));
}

static spk_err
write_sheet(const struct spk_profile *p, const struct spk_secret *veto, struct spk_buf *b)
{
    SPK_TRY(spk_buf_str(b, _("SPAREKEY RECOVERY SHEET - print this and keep it with your papers\n"
                             "\n"
                             "owner id    ")));
    SPK_TRY(spk_buf_hex(b, spk_hash_span(&p->owner)));
    SPK_TRY(spk_buf_str(b, _("\nveto code   ")));
    SPK_TRY(spk_buf_code(b, spk_secret_span(veto)));
    return spk_buf_str(
        b, _("\n\n"
             "The owner id is what you ask for when your keys are lost and no file is at hand:\n"
             "    sparekey recover --all --owner ID\n"
             "The veto code stops a recovery that you did not ask for, from any machine:\n"
             "    sparekey veto --code --owner ID REQUEST\n"
             "With several authorities add --authority NAME; 'sparekey status' lists the names.\n"
             "It is not stored anywhere. Whoever has it can delay you, but cannot read anything.\n"
             "'sparekey enroll' shows the fingerprint of each authority: write it down here.\n"));
}

static int
hand_out_sheet(const struct init_opts *o, const struct spk_profile *p,
               const struct spk_secret *veto)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)8192);
    spk_err e = write_sheet(p, veto, &b);

    if (spk_ok(e) && o->sheet != NULL) {
        e = spk_file_write(AT_FDCWD, o->sheet, spk_buf_span(&b), 0600, false);
        if (!spk_ok(e)) {
            (void)term_error(TERM_ABOUT_OUTPUT, o->sheet, e, NULL);
            term_say_hint(_("the sheet follows on standard output instead"));
        }
    }
    if (spk_ok(e) && o->sheet != NULL) {
        return TERM_DONE;
    }
    return b.len > 0 && fwrite(b.ptr, 1, b.len, stdout) == b.len ? term_flush(TERM_DONE)
                                                                 : TERM_FAILED;
}

static int
finish(struct term *c, const struct init_opts *o, struct spk_session *s,
       const struct spk_container *kc, const struct spk_secret *veto)
{
    if (!c->quiet) {
        fprintf(stderr, _("sparekey: note: your keys are in '%s'\n"),
                term_shown(spk_container_path(kc)));
    }
    if (c->json) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)8192);
        struct spk_jw w = {.b = &b};

        spk_jw_open(&w, NULL, '{');
        spk_jw_hex(&w, "owner", spk_hash_span(&s->profile->owner));
        spk_jw_str(&w, "container", spk_span_str(spk_container_path(kc)));
        spk_jw_close(&w, '}');
        return term_json_out(&w, &b) == TERM_DONE && o->sheet != NULL
                   ? hand_out_sheet(o, s->profile, veto)
                   : TERM_DONE;
    }
    return hand_out_sheet(o, s->profile, veto);
}

/* Pairs that are there are taken as they are. */
static spk_err
have_pairs(struct spk_session *s, struct spk_container *kc, unsigned bits)
{
    struct spk_rsa *pair = NULL;

    return kc != s->container ? make_pairs(kc, bits) : spk_session_pair(s, SPK_AT_SIGNATURE, &pair);
}

/* The record first: a container without a record could never be enrolled, but a record without a
 * container is made anew by the next init. */
static spk_err
build(struct term *c, const struct init_opts *o, unsigned bits, struct spk_session *s,
      struct spk_container *kc, struct spk_secret **ret_veto)
{
    SPK_AUTO(spk_secret) pass = NULL;
    SPK_AUTO(spk_secret) veto = NULL;

    if (o->passphrase) {
        SPK_TRY(term_new_pass(c, &pass));
    }
    SPK_TRY(have_pairs(s, kc, bits));
    if (pass != NULL) {
        SPK_TRY(spk_container_set_pass(kc, pass));
    }
    SPK_TRY(spk_secret_random(SPK_VETO_CODE_LEN, &veto));
    SPK_TRY(spk_profile_make_monitor(s->profile));
    SPK_TRY(make_record(s->profile, kc, o, veto));
    SPK_TRY(spk_container_save(kc));
    *ret_veto = SPK_STEAL(veto);
    return SPK_OK;
}

/* Whoever lost his keys and types init would cut himself off from his deposits. A record without
 * any registration may be what an interrupted init has left. */
static bool
is_owner(const struct term *c, const struct spk_profile *p)
{
    bool registered = c->container != NULL;

    for (size_t i = 0; i < p->n_authorities; i++) {
        registered = registered || p->authorities[i]->state != SPK_PIN_PINNED;
    }
    return p->has_owner && registered;
}

static bool
keys_are_there(struct spk_session *s)
{
    struct spk_rsa *key = NULL;

    return spk_ok(spk_session_key(s, SPK_AT_SIGNATURE, &key)) &&
           spk_ok(spk_session_key(s, SPK_AT_KEYEXCHANGE, &key));
}

/* Pairs that another program has made, or of which only the record is gone. */
static bool
only_record_missing(const struct term *c, const struct init_opts *o, struct spk_session *s)
{
    struct spk_span record;

    return keys_are_there(s) && spk_enrol_record(s, &record).code == SPK_CODE_NOTFOUND &&
           (o->new_owner || !is_owner(c, s->profile));
}

/* Keys are never written over: whole ones are the answer, damaged ones are for a backup. */
static int
tell_there(struct spk_session *s)
{
    if (s->container != NULL && !keys_are_there(s)) {
        term_say_error(spk_container_path(s->container),
                       _("is there, but has not both pairs that an owner needs, of 2048 to 4096 "
                         "bits"));
        term_say_hint(_("with --container NAME you become an owner with keys of that name"));
        return TERM_FAILED;
    }
    if (keys_are_there(s)) {
        term_say_error(spk_container_path(s->container),
                       _("is there: you have keys already, and they stay as they are"));
        term_say_hint(_("'sparekey enroll ADDRESS' registers them, 'sparekey status' shows where; "
                        "to be another owner too: --new-owner --container NAME"));
        return TERM_FAILED;
    }
    term_say_error(s->trouble.file[0] != '\0' ? s->trouble.file : s->profile->container,
                   _("is there already, but no keys can be read from it"));
    term_say_hint(_("restore it from a backup, or move it away and run this again"));
    return TERM_FAILED;
}

static int
make_owner(struct term *c, const struct init_opts *o, unsigned bits, struct spk_session *s,
           struct spk_container *kc)
{
    SPK_AUTO(spk_secret) veto = NULL;
    spk_err e;

    if (!c->quiet) {
        fputs(kc == s->container
                  ? _("sparekey: note: making you the owner of the key pairs that are there\n")
                  : _("sparekey: note: making two key pairs, this may take a few seconds\n"),
              stderr);
    }
    e = build(c, o, bits, s, kc, &veto);
    return spk_ok(e)
               ? finish(c, o, s, kc, veto)
               : term_error(TERM_ABOUT_OWN, e.code == SPK_CODE_IO ? s->profile->config_dir : NULL,
                            e, &s->trouble);
}

static int
run(struct term *c, const struct init_opts *o, unsigned bits)
{
    SPK_AUTO(spk_session) s = NULL;
    SPK_AUTO(spk_container) kc = NULL;
    SPK_AUTO_STR char *folder = NULL;
    int status = term_session(c, &s);
    spk_err e;

    if (status != TERM_GO_ON) {
        return status;
    }
    if (only_record_missing(c, o, s)) {
        return make_owner(c, o, bits, s, s->container);
    }
    if (s->container != NULL) {
        return tell_there(s);
    }
    if (!o->new_owner && is_owner(c, s->profile)) {
        term_say_error(NULL, _("you are an owner already, and new keys would not be yours there"));
        term_say_hint(_("if your keys are lost, 'sparekey recover --all' gets new ones and your "
                        "session keys; --new-owner starts anew, and your old deposits stay with "
                        "the old owner id"));
        return TERM_FAILED;
    }
    if (!spk_ok(spk_profile_data_path(s->profile, "containers", &folder))) {
        return term_error(TERM_ABOUT_OWN, NULL, SPK_ERR(NOMEM), NULL);
    }
    e = s->keystore == NULL ? spk_keystore_user(&s->keystore) : SPK_OK;
    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, folder, e, NULL);
    }
    e = spk_container_create(s->keystore, s->profile->container, &kc);
    if (!spk_ok(e)) {
        return e.code == SPK_CODE_EXISTS
                   ? tell_there(s)
                   : term_error(TERM_ABOUT_OWN, s->profile->container, e, NULL);
    }
    return make_owner(c, o, bits, s, kc);
}

int
cmd_init(struct term *c, int argc, char **argv)
{
    struct init_opts o = {0};
    const struct term_opt opts[] = {
        {"name", 0, TERM_TEXT, &o.name, "NAME", N_("your name, as officers will see it")},
        {"contact", 0, TERM_MANY, &o.contacts, "TEXT", N_("how officers reach you (repeat)")},
        {"bits", 0, TERM_TEXT, &o.bits, "N",
         N_("size of the RSA keys: 2048, 3072 (default), 4096")},
        {"passphrase", 0, TERM_FLAG, &o.passphrase, NULL, N_("protect the keys by a passphrase")},
        {"new-owner", 0, TERM_FLAG, &o.new_owner, NULL, N_("become another owner than before")},
        {"sheet", 0, TERM_TEXT, &o.sheet, "FILE", N_("write the recovery sheet there")},
    };
    unsigned bits = 0;
    int first = 0;
    int status = term_options(c, opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (first < argc) {
        return term_usage(c, _("'init' takes no names"));
    }
    if (o.contacts.n > SPK_CONTACTS_MAX) {
        return term_usage(c, _("there may be 8 contacts at most"));
    }
    status = term_text("name", o.name, SPK_ENROL_TEXT_MAX);
    for (size_t i = 0; i < o.contacts.n && status == TERM_GO_ON; i++) {
        status = term_text("contact", o.contacts.v[i], SPK_ENROL_TEXT_MAX);
    }
    status = status == TERM_GO_ON ? term_bits(c, o.bits, &bits) : status;
    return status == TERM_GO_ON ? run(c, &o, bits) : status;
}
