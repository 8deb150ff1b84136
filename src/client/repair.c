/* SPDX-License-Identifier: Apache-2.0 */
/* Headers after a recovery: a slot for the new key, and whatever was damaged made again from the
 * deposit. The payload is not touched. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "client/decrypt.h"
#include "client/kept.h"
#include "client/recover.h"
#include "keyblob/wrap.h"

struct work { /* one file in repair */
    struct spk_session *s;
    const char *path;
    struct spk_recovered r;
    bool has_r; /* else the key comes from an old container, and the slots are whole */
    struct spk_secret *key;
    struct spk_header *h; /* with the core that the file has, or shall have */
    bool mac_ok;
    struct spk_slots *slots; /* as they shall be */
};

static void
work_clear(struct work *w)
{
    spk_recovered_clear(&w->r);
    spk_secret_free(w->key);
    spk_header_free(w->h);
    spk_slots_free(w->slots);
}

/* A slot of the pair that is gone: the one of our record, else the only user slot there is. */
static bool
is_old(const struct spk_slot *slot, size_t users, const struct spk_hash *old)
{
    return slot->type == SPK_SLOT_USER &&
           (users == 1 || (old != NULL && spk_hash_eq(&slot->recipient, old)));
}

static size_t
count_users(const struct spk_slots *s)
{
    size_t n = 0;

    for (size_t i = 0; i < spk_slots_count(s); i++) {
        n += spk_slots_at(s, i)->type == SPK_SLOT_USER;
    }
    return n;
}

/* What the MAC vouches for stays, but for the old pair's slot. */
static spk_err
keep_slots(struct work *w)
{
    const struct spk_slots *have = spk_header_slots(w->h);
    struct spk_enrolment e = {0};
    const struct spk_hash *old = NULL;
    spk_err err = SPK_OK;

    if (w->s->profile->record.len > 0 &&
        spk_ok(spk_enrolment_parse(spk_buf_span(&w->s->profile->record), &e))) {
        old = spk_rsa_id(e.keyx);
    }
    for (size_t i = 0; spk_ok(err) && i < spk_slots_count(have); i++) {
        const struct spk_slot *slot = spk_slots_at(have, i);

        if (!is_old(slot, count_users(have), old)) {
            err = spk_slots_add(w->slots, slot);
        }
    }
    spk_enrolment_clear(&e);
    return err;
}

static spk_err
add_own(struct work *w)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    struct spk_slot slot = {.type = SPK_SLOT_USER, .flags = SPK_WRAP_OURS};
    struct spk_rsa *keyx = NULL;

    SPK_TRY(spk_session_key(w->s, SPK_AT_KEYEXCHANGE, &keyx));
    SPK_TRY(spk_wrap(w->key, keyx, &spk_header_core(w->h)->id, SPK_WRAP_OURS, &blob));
    slot.recipient = *spk_rsa_id(keyx);
    slot.body = spk_buf_span(&blob);
    return spk_slots_put(w->slots, &slot);
}

/* With derived padding the deposited BLOB can be made again, byte for byte. */
static spk_err
add_authority(struct work *w, const struct spk_rsa *authority)
{
    SPK_AUTO_BUF struct spk_buf blob = SPK_BUF(SPK_SIMPLEBLOB_MAX);
    SPK_AUTO_BUF struct spk_buf record = SPK_BUF((size_t)SPK_AREA_MAX);
    const struct spk_rpub *rpub = &w->r.rpub;
    struct spk_deposit d = {.rpub = *rpub, .rpriv = spk_buf_span(&w->r.rpriv)};
    struct spk_rpriv priv;
    struct spk_slot slot = {SPK_SLOT_AUTHORITY, rpub->flags, rpub->authority, SPK_SPAN_EMPTY};

    SPK_TRY(spk_wrap(w->key, authority, &rpub->id, rpub->flags, &blob));
    slot.body = spk_buf_span(&blob);
    SPK_TRY(spk_slots_put(w->slots, &slot));
    SPK_TRY(spk_rpriv_parse(d.rpriv, &priv));
    d.owner = priv.owner;
    memcpy(d.salt, w->r.salt, sizeof(d.salt));
    d.blob = slot.body;
    SPK_TRY(spk_deposit_p(d.salt, d.rpriv, &d.p));
    SPK_TRY(spk_record_build(w->key, &d, &record));
    slot = (struct spk_slot){SPK_SLOT_RECORD, 0, rpub->authority, spk_buf_span(&record)};
    return spk_slots_put(w->slots, &slot);
}

