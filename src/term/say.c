/* SPDX-License-Identifier: Apache-2.0 */
/* Every error code as a sentence, by what it is about, and what to do next. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "term/term.h"

struct sentence {
    enum spk_code code;
    const char *text;
    const char *hint; /* may be NULL */
};

/* Whoever had keys and lost them must not make other ones: init would refuse, rightly. */
#define KEYS_HINT                                                                                  \
    N_("if you never had keys, 'sparekey init' makes them; if they are lost, 'sparekey recover "   \
       "--all' gets new ones and your session keys")

static const struct sentence about_sealed[] = {
    {SPK_CODE_USAGE, N_("is not a file that can be opened this way"),
     N_("a folder or a device cannot be decrypted; give sealed files; use -o to name the output")},
    {SPK_CODE_FORMAT, N_("is not a sealed file, or has bytes where none belong"), NULL},
    {SPK_CODE_VERSION, N_("was made by a later version of sparekey"),
     N_("a newer sparekey may read it")},
    {SPK_CODE_TRUNC, N_("is cut short: its end is missing"),
     N_("get the whole file again from where it came")},
    {SPK_CODE_AUTH, N_("was changed after it was sealed, or its header is damaged"),
     N_("'sparekey inspect' shows the header; a damaged header can be rebuilt by 'sparekey "
        "recover'")},
    {SPK_CODE_NOKEY, N_("cannot be opened: none of your keys fits"),
     N_("if your keys are lost, 'sparekey recover' asks the authority for the session key")},
    {SPK_CODE_LIMIT, N_("claims sizes that are beyond what is allowed"),
     N_("get the file again from where it came")},
    {SPK_CODE_CHANGED, N_("changed while it was read"), N_("try again when nothing writes to it")},
    {SPK_CODE_BUSY, N_("is being changed by another process"), N_("try again when that has ended")},
};
static const struct sentence about_input[] = {
    {SPK_CODE_USAGE, N_("is not a file that can be encrypted this way"),
     N_("give files; with -r folders too")},
    {SPK_CODE_CHANGED, N_("changed while it was read"),
     N_("nothing was written; try again when nothing writes to it")},
    {SPK_CODE_NOKEY, N_("cannot be encrypted: you have no keys"), KEYS_HINT},
    {SPK_CODE_EXISTS, N_("cannot be encrypted: the target is there already"), NULL},
    {SPK_CODE_BUSY, N_("is being sealed by another process"),
     N_("wait until that has ended, and run this again: what is sealed then is passed over")},
};
static const struct sentence about_output[] = {
    {SPK_CODE_NOTFOUND, N_("cannot be written: its folder is not there"),
     N_("make the folder, or name another place")},
    {SPK_CODE_USAGE,
     N_("cannot be written to: it is no name for a file, or a device, a FIFO or a "
        "socket"),
     N_("give the name of a file in a folder that is there; '-o -' writes to standard output, "
        "which "
        "may be a device")},
};
static const struct sentence about_own[] = {
    {SPK_CODE_NOKEY, N_("there is no key container"), KEYS_HINT},
    {SPK_CODE_EXISTS, N_("is there already, and stays as it is"), NULL},
    {SPK_CODE_FORMAT, N_("is damaged, or not what it should be"),
     N_("'sparekey doctor' tells more; restore it from a backup")},
    {SPK_CODE_TRUNC, N_("is cut short"),
     N_("'sparekey doctor' tells more; restore it from a backup")},
    {SPK_CODE_VERSION, N_("was written by a later version of sparekey"),
     N_("a newer sparekey may read it")},
    {SPK_CODE_AUTH, N_("does not hold together: a signature or a sum is wrong"),
     N_("restore it from a backup, or enroll again")},
    {SPK_CODE_CHANGED, N_("does not follow from what was pinned"), NULL},
    {SPK_CODE_DENIED, N_("may be read or written by others"),
     N_("'chmod 600' it, and ask yourself who has read it")},
    {SPK_CODE_NOTFOUND, N_("is not there"), N_("'sparekey doctor' tells what is missing")},
    {SPK_CODE_LIMIT, N_("holds more than is allowed"),
     N_("'sparekey doctor' tells more; restore it from a backup")},
    {SPK_CODE_BUSY, N_("is in use by another process"), N_("try again when that has ended")},
};
static const struct sentence about_peer[] = {
    {SPK_CODE_NET, N_("the authority cannot be reached, or hung up"),
     N_("check the network and try again; 'sparekey doctor' tests the connection")},
    {SPK_CODE_TLS, N_("the server shows another key than the one that is pinned"),
     N_("somebody may be in between; if the authority says it has changed its keys, "
        "'sparekey enroll --update' takes them when its officers have signed them")},
    {SPK_CODE_DENIED, N_("the authority refuses: this key may not do that there"),
     N_("a registration may wait for an officer: 'sparekey enroll --update' tells how it stands")},
    {SPK_CODE_BUSY, N_("the authority is busy"), N_("try again in a minute")},
    {SPK_CODE_PROTO, N_("the authority answered something that it should not"),
     N_("tell its operators; nothing here has changed")},
    {SPK_CODE_USAGE, N_("the authority does not take what was sent"), NULL},
    {SPK_CODE_EXISTS, N_("the authority has something else under this serial number"),
     N_("encrypt the file again: it will get a new one")},
    {SPK_CODE_NOTFOUND, N_("the authority knows nothing of it"), NULL},
    {SPK_CODE_AUTH, N_("what the authority sent does not hold: a signature or a sum is wrong"),
     N_("nothing of it was used")},
    {SPK_CODE_CHANGED,
     N_("what the authority sent does not follow from what is pinned, and is refused"),
     N_("ask its officers by another way what has happened")},
    {SPK_CODE_FORMAT, N_("what the authority sent is malformed, and is refused"),
     N_("nothing of it was used; tell its operators")},
    {SPK_CODE_VERSION, N_("the authority sent something of a version that is not known here"),
     N_("a newer sparekey may understand it")},
    {SPK_CODE_LIMIT, N_("the authority's answer is too long"),
     N_("nothing of it was used; tell its operators")},
    {SPK_CODE_WAIT, N_("the authority waits for its officers"), NULL},
    {SPK_CODE_NOKEY, N_("there is no key to log in with"), KEYS_HINT},
};
/* Of SPK_CODE_DENIED, when it is known why. */
static const struct sentence was_replaced = {
    SPK_CODE_DENIED,
    N_("the authority refuses: a recovery has replaced this key, which has no rights any more"),
    N_("the new keys are where that recovery ended: take the key container from there; if they are "
       "lost, 'sparekey recover --all --replace-keys' gets new ones; if it was none of yours, tell "
       "the officers at once")};
