/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "client/framed.h"
#include "client/ledger.h"
#include "crypto/rng.h"
#include "translog/merkle.h"

/* doc/spec/client-files.md, "Recovery" */
#define FILE_MAX ((size_t)2 << 20)
#define SERIALS_BYTES_MAX ((size_t)SPK_PENDING_SERIALS_MAX * SPK_FILE_ID_LEN)
#define CONTAINER "pending"
enum { A_RECORD = 1, A_SIG_SIGN = 2, A_SIG_KEYX = 3, A_SERIALS = 4 };
static const uint16_t known[] = {A_RECORD, A_SIG_SIGN, A_SIG_KEYX, A_SERIALS};
static const struct spk_framed frame = {"sparekey/1 pending\n", FILE_MAX, known,
                                        sizeof(known) / sizeof(known[0])};

static struct spk_pending *
pending_new(struct spk_session *s, struct spk_pin *pin)
{
    struct spk_pending *p = spk_calloc(1, sizeof(*p));

    if (p != NULL) {
        p->pin = pin;
        p->record = SPK_BUF((size_t)SPK_REQ_RECORD_MAX);
        p->sig_sign = SPK_BUF((size_t)SPK_RSA_MAX_LEN);
        p->sig_keyx = SPK_BUF((size_t)SPK_RSA_MAX_LEN);
        p->serials = SPK_BUF(SERIALS_BYTES_MAX);
        p->refused = SPK_BUF((size_t)SPK_PENDING_REFUSED_MAX * sizeof(uint64_t));
        p->ask = s->ask;
        p->ask_ctx = s->ask_ctx;
        p->trouble = &s->trouble;
    }
    return p;
}

void
spk_pending_free(struct spk_pending *p)
{
    if (p == NULL) {
        return;
    }
    spk_request_clear(&p->request);
    spk_api_free(p->api);
    spk_container_free(p->container);
    spk_keystore_free(p->keystore);
    spk_secret_free(p->pass);
    spk_buf_free(&p->record);
    spk_buf_free(&p->sig_sign);
    spk_buf_free(&p->sig_keyx);
    spk_buf_free(&p->serials);
    spk_buf_free(&p->refused);
    spk_mem_free(p->dir);
    spk_mem_free(p);
}

spk_err
spk_pending_build(const struct spk_pending *p, struct spk_buf *out)
{
    struct spk_attrs l = {0};

    SPK_TRY(spk_attrs_add(&l, A_RECORD, spk_buf_span(&p->record)));
    SPK_TRY(spk_attrs_add(&l, A_SIG_SIGN, spk_buf_span(&p->sig_sign)));
    SPK_TRY(spk_attrs_add(&l, A_SIG_KEYX, spk_buf_span(&p->sig_keyx)));
    SPK_TRY(spk_attrs_add(&l, A_SERIALS, spk_buf_span(&p->serials)));
    return spk_framed_build(&frame, &l, out);
}

static spk_err
take_attr(const struct spk_attrs *l, uint16_t type, struct spk_buf *b)
{
    struct spk_span s;

    SPK_TRY(spk_attrs_get(l, type, b->max, &s));
    spk_buf_reset(b);
    return spk_buf_add(b, s);
}

spk_err
spk_pending_parse(struct spk_span bytes, struct spk_pending *p)
{
    SPK_AUTO_STR struct spk_attrs *l = spk_calloc(1, sizeof(*l));

    SPK_CHECK(l != NULL, NOMEM);
    SPK_TRY(spk_framed_parse(&frame, bytes, l));
    SPK_TRY(take_attr(l, A_RECORD, &p->record));
    SPK_TRY(take_attr(l, A_SIG_SIGN, &p->sig_sign));
    SPK_TRY(take_attr(l, A_SIG_KEYX, &p->sig_keyx));
    SPK_TRY(take_attr(l, A_SERIALS, &p->serials));
    SPK_CHECK(p->serials.len % SPK_FILE_ID_LEN == 0, FORMAT);
    spk_request_clear(&p->request);
    return spk_request_parse(spk_buf_span(&p->record), &p->request);
}

