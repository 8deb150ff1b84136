/* SPDX-License-Identifier: Apache-2.0 */
#include "cryptoapi/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define MACHINE_FOLDER "/etc/sparekey"
#define MACHINE_ENV "CRYPTOAPI_MACHINE_CONFIG"
#define USER_FOLDER "sparekey"
#define FILE_NAME "cryptoapi-providers"
#define FILE_MAX (64 * 1024)
#define LINES_MAX 1000

/* A line of the file is a type in decimal, a space, and a provider's name. */
struct entry {
    DWORD type;
    const struct capi_provider *def;
};
struct settings {
    struct entry entry[LINES_MAX];
    size_t count;
};

static DWORD
folder(bool machine, char **ret_dir)
{
    const char *dir = secure_getenv(machine ? MACHINE_ENV : "XDG_CONFIG_HOME");
    const char *home = secure_getenv("HOME");
    spk_err e = SPK_OK;
    if (machine) {
        *ret_dir = spk_strdup(dir != NULL && dir[0] == '/' ? dir : MACHINE_FOLDER);
        return *ret_dir != NULL ? ERROR_SUCCESS : NTE_NO_MEMORY;
    }
    if (dir != NULL && dir[0] == '/') {
        e = spk_path_join(dir, USER_FOLDER, ret_dir);
    } else if (home != NULL && home[0] == '/') {
        e = spk_path_join(home, ".config/" USER_FOLDER, ret_dir);
    } else {
        return ERROR_FILE_NOT_FOUND;
    }
    return capi_code(e, NTE_FAIL);
}

/* Lines that make no sense, or name what is not here, count as not written. */
static void
parse_line(struct spk_span line, struct settings *s)
{
    struct spk_span type_text;
    uint64_t type = 0;
    char name[128] = {0};
    if (!spk_split(&line, ' ', &type_text) ||
        !spk_ok(spk_dec_parse(type_text, CAPI_TYPE_MAX, &type)) || line.len >= sizeof name ||
        s->count == LINES_MAX) {
        return;
    }
    if (line.len != 0) {
        memcpy(name, line.ptr, line.len);
    }
    const struct capi_provider *def = capi_provider_find(name);
    if (def != NULL && def->type == type) {
        s->entry[s->count++] = (struct entry){(DWORD)type, def};
    }
}

static DWORD
read_settings(bool machine, struct settings *ret_s)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(FILE_MAX);
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *path = NULL;
    struct spk_span line;
    ret_s->count = 0;
    CAPI_TRY(folder(machine, &dir));
    CAPI_TRY(capi_code(spk_path_join(dir, FILE_NAME, &path), NTE_FAIL));
    if (!spk_ok(spk_file_read(AT_FDCWD, path, &b))) {
        return ERROR_SUCCESS; /* none there: nothing is set */
    }
    struct spk_span text = spk_buf_span(&b);
    while (spk_split(&text, '\n', &line)) {
        parse_line(line, ret_s);
    }
    return ERROR_SUCCESS;
}

static const struct capi_provider *
find(const struct settings *s, DWORD type)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->entry[i].type == type) {
            return s->entry[i].def;
        }
    }
    return NULL;
}

static DWORD
set_value(bool machine, DWORD type, const struct capi_provider **ret_def)
{
    struct settings *s = spk_calloc(1, sizeof *s);
    CAPI_CHECK(s != NULL, NTE_NO_MEMORY);
    DWORD code = read_settings(machine, s);
    *ret_def = code == ERROR_SUCCESS ? find(s, type) : NULL;
    spk_mem_free(s);
    return code == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : code; /* no home: nothing is set */
}

DWORD
capi_registry_get(DWORD type, bool machine, const struct capi_provider **ret_def)
{
    const struct capi_provider *def = NULL;
    const struct capi_type *t = capi_type_find(type);
    CAPI_TRY(set_value(machine, type, &def));
    if (def == NULL && machine && t != NULL) {
        def = capi_provider_find(t->default_prov);
    }
    CAPI_CHECK(def != NULL, NTE_PROV_TYPE_NOT_DEF);
    *ret_def = def;
    return ERROR_SUCCESS;
}

DWORD
capi_registry_default(DWORD type, const struct capi_provider **ret_def)
{
    DWORD code = capi_registry_get(type, false, ret_def);
    return code == NTE_PROV_TYPE_NOT_DEF ? capi_registry_get(type, true, ret_def) : code;
}

static spk_err
write_settings(const struct settings *s, const char *dir)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(FILE_MAX);
    SPK_AUTO_STR char *path = NULL;
    for (size_t i = 0; i < s->count; i++) {
        SPK_TRY(spk_buf_printf(&b, "%u %s\n", s->entry[i].type, s->entry[i].def->name));
    }
    SPK_TRY(spk_mkdirs(dir, 0755));
    SPK_TRY(spk_path_join(dir, FILE_NAME, &path));
    return spk_file_write(AT_FDCWD, path, spk_buf_span(&b), 0644, true);
}

static DWORD
change(struct settings *s, bool machine, DWORD type, const struct capi_provider *def)
{
    SPK_AUTO_STR char *dir = NULL;
    size_t kept = 0;
    CAPI_TRY(folder(machine, &dir));
    CAPI_TRY(read_settings(machine, s));
    for (size_t i = 0; i < s->count; i++) {
        if (s->entry[i].type != type) {
            s->entry[kept++] = s->entry[i];
        }
    }
    if (def != NULL && kept < LINES_MAX) {
        s->entry[kept++] = (struct entry){type, def};
    }
    s->count = kept;
    spk_err e = write_settings(s, dir);
    bool denied = e.code == SPK_CODE_IO && (e.sys == EACCES || e.sys == EPERM || e.sys == EROFS);
    return denied ? ERROR_ACCESS_DENIED : capi_code(e, NTE_FAIL);
}

DWORD
capi_registry_set(DWORD type, bool machine, const struct capi_provider *def)
{
    struct settings *s = spk_calloc(1, sizeof *s);
    CAPI_CHECK(s != NULL, NTE_NO_MEMORY);
    DWORD code = change(s, machine, type, def);
    spk_mem_free(s);
    return code;
}
