/* SPDX-License-Identifier: Apache-2.0 */
/* What an officer reads before deciding. A line is "mark  key  value"; foreign bytes are escaped,
 * so no line can be forged from within another. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/case.h"
#include "ctl/draft.h"
#include "term/i18n.h"
#include "wire/logs.h"

#define V "verified"
#define C "claimed"

static spk_err
line(struct spk_buf *b, const char *mark, const char *key, struct spk_span value)
{
    SPK_TRY(spk_buf_printf(b, "%-9s %-16s ", mark, key));
    SPK_TRY(spk_buf_escape(b, value));
    return spk_buf_u8(b, '\n');
}

static spk_err
line_str(struct spk_buf *b, const char *mark, const char *key, const char *value)
{
    return line(b, mark, key, spk_span_str(value));
}

static spk_err
line_hash(struct spk_buf *b, const char *mark, const char *key, const struct spk_hash *h)
{
    char hex[2 * SPK_HASH_LEN + 1];

    return line_str(b, mark, key, spk_hex(spk_hash_span(h), hex));
}

static spk_err
line_time(struct spk_buf *b, const char *mark, const char *key, uint64_t unix_seconds)
{
    char iso[21];

    return line_str(b, mark, key, unix_seconds == 0 ? "-" : spk_time_iso(unix_seconds, iso));
}

static spk_err
line_key(struct spk_buf *b, const char *key, const struct spk_rsa *k)
{
    char hex[2 * SPK_HASH_LEN + 1];

    return spk_buf_printf(b, "%-9s %-16s RSA-%zu %s\n", V, key, spk_rsa_len(k) * 8,
                          spk_hex(spk_hash_span(spk_rsa_id(k)), hex));
}

static spk_err
render_owner(const struct ctl_case *c, struct spk_buf *b)
{
    const struct spk_enrolment *e = &c->enrolment;

    SPK_TRY(line_hash(b, V, _("owner id"), &c->request.owner));
    SPK_TRY(line(b, V, _("name"), e->name));
    for (size_t i = 0; i < e->n_contacts; i++) {
        SPK_TRY(line(b, V, _("contact"), e->contacts[i]));
    }
    SPK_TRY(line_time(b, C, _("record of"), e->time));
    return spk_buf_printf(b, "%-9s %-16s %zu\n", V, _("earlier changes"), c->n_successors);
}

static spk_err
render_request(const struct ctl_case *c, struct spk_buf *b)
{
    const struct spk_request *r = &c->request;

    SPK_TRY(line_hash(b, V, _("request"), &r->hash));
    SPK_TRY(line_str(b, V, _("asks for"),
                     r->kind == SPK_REQ_KIND_PAIRS ? _("new key pairs, no session keys")
                     : r->select == SPK_SELECT_ALL
                         ? _("the session keys of all files, and new key pairs")
                         : _("the session keys of listed files, and new key pairs")));
    SPK_TRY(line_key(b, _("new key exchange"), r->keyx));
    SPK_TRY(line_key(b, _("new signature"), r->sign));
    SPK_TRY(line(b, C, _("reason"), r->reason));
    SPK_TRY(line(b, C, _("reached by"), r->contact.len > 0 ? r->contact : SPK_SPAN_LIT("-")));
    return line_time(b, C, _("asked at"), r->time);
}

static spk_err
render_file(const struct ctl_case_file *f, struct spk_buf *b)
{
    char hex[2 * SPK_FILE_ID_LEN + 1];
    char iso[21];

    SPK_TRY(spk_buf_printf(b, "%-9s %-16s %s %s ", f->readable ? V : C, _("file"),
                           spk_hex(SPK_SPAN_OF(f->id.b), hex),
                           spk_time_iso(f->time_ms / 1000, iso)));
    if (f->readable) {
        SPK_TRY(spk_buf_escape(b, spk_span_str(f->description)));
    } else {
        SPK_TRY(spk_buf_str(b, _("(description readable with its session key only)")));
    }
    return spk_buf_u8(b, '\n');
}

static spk_err
render_scope(const struct ctl_case *c, size_t list, struct spk_buf *b)
{
    size_t unread = 0;

    SPK_TRY(spk_buf_printf(b, "%-9s %-16s %zu\n", V, _("files"), c->n_files));
    SPK_TRY(line_hash(b, V, _("root of files"), &c->scope_root));
    for (size_t i = 0; i < c->n_files; i++) {
        unread += c->files[i].readable ? 0 : 1;
        if (i < list) {
            SPK_TRY(render_file(&c->files[i], b));
        }
    }
    if (c->n_files > list) {
        SPK_TRY(spk_buf_printf(b, "%-9s %-16s ", V, _("file")));
        SPK_TRY(spk_buf_printf(b, _("... and %zu more\n"), c->n_files - list));
    }
    if (unread > 0) {
        SPK_TRY(spk_buf_printf(b, "%-9s %-16s ", C, _("owner of")));
        SPK_TRY(spk_buf_printf(b, _("%zu files: the holder checks it before it gives a key back\n"),
                               unread));
    }
    return SPK_OK;
}

static spk_err
render_because(const struct ctl_case *c, uint32_t by, struct spk_buf *b)
{
    if (by != c->pin->policy.number) {
        SPK_TRY(spk_buf_printf(b, _(", because files were deposited under policy %u"), by));
    }
    return spk_buf_u8(b, '\n');
}

/* A veto asks for more persons and for a longer wait, or for what nobody can give. */
static spk_err
render_override(const struct ctl_case *c, struct spk_buf *b)
{
    uint32_t n = c->takes.override_quorum;
    char wait[32];

    SPK_TRY(spk_buf_printf(b, "%-9s %-16s ", V, _("needs")));
    if (n == 0) {
        return spk_buf_str(b, _("nothing overrides the veto\n"));
    }
    SPK_TRY(spk_buf_printf(
        b, ngettext("%u person to override the veto\n", "%u persons to override the veto\n", n),
        n));
    return spk_buf_printf(b, "%-9s %-16s %s\n", V, _("waits"),
                          ctl_duration(c->takes.override_wait, wait));
}