static const struct sentence not_known = {
    SPK_CODE_DENIED, N_("the authority does not know your present keys as yours"),
    N_("if it knows your former keys, 'sparekey recover --keys-only --same-keys --authority NAME' "
       "has the present ones put in their place; if you never were registered there, 'sparekey "
       "enroll ADDRESS' registers you")};
/* Of SPK_CODE_NET, when an answer had begun. */
static const struct sentence broke_off = {SPK_CODE_NET, N_("the authority's answer broke off"),
                                          N_("try again; if it stays so, tell its operators")};
static const struct sentence about_blob[] = {
    {SPK_CODE_FORMAT, N_("is not a key BLOB of this kind"),
     N_("SIMPLEBLOB, PUBLICKEYBLOB and PRIVATEKEYBLOB of RSA keys are known")},
    {SPK_CODE_VERSION, N_("is a key BLOB of an unknown version"),
     N_("export it anew with version 2")},
    {SPK_CODE_AUTH, N_("does not open with your key"),
     N_("it must be wrapped for your key exchange key")},
    {SPK_CODE_TRUNC, N_("is cut short"), N_("get the whole BLOB again from where it came")},
    {SPK_CODE_LIMIT, N_("is larger than any key BLOB"), N_("give a file with a key BLOB only")},
};
static const struct sentence about_all[] = {
    {SPK_CODE_USAGE, N_("cannot be done this way"), NULL},
    {SPK_CODE_FORMAT, N_("has bytes that are not of its format"), NULL},
    {SPK_CODE_VERSION, N_("is of a version that is not known here"), NULL},
    {SPK_CODE_TRUNC, N_("ends too early"), NULL},
    {SPK_CODE_AUTH, N_("does not verify"), NULL},
    {SPK_CODE_NOKEY, N_("no key that fits is at hand"), NULL},
    {SPK_CODE_LIMIT, N_("is larger or more than is allowed"), NULL},
    {SPK_CODE_EXISTS, N_("is there already"), NULL},
    {SPK_CODE_NOTFOUND, N_("is not there"), NULL},
    {SPK_CODE_CHANGED, N_("has changed"), NULL},
    {SPK_CODE_DENIED, N_("is not allowed"), NULL},
    {SPK_CODE_WAIT, N_("is not decided yet"), N_("run the command again later")},
    {SPK_CODE_NET, N_("a peer cannot be reached"), NULL},
    {SPK_CODE_TLS, N_("a peer is not who it should be"), NULL},
    {SPK_CODE_PROTO, N_("a peer answered something that it should not"), NULL},
    {SPK_CODE_BUSY, N_("is busy"), N_("try again")},
    {SPK_CODE_NOMEM, N_("there is not enough memory"), NULL},
    {SPK_CODE_CRYPTO, N_("the cryptographic library failed"), N_("nothing was written")},
    {SPK_CODE_STOPPED, N_("stopped"), N_("nothing was left half done")},
};

