/* SPDX-License-Identifier: Apache-2.0 */
/* libsparekey: seal files so that they can come back, from a program.
 *
 *     struct sparekey *s = NULL;
 *     int e = sparekey_open(NULL, &s);
 *     if (e == SPAREKEY_OK)
 *         e = sparekey_seal_file(s, "thesis.pdf", "thesis.pdf.spk", 0);
 *     if (e != SPAREKEY_OK)
 *         fprintf(stderr, "%s\n", sparekey_strerror(e));
 *     sparekey_close(s);
 *
 * The set-up is that of the program sparekey: its profile, keys and pinned authorities. A handle is
 * for one thread at a time; several handles may be open at once. Nothing is printed. */
#ifndef SPAREKEY_SPAREKEY_H
#define SPAREKEY_SPAREKEY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SPAREKEY_API __attribute__((visibility("default")))

/** What every call returns. Numbers never change; unknown ones may come with later versions. */
enum sparekey_code {
    SPAREKEY_OK = 0,
    SPAREKEY_USAGE = 1,      /**< what was asked for makes no sense */
    SPAREKEY_FORMAT = 2,     /**< not a sealed file, or a damaged one */
    SPAREKEY_VERSION = 3,    /**< of a later version */
    SPAREKEY_TRUNCATED = 4,  /**< its end is missing */
    SPAREKEY_ALTERED = 5,    /**< changed after it was sealed */
    SPAREKEY_NO_KEY = 6,     /**< no key that fits is at hand */
    SPAREKEY_PASSPHRASE = 7, /**< a passphrase is needed, or was wrong */
    SPAREKEY_LIMIT = 8,      /**< larger or more than is allowed */
    SPAREKEY_EXISTS = 9,     /**< the target is there already */
    SPAREKEY_NOT_FOUND = 10, /**< the file, the owner or an authority is not there */
    SPAREKEY_CHANGED = 11,   /**< the input changed while it was read, or a pinned key */
    SPAREKEY_DENIED = 12,    /**< the authority or the system refuses */
    SPAREKEY_WAIT = 13,      /**< not decided yet */
    SPAREKEY_NETWORK = 14,   /**< an authority cannot be reached */
    SPAREKEY_PEER = 15,      /**< the server is not the pinned one */
    SPAREKEY_PROTOCOL = 16,  /**< the authority answered something that it should not */
    SPAREKEY_BUSY = 17,      /**< try again later */
    SPAREKEY_IO = 18,        /**< errno says what */
    SPAREKEY_MEMORY = 19,
    SPAREKEY_CRYPTO = 20, /**< the cryptographic library failed */
    SPAREKEY_STOPPED = 21
};

/** A handle; opaque. */
struct sparekey;

/** Asked for the passphrase of a key container, only when one is needed.
 * @param wrong   How many answers were wrong so far.
 * @param buf     To be filled with at most len bytes, no NUL needed; wiped by the library.
 * @return Length of the passphrase, or -1 to give up. */
typedef long (*sparekey_ask_fn)(void *ctx, const char *container, unsigned wrong, char *buf,
                                size_t len);

struct sparekey_options {
    const char *container; /**< another key container than the configured one, or NULL */
    sparekey_ask_fn ask;   /**< NULL: containers under a passphrase cannot be used */
    void *ask_ctx;
};

/** Read the profile. options may be NULL. *ret is set on SPAREKEY_OK only. */
SPAREKEY_API int sparekey_open(const struct sparekey_options *options, struct sparekey **ret);
/** Wipe and free; NULL is allowed. */
SPAREKEY_API void sparekey_close(struct sparekey *s);

#define SPAREKEY_REPLACE 1u     /**< an existing target is replaced */
#define SPAREKEY_NO_METADATA 2u /**< seal: keep neither name nor mode nor time inside */

/** Seal in to out, and deposit the session key first, as the profile's policy wants it. With policy
 * "require" there is no file without its deposit. */
SPAREKEY_API int sparekey_seal_file(struct sparekey *s, const char *in, const char *out,
                                    unsigned flags);
/** Open a sealed file. out NULL: the name inside, beside it, with its mode and time. Nothing has
 * its name before everything has verified. */
SPAREKEY_API int sparekey_open_file(struct sparekey *s, const char *in, const char *out,
                                    unsigned flags);

enum sparekey_verdict {
    SPAREKEY_ACCEPTED = 0,
    SPAREKEY_SPOOLED = 1,
    SPAREKEY_NOT_DEPOSITED = 2,
    SPAREKEY_BROKEN = 3
};
#define SPAREKEY_ONLINE 4u  /**< verify: ask the authorities too */
#define SPAREKEY_PAYLOAD 8u /**< verify: decrypt all of it, to nowhere */

/** Can this file come back? SPAREKEY_OK whenever there is a verdict, also "broken".
 * @param ret_proven  1 when it was accepted and that is proven: its receipts hold, and the
 * deposited keys were made again from the file's own; may be NULL. */
SPAREKEY_API int sparekey_verify_file(struct sparekey *s, const char *path, unsigned flags,
                                      enum sparekey_verdict *ret_verdict, int *ret_proven);

/** How many deposits wait in the spool. */
SPAREKEY_API int sparekey_spooled(struct sparekey *s, size_t *ret_n);

/** The authority that the last failure was about, or the file of the profile; "" when neither.
 * Valid until the next call. */
SPAREKEY_API const char *sparekey_last_peer(const struct sparekey *s);
SPAREKEY_API const char *sparekey_last_file(const struct sparekey *s);

/** One English sentence, static. */
SPAREKEY_API const char *sparekey_strerror(int code);
/** "0.1.0", static. */
SPAREKEY_API const char *sparekey_version(void);

#ifdef __cplusplus
}
#endif

#endif
