/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/site.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/text.h"

#define CONF_MAX ((size_t)65536)
#define PORT_MAX 65535u

void
ctl_site_clear(struct ctl_site *s)
{
    spk_mem_free(s->dir);
    spk_mem_free(s->holder);
    spk_mem_free(s->authority);
    spk_mem_free(s->run);
    spk_mem_free(s->conf);
    spk_mem_free(s->socket);
    *s = (struct ctl_site){0};
}

spk_err
ctl_site_names(const char *dir, struct ctl_site *ret_s)
{
    ret_s->dir = spk_strdup(dir);
    SPK_CHECK(ret_s->dir != NULL, NOMEM);
    SPK_TRY(spk_path_join(dir, "holder", &ret_s->holder));
    SPK_TRY(spk_path_join(dir, "authority", &ret_s->authority));
    SPK_TRY(spk_path_join(dir, "run", &ret_s->run));
    SPK_TRY(spk_path_join(ret_s->authority, "sparekeyd.conf", &ret_s->conf));
    return spk_path_join(ret_s->run, "holder.sock", &ret_s->socket);
}

int
ctl_site_open(const char *dir, struct ctl_site *ret_s)
{
    spk_err e = ctl_site_names(dir, ret_s);

    if (!spk_ok(e)) {
        return term_error(TERM_ABOUT_OWN, dir, e, NULL);
    }
    if (access(ret_s->conf, R_OK) != 0) {
        term_say_error(dir, _("is not the folder of an authority, or cannot be read"));
        term_say_hint(_("'sparekeyctl init DIR' makes one"));
        return TERM_FAILED;
    }
    return TERM_GO_ON;
}

static spk_err
dup_span(struct spk_span s, char **ret_s)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CONF_MAX);
    const char *text = NULL;

    SPK_TRY(spk_buf_add(&b, s));
    SPK_TRY(spk_buf_cstr(&b, &text));
    *ret_s = spk_strdup(text);
    SPK_CHECK(*ret_s != NULL, NOMEM);
    return SPK_OK;
}

/* The server reads this file strictly; here a few of its keys are wanted, whatever else there is.
 */
spk_err
ctl_site_conf(const struct ctl_site *s, const char *key, const char *missing, char **ret_value)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CONF_MAX);
    struct spk_span value = spk_span_str(missing);
    spk_err e;

    SPK_TRY(spk_file_read(AT_FDCWD, s->conf, &b));
    e = spk_conf_get(spk_buf_span(&b), key, &value);
    return spk_ok(e) || e.code == SPK_CODE_NOTFOUND ? dup_span(value, ret_value) : e;
}

static spk_err
read_statement(const struct ctl_site *s, unsigned number, struct spk_authority *ret_a)
{
    SPK_AUTO_BUF struct spk_buf path = SPK_BUF(CONF_MAX);
    SPK_AUTO_BUF struct spk_buf raw = SPK_BUF((size_t)SPK_NOTE_MAX);
    SPK_AUTO_STR struct spk_note *n = spk_calloc(1, sizeof(*n));
    const char *name = NULL;

    SPK_CHECK(n != NULL, NOMEM);
    SPK_TRY(spk_buf_printf(&path, "%s/statement-%u.note", s->authority, number));
    SPK_TRY(spk_buf_cstr(&path, &name));
    SPK_TRY(spk_file_read(AT_FDCWD, name, &raw));
    SPK_TRY(spk_note_parse(spk_buf_span(&raw), true, n));
    return spk_authority_parse(n->text, ret_a);
}

spk_err
ctl_site_statement(const struct ctl_site *s, struct spk_authority *ret_a)
{
    struct spk_authority a = {0};
    unsigned number = 1;

    SPK_TRY(read_statement(s, number, &a));
    for (;;) {
        struct spk_authority next = {0};
        spk_err e =
            number < SPK_STATEMENTS_MAX ? read_statement(s, ++number, &next) : SPK_ERR(NOTFOUND);

        if (e.code == SPK_CODE_NOTFOUND) {
            *ret_a = a;
            return SPK_OK;
        }
        spk_authority_clear(&a);
        SPK_TRY(e);
        a = next;
    }
}

spk_err
ctl_listen_parse(const char *listen, char **ret_host, uint64_t *ret_port)
{
    const char *colon = strrchr(listen, ':');
    const char *end = colon;
    const char *begin = listen;

    SPK_CHECK(colon != NULL && colon > listen, FORMAT);
    if (listen[0] == '[') {
        SPK_CHECK(colon[-1] == ']', FORMAT);
        begin++;
        end--;
    }
    SPK_CHECK(end > begin, FORMAT);
    SPK_TRY(spk_dec_parse(spk_span_str(colon + 1), PORT_MAX, ret_port));
    return dup_span(spk_span(begin, (size_t)(end - begin)), ret_host);
}

bool
ctl_listen_any(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strspn(host, ":0") == strlen(host);
}

