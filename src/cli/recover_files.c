/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/recover_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "client/decrypt.h"
#include "client/kept.h"

static spk_err
open_header(const char *path, struct spk_header **ret_h)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    }
    return spk_header_read(fd, ret_h);
}

/* The one authority where a recovery is under way; NULL when there are none, or several. */
static struct spk_pin *
authority_under_way(const struct recover_job *job)
{
    const struct spk_profile *profile = job->s->profile;
    struct spk_pin *found = NULL;
    size_t n = 0;

    for (size_t i = 0; i < profile->n_authorities; i++) {
        SPK_AUTO(spk_pending) p = NULL;
        spk_err e = spk_pending_load(job->s, profile->authorities[i], &p);

        if (e.code != SPK_CODE_NOTFOUND) {
            found = profile->authorities[i];
            n++;
        }
    }
    spk_trouble_clear(&job->s->trouble);
    return n == 1 ? found : NULL;
}

static bool
is_sealed_for(const struct spk_header *h, const struct spk_pin *pin)
{
    struct spk_core_authority a;

    for (size_t k = 0; spk_ok(spk_core_authority(spk_header_core(h), k, &a)); k++) {
        if (spk_pin_by_key(pin, &a.spki) != NULL) {
            return true;
        }
    }
    return false;
}

/* An authority that the first readable file is sealed for; where a recovery is under way, if it is
 * one of them. */
static struct spk_pin *
authority_of_files(const struct recover_job *job, struct spk_pin *under_way)
{
    for (int i = 0; i < job->n; i++) {
        SPK_AUTO(spk_header) h = NULL;
        struct spk_core_authority a;

        if (!spk_ok(open_header(job->paths[i], &h))) {
            continue;
        }
        if (under_way != NULL && is_sealed_for(h, under_way)) {
            return under_way;
        }
        for (size_t k = 0; spk_ok(spk_core_authority(spk_header_core(h), k, &a)); k++) {
            for (size_t p = 0; p < job->s->profile->n_authorities; p++) {
                if (spk_pin_by_key(job->s->profile->authorities[p], &a.spki) != NULL) {
                    return job->s->profile->authorities[p];
                }
            }
        }
    }
    return NULL;
}

int
recover_authority(struct recover_job *job)
{
    spk_err e = spk_profile_authority(job->s->profile, job->o->authority, &job->pin);

    if (!spk_ok(e) && e.code == SPK_CODE_USAGE) {
        struct spk_pin *under_way = authority_under_way(job);

        job->pin = authority_of_files(job, under_way);
        job->pin = job->pin == NULL ? under_way : job->pin;
        e = job->pin == NULL ? e : SPK_OK;
    }
    if (spk_ok(e)) {
        return TERM_GO_ON;
    }
    if (job->s->profile->n_authorities == 0) {
        term_say_error(NULL, _("no authority is pinned on this computer"));
        term_say_hint(_("'sparekey enroll --pin ADDRESS' pins it, with the address from its "
                        "operators; then run this again"));
    } else if (job->o->authority != NULL) {
        term_say_error(job->o->authority, _("is not a pinned authority"));
        term_say_hint(_("'sparekey status' lists them"));
    } else {
        term_say_error(NULL, _("several authorities are pinned"));
        term_say_hint(_("--authority NAME says which one to ask: any of them will do, but a "
                        "recovery under way goes on where it began; 'sparekey status' shows it"));
    }
    return TERM_FAILED;
}

/* -- what the files say -- */

#define EARLIEST_MS UINT64_C(1577836800000) /* before there were sealed files */
#define AHEAD_MS UINT64_C(86400000)         /* clocks that go wrong */

/* Writers make UUIDs of version 7: bytes that are none are not what is left of a serial number. */
static bool
plausible(const struct spk_file_id *id)
{
    uint64_t ms = ((uint64_t)spk_get_u32(id->b) << 16) | (uint64_t)id->b[4] << 8 | id->b[5];

    return id->b[6] >> 4 == 7 && id->b[8] >> 6 == 2 && ms >= EARLIEST_MS &&
           ms <= spk_now_ms() + AHEAD_MS;
}

/* Header and slots of a file; with a damaged core, what is left of its slots. Either may stay NULL.
 */
struct parts {
    struct spk_header *h;
    struct spk_slots *found;
    const struct spk_slots *slots; /* borrowed from one of them */
};

