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
#define FILE_MAX (64 * 1024) /* more than the types there are need many times over */
#define LOCK_NAME FILE_NAME ".lock"
#define LOCK_MS 5000 /* a change takes milliseconds */

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

static DWORD
file_code(spk_err e)
{
    bool denied = e.code == SPK_CODE_IO && (e.sys == EACCES || e.sys == EPERM || e.sys == EROFS);
    return denied ? ERROR_ACCESS_DENIED : capi_code(e, NTE_FAIL);
}

/* The last line may lack its end, where somebody has written the file by hand. */
static bool
next_line(struct spk_span *text, struct spk_span *ret_line)
{
    if (text->len == 0) {
        return false;
    }
    if (!spk_split(text, '\n', ret_line)) {
        *ret_line = *text;
        *text = SPK_SPAN_EMPTY;
    }
    return true;
}

/* A line is a type in decimal, a space, and a provider's name. What makes no sense here, or names
 * what is not here, sets nothing; a later version may understand it. */
static bool
parse_line(struct spk_span line, DWORD *ret_type, const struct capi_provider **ret_def)
{
    struct spk_span type_text;
    uint64_t type = 0;
    char name[128] = {0};
    if (!spk_split(&line, ' ', &type_text) ||
        !spk_ok(spk_dec_parse(type_text, CAPI_TYPE_MAX, &type)) || line.len >= sizeof name) {
        return false;
    }
    if (line.len != 0) {
        memcpy(name, line.ptr, line.len);
    }
    *ret_type = (DWORD)type;
    *ret_def = capi_provider_find(name);
    return *ret_def != NULL && (*ret_def)->type == type;
}

/* A file that is not there sets nothing; of one that cannot be read nobody knows what it sets. */
static DWORD
read_text(const char *dir, struct spk_buf *text)
{
    SPK_AUTO_STR char *path = NULL;
    CAPI_TRY(capi_code(spk_path_join(dir, FILE_NAME, &path), NTE_FAIL));
    spk_err e = spk_file_read(AT_FDCWD, path, text);
    return e.code == SPK_CODE_NOTFOUND ? ERROR_SUCCESS : file_code(e);
}

/* *ret_def is NULL when nothing is set. */
static DWORD
set_value(bool machine, DWORD type, const struct capi_provider **ret_def)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(FILE_MAX);
    SPK_AUTO_STR char *dir = NULL;
    struct spk_span line;
    DWORD of = 0;
    DWORD code = folder(machine, &dir);
    CAPI_CHECK(code != ERROR_FILE_NOT_FOUND, ERROR_SUCCESS); /* no home: nothing is set */
    CAPI_TRY(code);
    CAPI_TRY(read_text(dir, &b));
    struct spk_span text = spk_buf_span(&b);
    while (next_line(&text, &line)) {
        const struct capi_provider *def = NULL;
        if (parse_line(line, &of, &def) && of == type) {
            *ret_def = def;
            return ERROR_SUCCESS;
        }
    }
    return ERROR_SUCCESS;
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

/* Every line but the type's own, byte by byte, then its new one. */
static spk_err
edit(struct spk_span text, DWORD type, const struct capi_provider *def, struct spk_buf *out)
{
    struct spk_span line;
    while (next_line(&text, &line)) {
        const struct capi_provider *old = NULL;
        DWORD of = 0;
        if (line.len != 0 && (!parse_line(line, &of, &old) || of != type)) {
            SPK_TRY(spk_buf_add(out, line));
            SPK_TRY(spk_buf_u8(out, '\n'));
        }
    }
    return def == NULL ? SPK_OK : spk_buf_printf(out, "%u %s\n", type, def->name);
}

/* Who changes the file holds this one, for the file itself is another one after each change. */
static spk_err
lock(const char *dir, int *ret_fd)
{
    SPK_AUTO_STR char *path = NULL;
    SPK_TRY(spk_path_join(dir, LOCK_NAME, &path));
    SPK_AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0) {
        return spk_err_errno();
    }
    SPK_TRY(spk_lock_wait(fd, LOCK_MS));
    *ret_fd = fd;
    fd = -1;
    return SPK_OK;
}

static spk_err
write_text(const char *dir, struct spk_span text)
{
    SPK_AUTO_STR char *path = NULL;
    SPK_TRY(spk_path_join(dir, FILE_NAME, &path));
    return spk_file_write(AT_FDCWD, path, text, 0644, true);
}

DWORD
capi_registry_set(DWORD type, bool machine, const struct capi_provider *def)
{
    SPK_AUTO_BUF struct spk_buf old = SPK_BUF(FILE_MAX);
    SPK_AUTO_BUF struct spk_buf changed = SPK_BUF(FILE_MAX);
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_FD int held = -1;
    CAPI_TRY(folder(machine, &dir));
    CAPI_TRY(file_code(spk_mkdirs(dir, 0755)));
    CAPI_TRY(file_code(lock(dir, &held)));
    CAPI_TRY(read_text(dir, &old));
    CAPI_TRY(file_code(edit(spk_buf_span(&old), type, def, &changed)));
    return file_code(write_text(dir, spk_buf_span(&changed)));
}
