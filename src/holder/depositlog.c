/* SPDX-License-Identifier: Apache-2.0 */
#include "holder/depositlog.h"

#include <inttypes.h>

#include "base/log.h"
#include "holder/logstate.h"

static spk_err
at_of(const struct spk_hstate *s, struct spk_logat *ret_at)
{
    struct spk_logat at = {.size = s->logs.deposits};

    SPK_TRY(spk_logs_root(s, SPK_LOG_DEPOSITS, &at.root));
    *ret_at = at;
    return SPK_OK;
}

static spk_err
mark(struct spk_holder *h)
{
    struct spk_logat at;
    uint8_t size[8];

    SPK_TRY(at_of(h->state, &at));
    spk_put_u64(size, at.size);
    const struct spk_span parts[] = {SPK_SPAN_OF(size), spk_hash_span(&at.root)};
    SPK_TRY(spk_holder_commit(h, SPK_JREC_DEPOSITS_MARK, parts, 2));
    h->unmarked = 0;
    return SPK_OK;
}

spk_err
spk_depositlog_advance(struct spk_holder *h, const struct spk_logat *at)
{
    bool before = h->logsfile.broken;
    spk_err e = spk_logsfile_put(&h->logsfile, at);

    if (!spk_ok(e)) {
        if (!before) {
            spk_log(SPK_LOG_ERROR,
                    SPK_LOGSFILE_NAME " cannot be written (%s): the deposits log is not signed%s",
                    spk_code_name(e.code),
                    h->logsfile.broken ? " before the holder is restarted" : " until it can");
        }
        return e;
    }
    h->state->logs.deposits = at->size;
    h->state->logs.deposits_root = at->root;
    h->unmarked++;
    return h->unmarked < SPK_DEPOSITLOG_MARK ? SPK_OK : mark(h);
}

/* -- Opening ----------------------------------------------------------------------------------- */

/* The journal is never ahead of the file. */
static spk_err
fits(const struct spk_hstate *s, const struct spk_logat *at)
{
    struct spk_logat marked;

    SPK_TRY(at_of(s, &marked));
    SPK_CHECK(at->size >= marked.size && at->size <= SPK_LOG_MAX, CHANGED);
    SPK_CHECK(at->size > marked.size || spk_hash_eq(&at->root, &marked.root), CHANGED);
    return SPK_OK;
}

static const char *
trouble(spk_err e)
{
    switch (e.code) {
    case SPK_CODE_NOTFOUND:
        return "it is missing";
    case SPK_CODE_AUTH:
        return "it is damaged, or another holder's";
    case SPK_CODE_CHANGED:
        return "it is older than the journal";
    default:
        return spk_code_name(e.code);
    }
}

static void
complain(spk_err e, const struct spk_hstate *s)
{
    spk_log(SPK_LOG_ERROR,
            SPK_LOGSFILE_NAME
            ", which says how far the deposits log was signed, cannot be used: %s. The journal "
            "knows of %" PRIu64 " entries. The holder does not start, since it might sign a second "
            "log. Put back the newest " SPK_LOGSFILE_NAME " that there is; without one, open a "
            "sealed copy with this folder as the old state (key restore --state): it goes on from "
            "the journal",
            trouble(e), s->logs.deposits);
}

static spk_err
take(int dirfd, const struct spk_keys *k, const struct spk_hstate *s, struct spk_logsfile *f,
     struct spk_logat *ret_at)
{
    SPK_TRY(spk_logsfile_open(dirfd, k, f, ret_at));
    if (f->torn) {
        spk_log(SPK_LOG_WARN,
                "one of the two slots of " SPK_LOGSFILE_NAME
                " is not whole, as a power cut leaves it, or a bad disk: the other one counts, "
                "with %" PRIu64 " entries",
                ret_at->size);
    }
    return fits(s, ret_at);
}

/* As long as the journal has no mark, it is the journal that counts: either nothing was signed yet,
 * or by a program that kept the log there alone. */
static spk_err
begin(int dirfd, const struct spk_holder *h)
{
    struct spk_logat at;

    if (h->state->logs.marked) {
        return SPK_OK;
    }
    SPK_TRY(at_of(h->state, &at));
    spk_err e = spk_logsfile_make(dirfd, h->keys, &at, true);
    if (!spk_ok(e)) {
        spk_log(SPK_LOG_ERROR, SPK_LOGSFILE_NAME " cannot be made: %s", spk_code_name(e.code));
    }
    return e;
}

spk_err
spk_depositlog_open(int dirfd, struct spk_holder *h)
{
    struct spk_hlogs *l = &h->state->logs;
    struct spk_logat at;

    SPK_TRY(begin(dirfd, h));
    spk_err e = take(dirfd, h->keys, h->state, &h->logsfile, &at);
    if (!spk_ok(e)) {
        complain(e, h->state);
        return e;
    }
    /* once more: what is taken up now may have reached the page cache only, and both slots are
     * whole again */
    SPK_TRY(spk_logsfile_put(&h->logsfile, &at));
    bool news = !l->marked || at.size > l->deposits;
    l->deposits = at.size;
    l->deposits_root = at.root;
    return news ? mark(h) : SPK_OK;
}

spk_err
spk_depositlog_restore(int dirfd, int old, const struct spk_keys *k, const struct spk_hstate *s)
{
    SPK_AUTO_LOGSFILE f = SPK_LOGSFILE_NONE;
    struct spk_logat at;

    if (!s->logs.marked) {
        return SPK_OK;
    }
    spk_err e = take(old, k, s, &f, &at);
    if (!spk_ok(e)) {
        spk_log(SPK_LOG_WARN,
                SPK_LOGSFILE_NAME " of the old folder cannot be used: %s. The deposits log goes on "
                                  "from the %" PRIu64 " entries that its journal knows of",
                trouble(e), s->logs.deposits);
        SPK_TRY(at_of(s, &at));
    }
    return spk_logsfile_make(dirfd, k, &at, false);
}
