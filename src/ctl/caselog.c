/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/caselog.h"

#include "client/logread.h"
#include "term/i18n.h"
#include "translog/checkpoint.h"

#define CHECKPOINT_PATH "/log/recoveries/checkpoint"

struct lookup {
    struct ctl_case *c;
    struct spk_logread *log;
    uint64_t size;
    struct spk_hash root;
    uint8_t salt[32];
};

/* Ours is what has to do with this machine; the rest is about what the authority shows. */
static bool
own_trouble(spk_err e)
{
    return e.code == SPK_CODE_NOMEM || e.code == SPK_CODE_CRYPTO || e.code == SPK_CODE_STOPPED;
}

static spk_err
all_faulty(struct ctl_case *c, spk_err e, const char *sentence)
{
    if (own_trouble(e)) {
        return e;
    }
    for (size_t i = 0; i < c->n_entries; i++) {
        c->entries[i].fault = sentence;
    }
    return SPK_OK;
}

static spk_err
read_checkpoint(struct lookup *l, struct spk_span bytes)
{
    SPK_AUTO_STR struct spk_note *n = spk_calloc(1, sizeof(*n));
    struct spk_checkpoint p;

    SPK_CHECK(n != NULL, NOMEM);
    SPK_TRY(spk_note_parse(bytes, false, n));
    SPK_TRY(spk_checkpoint_verify(n, spk_logs_key(&l->c->pin->logs, SPK_LOG_RECOVERIES), &p));
    l->size = p.size;
    l->root = p.root;
    return SPK_OK;
}

/* SPK_CODE_AUTH: the entry does not lead to the root. */
static spk_err
in_log(const struct lookup *l, uint64_t index, struct spk_buf *bytes)
{
    const struct spk_nodes nodes = spk_logread_nodes(l->log);
    struct spk_hash path[SPK_PATH_MAX];
    struct spk_hash leaf;
    size_t len = 0;

    SPK_TRY(spk_logread_entry(l->log, index, bytes));
    SPK_TRY(spk_leaf_hash(spk_buf_span(bytes), &leaf));
    SPK_TRY(spk_nodes_path(&nodes, index, l->size, path, &len));
    return spk_tree_verify(&leaf, index, l->size, path, len, &l->root);
}

/* It says of this very request what the authority has said. */
static spk_err
says_so(const struct lookup *l, const struct ctl_case_entry *claimed, struct spk_span bytes)
{
    struct spk_entry e;
    struct spk_hash hidden;

    SPK_TRY(spk_entry_parse(bytes, &e));
    SPK_CHECK((uint64_t)e.kind == claimed->kind && e.time_ms == claimed->time_ms, AUTH);
    SPK_TRY(spk_entry_or_of(l->salt, &l->c->hash, &claimed->detail, &hidden));
    SPK_CHECK(spk_hash_eq(&hidden, &e.hash), AUTH);
    return SPK_OK;
}

static spk_err
look_up(const struct lookup *l, struct ctl_case_entry *entry)
{
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_LOG_ENTRY_MAX);
    spk_err e;

    if (entry->index >= l->size) {
        entry->fault = N_("the log does not go so far yet");
        return SPK_OK;
    }
    e = in_log(l, entry->index, &bytes);
    if (!spk_ok(e)) {
        entry->fault = e.code == SPK_CODE_AUTH ? N_("it is not in the log that was signed")
                                               : N_("the log cannot be read there");
        return own_trouble(e) ? e : SPK_OK;
    }
    e = says_so(l, entry, spk_buf_span(&bytes));
    if (!spk_ok(e)) {
        entry->fault = N_("the log has something else there");
        return own_trouble(e) ? e : SPK_OK;
    }
    entry->verified = true;
    return SPK_OK;
}

spk_err
ctl_case_look_up(struct ctl_case *c, struct spk_api *api)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO(spk_logread) log = NULL;
    struct lookup l = {.c = c};
    spk_err e;

    if (!c->pin->has_logs || c->n_entries == 0) {
        return SPK_OK;
    }
    e = spk_api_get_bytes(api, CHECKPOINT_PATH, note.max, &note);
    if (!spk_ok(e)) {
        return all_faulty(c, e, N_("the log cannot be read"));
    }
    e = read_checkpoint(&l, spk_buf_span(&note));
    if (!spk_ok(e)) {
        return all_faulty(c, e, N_("the log's checkpoint is not signed by its key"));
    }
    SPK_TRY(spk_entry_salt(spk_buf_span(&c->record), l.salt));
    SPK_TRY(spk_logread_new(api, SPK_LOG_RECOVERIES, l.size, &log));
    l.log = log;
    for (size_t i = 0; i < c->n_entries; i++) {
        SPK_TRY(look_up(&l, &c->entries[i]));
    }
    return SPK_OK;
}
