/* SPDX-License-Identifier: Apache-2.0 */
#include "keystore/container.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "keystore/extra.h"
#include "keystore/folder.h"
#include "keystore/format.h"

#define PASS_TRIES 3
#define OPEN_TRIES 8

struct held_key {
    struct spk_rsa *key;      /* the pair when known, else its public half; NULL: none */
    struct spk_secret *pkcs8; /* as it stands in the file; NULL once the pair is known */
};

struct spk_container {
    int dirfd;
    char *name;
    char *path;
    struct spk_container_fname fname;
    struct held_key held[SPK_CONTAINER_KEYS]; /* by spec - 1 */
    struct spk_secret *pass;                  /* known and to be used at the next save */
    bool has_pass;
    bool on_disk;
    struct spk_hash seen; /* of the whole file as read or written last */
    struct spk_hash mark; /* tells it from a former one of its name */
    bool marked;          /* to be written with one */
};

static void
held_clear(struct held_key *h)
{
    spk_rsa_free(h->key);
    spk_secret_free(h->pkcs8);
    *h = (struct held_key){0};
}

void
spk_container_free(struct spk_container *c)
{
    if (c == NULL) {
        return;
    }
    for (unsigned i = 0; i < SPK_CONTAINER_KEYS; i++) {
        held_clear(&c->held[i]);
    }
    spk_secret_free(c->pass);
    spk_mem_free(c->name);
    spk_mem_free(c->path);
    spk_fd_auto_(&c->dirfd);
    spk_mem_free(c);
}

const char *
spk_container_name(const struct spk_container *c)
{
    return c->name;
}

const char *
spk_container_path(const struct spk_container *c)
{
    return c->path;
}

bool
spk_container_has_pass(const struct spk_container *c)
{
    return c->has_pass;
}

/** Everything but keys; the name is checked here. */
static spk_err
container_new(struct spk_keystore *ks, const char *name, struct spk_container **ret_c)
{
    struct spk_container_fname fname;
    SPK_TRY(spk_container_fname(name, &fname));
    SPK_AUTO(spk_container) c = spk_calloc(1, sizeof *c);
    SPK_CHECK(c != NULL, NOMEM);
    c->fname = fname;
    /* A descriptor of its own: a container may outlive the keystore it came from. */
    c->dirfd = fcntl(spk_keystore_fd(ks), F_DUPFD_CLOEXEC, 0);
    if (c->dirfd < 0) {
        return spk_err_errno();
    }
    c->name = spk_strdup(name);
    SPK_CHECK(c->name != NULL, NOMEM);
    SPK_TRY(spk_path_join(spk_keystore_path(ks), c->fname.s, &c->path));
    *ret_c = SPK_STEAL(c);
    return SPK_OK;
}

spk_err
spk_container_create(struct spk_keystore *ks, const char *name, struct spk_container **ret_c)
{
    SPK_AUTO(spk_container) c = NULL;
    bool taken = false;
    SPK_TRY(container_new(ks, name, &c));
    SPK_TRY(spk_folder_has(c->dirfd, c->fname.s, &taken));
    SPK_CHECK(!taken, EXISTS);
    *ret_c = SPK_STEAL(c);
    return SPK_OK;
}

/** The name as its owner wrote it. A file that was given another container's name is refused: its
 * keys are not the ones asked for. */
static spk_err
take_name(struct spk_container *c, struct spk_span stored)
{
    struct spk_container_fname fname;
    char text[SPK_CONTAINER_NAME_MAX + 1] = {0};
    memcpy(text, stored.ptr, stored.len);
    SPK_TRY(spk_container_fname(text, &fname));
    SPK_CHECK(strcmp(fname.s, c->fname.s) == 0, FORMAT);
    char *name = spk_strdup(text);
    SPK_CHECK(name != NULL, NOMEM);
    spk_mem_free(c->name);
    c->name = name;
    return SPK_OK;
}