#define TABLE(t)                                                                                   \
    {                                                                                              \
        (t), sizeof(t) / sizeof((t)[0])                                                            \
    }
static const struct {
    const struct sentence *t;
    size_t n;
} tables[] = {
    [TERM_ABOUT_SEALED] = TABLE(about_sealed), [TERM_ABOUT_INPUT] = TABLE(about_input),
    [TERM_ABOUT_OUTPUT] = TABLE(about_output), [TERM_ABOUT_OWN] = TABLE(about_own),
    [TERM_ABOUT_PEER] = TABLE(about_peer),     [TERM_ABOUT_BLOB] = TABLE(about_blob),
};

static const struct sentence *
look_up(const struct sentence *t, size_t n, enum spk_code code)
{
    for (size_t i = 0; i < n; i++) {
        if (t[i].code == code) {
            return &t[i];
        }
    }
    return NULL;
}

/* What the operating system said of it says more. */
static bool
by_system(spk_err e)
{
    return e.sys != 0 && e.code == SPK_CODE_DENIED;
}

static const struct sentence *
sentence_of(enum term_about about, spk_err e)
{
    const struct sentence *s = look_up(tables[about].t, tables[about].n, e.code);

    if (about == TERM_ABOUT_PEER && e.code == SPK_CODE_NET && e.sys != 0) {
        return &broke_off;
    }
    if (by_system(e)) {
        s = NULL; /* not by our own rules, and not mended by a chmod against others */
    }
    return s != NULL ? s : look_up(about_all, sizeof(about_all) / sizeof(about_all[0]), e.code);
}

/* The same, where the peer has told more. */
static const struct sentence *
sentence_for(enum term_about about, spk_err e, const struct spk_trouble *t)
{
    if (about == TERM_ABOUT_PEER && e.code == SPK_CODE_DENIED && t != NULL && term_has_containers) {
        if (t->replaced) {
            return &was_replaced;
        }
        if (t->status == 401) {
            return &not_known;
        }
    }
    return sentence_of(about, e);
}

const char *
term_why_denied(const struct spk_trouble *t, const char **ret_hint)
{
    const struct sentence *s = sentence_for(TERM_ABOUT_PEER, SPK_ERR(DENIED), t);

    *ret_hint = gettext(s->hint);
    return gettext(s->text);
}

