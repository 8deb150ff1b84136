/* SPDX-License-Identifier: Apache-2.0 */
/* The face of libsparekey: nothing of the inside shows, and every result becomes a number that
 * never changes. */
#include <errno.h>
#include <string.h>

#include "client/decrypt.h"
#include "client/library.h"
#include "client/spool.h"
#include "client/verify.h"

#define PASS_MAX 1024

_Static_assert((int)SPAREKEY_STOPPED == (int)SPK_CODE_STOPPED, "codes are the same numbers");
_Static_assert((int)SPAREKEY_EXISTS == (int)SPK_CODE_EXISTS, "codes are the same numbers");
_Static_assert((int)SPAREKEY_IO == (int)SPK_CODE_IO, "codes are the same numbers");
_Static_assert((int)SPAREKEY_BROKEN == (int)SPK_VERDICT_BROKEN, "verdicts are the same numbers");
_Static_assert((int)SPK_CODE_MAX_ == (int)SPAREKEY_STOPPED + 1, "every code has a name");

int
sparekey_result(spk_err e)
{
    if (e.sys != 0) {
        errno = e.sys;
    }
    return (int)e.code;
}

static spk_err
ask(void *ctx, const char *container, unsigned wrong, struct spk_secret **ret_pass)
{
    struct sparekey *s = ctx;
    SPK_AUTO(spk_secret) pass = NULL;
    struct spk_mut m;
    long n;

    SPK_CHECK(s->ask != NULL, PASS);
    SPK_TRY(spk_secret_new(PASS_MAX, &pass));
    m = spk_secret_mut(pass);
    n = s->ask(s->ask_ctx, container, wrong, (char *)m.ptr, m.len);
    SPK_CHECK(n > 0 && n <= PASS_MAX, PASS);
    spk_secret_truncate(pass, (size_t)n);
    *ret_pass = SPK_STEAL(pass);
    return SPK_OK;
}

int
sparekey_open(const struct sparekey_options *options, struct sparekey **ret)
{
    struct sparekey *s = spk_calloc(1, sizeof(*s));
    spk_err e;

    if (s == NULL) {
        return SPAREKEY_MEMORY;
    }
    if (options != NULL) {
        s->ask = options->ask;
        s->ask_ctx = options->ask_ctx;
    }
    e = spk_session_open(options == NULL ? NULL : options->container, ask, s, NULL, &s->session);
    if (!spk_ok(e)) {
        sparekey_close(s);
        return sparekey_result(e);
    }
    *ret = s;
    return SPAREKEY_OK;
}

void
sparekey_close(struct sparekey *s)
{
    if (s != NULL) {
        spk_session_free(s->session);
        spk_mem_free(s);
    }
}

/* Of several authorities the first that said no. */
void
sparekey_note_peer(struct sparekey *s, const struct spk_encrypt_outcome *o)
{
    s->peer[0] = '\0';
    for (size_t i = 0; o != NULL && i < o->n && s->peer[0] == '\0'; i++) {
        if (o->at[i].state == SPK_PARCEL_FAILED) {
            memcpy(s->peer, o->at[i].name, strlen(o->at[i].name) + 1);
        }
    }
}

int
sparekey_seal_file(struct sparekey *s, const char *in, const char *out, unsigned flags)
{
    const struct spk_encrypt_opts o = {.force = (flags & SPAREKEY_REPLACE) != 0,
                                       .no_metadata = (flags & SPAREKEY_NO_METADATA) != 0};
    struct spk_encrypt_outcome done;
    spk_err e;

    if (s == NULL || in == NULL || out == NULL ||
        (flags & ~(SPAREKEY_REPLACE | SPAREKEY_NO_METADATA)) != 0) {
        return SPAREKEY_USAGE;
    }
    e = spk_encrypt_file(s->session, in, out, &o, &done);
    sparekey_note_peer(s, &done);
    return sparekey_result(e);
}

int
sparekey_open_file(struct sparekey *s, const char *in, const char *out, unsigned flags)
{
    const struct spk_decrypt_opts o = {.force = (flags & SPAREKEY_REPLACE) != 0};
    struct spk_decrypt_outcome done;
    spk_err e;

    if (s == NULL || in == NULL || (flags & ~SPAREKEY_REPLACE) != 0 ||
        (out != NULL && strcmp(out, "-") == 0)) {
        return SPAREKEY_USAGE;
    }
    s->peer[0] = '\0';
    e = spk_decrypt_file(s->session, in, out, &o, &done);
    spk_decrypt_outcome_clear(&done);
    return sparekey_result(e);
}

int
sparekey_verify_file(struct sparekey *s, const char *path, unsigned flags,
                     enum sparekey_verdict *ret_verdict, int *ret_proven)
{
    const struct spk_verify_opts o = {.with_key = true,
                                      .online = (flags & SPAREKEY_ONLINE) != 0,
                                      .payload = (flags & SPAREKEY_PAYLOAD) != 0};
    struct spk_verify v;
    bool proven = false;
    spk_err e;

    if (s == NULL || path == NULL || ret_verdict == NULL ||
        (flags & ~(SPAREKEY_ONLINE | SPAREKEY_PAYLOAD)) != 0) {
        return SPAREKEY_USAGE;
    }
    s->peer[0] = '\0';
    e = spk_verify_file(s->session, path, &o, &v);
    if (!spk_ok(e)) {
        return sparekey_result(e);
    }
    proven = v.verdict == SPK_VERDICT_PROVEN;
    *ret_verdict = proven ? SPAREKEY_ACCEPTED : (enum sparekey_verdict)v.verdict;
    if (ret_proven != NULL) {
        *ret_proven = proven;
    }
    return SPAREKEY_OK;
}

int
sparekey_spooled(struct sparekey *s, size_t *ret_n)
{
    SPK_AUTO_BUF struct spk_buf names = SPK_BUF((size_t)SPK_SPOOL_ENTRIES_MAX * SPK_SPOOL_NAME_MAX);
    size_t n = 0;
    spk_err e;

    if (s == NULL || ret_n == NULL) {
        return SPAREKEY_USAGE;
    }
    e = spk_spool_list(s->session->profile, &names, &n);
    if (spk_ok(e)) {
        *ret_n = n;
    }
    return sparekey_result(e);
}

const char *
sparekey_last_peer(const struct sparekey *s)
{
    return s->peer[0] != '\0' ? s->peer : s->session->trouble.peer;
}

const char *
sparekey_last_file(const struct sparekey *s)
{
    return s->session->trouble.file;
}

const char *
sparekey_strerror(int code)
{
    static const char *const texts[] = {
        "done",
        "what was asked for makes no sense",
        "it is not a sealed file, or a damaged one",
        "it was made by a later version",
        "its end is missing",
        "it was changed after it was sealed",
        "no key that fits is at hand",
        "a passphrase is needed, or was wrong",
        "it is larger or more than is allowed",
        "the target is there already",
        "it is not there",
        "it changed while it was read, or is not what was pinned",
        "it is refused",
        "it is not decided yet",
        "an authority cannot be reached",
        "the server is not the pinned one",
        "the authority answered something that it should not",
        "it is busy: try again later",
        "the operating system refused",
        "there is not enough memory",
        "the cryptographic library failed",
        "it was stopped",
    };

    return code >= 0 && (size_t)code < sizeof(texts) / sizeof(texts[0]) ? texts[code]
                                                                        : "unknown result";
}

const char *
sparekey_version(void)
{
    return SPK_VERSION;
}
