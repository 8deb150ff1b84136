/* SPDX-License-Identifier: Apache-2.0 */
#include "spk_test.h"

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
