/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a pinned authority (doc/spec/client-files.md, "Authorities"): written so that a
 * crash leaves the old state or the new one. */
#include "client/pin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/rng.h"

#define LOGS_FILE "logs.note"

static const char *const state_names[] = {"pinned", "pending", "enrolled"};

const char *
spk_pin_state_name(enum spk_pin_state s)
{
    return state_names[s];
}

bool
spk_pin_name_ok(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > SPK_PIN_NAME_MAX || name[0] == '.') {
        return false;
    }
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

/* A file of one line. */
static spk_err
read_line(int dirfd, const char *file, size_t max, char **ret_line)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(max + 1);
    const char *s = NULL;

    SPK_TRY(spk_file_read(dirfd, file, &b));
    while (b.len > 0 && b.ptr[b.len - 1] == '\n') {
        b.len--;
    }
    SPK_TRY(spk_buf_cstr(&b, &s));
    *ret_line = spk_strdup(s);
    SPK_CHECK(*ret_line != NULL, NOMEM);
    return SPK_OK;
}

static spk_err
read_notes(int dirfd, const char *what, size_t max,
           spk_err (*add)(struct spk_chain *, struct spk_span), struct spk_chain *c)
{
    for (size_t i = 1; i <= max; i++) {
        SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
        char file[40];
        spk_err e;

        (void)snprintf(file, sizeof(file), "%s-%zu.note", what, i);
        e = spk_file_read(dirfd, file, &b);
        if (e.code == SPK_CODE_NOTFOUND) {
            break;
        }
        SPK_TRY(e);
        SPK_TRY(add(c, spk_buf_span(&b)));
    }
    return SPK_OK;
}

static spk_err
read_logs(int dirfd, struct spk_chain *c)
{
    spk_err e = spk_file_read(dirfd, LOGS_FILE, &c->logs);

    return e.code == SPK_CODE_NOTFOUND ? SPK_OK : e;
}

static spk_err
parse_state(const char *s, enum spk_pin_state *ret_state)
{
    for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++) {
        if (strcmp(s, state_names[i]) == 0) {
            *ret_state = (enum spk_pin_state)i;
            return SPK_OK;
        }
    }
    return SPK_ERR(FORMAT);
}

static spk_err
read_owner(int dirfd, struct spk_pin *p)
{
    SPK_AUTO_STR char *line = NULL;
    spk_err e = read_line(dirfd, "owner.id", 2 * SPK_HASH_LEN, &line);

    if (e.code == SPK_CODE_NOTFOUND) {
        return SPK_OK;
    }
    SPK_TRY(e);
    SPK_TRY(spk_hex_parse(spk_span_str(line), p->owner.b, SPK_HASH_LEN));
    p->has_owner = true;
    return SPK_OK;
}

static spk_err
load_at(int dirfd, struct spk_pin **ret_p)
{
    SPK_AUTO(spk_chain) c = NULL;
    SPK_AUTO_STR char *url = NULL;
    SPK_AUTO_STR char *state = NULL;
    SPK_AUTO(spk_pin) p = NULL;

    SPK_TRY(spk_chain_new(&c));
    SPK_TRY(read_notes(dirfd, "statement", SPK_STATEMENTS_MAX, spk_chain_add_statement, c));
    SPK_TRY(read_notes(dirfd, "policy", SPK_POLICIES_MAX, spk_chain_add_policy, c));
    SPK_TRY(read_logs(dirfd, c));
    SPK_TRY(read_line(dirfd, "url", SPK_PIN_URL_MAX, &url));
    SPK_TRY(read_line(dirfd, "state", 40, &state));
    SPK_TRY(spk_pin_make(&c, url, NULL, &p));
    SPK_TRY(parse_state(state, &p->state));
    SPK_TRY(read_owner(dirfd, p));
    *ret_p = SPK_STEAL(p);
    return SPK_OK;
}

spk_err
spk_pin_load(const char *dir, const char *name, struct spk_trouble *t, struct spk_pin **ret_p)
{
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO_FD int fd = -1;
    SPK_AUTO(spk_pin) p = NULL;

    SPK_CHECK(spk_pin_name_ok(name), USAGE);
    SPK_TRY(spk_path_join(dir, name, &path));
    spk_trouble_file(t, path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? SPK_ERR(NOTFOUND) : spk_err_errno();
    }
    SPK_TRY(load_at(fd, &p));
    (void)snprintf(p->name, sizeof(p->name), "%s", name);
    p->dir = SPK_STEAL(path);
    *ret_p = SPK_STEAL(p);
    return SPK_OK;
}

/* The same statement may carry other signatures. */
static bool
same_statement(struct spk_span a, struct spk_span b)
{
    SPK_AUTO_STR struct spk_note *na = spk_calloc(1, sizeof(*na));
    SPK_AUTO_STR struct spk_note *nb = spk_calloc(1, sizeof(*nb));

    return na != NULL && nb != NULL && spk_ok(spk_note_parse(a, true, na)) &&
           spk_ok(spk_note_parse(b, true, nb)) && spk_span_eq(na->text, nb->text);
}