const char *
term_sentence(enum term_about about, spk_err e)
{
    const struct sentence *s = sentence_of(about, e);
    const char *text = NULL;
    const char *hint = NULL;

    if (e.code == SPK_CODE_PASS) {
        term_pass_words(&text, &hint);
        return text;
    }
    if (e.code == SPK_CODE_IO || by_system(e) || (e.sys != 0 && e.code == SPK_CODE_NOTFOUND)) {
        return strerror(e.sys);
    }
    return s == NULL ? spk_code_name(e.code) : gettext(s->text);
}

/* What to do about an error of the system; NULL when there is nothing to say. */
static const char *
system_hint(enum term_about about, int sys)
{
    switch (sys) {
    case ENOSPC:
    case EDQUOT:
        return _("make room there and try again");
    case EFBIG:
        return _("the limit on the size of files is too low: 'ulimit -f' shows it");
    case EACCES:
    case EPERM:
    case EROFS:
        return about == TERM_ABOUT_OUTPUT ? _("name a place where you may write")
                                          : _("look at its permissions and at those of its folder");
    case ENOENT:
        return about == TERM_ABOUT_OUTPUT ? _("make the folder, or name another place")
                                          : _("check the name");
    case EISDIR:
    case ENOTDIR:
        return _("give the name of a file in a folder that is there");
    case ENAMETOOLONG:
        return _("give it a shorter name");
    case ELOOP:
        return _("symbolic links lead in a circle, or where none is followed");
    case EMFILE:
    case ENFILE:
        return _("too many files are open: 'ulimit -n' shows the limit");
    case EPIPE:
        return _("whoever was reading has gone");
    case EBADF:
        return _("a standard descriptor is closed: open it, or name a file");
    case ENXIO:
    case ENODEV:
        return _("nothing answers there: give the name of a file");
    case EIO:
        return _("the disk, or what stands for it, has failed: see to it before you go on");
    default:
        return NULL;
    }
}

#define SHOWN_MAX 4
const char *
term_shown_span(struct spk_span s)
{
    static _Thread_local char text[SHOWN_MAX][1200];
    static _Thread_local unsigned next;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1 << 16);
    char *slot = text[next++ % SHOWN_MAX];
    const char *shown = NULL;

    if (!spk_ok(spk_buf_escape(&b, s)) || !spk_ok(spk_buf_cstr(&b, &shown))) {
        shown = "?";
    }
    (void)snprintf(slot, sizeof(text[0]), "%.1190s", shown);
    return slot;
}

const char *
term_shown(const char *name)
{
    return term_shown_span(spk_span_str(name));
}

void
term_say_error(const char *file, const char *sentence)
{
    if (file != NULL && file[0] != '\0') {
        fprintf(stderr, _("%s: error: '%s' %s\n"), term_program, term_shown(file), sentence);
    } else {
        fprintf(stderr, _("%s: error: %s\n"), term_program, sentence);
    }
}

void
term_say_warning(const char *file, const char *sentence)
{
    if (file != NULL && file[0] != '\0') {
        fprintf(stderr, _("%s: warning: '%s' %s\n"), term_program, term_shown(file), sentence);
    } else {
        fprintf(stderr, _("%s: warning: %s\n"), term_program, sentence);
    }
}

void
term_say_hint(const char *sentence)
{
    fprintf(stderr, _("%s: hint: %s\n"), term_program, sentence);
}

