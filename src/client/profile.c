/* SPDX-License-Identifier: Apache-2.0 */
#include "client/profile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/rd.h"
#include "base/text.h"
#include "crypto/mac.h"
#include "crypto/rng.h"
#include "keystore/name.h"

#define CONFIG_MAX ((size_t)65536)
#define TIMEOUT_MAX_S 3600
#define RECORD_NEW "owner.record.new"

/* $VAR/sparekey, or $HOME/fallback/sparekey; relative values are ignored, as the XDG base
 * directory specification wants it. */
static spk_err
xdg_dir(const char *var, const char *fallback, char **ret_dir)
{
    const char *base = getenv(var);
    const char *home = getenv("HOME");
    SPK_AUTO_STR char *under_home = NULL;

    if (base == NULL || base[0] != '/') {
        SPK_CHECK(home != NULL && home[0] == '/', NOTFOUND);
        SPK_TRY(spk_path_join(home, fallback, &under_home));
        base = under_home;
    }
    return spk_path_join(base, "sparekey", ret_dir);
}

spk_err
spk_profile_config_path(const struct spk_profile *p, const char *name, char **ret_path)
{
    return spk_path_join(p->config_dir, name, ret_path);
}

spk_err
spk_profile_data_path(const struct spk_profile *p, const char *name, char **ret_path)
{
    return spk_path_join(p->data_dir, name, ret_path);
}

/* *ret_there is false, and all is well, when there is no such file. */
static spk_err
read_optional(const struct spk_profile *p, const char *name, struct spk_trouble *t,
              struct spk_buf *b, bool *ret_there)
{
    SPK_AUTO_STR char *path = NULL;
    spk_err e;

    SPK_TRY(spk_profile_config_path(p, name, &path));
    e = spk_file_read(AT_FDCWD, path, b);
    if (e.code == SPK_CODE_NOTFOUND) {
        *ret_there = false;
        return SPK_OK;
    }
    spk_trouble_file(t, path);
    *ret_there = true;
    return e;
}

static spk_err
parse_policy(const char *s, enum spk_deposit_policy *ret_policy)
{
    static const char *const names[] = {"require", "spool", "off"};

    for (size_t i = 0; i < 3; i++) {
        if (strcmp(s, names[i]) == 0) {
            *ret_policy = (enum spk_deposit_policy)i;
            return SPK_OK;
        }
    }
    return SPK_ERR(FORMAT);
}

static spk_err
parse_need(const char *s, uint64_t *ret_need)
{
    uint64_t n = 0;

    if (strcmp(s, "all") != 0) {
        SPK_TRY(spk_dec_parse(spk_span_str(s), SPK_AUTHORITIES_MAX, &n));
        SPK_CHECK(n > 0, FORMAT);
    }
    *ret_need = n;
    return SPK_OK;
}

/* The line of a setting whose value turned out to be wrong: the one behind `skip` others. */
static unsigned
line_of(struct spk_span text, const char *key, size_t skip)
{
    struct spk_rd r = spk_rd(text);
    struct spk_span line;
    unsigned n = 0;

    while (spk_ok(spk_rd_line(&r, SPK_CONF_LINE_MAX, &line))) {
        n++;
        while (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
            line = spk_span(line.ptr + 1, line.len - 1);
        }
        if (spk_skip_prefix(&line, key) && line.len > 0 && memchr(" \t=", line.ptr[0], 3) != NULL &&
            skip-- == 0) {
            return n;
        }
    }
    return n + 1; /* the last one, without a line feed */
}

struct settings { /* as they stand in the file, not looked at yet */
    char *policy, *need, *witnesses;
    char **witness;
};

static void
settings_clear(struct settings *s)
{
    spk_mem_free(s->policy);
    spk_mem_free(s->need);
    spk_mem_free(s->witnesses);
    for (size_t i = 0; s->witness != NULL && s->witness[i] != NULL; i++) {
        spk_mem_free(s->witness[i]);
    }
    spk_mem_free(s->witness);
}

static spk_err
take_settings(struct spk_profile *p, const struct settings *s, const char **ret_bad,
              size_t *ret_skip)
{
    size_t at = 0;

    *ret_bad = "policy";
    if (s->policy != NULL) {
        SPK_TRY(parse_policy(s->policy, &p->deposit_policy));
    }
    *ret_bad = "need";
    if (s->need != NULL) {
        SPK_TRY(parse_need(s->need, &p->need));
    }
    *ret_bad = "witness";
    SPK_TRY(spk_witnesses_parse(s->witness, NULL, ret_skip, &p->witnesses));
    *ret_bad = "witnesses";
    *ret_skip = 0;
    SPK_TRY(spk_witnesses_parse(s->witness, s->witnesses, &at, &p->witnesses));
    *ret_bad = "container";
    SPK_CHECK(p->container == NULL || spk_container_name_ok(spk_span_str(p->container)), FORMAT);
    return SPK_OK;
}

