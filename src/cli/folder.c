/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/folder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "term/term.h"

bool
cli_is_folder(const char *path, spk_err e)
{
    struct stat st;

    return (e.code == SPK_CODE_USAGE || e.sys == EISDIR) && stat(path, &st) == 0 &&
           S_ISDIR(st.st_mode);
}

int
cli_say_folder(const char *command, const char *path)
{
    const char *shown = term_shown(path);
    size_t len = strlen(shown);
    int n = len > 1 && shown[len - 1] == '/' ? (int)len - 1 : (int)len;

    term_say_error(path, _("is a folder, and sealed files are wanted"));
    fprintf(stderr,
            _("sparekey: hint: 'sparekey %s %.*s/*.spk' takes those in it; 'find %.*s -name "
              "\"*.spk\" -exec sparekey %s {} +' those in the folders below too\n"),
            command, n, shown, n, shown, command);
    return TERM_FAILED;
}

bool
cli_same_file(const char *in, const char *out)
{
    struct stat a;
    struct stat b;

    return strcmp(in, "-") != 0 && strcmp(out, "-") != 0 && stat(in, &a) == 0 &&
           stat(out, &b) == 0 && S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int
cli_say_pipe(const struct term *c, const char *command)
{
    term_json_failed(c, "-", SPK_ERR(USAGE));
    fprintf(stderr, _("sparekey: error: '%s' does not read standard input: it needs a file\n"),
            command);
    term_say_hint(_("save it to a file first; a file whose name is '-' is './-'"));
    return TERM_FAILED;
}
