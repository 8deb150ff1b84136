/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey-holder key rotate: one more epoch, and the statement that makes it known. */
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "holder/prog.h"
#include "holder/rotate.h"

static int
rotate_run(struct spk_offline *f, const char *statement, unsigned bits)
{
    SPK_AUTO_AUTHORITY now = {.epoch = 0};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);

    spk_err e = spk_file_read(AT_FDCWD, statement, &b);
    if (spk_ok(e)) {
        e = spk_rotate_from(spk_buf_span(&b), f->keys, &now);
    }
    if (!spk_ok(e)) {
        return spk_fail(e, "%s is not the present statement of this authority", statement);
    }
    e = spk_rotate(f->dirfd, f->keys, &now, bits, &text);
    if (!spk_ok(e)) {
        return spk_fail(e, "the new pair could not be written");
    }
    e = spk_write_full(STDOUT_FILENO, spk_buf_span(&text));
    return spk_ok(e) ? SPK_EXIT_DONE
                     : spk_fail(e, "the new pair is there, but its statement could not be "
                                   "printed: run this again");
}

int
spk_cmd_rotate(int argc, char **argv)
{
    const char *dir = NULL, *statement = NULL, *bits_text = NULL, *pass_fd = NULL;
    const struct spk_option options[] = {{"dir", &dir, true},
                                         {"statement", &statement, true},
                                         {"bits", &bits_text, false},
                                         {"pass-fd", &pass_fd, false}};
    unsigned long bits = SPK_RSA_DEFAULT_BITS;
    struct spk_offline f;

    if (!spk_options(argc, argv, options, sizeof(options) / sizeof(options[0])) ||
        !spk_option_number("bits", bits_text, SPK_RSA_MAX_BITS, &bits)) {
        return SPK_EXIT_USAGE;
    }
    if (bits != 2048 && bits != 3072 && bits != 4096) {
        return spk_usage_error("key rotate: --bits takes 2048, 3072 or 4096");
    }
    int status = spk_offline_open(dir, pass_fd, &f);
    if (status == SPK_EXIT_DONE) {
        status = rotate_run(&f, statement, (unsigned)bits);
    }
    spk_offline_close(&f);
    return status;
}