static spk_err
parse_config(struct spk_profile *p, struct spk_span text, unsigned *ret_line)
{
    __attribute__((cleanup(settings_clear))) struct settings s = {NULL, NULL, NULL, NULL};
    const struct spk_conf_key keys[] = {
        {"policy", SPK_CONF_STR, &s.policy, 0, 0, false},
        {"need", SPK_CONF_STR, &s.need, 0, 0, false},
        {"container", SPK_CONF_STR, &p->container, 0, 0, false},
        {"timeout", SPK_CONF_U64, &p->timeout_s, 1, TIMEOUT_MAX_S, false},
        {"watch-hook", SPK_CONF_STR, &p->watch_hook, 0, 0, false},
        {"witness", SPK_CONF_STR, &s.witness, 0, 0, true},
        {"witnesses", SPK_CONF_STR, &s.witnesses, 0, 0, false},
    };
    const char *bad = NULL;
    size_t skip = 0;
    spk_err e = spk_conf_parse(text, keys, sizeof(keys) / sizeof(keys[0]), ret_line);

    if (spk_ok(e)) {
        e = take_settings(p, &s, &bad, &skip);
        *ret_line = spk_ok(e) ? 0 : line_of(text, bad, skip);
    }
    return e;
}

static spk_err
load_config(struct spk_profile *p, struct spk_trouble *t)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(CONFIG_MAX);
    bool there = false;
    unsigned line = 0;

    SPK_TRY(read_optional(p, "config", t, &b, &there));
    if (there) {
        spk_err e = parse_config(p, spk_buf_span(&b), &line);

        if (!spk_ok(e) && t != NULL) {
            t->line = line;
        }
        SPK_TRY(e);
    }
    if (p->container == NULL) {
        p->container = spk_strdup(SPK_CONTAINER_DEFAULT);
    }
    SPK_CHECK(p->container != NULL, NOMEM);
    return SPK_OK;
}

static spk_err
owner_from_record(struct spk_profile *p)
{
    struct spk_enrolment e = {0};
    spk_err err = spk_enrolment_parse(spk_buf_span(&p->record), &e);

    if (spk_ok(err)) {
        p->owner = e.owner;
        p->has_owner = true;
    }
    spk_enrolment_clear(&e);
    return err;
}

static spk_err
load_owner(struct spk_profile *p, struct spk_trouble *t)
{
    SPK_AUTO_BUF struct spk_buf id = SPK_BUF(80);
    bool there = false;

    SPK_TRY(read_optional(p, RECORD_NEW, t, &p->record_new, &there));
    SPK_TRY(read_optional(p, "owner.record", t, &p->record, &there));
    if (there) {
        return owner_from_record(p);
    }
    SPK_TRY(read_optional(p, "owner.id", t, &id, &there));
    if (there) {
        SPK_CHECK(id.len == 2 * SPK_HASH_LEN + 1, FORMAT);
        SPK_TRY(spk_hex_parse(spk_span(id.ptr, id.len - 1), p->owner.b, SPK_HASH_LEN));
        p->has_owner = true;
    }
    return SPK_OK;
}

static spk_err
load_monitor(struct spk_profile *p, struct spk_trouble *t)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_MONITOR_LEN + 1);
    bool there = false;

    SPK_TRY(read_optional(p, "monitor", t, &b, &there));
    if (there) {
        SPK_CHECK(b.len == SPK_MONITOR_LEN, FORMAT);
        SPK_TRY(spk_secret_from(spk_buf_span(&b), &p->monitor));
    }
    return SPK_OK;
}