/* What stands in the file now may be all that opens it: it goes only when what shall take its place
 * opens, read as any reader would. Wide areas, since the file's own may be about to grow. */
static spk_err
check_opens(const struct work *w)
{
    SPK_AUTO_BUF struct spk_buf image = SPK_BUF((size_t)SPK_HEADER_MAX);
    SPK_AUTO_BUF struct spk_buf area = SPK_BUF((size_t)SPK_AREA_MAX);
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;
    struct spk_core core = *spk_header_core(w->h);
    struct spk_rsa *keyx = NULL;
    struct spk_hash hash;

    core.area_len = SPK_AREA_MAX;
    SPK_TRY(spk_core_build(&core, &image));
    SPK_TRY(spk_sha256(spk_buf_span(&image), &hash));
    SPK_TRY(spk_area_build(&core, &hash, w->key, 1, w->slots, &area));
    SPK_TRY(spk_buf_add(&image, spk_buf_span(&area)));
    SPK_TRY(spk_header_parse(spk_buf_span(&image), &h));
    SPK_TRY(spk_session_pair(w->s, SPK_AT_KEYEXCHANGE, &keyx));
    return spk_header_open(h, keyx, &key);
}

static spk_err
make_slots(struct work *w)
{
    const struct spk_rpub *rpub = &w->r.rpub;
    const struct spk_pin *pin = NULL;
    const struct spk_authority *a = NULL;

    SPK_TRY(spk_slots_new(&w->slots));
    if (w->mac_ok) {
        SPK_TRY(keep_slots(w));
    }
    SPK_TRY(add_own(w));
    if (!w->mac_ok && (rpub->flags & SPK_WRAP_DERIVED) != 0 && w->r.rpriv.len > 0 &&
        spk_ok(spk_profile_by_key(w->s->profile, &rpub->authority, &pin, &a))) {
        SPK_TRY(add_authority(w, a->key));
    }
    /* a receipt stands for the acceptance that is there, whatever was filed again since */
    if (w->has_r && spk_slots_find(w->slots, SPK_SLOT_RECEIPT, &rpub->authority, 0) == NULL) {
        SPK_TRY(spk_accepted_put(w->slots, &rpub->authority, w->r.index, rpub->time_ms));
    }
    return check_opens(w);
}

/* A core that reads well may still be changed: then the MAC fails, and the deposited one differs in
 * more than area_len, which a rewrite may have changed. */
static spk_err
check_core(const struct work *w)
{
    struct spk_rpriv priv;

    if (w->mac_ok || w->r.rpriv.len == 0) {
        return SPK_OK;
    }
    SPK_TRY(spk_rpriv_parse(spk_buf_span(&w->r.rpriv), &priv));
    if (priv.core.len == 0) {
        return SPK_OK;
    }
    return spk_header_check_core(w->h, priv.core);
}

/* Does this failure speak of the file or of one recovered key, so that another may fit? Any other
 * is the reason that the user has to hear. */
static bool
says_other_key(spk_err e)
{
    switch (e.code) {
    case SPK_CODE_AUTH:
    case SPK_CODE_FORMAT:
    case SPK_CODE_LIMIT:
    case SPK_CODE_NOKEY:
    case SPK_CODE_NOTFOUND:
    case SPK_CODE_TRUNC:
    case SPK_CODE_VERSION:
        return true;
    default:
        return false;
    }
}

