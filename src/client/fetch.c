/* SPDX-License-Identifier: Apache-2.0 */
#include "client/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "client/decrypt.h"
#include "client/ledger.h"
#include "client/parcel.h"
#include "client/receipts.h"

struct job {
    struct spk_session *s;
    const char *path;
    struct spk_header *h;
    struct spk_secret *key; /* NULL: what comes is kept beside the file */
    struct spk_slots *slots;
    bool changed;
    struct spk_fetched *f;
};

static spk_err
ask(struct job *j, const struct spk_pin *pin, const struct spk_deposit *d, struct spk_buf *text)
{
    SPK_AUTO(spk_json) json = NULL;
    struct spk_api *api = NULL;
    const char *said = NULL;
    char id[2 * SPK_FILE_ID_LEN + 1];
    char path[96];
    spk_err e;

    SPK_TRY(spk_session_api(j->s, spk_session_index(j->s, pin), &api));
    (void)snprintf(path, sizeof(path), "/v1/deposits/%s/receipt",
                   spk_hex(SPK_SPAN_OF(d->rpub.id.b), id));
    e = spk_api_get(api, path, &json);
    SPK_CHECK(e.code != SPK_CODE_BUSY, WAIT);
    SPK_TRY(e);
    SPK_CHECK(spk_ok(spk_json_str(json, "receipt", &said)), PROTO);
    return spk_buf_add(text, spk_span_str(said));
}

static spk_err
check(struct job *j, const struct spk_receipt_search *w, struct spk_span text,
      struct spk_receipt *ret_r)
{
    enum spk_log_fault fault = SPK_LOG_FAULT_NONE;
    spk_err e = spk_receipt_verify(text, w->log, &w->profile->witnesses, ret_r, &fault);

    if (spk_ok(e)) {
        fault = spk_receipt_about(ret_r, &w->d->rpub, &w->d->p);
    }
    if (fault != SPK_LOG_FAULT_NONE) {
        j->s->trouble.log = fault;
        return SPK_ERR(AUTH);
    }
    return e;
}

static spk_err
keep(struct job *j, const struct spk_deposit *d, const struct spk_receipt *r, struct spk_span text)
{
    SPK_TRY(spk_ledger_add_deposit(j->s->profile, &d->rpub, r->index));
    if (j->key == NULL) {
        j->f->beside++;
        return spk_receipts_keep(j->s->profile, j->path, d, text);
    }
    SPK_TRY(spk_receipt_put(j->slots, &d->rpub.authority, text));
    SPK_TRY(spk_accepted_put(j->slots, &d->rpub.authority, r->index, r->rpub.time_ms));
    j->changed = true;
    return SPK_OK;
}

/* Good, and with as many signatures of witnesses as are wanted? */
static spk_err
look(struct job *j, const struct spk_receipt_search *w, bool *ret_enough, size_t *ret_witnesses)
{
    struct spk_receipt_found found;

    SPK_TRY(spk_receipt_find(w, &found));
    *ret_witnesses = found.fault == SPK_LOG_FAULT_NONE ? found.r.witnesses : 0;
    *ret_enough =
        found.fault == SPK_LOG_FAULT_NONE && found.r.witnesses >= j->s->profile->witnesses.need;
    spk_receipt_found_clear(&found);
    return SPK_OK;
}

static spk_err
one_deposit(struct job *j, const struct spk_slot *record)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_PROOF_MAX);
    const struct spk_pin *pin = NULL;
    const struct spk_authority *a = NULL;
    struct spk_api *api = NULL;
    struct spk_receipt r;
    struct spk_deposit d;
    size_t witnesses = 0;
    bool enough = false;

    SPK_TRY(spk_record_parse(record->body, &d));
    if (!spk_ok(spk_profile_by_key(j->s->profile, &record->recipient, &pin, &a))) {
        j->f->without++;
        return SPK_OK;
    }
    if (!pin->has_logs) { /* it may have them by now */
        SPK_TRY(spk_session_api(j->s, spk_session_index(j->s, pin), &api));
    }
    if (!pin->has_logs) {
        j->f->without++;
        return SPK_OK;
    }
    const struct spk_receipt_search w = {j->s->profile, j->slots, j->path, &d,
                                         spk_logs_key(&pin->logs, SPK_LOG_DEPOSITS)};
    SPK_TRY(look(j, &w, &enough, &witnesses));
    if (enough) {
        j->f->had++;
        return SPK_OK;
    }
    SPK_TRY(ask(j, pin, &d, &text));
    SPK_TRY(check(j, &w, spk_buf_span(&text), &r));
    if (witnesses > 0 && r.witnesses <= witnesses) {
        j->f->had++;
        return SPK_OK; /* no better than the one that is there */
    }
    SPK_TRY(keep(j, &d, &r, spk_buf_span(&text)));
    j->f->got++;
    return SPK_OK;
}

static spk_err
each_deposit(struct job *j)
{
    spk_err first = SPK_OK;

    for (size_t i = 0; i < spk_slots_count(j->slots); i++) { /* what is added is no record */
        const struct spk_slot *slot = spk_slots_at(j->slots, i);
        spk_err e = slot->type == SPK_SLOT_RECORD ? one_deposit(j, slot) : SPK_OK;

        first = spk_ok(first) ? e : first;
    }
    return first;
}

static spk_err
open_file(struct job *j)
{
    SPK_AUTO_FD int fd = open(j->path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    spk_err e;
    size_t n = 0;

    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    SPK_CHECK(fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode), USAGE);
    SPK_TRY(spk_header_read(fd, &j->h));
    e = spk_unlock_header(j->s, j->h, &j->key);
    if (e.code != SPK_CODE_NOKEY) {
        SPK_TRY(e);
    }
    SPK_CHECK(spk_header_slots(j->h) != NULL, AUTH);
    /* slots that were damaged are for 'recover' to make anew first */
    SPK_CHECK(!spk_ok(e) || spk_header_slots_hold(j->h), AUTH);
    return spk_ok(e) ? spk_receipts_fold(j->s->profile, j->path, j->h, j->key, &n) : SPK_OK;
}

spk_err
spk_receipts_fetch(struct spk_session *s, const char *path, struct spk_fetched *ret_f)
{
    struct job j = {.s = s, .path = path, .f = ret_f};
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    spk_err e;

    memset(ret_f, 0, sizeof(*ret_f));
    spk_trouble_clear(&s->trouble);
    e = open_file(&j);
    h = j.h;
    key = j.key;
    SPK_TRY(e);
    j.slots = spk_header_slots(h);
    e = each_deposit(&j);
    if (j.changed) {
        SPK_TRY(spk_sealed_replace_slots(AT_FDCWD, path, key, j.slots));
    }
    return e;
}