static void
parts_end(struct parts *p)
{
    spk_header_free(p->h);
    spk_slots_free(p->found);
}
#define PARTS_AUTO __attribute__((cleanup(parts_end))) struct parts

static bool
is_damage(spk_err e)
{
    return e.code == SPK_CODE_FORMAT || e.code == SPK_CODE_TRUNC || e.code == SPK_CODE_LIMIT ||
           e.code == SPK_CODE_VERSION || e.code == SPK_CODE_AUTH;
}

static spk_err
read_parts(int fd, struct parts *p)
{
    spk_err e = spk_header_read(fd, &p->h);

    if (spk_ok(e)) {
        p->slots = spk_header_slots(p->h);
    } else if (is_damage(e) && spk_ok(spk_header_find_slots(fd, &p->found))) {
        p->slots = p->found;
    }
    return e;
}

/* A damaged core: the record in a key area that is still whole names the serial number, or it
 * stands where it was. A wrong one only brings nothing back. */
static void
look_damaged(int fd, struct recover_file *f)
{
    struct spk_file_id claim;

    if (f->claimed) {
        f->known = true;
    } else if (spk_ok(spk_pread_full(fd, claim.b, sizeof(claim.b), SPK_CORE_ID_AT)) &&
               plausible(&claim)) {
        f->id = claim;
        f->known = true;
    }
}

static bool
for_nobody(const struct spk_header *h)
{
    struct spk_core_authority a;

    return spk_core_authority(spk_header_core(h), 0, &a).code == SPK_CODE_NOTFOUND;
}

static void
look(const struct recover_job *job, struct recover_file *f)
{
    SPK_AUTO_FD int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    PARTS_AUTO p = {0};

    if (fd < 0) {
        f->why = errno == ENOENT ? (spk_err){SPK_CODE_NOTFOUND, ENOENT} : spk_err_errno();
    } else {
        f->why = read_parts(fd, &p);
    }
    if (!spk_ok(f->why) && !is_damage(f->why)) {
        f->state = RECOVER_LOST;
        return;
    }
    f->claimed =
        p.slots != NULL && spk_ok(spk_recover_claims(job->pin, p.slots, &f->owner, &f->id));
    if (spk_ok(f->why) && f->claimed &&
        !spk_span_eq(SPK_SPAN_OF(f->id.b), SPK_SPAN_OF(spk_header_core(p.h)->id.b))) {
        f->why = SPK_ERR(AUTH); /* the core was changed: the record names what was deposited */
    }
    f->torn = p.slots == NULL;
    if (spk_ok(f->why)) {
        f->alone = !f->claimed && for_nobody(p.h);
        f->id = spk_header_core(p.h)->id;
        f->known = true;
    } else {
        look_damaged(fd, f);
    }
    f->state = f->known ? RECOVER_ASK : RECOVER_LOST;
}

spk_err
recover_look(struct recover_job *job)
{
    if (job->n == 0 || job->files != NULL) {
        return SPK_OK;
    }
    job->files = spk_calloc((size_t)job->n, sizeof(*job->files));
    SPK_CHECK(job->files != NULL, NOMEM);
    for (int i = 0; i < job->n; i++) {
        job->files[i].path = job->paths[i];
        look(job, &job->files[i]);
    }
    return SPK_OK;
}

bool
recover_opens(const struct recover_job *job, const char *path)
{
    SPK_AUTO(spk_header) h = NULL;
    SPK_AUTO(spk_secret) key = NULL;

    return spk_ok(open_header(path, &h)) && spk_ok(spk_unlock_header(job->s, h, &key));
}

bool
recover_is_for_present(const struct recover_job *job, const char *path)
{
    SPK_AUTO(spk_header) h = NULL;
    struct spk_rsa *keyx = NULL;

    return spk_ok(open_header(path, &h)) &&
           spk_ok(spk_session_key(job->s, SPK_AT_KEYEXCHANGE, &keyx)) &&
           spk_header_meets(h, spk_rsa_id(keyx));
}

/* A header that does not hold with the key that came back is still mended with it. */
static bool
came_back(const struct recover_job *job, const struct spk_file_id *id)
{
    struct spk_recovered r = {0};
    SPK_AUTO(spk_secret) key = NULL;
    bool have = spk_ok(spk_recovered_get(job->s->profile, id, NULL, &r)) &&
                spk_ok(spk_kept_unwrap(job->s, &r, &key));

    spk_recovered_clear(&r);
    return have;
}

