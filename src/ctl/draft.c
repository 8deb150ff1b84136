/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/draft.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "term/i18n.h"

#define DURATION_MAX ((uint64_t)10 * 365 * 86400)

/* A policy with this one officer: its last line is the officer's, and whatever a policy refuses is
 * refused here, so the line has one definition only. */
static struct spk_policy
around(const struct spk_officer *o)
{
    return (struct spk_policy){.number = 1,
                               .quorum = 1,
                               .deny = 1,
                               .request_life = 1,
                               .approval_life = 1,
                               .n_officers = 1,
                               .officers = {*o}};
}

/* The same policy as text, but for the kind and the officer's line. */
static const char terms[] = "number 1\n"
                            "previous none\n"
                            "quorum 1\n"
                            "deny 1\n"
                            "wait 0\n"
                            "request-life 1\n"
                            "approval-life 1\n"
                            "override-quorum 0\n"
                            "override-wait 0\n"
                            "need-derived no\n";

static spk_err
last_line(const struct spk_buf *text, struct spk_span *ret_line)
{
    struct spk_span whole = spk_buf_span(text);
    size_t at = whole.len - 1;

    SPK_CHECK(whole.len > 1 && whole.ptr[whole.len - 1] == '\n', FORMAT);
    while (at > 0 && whole.ptr[at - 1] != '\n') {
        at--;
    }
    *ret_line = spk_span(whole.ptr + at, whole.len - at);
    return SPK_OK;
}

spk_err
ctl_officer_line(const struct spk_officer *o, struct spk_buf *line)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO_STR struct spk_policy *p = spk_calloc(1, sizeof(*p));
    struct spk_span last;

    SPK_CHECK(p != NULL, NOMEM);
    *p = around(o);
    SPK_TRY(spk_policy_format(p, &text));
    SPK_TRY(last_line(&text, &last));
    return spk_buf_add(line, last);
}

spk_err
ctl_officer_parse(struct spk_span line, struct spk_officer *ret_o)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO_STR struct spk_policy *p = spk_calloc(1, sizeof(*p));

    SPK_CHECK(p != NULL, NOMEM);
    SPK_TRY(spk_buf_str(&text, SPK_POLICY_KIND "\n"));
    SPK_TRY(spk_buf_str(&text, terms));
    SPK_TRY(spk_buf_add(&text, line));
    SPK_TRY(spk_buf_u8(&text, '\n'));
    SPK_TRY(spk_policy_parse(spk_buf_span(&text), p));
    SPK_CHECK(p->n_officers == 1, FORMAT);
    *ret_o = p->officers[0];
    return SPK_OK;
}

static spk_err
add_one(struct spk_policy *p, struct spk_span line)
{
    struct spk_officer o;

    SPK_TRY(ctl_officer_parse(line, &o));
    SPK_CHECK(spk_policy_officer(p, spk_span_str(o.key.name)) == NULL, EXISTS);
    SPK_CHECK(p->n_officers < SPK_OFFICERS_MAX, LIMIT);
    p->officers[p->n_officers++] = o;
    return SPK_OK;
}

spk_err
ctl_draft_add(struct spk_policy *p, struct spk_span lines)
{
    struct spk_span line;
    size_t before = p->n_officers;

    while (lines.len > 0) {
        if (!spk_split(&lines, '\n', &line)) {
            line = lines;
            lines = SPK_SPAN_EMPTY;
        }
        if (line.len > 0 && line.ptr[0] != '#') {
            SPK_TRY(add_one(p, line));
        }
    }
    SPK_CHECK(p->n_officers > before, FORMAT);
    return SPK_OK;
}

spk_err
ctl_draft_drop(struct spk_policy *p, const char *name)
{
    for (size_t i = 0; i < p->n_officers; i++) {
        if (strcmp(spk_officer_short(&p->officers[i]), name) == 0) {
            memmove(&p->officers[i], &p->officers[i + 1],
                    (p->n_officers - i - 1) * sizeof(p->officers[0]));
            p->n_officers--;
            return SPK_OK;
        }
    }
    return SPK_ERR(NOTFOUND);
}

const char *
ctl_draft_trouble(const struct spk_policy *p)
{
    switch (spk_policy_broken(p)) {
    case SPK_POLICY_SOUND:
        return NULL;
    case SPK_POLICY_NOBODY:
        return _("a policy names at least one officer: --officer FILE");
    case SPK_POLICY_QUORUM_MANY:
        return _("the quorum is larger than the number of different persons");
    case SPK_POLICY_QUORUM_ALONE:
        return _("with more than one person the quorum is at least two: nobody recovers alone");
    case SPK_POLICY_DENY:
        return _("--deny is between 1 and the number of persons");
    case SPK_POLICY_WAIT:
        return _("the waiting time must end before the request does");
    case SPK_POLICY_OVERRIDE_NONE:
        return _("--override-wait means nothing without --override-quorum");
    case SPK_POLICY_OVERRIDE_MANY:
        return _(
            "overriding a veto must take more persons than a release, and no more than there are");
    case SPK_POLICY_OVERRIDE_WAIT:
        return _("overriding a veto must take longer than the waiting time, and end before the "
                 "request does");
    case SPK_POLICY_OFFICERS:
    case SPK_POLICY_NUMBERS:
    case SPK_POLICY_LIVES:
        break;
    }
    return _("two officers share a key, or a number is out of its bounds");
}

spk_err
ctl_duration_parse(const char *text, uint64_t *ret_seconds)
{
    static const struct {
        char letter;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    struct spk_span s = spk_span_str(text);
    uint64_t unit = 1;
    uint64_t v = 0;

    for (size_t i = 0; s.len > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (s.ptr[s.len - 1] == (uint8_t)units[i].letter) {
            unit = units[i].seconds;
            s.len--;
            break;
        }
    }
    SPK_TRY(spk_dec_parse(s, DURATION_MAX / unit, &v));
    *ret_seconds = v * unit;
    return SPK_OK;
}

char *
ctl_duration(uint64_t seconds, char ret[32])
{
    unsigned long long v = seconds;

    if (v == 0) {
        (void)snprintf(ret, 32, "%s", _("none"));
    } else if (v % 86400 == 0) {
        (void)snprintf(ret, 32, ngettext("%llu day", "%llu days", (unsigned long)(v / 86400)),
                       v / 86400);
    } else if (v % 3600 == 0) {
        (void)snprintf(ret, 32, ngettext("%llu hour", "%llu hours", (unsigned long)(v / 3600)),
                       v / 3600);
    } else if (v % 60 == 0) {
        (void)snprintf(ret, 32, ngettext("%llu minute", "%llu minutes", (unsigned long)(v / 60)),
                       v / 60);
    } else {
        (void)snprintf(ret, 32, ngettext("%llu second", "%llu seconds", (unsigned long)v), v);
    }
    return ret;
}