static int
by_name(const void *a, const void *b)
{
    const struct spk_pin *const *x = a;
    const struct spk_pin *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static spk_err
load_each(struct spk_profile *p, DIR *d, const char *dir, struct spk_trouble *t)
{
    for (;;) {
        struct dirent *de = NULL;

        errno = 0;
        de = readdir(d);
        if (de == NULL) {
            return errno == 0 ? SPK_OK : spk_err_errno();
        }
        if (spk_pin_name_ok(de->d_name)) {
            SPK_CHECK(p->n_authorities < SPK_AUTHORITIES_MAX, LIMIT);
            SPK_TRY(spk_pin_load(dir, de->d_name, t, &p->authorities[p->n_authorities]));
            p->authorities[p->n_authorities]->timeout_s = (unsigned)p->timeout_s;
            p->n_authorities++;
        }
    }
}

static spk_err
load_authorities(struct spk_profile *p, struct spk_trouble *t)
{
    SPK_AUTO_STR char *dir = NULL;
    DIR *d = NULL;
    spk_err e;

    SPK_TRY(spk_profile_config_path(p, "authorities", &dir));
    d = opendir(dir);
    if (d == NULL) {
        e = errno == ENOENT ? SPK_OK : spk_err_errno();

        spk_trouble_file(t, dir);
        return e;
    }
    e = load_each(p, d, dir, t);
    (void)closedir(d);
    if (spk_ok(e) && p->n_authorities > 1) {
        qsort(p->authorities, p->n_authorities, sizeof(p->authorities[0]), by_name);
    }
    return e;
}

spk_err
spk_profile_load(struct spk_trouble *t, struct spk_profile **ret_p)
{
    SPK_AUTO(spk_profile) p = spk_calloc(1, sizeof(*p));

    SPK_CHECK(p != NULL, NOMEM);
    p->record = SPK_BUF(SPK_ENROL_RECORD_MAX);
    p->record_new = SPK_BUF(SPK_ENROL_RECORD_MAX);
    spk_trouble_file(t, "$HOME");
    SPK_TRY(xdg_dir("XDG_CONFIG_HOME", ".config", &p->config_dir));
    SPK_TRY(xdg_dir("XDG_DATA_HOME", ".local/share", &p->data_dir));
    SPK_TRY(load_config(p, t));
    SPK_TRY(load_owner(p, t));
    SPK_TRY(load_monitor(p, t));
    SPK_TRY(load_authorities(p, t));
    spk_trouble_file(t, "");
    *ret_p = SPK_STEAL(p);
    return SPK_OK;
}

void
spk_profile_free(struct spk_profile *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < p->n_authorities; i++) {
        spk_pin_free(p->authorities[i]);
    }
    spk_buf_free(&p->record);
    spk_buf_free(&p->record_new);
    spk_secret_free(p->monitor);
    spk_mem_free(p->container);
    spk_mem_free(p->watch_hook);
    spk_mem_free(p->config_dir);
    spk_mem_free(p->data_dir);
    spk_mem_free(p);
}

spk_err
spk_profile_authority(const struct spk_profile *p, const char *name_or_null,
                      struct spk_pin **ret_pin)
{
    if (name_or_null == NULL) {
        SPK_CHECK(p->n_authorities > 0, NOTFOUND);
        SPK_CHECK(p->n_authorities == 1, USAGE);
        *ret_pin = p->authorities[0];
        return SPK_OK;
    }
    for (size_t i = 0; i < p->n_authorities; i++) {
        if (strcmp(p->authorities[i]->name, name_or_null) == 0) {
            *ret_pin = p->authorities[i];
            return SPK_OK;
        }
    }
    return SPK_ERR(NOTFOUND);
}

spk_err
spk_profile_by_key(const struct spk_profile *p, const struct spk_hash *spki,
                   const struct spk_pin **ret_pin, const struct spk_authority **ret_a)
{
    for (size_t i = 0; i < p->n_authorities; i++) {
        const struct spk_authority *a = spk_pin_by_key(p->authorities[i], spki);

        if (a != NULL) {
            *ret_pin = p->authorities[i];
            *ret_a = a;
            return SPK_OK;
        }
    }
    return SPK_ERR(NOTFOUND);
}

size_t
spk_profile_needed(const struct spk_profile *p)
{
    return p->need == 0 ? p->n_authorities : (size_t)p->need;
}

static spk_err
write_config(struct spk_profile *p, const char *name, struct spk_span s)
{
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(spk_mkdirs(p->config_dir, 0700));
    SPK_TRY(spk_profile_config_path(p, name, &path));
    return spk_file_write(AT_FDCWD, path, s, 0600, true);
}

static spk_err
set_aside(const struct spk_profile *p, const char *from, const char *to)
{
    SPK_AUTO_STR char *a = NULL;
    SPK_AUTO_STR char *b = NULL;

    SPK_TRY(spk_profile_config_path(p, from, &a));
    SPK_TRY(spk_profile_config_path(p, to, &b));
    return rename(a, b) == 0 || errno == ENOENT ? SPK_OK : spk_err_errno();
}

