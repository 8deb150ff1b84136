/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases in a recovery. A passphrase that is forgotten is one of the ways to lose keys, so
 * none of the keys that were here before is needed: whoever has lost it says so and goes on. */
#include "cli/recover_files.h"

#include <string.h>

#define TRIES 3u

static spk_err
ask(const struct recover_job *job, const char *question, unsigned wrong, enum recover_pass *state,
    struct spk_secret **ret_pass)
{
    SPK_AUTO(spk_secret) line = NULL;
    spk_err e;

    if (*state == RECOVER_PASS_GIVEN && wrong >= (job->c->pass_fd != NULL ? 1u : TRIES)) {
        *state = RECOVER_PASS_WRONG;
    }
    SPK_CHECK(*state == RECOVER_PASS_ASK || *state == RECOVER_PASS_GIVEN, PASS);
    e = term_ask(job->c, question, false, &line);
    if (!spk_ok(e)) {
        *state = e.code == SPK_CODE_PASS ? RECOVER_PASS_NONE : *state;
        return e;
    }
    if (spk_secret_len(line) == 0) {
        *state = RECOVER_PASS_LOST;
        return SPK_ERR(PASS);
    }
    *state = RECOVER_PASS_GIVEN;
    *ret_pass = SPK_STEAL(line);
    return SPK_OK;
}

/* Who asks for it once more from the beginning has tried in vain before. */
static bool
asks_again(const struct recover_job *job, const char *container, unsigned wrong)
{
    return wrong == 0 && job->old_pass == RECOVER_PASS_GIVEN &&
           strcmp(container, job->s->profile->container) == 0;
}

spk_err
recover_ask_old(void *ctx, const char *container, unsigned wrong, struct spk_secret **ret_pass)
{
    struct recover_job *job = ctx;
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)2048);
    const char *question = NULL;

    if (asks_again(job, container, wrong)) {
        job->old_pass = RECOVER_PASS_WRONG;
    }
    SPK_TRY(spk_buf_printf(&b,
                           wrong > 0 ? _("wrong; passphrase of key container '%s' (press Enter if "
                                         "it is lost): ")
                                     : _("passphrase of key container '%s' (press Enter if it is "
                                         "lost): "),
                           term_shown(container)));
    SPK_TRY(spk_buf_cstr(&b, &question));
    return ask(job, question, wrong, &job->old_pass, ret_pass);
}

spk_err
recover_ask_new(void *ctx, const char *container, unsigned wrong, struct spk_secret **ret_pass)
{
    struct recover_job *job = ctx;

    (void)container;
    return ask(job,
               wrong > 0
                   ? _("wrong; passphrase of the new keys of this recovery (press Enter if it "
                       "is lost): ")
                   : _("passphrase of the new keys of this recovery (press Enter if it is "
                       "lost): "),
               wrong, &job->new_pass, ret_pass);
}

bool
recover_locked_out(const struct recover_job *job)
{
    return job->old_pass != RECOVER_PASS_ASK && !job->s->unlocked;
}

int
recover_say_no_pass(const struct recover_job *job)
{
    term_say_error(NULL,
                   job->new_pass == RECOVER_PASS_LOST
                       ? _("the new keys, which this recovery has made, cannot be used without "
                           "their passphrase")
                   : job->new_pass == RECOVER_PASS_NONE
                       ? _("the passphrase of the new keys, which this recovery has made, is "
                           "wanted, and there is no terminal to ask at, or no line left to read")
                       : _("the passphrase of the new keys, which this recovery has made, is "
                           "wrong"));
    if (job->new_pass == RECOVER_PASS_NONE) {
        term_say_hint(_("--passphrase-fd reads the answer from a descriptor"));
    }
    term_say_hint(_("the request is kept here: run 'sparekey recover' again with the passphrase "
                    "that you gave when you opened it; if it is lost, 'sparekey recover --abandon' "
                    "gives the request up, and a new one makes other keys"));
    return TERM_FAILED;
}
