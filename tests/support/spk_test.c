/* SPDX-License-Identifier: Apache-2.0 */
#include "spk_test.h"

#include "base/text.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

char *
spk_test_dir(void)
{
    const char *tmp = getenv("TMPDIR");
    char *path = NULL;

    assert_spk_ok(spk_path_join(tmp != NULL ? tmp : "/tmp", "spk-test-XXXXXX", &path));
    assert_non_null(mkdtemp(path));
    return path;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void
spk_test_dir_remove(char *dir)
{
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(dir);
}

void
spk_test_vector(const char *name, struct spk_buf *b)
{
    const char *root = getenv("SPK_VECTORS");
    SPK_AUTO_STR char *path = NULL;

    assert_non_null(root);
    assert_spk_ok(spk_path_join(root, name, &path));
    assert_spk_ok(spk_file_read(AT_FDCWD, path, b));
}

void
spk_test_hex_vector(const char *file, const char *name, struct spk_buf *b)
{
    SPK_AUTO_BUF struct spk_buf all = SPK_BUF(1 << 24);
    struct spk_span rest, line;
    char want[128];
    uint8_t *p = NULL;

    spk_test_vector(file, &all);
    (void)snprintf(want, sizeof(want), "%s: ", name);
    rest = spk_buf_span(&all);
    while (spk_split(&rest, '\n', &line)) {
        if (spk_skip_prefix(&line, want)) {
            spk_buf_reset(b);
            assert_spk_ok(spk_buf_grow(b, line.len / 2, &p));
            assert_spk_ok(spk_hex_parse(line, p, line.len / 2));
            return;
        }
    }
    fail_msg("no vector %s in %s", name, file);
}
