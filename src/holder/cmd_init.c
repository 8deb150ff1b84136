/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey-holder init: new keys, bound to a genesis policy. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "holder/folder.h"
#include "holder/pass.h"
#include "holder/prog.h"
#include "holder/sandbox.h"

/* Names stand in notes, in file names and in the JSON below: letters, digits, and what host names
 * have. */
static bool
name_ok(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

    return strlen(name) > 0 && strlen(name) <= SPK_HOLDER_NAME_MAX &&
           strspn(name, letters) == strlen(name);
}

static spk_err
genesis_check(struct spk_span bytes, struct spk_hash *ret_hash)
{
    struct spk_note note;
    struct spk_policy p;

    SPK_TRY(spk_note_parse(bytes, false, &note));
    SPK_TRY(spk_policy_verify_genesis(&note, NULL, &p));
    *ret_hash = p.hash;
    return SPK_OK;
}

static spk_err
print_keys(const struct spk_keys *k)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_KEYFILE_MAX);

    SPK_TRY(spk_buf_str(&b, "{\"spki\":\""));
    SPK_TRY(spk_buf_base64(&b, spk_rsa_spki(spk_keys_newest(k)->pair)));
    SPK_TRY(spk_buf_str(&b, "\",\"vkey\":\""));
    SPK_TRY(spk_vkey_format(&k->vkey, &b));
    SPK_TRY(spk_buf_str(&b, "\",\"genesis\":\""));
    SPK_TRY(spk_buf_hex(&b, spk_hash_span(&k->genesis)));
    SPK_TRY(spk_buf_str(&b, "\"}\n"));
    return spk_write_full(STDOUT_FILENO, spk_buf_span(&b));
}

static spk_err
make(const char *dir, const struct spk_keys *k, const struct spk_secret *pass,
     struct spk_span genesis)
{
    SPK_AUTO_FD int dirfd = -1, lock = -1;

    SPK_TRY(spk_mkdirs(dir, 0700));
    SPK_TRY(spk_dir_open(dir, &dirfd));
    SPK_TRY(spk_holder_lock(dirfd, &lock));
    return spk_folder_make(dirfd, k, pass, &genesis, 1);
}

struct init_options {
    const char *dir, *name, *bits, *policy, *pass_fd;
};

static int
init_run(const struct init_options *o, unsigned bits, const struct spk_secret *pass)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO(spk_keys) k = NULL;
    struct spk_hash genesis;

    spk_err e = spk_file_read(AT_FDCWD, o->policy, &note);
    if (spk_ok(e)) {
        e = genesis_check(spk_buf_span(&note), &genesis);
    }
    if (!spk_ok(e)) {
        return spk_fail(e, "%s is not a genesis policy signed by every officer it names",
                        o->policy);
    }
    e = spk_sandbox_no_dumps();
    if (spk_ok(e)) {
        e = spk_keys_new(o->name, &genesis, bits, &k);
    }
    if (!spk_ok(e)) {
        return spk_fail(e, "no keys could be made");
    }
    e = make(o->dir, k, pass, spk_buf_span(&note));
    if (!spk_ok(e)) {
        return spk_fail(e, "the keys could not be written to %s", o->dir);
    }
    e = print_keys(k);
    return spk_ok(e) ? SPK_EXIT_DONE : spk_fail(e, "standard output");
}

int
spk_cmd_init(int argc, char **argv)
{
    struct init_options o = {NULL, NULL, NULL, NULL, NULL};
    const struct spk_option options[] = {{"dir", &o.dir, true},
                                         {"name", &o.name, true},
                                         {"bits", &o.bits, false},
                                         {"policy", &o.policy, true},
                                         {"pass-fd", &o.pass_fd, false}};
    unsigned long bits = SPK_RSA_DEFAULT_BITS;
    SPK_AUTO(spk_secret) pass = NULL;
    int fd = -1;

    if (!spk_options(argc, argv, options, sizeof(options) / sizeof(options[0])) ||
        !spk_option_number("bits", o.bits, SPK_RSA_MAX_BITS, &bits) ||
        !spk_option_fd("pass-fd", o.pass_fd, &fd)) {
        return SPK_EXIT_USAGE;
    }
    if (!name_ok(o.name) || (bits != 2048 && bits != 3072 && bits != 4096)) {
        return spk_usage_error(
            "init: --name takes letters, digits, '.', '-', '_'; --bits 2048, 3072 or 4096");
    }
    if (fd >= 0) {
        spk_err e = spk_pass_get(fd, "", &pass);
        if (!spk_ok(e)) {
            return spk_fail(e, "--pass-fd %d", fd);
        }
    }
    return init_run(&o, (unsigned)bits, pass);
}