/* What the peer said, and the reason of the operating system, behind the sentence. */
static void
say_detail(const struct spk_trouble *t)
{
    if (t == NULL || (t->said[0] == '\0' && t->peer[0] == '\0' && t->log == 0)) {
        return;
    }
    if (t->log != SPK_LOG_FAULT_NONE) {
        fprintf(stderr, _("%s: note: %s\n"), term_program, term_log_words(t->log));
    }
    if (t->said[0] == '\0' && t->peer[0] != '\0') {
        fprintf(stderr, _("%s: note: authority %s\n"), term_program, term_shown(t->peer));
    } else if (t->said[0] == '\0') {
        return;
    } else if (t->status == 0) {
        fprintf(stderr, _("%s: note: authority %s: %s\n"), term_program, term_shown(t->peer),
                term_shown(t->said));
    } else {
        fprintf(stderr, _("%s: note: authority %s answered %ld: %s\n"), term_program,
                term_shown(t->peer), t->status, term_shown(t->said));
    }
}

/* Busy may be a file or a peer: then somebody has named the peer. */
static bool
is_net(enum spk_code code, const struct spk_trouble *t)
{
    return code == SPK_CODE_NET || code == SPK_CODE_TLS || code == SPK_CODE_PROTO ||
           (code == SPK_CODE_BUSY && t != NULL && t->peer[0] != '\0');
}

static const char *
exists_hint(void)
{
    bool force = term_has_option("force");
    bool output = term_has_option("output");

    return force && output ? _("--force replaces it; -o names another")
           : force         ? _("--force replaces it")
           : output        ? _("-o names another")
                           : _("name another, or move that one away");
}

/* Nothing of its header can be read: only the name tells what it may have been. */
static const char *
no_header_hint(const char *file)
{
    size_t len = file == NULL ? 0 : strlen(file);

    return len > 4 && strcmp(file + len - 4, ".spk") == 0
               ? _("if it was sealed once, its header is damaged: 'sparekey recover' with its name "
                   "can rebuild it from the deposit")
               : _("give a file that sparekey has sealed; one whose header is damaged is rebuilt "
                   "by "
                   "'sparekey recover'");
}

/* To officers and operators, where an owner is told of commands that they do not have. */
static const char *
desk_hint(enum term_about about, spk_err e)
{
    if (about == TERM_ABOUT_OWN && (e.code == SPK_CODE_FORMAT || e.code == SPK_CODE_TRUNC ||
                                    e.code == SPK_CODE_LIMIT || e.code == SPK_CODE_AUTH)) {
        return _("restore it from a backup");
    }
    if (about == TERM_ABOUT_OWN && e.code == SPK_CODE_NOTFOUND) {
        return _("check the name");
    }
    if (about != TERM_ABOUT_PEER) {
        return NULL;
    }
    switch (e.code) {
    case SPK_CODE_NET:
        return _("check the network, and with the operators whether 'sparekeyctl start' runs "
                 "there; then try again");
    case SPK_CODE_TLS:
        return _("somebody may be in between: ask its operators by another way what has happened");
    case SPK_CODE_DENIED:
        return _("are you an officer in the policy of today, and is your clock right?");
    default:
        return NULL;
    }
}

/* What to do next; NULL when there is nothing to say. */
static const char *
hint_of(enum term_about about, const char *file, const struct sentence *s, spk_err e)
{
    const char *desk = term_has_containers ? NULL : desk_hint(about, e);

    if (desk != NULL) {
        return desk;
    }
    if (e.code == SPK_CODE_FORMAT && about == TERM_ABOUT_SEALED) {
        return no_header_hint(file);
    }
    if (e.code == SPK_CODE_EXISTS && (about == TERM_ABOUT_OUTPUT || about == TERM_ABOUT_INPUT)) {
        return exists_hint();
    }
    if (s != NULL && s->hint != NULL) {
        return gettext(s->hint);
    }
    return e.sys != 0 ? system_hint(about, e.sys) : NULL;
}

/* Errors whose sentence stands for itself: the file goes before it with a colon. */
static bool
stands_alone(spk_err e)
{
    return e.code == SPK_CODE_IO || e.code == SPK_CODE_NOMEM || e.code == SPK_CODE_STOPPED ||
           e.code == SPK_CODE_CRYPTO || by_system(e) || (e.code == SPK_CODE_NOTFOUND && e.sys != 0);
}

