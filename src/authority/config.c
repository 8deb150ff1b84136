/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/config.h"

#include <fcntl.h>
#include <string.h>

#include "base/conf.h"
#include "base/file.h"

static void
set_numbers(struct spk_config *c)
{
    c->threads = 0;
    c->readers = 2;
    c->max_connections = 1024;
    c->max_connections_per_source = 512;
    c->idle_timeout = 60;
    c->max_body = (uint64_t)8 << 20;
    c->max_body_total = (uint64_t)256 << 20;
    c->max_batch = 1000;
    c->max_list = 1000;
    c->max_release = 64;
    c->max_scan = 100000;
    c->max_queue = 16384;
    c->max_jobs = 1024;
    c->max_records = 4096;
    c->max_unknown_requests = 100000;
    c->deposits_per_second = 20000;
    c->requests_per_hour = 20;
    c->requests_per_owner = 50;
    c->records_per_hour = 20000;
    c->enrolments_per_hour = 1000;
    c->check_per_second = 20;
    c->check_again_days = 30;
    c->holder_timeout = 30;
}

struct text_default {
    char **value;
    const char *text;
};

/* Relative paths are meant from the folder of the file, wherever the program was started. */
static spk_err
anchor(const char *folder, char **path)
{
    char *joined = NULL;

    if ((*path)[0] == '/') {
        return SPK_OK;
    }
    SPK_TRY(spk_path_join(folder, *path, &joined));
    spk_mem_free(*path);
    *path = joined;
    return SPK_OK;
}

static spk_err
fill_texts(struct spk_config *c, const char *folder)
{
    const struct text_default texts[] = {
        {&c->folder, folder},      {&c->listen, "127.0.0.1:8443"},
        {&c->tls_cert, "tls.crt"}, {&c->tls_key, "tls.key"},
        {&c->store, "sqlite"},     {&c->database, "sparekey.db"},
        {&c->enrolment, "open"},   {&c->holder, "../run/holder.sock"},
    };
    char **const paths[] = {&c->tls_cert, &c->tls_key, &c->database, &c->holder};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (*texts[i].value == NULL) {
            *texts[i].value = spk_strdup(texts[i].text);
            SPK_CHECK(*texts[i].value != NULL, NOMEM);
        }
    }
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        SPK_TRY(anchor(folder, paths[i]));
    }
    return SPK_OK;
}

static spk_err
enrolment_mode(struct spk_config *c)
{
    if (strcmp(c->enrolment, "open") == 0) {
        c->enrolment_mode = SPK_ENROLMENT_OPEN;
    } else if (strcmp(c->enrolment, "token") == 0) {
        c->enrolment_mode = SPK_ENROLMENT_TOKEN;
    } else if (strcmp(c->enrolment, "approval") == 0) {
        c->enrolment_mode = SPK_ENROLMENT_APPROVAL;
    } else {
        return SPK_ERR(USAGE);
    }
    return SPK_OK;
}