spk_err
spk_profile_set_owner(struct spk_profile *p, const struct spk_hash *owner, struct spk_span record)
{
    SPK_AUTO_BUF struct spk_buf id = SPK_BUF(80);

    if (record.len > 0) {
        SPK_TRY(write_config(p, "owner.record", record));
        spk_buf_reset(&p->record);
        SPK_TRY(spk_buf_add(&p->record, record));
    } else if (p->record.len == 0 || !spk_hash_eq(&p->owner, owner)) {
        SPK_TRY(set_aside(p, "owner.record", "owner.record.old"));
        spk_buf_reset(&p->record);
        SPK_TRY(spk_buf_hex(&id, spk_hash_span(owner)));
        SPK_TRY(spk_buf_str(&id, "\n"));
        SPK_TRY(write_config(p, "owner.id", spk_buf_span(&id)));
    }
    p->owner = *owner;
    p->has_owner = true;
    return SPK_OK;
}

const struct spk_hash *
spk_profile_owner_at(const struct spk_profile *p, const struct spk_pin *pin)
{
    if (pin->has_owner) {
        return &pin->owner;
    }
    return p->has_owner ? &p->owner : NULL;
}

static bool
others_lean_on_owner(const struct spk_profile *p, const struct spk_pin *pin)
{
    for (size_t i = 0; i < p->n_authorities; i++) {
        const struct spk_pin *o = p->authorities[i];

        if (strcmp(o->name, pin->name) != 0 && o->state != SPK_PIN_PINNED && !o->has_owner) {
            return true;
        }
    }
    return false;
}

spk_err
spk_profile_set_owner_at(struct spk_profile *p, struct spk_pin *pin, const struct spk_hash *owner)
{
    bool same = p->has_owner && spk_hash_eq(&p->owner, owner);

    if (!same && p->has_owner && others_lean_on_owner(p, pin)) {
        pin->has_owner = true;
        pin->owner = *owner;
        return SPK_OK;
    }
    pin->has_owner = false;
    return same ? SPK_OK : spk_profile_set_owner(p, owner, SPK_SPAN_EMPTY);
}

spk_err
spk_profile_set_record_new(struct spk_profile *p, struct spk_span record)
{
    SPK_TRY(write_config(p, RECORD_NEW, record));
    spk_buf_reset(&p->record_new);
    return spk_buf_add(&p->record_new, record);
}

spk_err
spk_profile_make_monitor(struct spk_profile *p)
{
    SPK_AUTO(spk_secret) s = NULL;

    if (p->monitor != NULL) {
        return SPK_OK;
    }
    SPK_TRY(spk_secret_random(SPK_MONITOR_LEN, &s));
    SPK_TRY(write_config(p, "monitor", spk_secret_span(s)));
    p->monitor = SPK_STEAL(s);
    return SPK_OK;
}

spk_err
spk_profile_owner_tag(const struct spk_profile *p, const struct spk_file_id *id,
                      struct spk_hash *ret_tag)
{
    const struct spk_span parts[] = {SPK_SPAN_OF(id->b)};

    if (p->monitor == NULL) {
        memset(ret_tag, 0, sizeof(*ret_tag));
        return SPK_OK;
    }
    return spk_hmac_sha256(spk_secret_span(p->monitor), parts, 1, ret_tag);
}

spk_err
spk_profile_put_authority(struct spk_profile *p, struct spk_pin **take_pin)
{
    SPK_AUTO(spk_pin) pin = SPK_STEAL(*take_pin);
    SPK_AUTO_STR char *parent = NULL;

    pin->timeout_s = (unsigned)p->timeout_s;
    SPK_TRY(spk_profile_config_path(p, "authorities", &parent));
    for (size_t i = 0; i < p->n_authorities; i++) {
        if (strcmp(p->authorities[i]->name, pin->name) == 0) {
            SPK_TRY(spk_pin_save(pin, parent));
            spk_pin_free(p->authorities[i]);
            p->authorities[i] = SPK_STEAL(pin);
            return SPK_OK;
        }
    }
    SPK_CHECK(p->n_authorities < SPK_AUTHORITIES_MAX, LIMIT);
    SPK_TRY(spk_pin_save(pin, parent));
    p->authorities[p->n_authorities++] = SPK_STEAL(pin);
    return SPK_OK;
}