/* Notes only ever come to those that are there: one that says something else is not ours to
 * replace.
 */
static spk_err
write_note(int dirfd, const char *file, struct spk_span text)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    spk_err e = spk_file_read(dirfd, file, &b);

    if (e.code == SPK_CODE_NOTFOUND) {
        return spk_file_write(dirfd, file, text, 0600, false);
    }
    SPK_TRY(e);
    SPK_CHECK(same_statement(spk_buf_span(&b), text), CHANGED);
    return SPK_OK;
}

static spk_err
write_notes(int dirfd, const char *what, const struct spk_buf *notes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char file[40];

        (void)snprintf(file, sizeof(file), "%s-%zu.note", what, i + 1);
        SPK_TRY(write_note(dirfd, file, spk_buf_span(&notes[i])));
    }
    return SPK_OK;
}

static spk_err
write_line(int dirfd, const char *file, const char *line)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_PIN_URL_MAX + 2);

    SPK_TRY(spk_buf_printf(&b, "%s\n", line));
    return spk_file_write(dirfd, file, spk_buf_span(&b), 0600, true);
}

static spk_err
write_owner(int dirfd, const struct spk_pin *p)
{
    char hex[2 * SPK_HASH_LEN + 1];

    if (p->has_owner) {
        return write_line(dirfd, "owner.id", spk_hex(spk_hash_span(&p->owner), hex));
    }
    return unlinkat(dirfd, "owner.id", 0) == 0 || errno == ENOENT ? SPK_OK : spk_err_errno();
}

/* Policies before statements: a statement may lean on a policy, never the other way round. The
 * state last: it says that the owner is registered. */
static spk_err
save_at(const struct spk_pin *p, int dirfd)
{
    const struct spk_chain *c = p->chain;

    SPK_TRY(write_notes(dirfd, "policy", c->policies, c->n_policies));
    SPK_TRY(write_notes(dirfd, "statement", c->statements, c->n_statements));
    if (p->has_logs) {
        SPK_TRY(write_note(dirfd, LOGS_FILE, spk_buf_span(&c->logs)));
    }
    SPK_TRY(write_line(dirfd, "url", p->url));
    SPK_TRY(write_owner(dirfd, p));
    return write_line(dirfd, "state", state_names[p->state]);
}

static spk_err
open_folder(const char *path, int *ret_fd)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return spk_err_errno();
    }
    *ret_fd = fd;
    return SPK_OK;
}

spk_err
spk_pin_save_logs(const struct spk_pin *p)
{
    SPK_AUTO_FD int fd = -1;

    SPK_TRY(open_folder(p->dir, &fd));
    return write_note(fd, LOGS_FILE, spk_buf_span(&p->chain->logs));
}

/* A fresh folder: what a run that crashed has left must not be published with this one's. */
static spk_err
make_folder(const struct spk_pin *p, const char *parent, char **ret_path)
{
    uint8_t random[8];
    char hex[2 * sizeof(random) + 1];
    char name[SPK_PIN_NAME_MAX + sizeof(hex) + 2];
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(spk_random(SPK_MUT_OF(random)));
    (void)snprintf(name, sizeof(name), ".%s.%s", p->name, spk_hex(SPK_SPAN_OF(random), hex));
    SPK_TRY(spk_path_join(parent, name, &path));
    if (mkdir(path, 0700) != 0) {
        return spk_err_errno();
    }
    *ret_path = SPK_STEAL(path);
    return SPK_OK;
}

/* It holds what save_at() writes, and nothing else. */
static void
remove_folder(const char *path, int fd)
{
    DIR *d = fdopendir(fd);
    const struct dirent *de = NULL;

    while (d != NULL && (de = readdir(d)) != NULL) {
        (void)unlinkat(fd, de->d_name, 0);
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    (void)rmdir(path);
}

static spk_err
save_new(const struct spk_pin *p, const char *parent, const char *path)
{
    SPK_AUTO_STR char *tmp = NULL;
    SPK_AUTO_FD int fd = -1;
    spk_err e;

    SPK_TRY(make_folder(p, parent, &tmp));
    SPK_TRY(open_folder(tmp, &fd));
    e = save_at(p, fd);
    if (spk_ok(e) && rename(tmp, path) != 0) {
        e = spk_err_errno();
    }
    if (!spk_ok(e)) {
        remove_folder(tmp, fd);
        fd = -1; /* closed with the listing */
        return e;
    }
    return spk_sync_parent(AT_FDCWD, path);
}

spk_err
spk_pin_save(struct spk_pin *p, const char *parent)
{
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO_FD int fd = -1;

    SPK_CHECK(spk_pin_name_ok(p->name), USAGE);
    SPK_TRY(spk_mkdirs(parent, 0700));
    SPK_TRY(spk_path_join(parent, p->name, &path));
    if (access(path, F_OK) == 0) {
        SPK_TRY(open_folder(path, &fd));
        SPK_TRY(save_at(p, fd));
    } else {
        SPK_TRY(save_new(p, parent, path));
    }
    spk_mem_free(p->dir);
    p->dir = SPK_STEAL(path);
    return SPK_OK;
}