static spk_err
folder_of(const struct spk_session *s, const struct spk_pin *pin, char **ret_dir)
{
    SPK_AUTO_STR char *parent = NULL;

    SPK_TRY(spk_profile_data_path(s->profile, "recovery", &parent));
    return spk_path_join(parent, pin->name, ret_dir);
}

/* Who holds the lock writes its number into it, for messages only. */
static uint64_t
read_pid(int fd)
{
    char text[24] = {0};
    uint64_t pid = 0;
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

    return n > 0 && spk_ok(spk_dec_parse(spk_span(text, (size_t)n), INT32_MAX, &pid)) ? pid : 0;
}

static spk_err
write_pid(int fd)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%ld", (long)getpid());

    if (ftruncate(fd, 0) != 0) {
        return spk_err_errno();
    }
    return spk_pwrite_full(fd, spk_span(text, (size_t)n), 0);
}

spk_err
spk_pending_lock(struct spk_session *s, const struct spk_pin *pin, uint64_t *ret_pid, int *ret_fd)
{
    SPK_AUTO_STR char *parent = NULL;
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO_FD int fd = -1;
    char name[SPK_PIN_NAME_MAX + 8];

    *ret_pid = 0;
    SPK_TRY(spk_profile_data_path(s->profile, "recovery", &parent));
    SPK_TRY(spk_mkdirs(parent, 0700));
    (void)snprintf(name, sizeof(name), ".%s.lock", pin->name);
    SPK_TRY(spk_path_join(parent, name, &path));
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        spk_trouble_file(&s->trouble, path);
        return spk_err_errno();
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            spk_trouble_file(&s->trouble, path);
            return spk_err_errno();
        }
        *ret_pid = read_pid(fd);
        return SPK_ERR(BUSY);
    }
    SPK_TRY(write_pid(fd));
    *ret_fd = fd;
    fd = -1;
    return SPK_OK;
}

bool
spk_pending_covers(const struct spk_pending *p, const struct spk_file_id *id)
{
    if (p->request.kind != SPK_REQ_KIND_KEYS) {
        return false;
    }
    for (size_t i = 0; i < p->serials.len; i += SPK_FILE_ID_LEN) {
        if (spk_span_eq(spk_span(p->serials.ptr + i, SPK_FILE_ID_LEN), SPK_SPAN_OF(id->b))) {
            return true;
        }
    }
    return p->request.select == SPK_SELECT_ALL;
}

static spk_err
open_keystore(struct spk_pending *p)
{
    SPK_AUTO_STR char *dir = NULL;

    SPK_TRY(spk_path_join(p->dir, "containers", &dir));
    SPK_TRY(spk_mkdirs(dir, 0700));
    return spk_keystore_at(dir, &p->keystore);
}

static spk_err
file_in(const struct spk_pending *p, const char *name, char **ret_path)
{
    return spk_path_join(p->dir, name, ret_path);
}

/* True when what stands there is of this request: one of an earlier request, left by a crash, says
 * nothing of it. */
static bool
was_submitted(const struct spk_pending *p)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)SPK_HASH_LEN);
    SPK_AUTO_STR char *flag = NULL;

    return spk_ok(file_in(p, "submitted", &flag)) && spk_ok(spk_file_read(AT_FDCWD, flag, &b)) &&
           spk_span_eq(spk_buf_span(&b), spk_hash_span(&p->request.hash));
}

spk_err
spk_pending_load(struct spk_session *s, struct spk_pin *pin, struct spk_pending **ret_p)
{
    SPK_AUTO(spk_pending) p = pending_new(s, pin);
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(FILE_MAX);
    SPK_AUTO_STR char *path = NULL;
    spk_err e;

    SPK_CHECK(p != NULL, NOMEM);
    SPK_TRY(folder_of(s, pin, &p->dir));
    SPK_TRY(file_in(p, "request", &path));
    e = spk_file_read(AT_FDCWD, path, &b);
    if (e.code == SPK_CODE_NOTFOUND) {
        return SPK_ERR(NOTFOUND);
    }
    spk_trouble_file(&s->trouble, path);
    SPK_TRY(e);
    SPK_TRY(spk_pending_parse(spk_buf_span(&b), p));
    SPK_CHECK(spk_pin_by_key(pin, &p->request.authority) != NULL, CHANGED);
    p->submitted = was_submitted(p);
    SPK_TRY(open_keystore(p));
    SPK_TRY(spk_container_open(p->keystore, CONTAINER, &p->container));
    spk_trouble_file(&s->trouble, "");
    *ret_p = SPK_STEAL(p);
    return SPK_OK;
}