static spk_err
take_entry(struct spk_container *c, const struct spk_container_entry *entry)
{
    struct held_key *h = &c->held[entry->spec - 1];
    SPK_TRY(spk_rsa_from_spki(entry->spki, &h->key));
    SPK_CHECK(spk_span_eq(spk_rsa_spki(h->key), entry->spki), FORMAT);
    return spk_secret_from(entry->pkcs8, &h->pkcs8);
}

static spk_err
open_once(struct spk_keystore *ks, const char *name, struct spk_container **ret_c)
{
    SPK_AUTO(spk_container) c = NULL;
    SPK_AUTO(spk_secret) bytes = NULL;
    struct spk_container_file file;
    SPK_TRY(container_new(ks, name, &c));
    SPK_TRY(spk_extra_marked(c->dirfd, c->fname.s, &c->mark));
    SPK_TRY(spk_folder_read(c->dirfd, c->fname.s, &bytes));
    SPK_TRY(spk_container_file_parse(spk_secret_span(bytes), &file));
    SPK_TRY(take_name(c, file.name));
    for (unsigned i = 0; i < file.count; i++) {
        SPK_TRY(take_entry(c, &file.entry[i]));
    }
    SPK_TRY(spk_sha256(spk_secret_span(bytes), &c->seen));
    c->has_pass = file.encrypted;
    c->on_disk = true;
    *ret_c = SPK_STEAL(c);
    return SPK_OK;
}

/** Without a lock, so that mark and file may be of two containers, one deleted and one created
 * meanwhile: the same mark before and after is the file's. */
spk_err
spk_container_open(struct spk_keystore *ks, const char *name, struct spk_container **ret_c)
{
    for (unsigned i = 0; i < OPEN_TRIES; i++) {
        SPK_AUTO(spk_container) c = NULL;
        struct spk_hash after;
        SPK_TRY(open_once(ks, name, &c));
        SPK_TRY(spk_extra_marked(c->dirfd, c->fname.s, &after));
        if (spk_hash_eq(&after, &c->mark)) {
            *ret_c = SPK_STEAL(c);
            return SPK_OK;
        }
    }
    return SPK_ERR(BUSY);
}

const struct spk_hash *
spk_container_mark(const struct spk_container *c)
{
    return &c->mark;
}

void
spk_container_want_mark(struct spk_container *c)
{
    c->marked = true;
}

static bool
locked(const struct spk_container *c)
{
    return c->held[0].pkcs8 != NULL || c->held[1].pkcs8 != NULL;
}

/** The pairs of all stored keys, or none of them. */
static spk_err
open_pairs(const struct spk_container *c, const struct spk_secret *pass,
           struct spk_rsa *ret_pair[SPK_CONTAINER_KEYS])
{
    for (unsigned i = 0; i < SPK_CONTAINER_KEYS; i++) {
        const struct held_key *h = &c->held[i];
        if (h->pkcs8 == NULL) {
            continue;
        }
        SPK_TRY(spk_rsa_from_pkcs8(spk_secret_span(h->pkcs8), pass, &ret_pair[i]));
        /* The clear half is what others were told; it must be this pair's. */
        SPK_CHECK(spk_hash_eq(spk_rsa_id(ret_pair[i]), spk_rsa_id(h->key)), FORMAT);
    }
    return SPK_OK;
}

static spk_err
try_unlock(struct spk_container *c, const struct spk_secret *pass)
{
    struct spk_rsa *pair[SPK_CONTAINER_KEYS] = {NULL, NULL};
    spk_err e = open_pairs(c, pass, pair);
    for (unsigned i = 0; i < SPK_CONTAINER_KEYS; i++) {
        if (spk_ok(e) && pair[i] != NULL) {
            held_clear(&c->held[i]);
            c->held[i].key = SPK_STEAL(pair[i]);
        }
        spk_rsa_free(pair[i]);
    }
    return e;
}

