/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey-holder key rotate: one more epoch, and the statement that makes it known. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "holder/prog.h"
#include "holder/uselog.h"
#include "wire/statement.h"

#define AUTHORITY_AUTO __attribute__((cleanup(spk_authority_clear))) struct spk_authority

/* The present statement must be about these very keys: the next one takes its name and TLS key from
 * it. */
static spk_err
statement_read(const char *path, const struct spk_keys *k, struct spk_authority *ret_a)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_NOTE_MAX);
    AUTHORITY_AUTO a = {.epoch = 0};
    const struct spk_epoch *e = spk_keys_newest(k);
    struct spk_note note;

    SPK_TRY(spk_file_read(AT_FDCWD, path, &b));
    SPK_TRY(spk_note_parse(spk_buf_span(&b), true, &note));
    SPK_TRY(spk_authority_parse(note.text, &a));
    SPK_CHECK(a.epoch == e->number && spk_hash_eq(spk_rsa_id(a.key), spk_rsa_id(e->pair)), AUTH);
    SPK_CHECK(spk_hash_eq(&a.policy, &k->genesis), AUTH);
    SPK_CHECK(spk_ct_eq(a.holder.key, k->vkey.key, SPK_ED25519_LEN), AUTH);
    *ret_a = a;
    a = (struct spk_authority){.key = NULL};
    return SPK_OK;
}

static spk_err
statement_print(const struct spk_authority *old, const struct spk_epoch *e)
{
    AUTHORITY_AUTO a = *old;
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);

    a.epoch = e->number;
    a.previous = *spk_rsa_id(old->key);
    a.key = NULL;
    SPK_TRY(spk_rsa_public(e->pair, &a.key));
    SPK_TRY(spk_authority_format(&a, &text));
    return spk_write_full(STDOUT_FILENO, spk_buf_span(&text));
}

static spk_err
rotate(struct spk_offline *f, unsigned bits)
{
    SPK_AUTO_BUF struct spk_buf log = SPK_BUF(SPK_USELOG_MAX);
    char detail[64];

    SPK_TRY(spk_keys_rotate(f->keys, bits));
    const struct spk_epoch *e = spk_keys_newest(f->keys);
    (void)snprintf(detail, sizeof(detail), "key epoch %u of %u bits made", (unsigned)e->number,
                   bits);
    SPK_TRY(spk_uselog_read(f->dirfd, &log));
    SPK_TRY(spk_uselog_add(&log, f->keys, "rotate", detail, spk_now()));
    SPK_TRY(spk_uselog_write(f->dirfd, &log));
    return spk_keys_write_epoch(f->dirfd, f->keys, e);
}

static int
rotate_run(struct spk_offline *f, const char *statement, unsigned bits)
{
    AUTHORITY_AUTO a = {.epoch = 0};
    spk_err e = statement_read(statement, f->keys, &a);

    if (!spk_ok(e)) {
        return spk_fail(e, "%s is not the present statement of this authority", statement);
    }
    e = rotate(f, bits);
    if (!spk_ok(e)) {
        return spk_fail(e, "the new pair could not be written");
    }
    e = statement_print(&a, spk_keys_newest(f->keys));
    return spk_ok(e) ? SPK_EXIT_DONE : spk_fail(e, "standard output");
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