/* With a damaged header any key that came back may be the one: only a repair can tell. */
static bool
is_here(const struct recover_job *job, const struct recover_file *f)
{
    struct spk_repair r;

    if (!spk_ok(f->why)) {
        return is_damage(f->why) && spk_ok(spk_repair_file(job->s, f->path, &r));
    }
    return recover_opens(job, f->path) || came_back(job, &f->id) ||
           (f->torn && spk_ok(spk_repair_file(job->s, f->path, &r)));
}

void
recover_find_here(struct recover_job *job)
{
    for (int i = 0; i < job->n && !term_stop; i++) {
        if (is_here(job, &job->files[i])) {
            job->files[i].state = RECOVER_HERE;
        } else if (job->files[i].alone) {
            job->files[i].state = RECOVER_LOST; /* a request would cost the old keys for nothing */
        }
    }
}

int
recover_count(const struct recover_job *job, enum recover_file_state state)
{
    int n = 0;

    for (int i = 0; i < job->n; i++) {
        n += job->files[i].state == state;
    }
    return n;
}

/* -- before the request -- */

static int
by_bytes(const void *a, const void *b)
{
    return spk_span_cmp(spk_span(a, SPK_FILE_ID_LEN), spk_span(b, SPK_FILE_ID_LEN));
}

static void
sort_serials(struct spk_buf *serials)
{
    size_t n = serials->len / SPK_FILE_ID_LEN;
    size_t kept = 0;

    if (n == 0) {
        return;
    }
    qsort(serials->ptr, n, SPK_FILE_ID_LEN, by_bytes);
    for (size_t i = 0; i < n; i++) {
        uint8_t *at = serials->ptr + i * SPK_FILE_ID_LEN;

        if (kept == 0 || by_bytes(at, serials->ptr + (kept - 1) * SPK_FILE_ID_LEN) != 0) {
            memmove(serials->ptr + kept * SPK_FILE_ID_LEN, at, SPK_FILE_ID_LEN);
            kept++;
        }
    }
    serials->len = kept * SPK_FILE_ID_LEN;
}

/* False: this file stays out of the request, and the others go on. */
static bool
same_owner(const struct recover_file *f, struct spk_hash *owner, bool *has_owner)
{
    if (!f->claimed) {
        return true;
    }
    if (!*has_owner) {
        *owner = f->owner;
        *has_owner = true;
    }
    if (spk_hash_eq(owner, &f->owner)) {
        return true;
    }
    term_say_error(f->path, _("was sealed by another owner"));
    term_say_hint(_("a recovery is for one owner's files; --owner ID says whose"));
    return false;
}

int
recover_say_alone(const struct recover_file *f)
{
    term_say_error(f->path,
                   _("was sealed without an authority and is NOT DEPOSITED: its key cannot "
                     "come back from anywhere"));
    term_say_hint(_("only the key container that it was sealed with opens it, or a copy of that"));
    return TERM_UNRECOVERABLE;
}

/* Nothing in the file says what to ask for; with --all nothing has to. */
static bool
lost_in(const struct recover_job *job, const struct recover_file *f)
{
    if (f->alone) {
        (void)recover_say_alone(f);
        return true;
    }
    if (!is_damage(f->why)) {
        (void)term_error(TERM_ABOUT_SEALED, f->path, f->why, NULL);
        return true;
    }
    if (job->o->all || job->o->serials.n > 0) {
        return false;
    }
    term_say_error(f->path, _("is no sealed file, or its header is so damaged that its serial "
                              "number cannot be read"));
    recover_hint_all(job);
    return true;
}

static void
warn_damaged(const struct recover_file *f)
{
    char hex[2 * SPK_FILE_ID_LEN + 1];

    fprintf(stderr,
            _("sparekey: warning: '%s' has a damaged header; its key is asked for by the serial "
              "number that is left in it, %s\n"),
            term_shown(f->path), spk_hex(SPK_SPAN_OF(f->id.b), hex));
}

