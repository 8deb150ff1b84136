/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzz target without a fuzzer: feeds every file of the folders (or the files) given to it once,
 * in the order of their names.  Used by the tests of the suite fuzz-smoke. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

#define INPUT_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static int
replay_file(const char *path)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(INPUT_MAX);

    if (!spk_ok(spk_file_read(AT_FDCWD, path, &b))) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        return 1;
    }
    /* a copy of exactly its length, so that a sanitizer sees the first byte read beyond it */
    uint8_t *exact = spk_calloc(b.len, 1);
    if (exact == NULL) {
        return 1;
    }
    if (b.len > 0) {
        memcpy(exact, b.ptr, b.len);
    }
    (void)LLVMFuzzerTestOneInput(exact, b.len);
    spk_mem_free(exact);
    replayed++;
    return 0;
}

static int
replay_dir(const char *path)
{
    struct dirent **list;
    int failed = 0;
    int n = scandir(path, &list, NULL, alphasort);

    if (n < 0) {
        (void)fprintf(stderr, "%s: cannot be listed\n", path);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        SPK_AUTO_STR char *file = NULL;
        if (list[i]->d_name[0] != '.') {
            failed |= spk_ok(spk_path_join(path, list[i]->d_name, &file)) ? replay_file(file) : 1;
        }
        free(list[i]);
    }
    free(list);
    return failed;
}

int
main(int argc, char **argv)
{
    int failed = 0;

    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            failed |= replay_dir(argv[i]);
        } else {
            failed |= replay_file(argv[i]);
        }
    }
    (void)printf("%u inputs\n", replayed);
    return failed != 0 || replayed == 0; /* an empty corpus tests nothing */
}