static spk_err
parse(struct spk_span text, const char *folder, struct spk_config *c, unsigned *line)
{
    const struct spk_conf_key keys[] = {
        {"listen", SPK_CONF_STR, &c->listen, 0, 0, false},
        {"tls_cert", SPK_CONF_STR, &c->tls_cert, 0, 0, false},
        {"tls_key", SPK_CONF_STR, &c->tls_key, 0, 0, false},
        {"store", SPK_CONF_STR, &c->store, 0, 0, false},
        {"database", SPK_CONF_STR, &c->database, 0, 0, false},
        {"holder", SPK_CONF_STR, &c->holder, 0, 0, false},
        {"enrolment", SPK_CONF_STR, &c->enrolment, 0, 0, false},
        {"witness", SPK_CONF_STR, &c->witness, 0, 0, true},
        {"threads", SPK_CONF_U64, &c->threads, 0, 64, false},
        {"readers", SPK_CONF_U64, &c->readers, 1, 32, false},
        {"max_connections", SPK_CONF_U64, &c->max_connections, 8, 100000, false},
        {"max_connections_per_source", SPK_CONF_U64, &c->max_connections_per_source, 1, 100000,
         false},
        {"idle_timeout", SPK_CONF_U64, &c->idle_timeout, 1, 3600, false},
        {"max_body", SPK_CONF_U64, &c->max_body, 65536, (uint64_t)64 << 20, false},
        {"max_body_total", SPK_CONF_U64, &c->max_body_total, 1 << 20, (uint64_t)16 << 30, false},
        {"max_batch", SPK_CONF_U64, &c->max_batch, 1, 10000, false},
        {"max_list", SPK_CONF_U64, &c->max_list, 1, 10000, false},
        {"max_release", SPK_CONF_U64, &c->max_release, 1, 256, false},
        {"max_scan", SPK_CONF_U64, &c->max_scan, 1000, 10000000, false},
        {"max_queue", SPK_CONF_U64, &c->max_queue, 100, 1000000, false},
        {"max_jobs", SPK_CONF_U64, &c->max_jobs, 8, 100000, false},
        {"max_records", SPK_CONF_U64, &c->max_records, 1, 100000, false},
        {"max_unknown_requests", SPK_CONF_U64, &c->max_unknown_requests, 1, 10000000, false},
        {"deposits_per_second", SPK_CONF_U64, &c->deposits_per_second, 1, 10000000, false},
        {"requests_per_hour", SPK_CONF_U64, &c->requests_per_hour, 1, 1000000, false},
        {"requests_per_owner", SPK_CONF_U64, &c->requests_per_owner, 1, 1000000, false},
        {"records_per_hour", SPK_CONF_U64, &c->records_per_hour, 1, 10000000, false},
        {"enrolments_per_hour", SPK_CONF_U64, &c->enrolments_per_hour, 1, 10000000, false},
        {"check_per_second", SPK_CONF_U64, &c->check_per_second, 0, 100, false},
        {"check_again_days", SPK_CONF_U64, &c->check_again_days, 0, 36500, false},
        {"holder_timeout", SPK_CONF_U64, &c->holder_timeout, 1, 600, false},
    };

    set_numbers(c);
    SPK_TRY(spk_conf_parse(text, keys, sizeof(keys) / sizeof(keys[0]), line));
    SPK_TRY(fill_texts(c, folder));
    SPK_CHECK(spk_ok(spk_cosigners_parse(c->witness, c->cosigners, &c->n_cosigners)), FORMAT);
    return enrolment_mode(c);
}

spk_err
spk_config_parse(struct spk_span text, const char *folder, struct spk_config *ret_c,
                 unsigned *ret_line)
{
    struct spk_config c = {0};
    unsigned line = 0;
    spk_err e = parse(text, folder, &c, &line);

    if (!spk_ok(e)) {
        spk_config_clear(&c);
        *ret_line = line;
        return e;
    }
    *ret_c = c;
    return SPK_OK;
}

spk_err
spk_config_load(const char *path, struct spk_config *ret_c, unsigned *ret_line)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_CONFIG_MAX);
    SPK_AUTO_STR char *folder = spk_strdup(path);

    *ret_line = 0;
    SPK_CHECK(folder != NULL, NOMEM);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        folder[0] = '.';
        folder[1] = 0;
    } else {
        slash[slash == folder ? 1 : 0] = 0;
    }
    SPK_TRY(spk_file_read(AT_FDCWD, path, &text));
    return spk_config_parse(spk_buf_span(&text), folder, ret_c, ret_line);
}

void
spk_config_clear(struct spk_config *c)
{
    char **const texts[] = {&c->folder, &c->listen,   &c->tls_cert, &c->tls_key,
                            &c->store,  &c->database, &c->holder,   &c->enrolment};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        spk_mem_free(*texts[i]);
    }
    for (size_t i = 0; c->witness != NULL && c->witness[i] != NULL; i++) {
        spk_mem_free(c->witness[i]);
    }
    spk_mem_free(c->witness);
    spk_cosigners_clear(c->cosigners, c->n_cosigners);
    *c = (struct spk_config){0};
}