static spk_err
render_takes(const struct ctl_case *c, struct spk_buf *b)
{
    char wait[32];

    if (ctl_case_vetoed(c)) {
        return render_override(c, b);
    }
    SPK_TRY(spk_buf_printf(b, "%-9s %-16s ", V, _("needs")));
    SPK_TRY(
        spk_buf_printf(b, ngettext("%u person", "%u persons", c->takes.quorum), c->takes.quorum));
    SPK_TRY(render_because(c, c->takes.quorum_by, b));
    if (c->takes.wait == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_buf_printf(b, "%-9s %-16s %s", V, _("waits"), ctl_duration(c->takes.wait, wait)));
    return render_because(c, c->takes.wait_by, b);
}

/* One and the same word, said again later. */
static bool
said_again(const struct ctl_case *c, size_t i)
{
    const struct spk_vote *v = &c->votes[i].vote;

    for (size_t k = i + 1; k < c->n_votes; k++) {
        const struct spk_vote *w = &c->votes[k].vote;

        if (spk_ct_eq(v->key, w->key, SPK_ED25519_LEN) && v->approve == w->approve &&
            v->round == w->round) {
            return true;
        }
    }
    return false;
}

static spk_err
render_votes(const struct ctl_case *c, struct spk_buf *b)
{
    for (size_t i = 0; i < c->n_votes; i++) {
        const struct ctl_case_vote *v = &c->votes[i];
        char iso[21];

        if (said_again(c, i)) {
            continue;
        }
        SPK_TRY(spk_buf_printf(b, "%-9s %-16s %s %s %u %s%s\n", V,
                               v->vote.approve ? _("approval") : _("denial"), v->officer,
                               _("round"), v->vote.round, spk_time_iso(v->vote.time, iso),
                               v->no_log ? _(" (names no log)") : ""));
    }
    return SPK_OK;
}

static const char *
entry_word(uint64_t kind)
{
    switch (kind) {
    case SPK_ENTRY_REQUESTED:
        return _("request");
    case SPK_ENTRY_APPROVAL:
        return _("approval");
    case SPK_ENTRY_DENIED:
        return _("denial");
    case SPK_ENTRY_VETO:
        return _("veto");
    case SPK_ENTRY_ENDED:
        return _("its end");
    case SPK_ENTRY_DRILL:
        return _("drill");
    default:
        return "?";
    }
}

/* Where the public log has it, so that its owner finds it there. */
static spk_err
render_entries(const struct ctl_case *c, struct spk_buf *b)
{
    for (size_t i = 0; i < c->n_entries; i++) {
        const struct ctl_case_entry *e = &c->entries[i];
        char iso[21];

        SPK_TRY(spk_buf_printf(
            b, "%-9s %-16s %llu %s %s%s%s\n", e->verified ? V : C, _("log entry"),
            (unsigned long long)e->index, spk_time_iso(e->time_ms / 1000, iso), entry_word(e->kind),
            e->fault != NULL ? ": " : "", e->fault != NULL ? gettext(e->fault) : ""));
    }
    return SPK_OK;
}

static spk_err
render_claims(const struct ctl_case *c, struct spk_buf *b)
{
    SPK_TRY(line_str(b, C, _("state"), c->state));
    SPK_TRY(line_time(b, C, _("opened"), c->opened));
    if (c->due != 0) {
        SPK_TRY(line_time(b, C, _("wait is over"), c->due));
    }
    return c->expires == 0 ? SPK_OK : line_time(b, C, _("ends"), c->expires);
}

spk_err
ctl_case_render_fault(const struct ctl_case *c, struct spk_buf *b)
{
    SPK_TRY(line_str(b, V, _("authority"), spk_pin_now(c->pin)->name));
    SPK_TRY(line_hash(b, V, _("request"), &c->hash));
    return line_str(b, V, _("fault"), gettext(c->fault));
}

spk_err
ctl_case_render(const struct ctl_case *c, size_t list, struct spk_buf *b)
{
    SPK_TRY(line_str(b, V, _("authority"), spk_pin_now(c->pin)->name));
    SPK_TRY(spk_buf_printf(b, "%-9s %-16s %u\n", V, _("policy"), c->pin->policy.number));
    SPK_TRY(render_request(c, b));
    SPK_TRY(render_owner(c, b));
    SPK_TRY(render_scope(c, list, b));
    SPK_TRY(render_takes(c, b));
    SPK_TRY(render_votes(c, b));
    SPK_TRY(render_entries(c, b));
    return render_claims(c, b);
}