static spk_err
delete_container(struct spk_pending *p)
{
    spk_err e = spk_container_delete(p->keystore, CONTAINER);

    return e.code == SPK_CODE_NOTFOUND ? SPK_OK : e;
}

static spk_err
make_pairs(struct spk_pending *p, const struct spk_pending_spec *spec)
{
    static const enum spk_key_spec specs[] = {SPK_AT_KEYEXCHANGE, SPK_AT_SIGNATURE};

    /* left by a run that ended before its request was written: nobody has seen these keys */
    SPK_TRY(delete_container(p));
    SPK_TRY(spk_container_create(p->keystore, CONTAINER, &p->container));
    for (size_t i = 0; i < 2; i++) {
        SPK_AUTO(spk_rsa) pair = NULL;

        if (spec->take_pairs != NULL) {
            pair = spk_rsa_ref(spk_container_key(spec->take_pairs, specs[i]));
        } else {
            SPK_TRY(spk_rsa_generate(spec->bits, &pair));
        }
        SPK_TRY(spk_container_set(p->container, specs[i], pair));
    }
    if (spec->pass != NULL) {
        SPK_TRY(spk_secret_dup(spec->pass, &p->pass));
        SPK_TRY(spk_container_set_pass(p->container, spec->pass));
    }
    return spk_container_save(p->container);
}

/* The tree over the sorted serial numbers: what the officers approve is exactly this list. */
static spk_err
serials_root(struct spk_span serials, struct spk_hash *ret_root)
{
    size_t n = serials.len / SPK_FILE_ID_LEN;
    SPK_AUTO_STR struct spk_hash *leaves = spk_calloc(n, sizeof(*leaves));

    SPK_CHECK(leaves != NULL, NOMEM);
    for (size_t i = 0; i < n; i++) {
        SPK_TRY(spk_leaf_hash(spk_span(serials.ptr + i * SPK_FILE_ID_LEN, SPK_FILE_ID_LEN),
                              &leaves[i]));
    }
    return spk_tree_root(leaves, n, ret_root);
}

static spk_err
make_record(struct spk_pending *p, const struct spk_pending_spec *spec)
{
    struct spk_request r = {.authority = *spk_rsa_id(spk_pin_now(p->pin)->key),
                            .owner = spec->owner,
                            .kind = spec->kind,
                            .select = spec->serials.len > 0 ? SPK_SELECT_LISTED : SPK_SELECT_ALL,
                            .count = (uint32_t)(spec->serials.len / SPK_FILE_ID_LEN),
                            .reason = spk_span_str(spec->reason),
                            .contact = spk_span_str(spec->contact),
                            .keyx = spk_container_key(p->container, SPK_AT_KEYEXCHANGE),
                            .sign = spk_container_key(p->container, SPK_AT_SIGNATURE),
                            .time = spk_now()};

    if (r.select == SPK_SELECT_LISTED) {
        SPK_TRY(serials_root(spec->serials, &r.root));
        SPK_TRY(spk_buf_add(&p->serials, spec->serials));
    }
    SPK_TRY(spk_random(SPK_MUT_OF(r.nonce)));
    return spk_request_build(&r, &p->record);
}

/* Both new keys prove that they are held. */
static spk_err
sign_record(struct spk_pending *p)
{
    const struct spk_hash *authority = spk_rsa_id(spk_pin_now(p->pin)->key);
    struct spk_span record = spk_buf_span(&p->record);
    struct spk_rsa *sign = NULL;
    struct spk_rsa *keyx = NULL;

    SPK_TRY(spk_pending_pair(p, SPK_AT_SIGNATURE, &sign));
    SPK_TRY(spk_pending_pair(p, SPK_AT_KEYEXCHANGE, &keyx));
    SPK_TRY(spk_statement_sign(sign, SPK_KIND_REQUEST, authority, record, &p->sig_sign));
    SPK_TRY(spk_statement_sign(keyx, SPK_KIND_POSSESSION, authority, record, &p->sig_keyx));
    return spk_request_parse(record, &p->request);
}