/* The name that people reach it by stands in the file "host"; else it is where it listens. */
spk_err
ctl_site_host(const struct ctl_site *s, char **ret_host)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)512);
    SPK_AUTO_STR char *path = NULL;
    SPK_AUTO_STR char *listen = NULL;
    uint64_t port = 0;
    spk_err e;

    SPK_TRY(spk_path_join(s->authority, "host", &path));
    e = spk_file_read(AT_FDCWD, path, &b);
    if (spk_ok(e)) {
        struct spk_span line = spk_buf_span(&b);

        while (line.len > 0 && line.ptr[line.len - 1] == '\n') {
            line.len--;
        }
        return dup_span(line, ret_host);
    }
    if (e.code != SPK_CODE_NOTFOUND) {
        return e;
    }
    SPK_TRY(ctl_site_conf(s, "listen", "127.0.0.1:8443", &listen));
    return ctl_listen_parse(listen, ret_host, &port);
}

spk_err
ctl_site_address(const struct ctl_site *s, uint64_t port, struct spk_buf *out)
{
    SPK_AUTO_STR char *host = NULL;
    struct spk_authority a = {0};
    char hex[2 * SPK_HASH_LEN + 1];
    bool six = false;

    SPK_TRY(ctl_site_statement(s, &a));
    (void)spk_hex(spk_hash_span(&a.hash), hex);
    spk_authority_clear(&a);
    SPK_TRY(ctl_site_host(s, &host));
    six = strchr(host, ':') != NULL;
    return spk_buf_printf(out, "https://%s%s%s:%llu/#%s", six ? "[" : "", host, six ? "]" : "",
                          (unsigned long long)port, hex);
}

static int
tell_store(const char *path, spk_err e)
{
    switch (e.code) {
    case SPK_CODE_OK:
        return TERM_GO_ON;
    case SPK_CODE_FORMAT:
        term_say_error(path, _("is not a store of sparekeyd"));
        return TERM_FAILED;
    case SPK_CODE_NOTFOUND:
        term_say_error(path, _("is missing: there is no database; nothing was changed"));
        term_say_hint(_("restore it from a backup; 'database' in sparekeyd.conf names its file"));
        return TERM_FAILED;
    default:
        return term_error(TERM_ABOUT_OWN, path, e, NULL);
    }
}

int
ctl_site_store(const struct ctl_site *s, bool create, struct spk_store **ret_store)
{
    SPK_AUTO_STR char *kind = NULL;
    SPK_AUTO_STR char *file = NULL;
    SPK_AUTO_STR char *path = NULL;
    spk_err e = ctl_site_conf(s, "store", "sqlite", &kind);

    e = spk_ok(e) ? ctl_site_conf(s, "database", "sparekey.db", &file) : e;
    if (spk_ok(e) && file[0] == '/') {
        path = SPK_STEAL(file);
    } else {
        e = spk_ok(e) ? spk_path_join(s->authority, file, &path) : e;
    }
    if (spk_ok(e) && strcmp(kind, "memory") == 0) {
        term_say_error(s->dir, _("its store is in the memory of sparekeyd, where no other program "
                                 "can look at it"));
        return TERM_FAILED;
    }
    if (spk_ok(e)) {
        const struct spk_store_cfg cfg = {.path = path, .readers = 1, .create = create};

        e = spk_store_open(kind, &cfg, ret_store);
    }
    return tell_store(path != NULL ? path : s->dir, e);
}

spk_err
ctl_site_statement_path(const struct ctl_site *s, unsigned number, struct spk_buf *path,
                        const char **ret_path)
{
    SPK_TRY(spk_buf_printf(path, "%s/statement-%u.note", s->authority, number));
    return spk_buf_cstr(path, ret_path);
}

unsigned
ctl_site_statements(const struct ctl_site *s)
{
    for (unsigned n = 0; n < SPK_STATEMENTS_MAX; n++) {
        SPK_AUTO_BUF struct spk_buf path = SPK_BUF((size_t)8192);
        const char *name = NULL;

        if (!spk_ok(ctl_site_statement_path(s, n + 1, &path, &name)) ||
            faccessat(AT_FDCWD, name, F_OK, 0) != 0) {
            return n;
        }
    }
    return SPK_STATEMENTS_MAX;
}

unsigned
ctl_site_published(const struct ctl_site *s)
{
    struct spk_authority a = {0};
    unsigned epoch = 0;

    if (spk_ok(ctl_site_statement(s, &a))) {
        epoch = a.epoch;
        spk_authority_clear(&a);
    }
    return epoch;
}

unsigned
ctl_site_epochs(const struct ctl_site *s)
{
    for (unsigned n = 0; n < SPK_STATEMENTS_MAX; n++) {
        SPK_AUTO_BUF struct spk_buf path = SPK_BUF((size_t)8192);
        const char *name = NULL;

        if (!spk_ok(spk_buf_printf(&path, "%s/epoch-%u.key", s->holder, n + 1)) ||
            !spk_ok(spk_buf_cstr(&path, &name)) || faccessat(AT_FDCWD, name, F_OK, 0) != 0) {
            return n;
        }
    }
    return SPK_STATEMENTS_MAX;
}

int
ctl_site_lacks_keys(const struct ctl_site *s, unsigned keys, unsigned published)
{
    fprintf(stderr,
            _("%s: error: '%s' has the keys up to epoch %u, but epoch %u is published in '%s': "
              "these keys are older than the last 'sparekeyctl key rotate'\n"),
            term_program, term_shown(s->holder), keys, published, term_shown(s->authority));
    term_say_hint(_("move the holder's folder away and open a copy that was made after that: "
                    "'sparekeyctl key restore DIR --copy FOLDER'; what was deposited under the "
                    "newest key cannot come back without it"));
    return TERM_FAILED;
}
