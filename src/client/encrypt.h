/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypting one file: sealed beside its target, deposited, and only then given its name. */
#ifndef SPK_CLIENT_ENCRYPT_H
#define SPK_CLIENT_ENCRYPT_H

#include "client/sealing.h"
#include "client/session.h"

#define SPK_SUFFIX ".spk" /* of sealed files, when nobody says otherwise */

struct spk_encrypt_opts {
    bool force;              /* replace an existing target */
    bool no_metadata;        /* keep neither name nor mode nor time in the file */
    const char *description; /* NULL: the base name */
    const struct spk_progress *progress;
};
struct spk_encrypt_outcome {
    struct spk_file_id id;
    uint64_t bytes; /* of plaintext */
    bool output;    /* what failed is the output, not the input */
    size_t n, accepted, spooled;
    struct {
        const char *name; /* of the authority; borrowed from the profile */
        enum spk_parcel_state state;
        uint64_t index;
        spk_err err;
        long status;
        bool replaced;  /* as in struct spk_trouble */
        char said[160]; /* hostile */
        bool receipt;
        bool no_receipt;        /* accepted, but with no receipt yet */
        enum spk_log_fault log; /* what is wrong with what its log says */
    } at[SPK_AUTHORITIES_MAX];
};
/** The outcome so far, also after a failure. */
void spk_encrypt_outcome(const struct spk_sealing *s, struct spk_encrypt_outcome *ret_o);

/** in_path NULL or out_path NULL: standard input or output. SPK_CODE_EXISTS: target is there.
 * SPK_CODE_USAGE: the input is a folder or a block device. ret_o is filled as far as it came, also
 * on failure. */
SPK_MUST_USE spk_err spk_encrypt_file(struct spk_session *s, const char *in_path,
                                      const char *out_path, const struct spk_encrypt_opts *o,
                                      struct spk_encrypt_outcome *ret_o);

/** An error of the system that only writing gives. */
bool spk_output_full(spk_err e);

/* The steps, for whoever seals many files at once. */
struct spk_input {
    int fd;
    bool regular;
    uint64_t size;
    uint32_t out_mode;
    struct spk_metadata meta;
};
/** Open for reading. With follow, as for a name that a person has given, a symbolic link is
 * followed and the writer of a FIFO waited for; else neither. Folders and block devices are
 * SPK_CODE_USAGE. */
SPK_MUST_USE spk_err spk_input_open(const char *path, bool follow, struct spk_input *ret_in);
/** Base name as a description: what is not plain text in it is escaped. */
SPK_MUST_USE spk_err spk_description_of(const char *path, struct spk_buf *out);

#endif