spk_err
spk_pending_create(struct spk_session *s, struct spk_pin *pin, const struct spk_pending_spec *spec,
                   struct spk_pending **ret_p)
{
    SPK_AUTO(spk_pending) p = pending_new(s, pin);
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(FILE_MAX);
    SPK_AUTO_STR char *path = NULL;

    SPK_CHECK(p != NULL, NOMEM);
    SPK_TRY(folder_of(s, pin, &p->dir));
    SPK_TRY(file_in(p, "request", &path));
    SPK_CHECK(access(path, F_OK) != 0, EXISTS);
    SPK_TRY(open_keystore(p));
    SPK_TRY(make_pairs(p, spec));
    SPK_TRY(make_record(p, spec));
    SPK_TRY(sign_record(p));
    SPK_TRY(spk_pending_build(p, &b));
    SPK_TRY(spk_ledger_add_request(s->profile, pin, &p->request.hash));
    SPK_TRY(spk_file_write(AT_FDCWD, path, spk_buf_span(&b), 0600, false));
    *ret_p = SPK_STEAL(p);
    return SPK_OK;
}

spk_err
spk_pending_set_submitted(struct spk_pending *p)
{
    SPK_AUTO_STR char *flag = NULL;

    SPK_TRY(file_in(p, "submitted", &flag));
    SPK_TRY(spk_file_write(AT_FDCWD, flag, spk_hash_span(&p->request.hash), 0600, true));
    p->submitted = true;
    return SPK_OK;
}

/* The request first: without it the rest is only left-overs that the next one clears away. */
spk_err
spk_pending_drop(struct spk_pending *p)
{
    static const char *const files[] = {"request", "submitted"};
    SPK_AUTO_STR char *containers = NULL;
    SPK_AUTO_STR char *lock = NULL;

    for (size_t i = 0; i < 2; i++) {
        SPK_AUTO_STR char *path = NULL;

        SPK_TRY(file_in(p, files[i], &path));
        if (unlink(path) != 0 && errno != ENOENT) {
            return spk_err_errno();
        }
    }
    SPK_TRY(file_in(p, "containers", &containers));
    SPK_TRY(spk_sync_parent(AT_FDCWD, containers));
    SPK_TRY(delete_container(p));
    SPK_TRY(spk_path_join(containers, ".lock", &lock));
    (void)unlink(lock);
    (void)rmdir(containers);
    (void)rmdir(p->dir);
    return SPK_OK;
}

/* Asks, and keeps the answer: the final container gets the same passphrase. */
static spk_err
ask_and_keep(void *ctx, const char *container, unsigned wrong, struct spk_secret **ret_pass)
{
    struct spk_pending *p = ctx;
    SPK_AUTO(spk_secret) pass = NULL;

    SPK_CHECK(p->ask != NULL, PASS);
    SPK_TRY(p->ask(p->ask_ctx, container, wrong, &pass));
    spk_secret_free(p->pass);
    p->pass = NULL;
    SPK_TRY(spk_secret_dup(pass, &p->pass));
    *ret_pass = SPK_STEAL(pass);
    return SPK_OK;
}

spk_err
spk_pending_pair(struct spk_pending *p, enum spk_key_spec spec, struct spk_rsa **ret_pair)
{
    struct spk_rsa *key = spk_container_key(p->container, spec);

    SPK_CHECK(key != NULL, NOKEY);
    if (!spk_rsa_is_pair(key)) {
        SPK_TRY(spk_container_unlock(p->container, ask_and_keep, p));
        key = spk_container_key(p->container, spec);
    }
    SPK_CHECK(key != NULL && spk_rsa_is_pair(key), NOKEY);
    *ret_pair = key;
    return SPK_OK;
}

spk_err
spk_pending_api(struct spk_pending *p, struct spk_api **ret_api)
{
    struct spk_rsa *sign = NULL;

    if (p->api == NULL) {
        SPK_TRY(spk_pending_pair(p, SPK_AT_SIGNATURE, &sign));
        SPK_TRY(spk_api_open(p->pin, sign, p->trouble, &p->api));
    }
    *ret_api = p->api;
    return SPK_OK;
}