/* The key of a file whose core can be read: recovered, or still under an old container. */
static spk_err
by_core(struct work *w, const struct spk_rsa *keyx)
{
    spk_err e =
        spk_recovered_get(w->s->profile, &spk_header_core(w->h)->id, spk_header_core(w->h), &w->r);

    e = spk_ok(e) ? spk_kept_unwrap(w->s, &w->r, &w->key) : e;
    w->has_r = spk_ok(e);
    if (!w->has_r) {
        if (!says_other_key(e)) {
            return e;
        }
        SPK_CHECK(!spk_header_meets(w->h, spk_rsa_id(keyx)), NOTFOUND);
        SPK_TRY(spk_unlock_header(w->s, w->h, &w->key));
    }
    SPK_TRY(spk_header_open_key(w->h, w->key, &w->mac_ok));
    return w->has_r ? check_core(w) : SPK_OK;
}

/* -- a damaged core: which of the recovered deposits is it? -- */

static spk_err
rebuild_with(struct work *w, int fd)
{
    struct spk_rpriv priv;

    SPK_CHECK(w->r.rpriv.len > 0, NOTFOUND);
    SPK_TRY(spk_kept_unwrap(w->s, &w->r, &w->key));
    SPK_TRY(spk_rpriv_parse(spk_buf_span(&w->r.rpriv), &priv));
    SPK_CHECK(priv.core.len > 0, NOTFOUND);
    SPK_TRY(spk_header_read_with_core(fd, priv.core, w->key, &w->h));
    SPK_TRY(spk_header_open_key(w->h, w->key, &w->mac_ok));
    SPK_TRY(make_slots(w));
    return spk_sealed_rebuild(AT_FDCWD, w->path, priv.core, w->key, w->slots);
}

struct search {
    struct work *w;
    int fd;
    struct spk_file_id found;
    bool done;
};

/* A wrong candidate changes nothing: the payload's own header has to fit core and key first. */
static spk_err
try_candidate(void *ctx, const struct spk_file_id *id)
{
    struct search *f = ctx;
    struct work w = {.s = f->w->s, .path = f->w->path};
    spk_err e;

    if (f->done) {
        return SPK_OK;
    }
    e = spk_recovered_get(w.s->profile, id, NULL, &w.r);
    if (spk_ok(e)) {
        w.has_r = true;
        e = rebuild_with(&w, f->fd);
    }
    work_clear(&w);
    if (spk_ok(e)) {
        f->done = true;
        f->found = *id;
        return SPK_OK;
    }
    return says_other_key(e) ? SPK_OK : e;
}

/* First by the identifier that may still stand there, then by trying all. */
static spk_err
rebuild(struct work *w, int fd, struct spk_file_id *ret_id)
{
    struct search f = {.w = w, .fd = fd};
    struct spk_file_id claim;

    if (spk_ok(spk_pread_full(fd, claim.b, sizeof(claim.b), SPK_CORE_ID_AT)) &&
        spk_recovered_has(w->s->profile, &claim)) {
        SPK_TRY(try_candidate(&f, &claim));
    }
    if (!f.done) {
        SPK_TRY(spk_recovered_each(w->s->profile, try_candidate, &f));
    }
    SPK_CHECK(f.done, NOTFOUND);
    *ret_id = f.found;
    return SPK_OK;
}

static spk_err
repair(struct work *w, int fd, struct spk_repair *r)
{
    struct spk_rsa *keyx = NULL;
    spk_err e = spk_header_read(fd, &w->h);

    if (!spk_ok(e) && !says_other_key(e)) {
        return e;
    }
    SPK_TRY(spk_session_pair(w->s, SPK_AT_KEYEXCHANGE, &keyx));
    if (spk_ok(e)) {
        e = by_core(w, keyx);
    }
    if (!spk_ok(e)) {
        r->header_rebuilt = says_other_key(e);
        return r->header_rebuilt ? rebuild(w, fd, &r->id) : e;
    }
    r->id = spk_header_core(w->h)->id;
    r->header_rebuilt = !w->mac_ok;
    SPK_TRY(make_slots(w));
    return spk_sealed_replace_slots(AT_FDCWD, w->path, w->key, w->slots);
}

spk_err
spk_repair_file(struct spk_session *s, const char *path, struct spk_repair *ret_r)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct work w = {.s = s, .path = path};
    struct spk_repair r = {0};
    spk_err e;

    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    e = repair(&w, fd, &r);
    work_clear(&w);
    if (spk_ok(e)) {
        *ret_r = r;
    }
    return e;
}