static spk_err
unlock_asking(struct spk_container *c, spk_pass_fn ask, void *ctx)
{
    SPK_CHECK(ask != NULL, PASS);
    for (unsigned wrong = 0; wrong < PASS_TRIES; wrong++) {
        SPK_AUTO(spk_secret) pass = NULL;
        SPK_TRY(ask(ctx, c->name, wrong, &pass));
        SPK_CHECK(pass != NULL, USAGE);
        spk_err e = try_unlock(c, pass);
        if (spk_ok(e)) {
            c->pass = SPK_STEAL(pass); /* for the next save, gone when the container is closed */
            return SPK_OK;
        }
        if (e.code != SPK_CODE_PASS) {
            return e;
        }
    }
    return SPK_ERR(PASS);
}

spk_err
spk_container_unlock(struct spk_container *c, spk_pass_fn ask, void *ctx)
{
    if (!locked(c)) {
        return SPK_OK;
    }
    return c->has_pass ? unlock_asking(c, ask, ctx) : try_unlock(c, NULL);
}

struct spk_rsa *
spk_container_key(const struct spk_container *c, enum spk_key_spec spec)
{
    if (spec != SPK_AT_KEYEXCHANGE && spec != SPK_AT_SIGNATURE) {
        return NULL;
    }
    return c->held[spec - 1].key;
}

spk_err
spk_container_set(struct spk_container *c, enum spk_key_spec spec, struct spk_rsa *pair)
{
    SPK_CHECK(spec == SPK_AT_KEYEXCHANGE || spec == SPK_AT_SIGNATURE, USAGE);
    SPK_CHECK(spk_rsa_is_pair(pair), USAGE);
    SPK_TRY(spk_container_unlock(c, NULL, NULL)); /* all keys are saved under one passphrase */
    struct spk_rsa *ref = spk_rsa_ref(pair);      /* first: it may be the one that is held */
    held_clear(&c->held[spec - 1]);
    c->held[spec - 1].key = ref;
    return SPK_OK;
}

spk_err
spk_container_drop(struct spk_container *c, enum spk_key_spec spec)
{
    SPK_CHECK(spec == SPK_AT_KEYEXCHANGE || spec == SPK_AT_SIGNATURE, USAGE);
    held_clear(&c->held[spec - 1]);
    if (c->held[0].key == NULL && c->held[1].key == NULL) {
        c->has_pass = false;
        spk_secret_free(c->pass);
        c->pass = NULL;
    }
    return SPK_OK;
}

spk_err
spk_container_set_pass(struct spk_container *c, const struct spk_secret *pass)
{
    SPK_AUTO(spk_secret) copy = NULL;
    SPK_TRY(spk_container_unlock(c, NULL, NULL));
    if (pass != NULL) {
        SPK_CHECK(spk_secret_len(pass) <= SPK_CONTAINER_PASS_MAX, LIMIT);
        SPK_TRY(spk_secret_dup(pass, &copy));
    }
    spk_secret_free(c->pass);
    c->pass = SPK_STEAL(copy);
    c->has_pass = pass != NULL;
    return SPK_OK;
}

/** The file's bytes; pairs are encrypted anew, with a salt of their own. */
static spk_err
container_bytes(const struct spk_container *c, struct spk_secret *pkcs8[SPK_CONTAINER_KEYS],
                struct spk_secret **ret_bytes)
{
    struct spk_container_file file = {.name = spk_span_str(c->name), .encrypted = c->has_pass};
    for (unsigned i = 0; i < SPK_CONTAINER_KEYS; i++) {
        const struct held_key *h = &c->held[i];
        if (h->key == NULL) {
            continue;
        }
        if (h->pkcs8 == NULL) {
            SPK_TRY(spk_rsa_to_pkcs8(h->key, c->pass, &pkcs8[i]));
        }
        file.entry[file.count++] = (struct spk_container_entry){
            .spec = (enum spk_key_spec)(i + 1),
            .spki = spk_rsa_spki(h->key),
            .pkcs8 = spk_secret_span(h->pkcs8 != NULL ? h->pkcs8 : pkcs8[i])};
    }
    /* It would be forgotten: there is nothing in the file that it could protect. */
    SPK_CHECK(file.count > 0 || !file.encrypted, USAGE);
    return spk_container_file_build(&file, ret_bytes);
}

