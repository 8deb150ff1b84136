/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/ask.h"

#include "base/text.h"

#define ASKED 3 /* times at a terminal; a descriptor has one answer */
#define CODE_LETTERS 20

/* What can be told of a wrong code without a word about the right one: that it is none. */
static bool
is_code(struct spk_span text)
{
    size_t letters = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned v = spk_code_value(text.ptr[i]);

        if (v == SPK_CODE_NONE) {
            return false;
        }
        letters += v != SPK_CODE_FILLER;
    }
    return letters == CODE_LETTERS;
}

static int
wrong(const struct ctl_code *k)
{
    term_say_error(NULL, k->wrong);
    term_say_hint(k->wrong_hint);
    return TERM_FAILED;
}

static int
missing(const struct ctl_code *k, spk_err e)
{
    if (e.code == SPK_CODE_STOPPED) {
        return TERM_STOPPED;
    }
    term_say_error(NULL, k->missing);
    term_say_hint(_("it is typed on the terminal, given with --code, or read with --passphrase-fd "
                    "after the passphrase"));
    return TERM_FAILED;
}

int
ctl_ask_code(const struct term *c, const struct ctl_code *k)
{
    int tries = c->pass_fd != NULL ? 1 : ASKED;

    if (k->given != NULL) {
        return k->fits(k->ctx, spk_span_str(k->given)) ? TERM_GO_ON : wrong(k);
    }
    for (int left = tries; left > 0; left--) {
        SPK_AUTO(spk_secret) typed = NULL;
        spk_err e = term_ask(c, k->question, true, &typed);

        if (!spk_ok(e)) {
            return missing(k, e);
        }
        if (k->fits(k->ctx, spk_secret_span(typed))) {
            return TERM_GO_ON;
        }
        if (left > 1) {
            term_say_warning(NULL, is_code(spk_secret_span(typed))
                                       ? _("that is not the code; let it be read out once more")
                                       : _("that is no code: one has twenty letters and digits"));
        }
    }
    return wrong(k);
}

static spk_err
ask_passphrase(const struct term *c, const char *name, int asked, struct spk_secret **ret_pass)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1024);
    const char *question = NULL;

    SPK_CHECK(asked < (c->pass_fd != NULL ? 1 : ASKED), PASS);
    SPK_TRY(spk_buf_printf(&b,
                           asked > 0 ? _("wrong; passphrase of identity '%s': ")
                                     : _("passphrase of identity '%s': "),
                           name));
    SPK_TRY(spk_buf_cstr(&b, &question));
    return term_ask(c, question, false, ret_pass);
}

spk_err
ctl_unlock(const struct term *c, struct spk_identity *me, struct spk_span raw)
{
    for (int asked = 0; me->locked; asked++) {
        SPK_AUTO(spk_secret) pass = NULL;
        spk_err e;

        SPK_TRY(ask_passphrase(c, me->name, asked, &pass));
        e = spk_identity_unlock(me, raw, pass);
        if (!spk_ok(e) && e.code != SPK_CODE_PASS) {
            return e;
        }
    }
    return SPK_OK;
}