static void
say_colon(const char *file, const char *sentence)
{
    if (file == NULL || file[0] == '\0') {
        term_say_error(NULL, sentence);
    } else {
        fprintf(stderr, _("%s: error: '%s': %s\n"), term_program, term_shown(file), sentence);
    }
}

static int
pass_error(const char *file)
{
    const char *sentence = NULL;
    const char *hint = NULL;

    term_pass_words(&sentence, &hint);
    say_colon(file, sentence);
    term_say_hint(hint);
    return TERM_FAILED;
}

static int
line_error(const struct spk_trouble *t)
{
    fprintf(stderr, _("%s: error: '%s', line %u: no such setting, or not a value that it takes\n"),
            term_program, term_shown(t->file), t->line);
    term_say_hint(_("mend that line or take it out; the settings are policy = require, spool or "
                    "off; need = all or a number; container = a name; timeout = seconds"));
    return TERM_FAILED;
}

int
term_error(enum term_about about, const char *file, spk_err e, const struct spk_trouble *t)
{
    bool net = is_net(e.code, t);
    const char *hint = NULL;

    if (t != NULL && t->file[0] != '\0' && !net && about != TERM_ABOUT_PEER) {
        file = t->file; /* in the way of what was asked, and named by who met it */
        about = TERM_ABOUT_OWN;
        if (t->line > 0) {
            return line_error(t);
        }
    }
    if (e.code == SPK_CODE_PASS) {
        return pass_error(file);
    }
    about = net ? TERM_ABOUT_PEER : about;
    if (about == TERM_ABOUT_PEER) {
        const struct sentence *s = sentence_for(about, e, t);

        say_colon(file, e.code == SPK_CODE_DENIED ? gettext(s->text) : term_sentence(about, e));
        say_detail(t);
    } else if (stands_alone(e)) {
        say_colon(file, term_sentence(about, e));
    } else {
        term_say_error(file, term_sentence(about, e));
    }
    hint = hint_of(about, file, sentence_for(about, e, t), e);
    if (hint != NULL) {
        term_say_hint(hint);
    }
    return e.code == SPK_CODE_STOPPED ? TERM_STOPPED : TERM_FAILED;
}

const char *
term_size(uint64_t bytes)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB", "PiB"};
    static _Thread_local char text[32];
    double v = (double)bytes;
    size_t u = 0;

    if (bytes < 1024) {
        (void)snprintf(text, sizeof(text), ngettext("%lu byte", "%lu bytes", (unsigned long)bytes),
                       (unsigned long)bytes);
        return text;
    }
    while (v >= 1024.0 && u + 1 < sizeof(units) / sizeof(units[0])) {
        v /= 1024.0;
        u++;
    }
    (void)snprintf(text, sizeof(text), "%.1f %s", v, units[u]);
    return text;
}

int
term_flush(int status)
{
    static bool told;
    int sys = fflush(stdout) != 0 ? errno : ferror(stdout) ? EIO : 0;

    if (sys == 0) {
        return status;
    }
    if (!told) {
        (void)term_error(TERM_ABOUT_OUTPUT, _("standard output"), (spk_err){SPK_CODE_IO, sys},
                         NULL);
        told = true;
    }
    return TERM_FAILED;
}

int
term_json_out(struct spk_jw *w, struct spk_buf *b)
{
    if (!spk_ok(spk_jw_end(w)) || fwrite(b->ptr, 1, b->len, stdout) != b->len ||
        putchar('\n') == EOF) {
        term_say_error(NULL, _("the result could not be written"));
        return TERM_FAILED;
    }
    return TERM_DONE;
}

void
term_json_failed(const struct term *c, const char *file, spk_err e)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)65536);
    struct spk_jw w = {.b = &b};

    if (!c->json) {
        return;
    }
    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "file", spk_span_str(file));
    spk_jw_cstr(&w, "error", spk_code_name(e.code));
    spk_jw_close(&w, '}');
    (void)term_json_out(&w, &b);
}