/** Under the lock: the file is still the one that this container came from. */
static spk_err
check_unchanged(const struct spk_container *c)
{
    SPK_AUTO(spk_secret) bytes = NULL;
    struct spk_hash now;
    if (!c->on_disk) {
        return SPK_OK; /* written without replacing, which checks */
    }
    spk_err e = spk_folder_read(c->dirfd, c->fname.s, &bytes);
    SPK_CHECK(e.code != SPK_CODE_NOTFOUND && e.code != SPK_CODE_FORMAT, CHANGED);
    SPK_TRY(e);
    SPK_TRY(spk_sha256(spk_secret_span(bytes), &now));
    SPK_CHECK(spk_hash_eq(&now, &c->seen), CHANGED);
    SPK_TRY(spk_extra_marked(c->dirfd, c->fname.s, &now));
    SPK_CHECK(spk_hash_eq(&now, &c->mark), CHANGED);
    return SPK_OK;
}

/** Under the lock: what a container of that name has left that was deleted in another way. */
static spk_err
check_new(struct spk_container *c)
{
    bool taken = false;
    if (c->on_disk) {
        return SPK_OK;
    }
    SPK_TRY(spk_folder_has(c->dirfd, c->fname.s, &taken));
    SPK_CHECK(!taken, EXISTS);
    SPK_TRY(spk_extra_clean(c->dirfd, c->fname.s));
    SPK_TRY(c->marked ? spk_extra_mark(c->dirfd, c->fname.s) : SPK_OK);
    return spk_extra_marked(c->dirfd, c->fname.s, &c->mark);
}

/** Slow under a passphrase: done before the lock is taken. */
static spk_err
file_bytes(const struct spk_container *c, struct spk_secret **ret_bytes)
{
    struct spk_secret *pkcs8[SPK_CONTAINER_KEYS] = {NULL, NULL};
    spk_err e = container_bytes(c, pkcs8, ret_bytes);
    for (unsigned i = 0; i < SPK_CONTAINER_KEYS; i++) {
        spk_secret_free(pkcs8[i]);
    }
    return e;
}

/** Under the lock, after the checks. */
static spk_err
write_bytes(struct spk_container *c, const struct spk_secret *bytes)
{
    struct spk_hash h;
    SPK_TRY(spk_sha256(spk_secret_span(bytes), &h));
    if (c->on_disk && spk_hash_eq(&h, &c->seen)) {
        return SPK_OK;
    }
    SPK_TRY(spk_folder_write(c->dirfd, c->fname.s, bytes, c->on_disk));
    c->seen = h;
    c->on_disk = true;
    return SPK_OK;
}

spk_err
spk_container_save(struct spk_container *c)
{
    SPK_AUTO(spk_secret) bytes = NULL;
    SPK_AUTO_FD int lock = -1;
    SPK_TRY(file_bytes(c, &bytes));
    SPK_TRY(spk_folder_lock(c->dirfd, &lock));
    SPK_TRY(check_unchanged(c));
    SPK_TRY(check_new(c));
    return write_bytes(c, bytes);
}

spk_err
spk_container_save_beside(struct spk_container *c, enum spk_key_spec spec,
                          const struct spk_extra *x)
{
    SPK_AUTO(spk_secret) bytes = NULL;
    SPK_AUTO_FD int lock = -1;
    SPK_CHECK(c->on_disk, USAGE);
    SPK_TRY(file_bytes(c, &bytes));
    SPK_TRY(spk_folder_lock(c->dirfd, &lock));
    SPK_TRY(check_unchanged(c));
    if (x->blob == NULL) {
        SPK_TRY(write_bytes(c, bytes));
        return spk_extra_put(c->dirfd, c->fname.s, spec, x);
    }
    SPK_TRY(spk_extra_put(c->dirfd, c->fname.s, spec, x));
    (void)!spk_ok(write_bytes(c, bytes)); /* the pair is in its place: this much has worked */
    return SPK_OK;
}