/* The deposit may be there without it, so a refusal of this one record is told, and no more. */
static int
send_record(struct recover_job *job, const struct recover_file *f)
{
    SPK_AUTO_FD int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    PARTS_AUTO p = {0};
    spk_err e = SPK_ERR(NOTFOUND);

    if (fd >= 0) {
        e = read_parts(fd, &p);
        e = p.slots != NULL ? spk_recover_file_record(job->pin, p.slots, &job->s->trouble)
                            : SPK_ERR(NOTFOUND);
    }
    if (spk_ok(e) || e.code == SPK_CODE_NOTFOUND) {
        return TERM_GO_ON;
    }
    if (e.code == SPK_CODE_DENIED || e.code == SPK_CODE_USAGE || e.code == SPK_CODE_EXISTS) {
        term_say_warning(f->path, _("carries a record that the authority does not take; its key "
                                    "comes back only if it was deposited before"));
        return TERM_GO_ON;
    }
    return term_error(TERM_ABOUT_PEER, f->path, e, &job->s->trouble);
}

static int
take_file(struct recover_job *job, struct recover_file *f, struct spk_hash *owner, bool *has_owner)
{
    spk_err e;

    if (f->state == RECOVER_LOST) {
        job->left_out += lost_in(job, f);
        return TERM_GO_ON;
    }
    if (!f->known || f->alone) {
        return TERM_GO_ON;
    }
    if (!same_owner(f, owner, has_owner)) {
        job->left_out++;
        return TERM_GO_ON;
    }
    if (!spk_ok(f->why) && f->state == RECOVER_ASK) {
        warn_damaged(f);
    }
    f->asked = true;
    e = spk_buf_add(&job->serials, SPK_SPAN_OF(f->id.b));
    return spk_ok(e) ? TERM_GO_ON : term_error(TERM_ABOUT_SEALED, f->path, e, NULL);
}

static int
take_serials(struct term *c, struct recover_job *job)
{
    for (size_t i = 0; i < job->o->serials.n; i++) {
        struct spk_file_id id;

        if (!spk_ok(spk_hex_parse(spk_span_str(job->o->serials.v[i]), id.b, sizeof(id.b)))) {
            return term_usage(c, _("--serial is 32 hex digits"));
        }
        if (!spk_ok(spk_buf_add(&job->serials, SPK_SPAN_OF(id.b)))) {
            return term_usage(c, _("too many files at once"));
        }
    }
    return TERM_GO_ON;
}

static int
find_owner(struct term *c, const struct recover_job *job, struct spk_hash *owner, bool *has_owner)
{
    const struct spk_hash *mine = spk_profile_owner_at(job->s->profile, job->pin);

    *has_owner = mine != NULL || job->o->owner != NULL;
    if (job->o->owner != NULL) {
        if (!spk_ok(spk_hex_parse(spk_span_str(job->o->owner), owner->b, SPK_HASH_LEN))) {
            return term_usage(c, _("--owner is 64 hex digits"));
        }
    } else if (mine != NULL) {
        *owner = *mine;
    }
    return TERM_GO_ON;
}

int
recover_prepare(struct term *c, struct recover_job *job, struct spk_pending_spec *spec)
{
    bool has_owner = false;
    int status = find_owner(c, job, &spec->owner, &has_owner);

    job->serials = SPK_BUF((size_t)SPK_PENDING_SERIALS_MAX * SPK_FILE_ID_LEN);
    status = status == TERM_GO_ON ? take_serials(c, job) : status;
    for (int i = 0; status == TERM_GO_ON && i < job->n; i++) {
        status = take_file(job, &job->files[i], &spec->owner, &has_owner);
    }
    if (status != TERM_GO_ON) {
        return status;
    }
    sort_serials(&job->serials);
    if (!job->o->all && !job->o->keys_only) {
        if (job->serials.len == 0) {
            return TERM_FAILED; /* each has been named */
        }
        spec->serials = spk_buf_span(&job->serials);
    }
    if (!has_owner) {
        term_say_error(NULL, _("your owner id is not known here"));
        term_say_hint(
            _("--owner ID: it stands on your recovery sheet, and officers can look it up"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

int
recover_send_records(struct recover_job *job)
{
    int status = TERM_GO_ON;

    for (int i = 0; status == TERM_GO_ON && i < job->n; i++) {
        if (job->files[i].asked) {
            status = send_record(job, &job->files[i]);
        }
    }
    return status;
}
