/* SPDX-License-Identifier: Apache-2.0 */
/* sparekeyd.conf: every limit of the server has a name and a default here (man sparekeyd.conf). */
#ifndef SPK_AUTHORITY_CONFIG_H
#define SPK_AUTHORITY_CONFIG_H

#include "authority/cosigners.h"

#define SPK_CONFIG_MAX ((size_t)65536)

enum spk_enrolment_mode {
    SPK_ENROLMENT_OPEN = 1,    /* whoever proves possession of his keys */
    SPK_ENROLMENT_TOKEN = 2,   /* only with a one-time token */
    SPK_ENROLMENT_APPROVAL = 3 /* an officer approves each; a token goes at once */
};

struct spk_config {
    char *folder; /* that of the file: relative paths are below it */
    char *listen; /* "127.0.0.1:8443", "[::1]:0" */
    char *tls_cert, *tls_key;
    char *store, *database; /* back end and its file */
    char *holder;           /* socket */
    char *enrolment;
    enum spk_enrolment_mode enrolment_mode;

    char **witness; /* lines "URL VKEY" */
    size_t n_cosigners;
    struct spk_cosigner cosigners[SPK_COSIGNERS_MAX];

    uint64_t threads; /* for connections; 0: one for two cores */
    uint64_t readers; /* for lists and searches */
    uint64_t max_connections, max_connections_per_source;
    uint64_t idle_timeout; /* seconds */
    uint64_t max_body, max_body_total;
    uint64_t max_batch, max_list, max_release;
    uint64_t max_scan;             /* deposits that one search looks at */
    uint64_t max_queue;            /* deposits waiting to be written */
    uint64_t max_jobs;             /* other work waiting */
    uint64_t max_records;          /* records from files waiting for the holder */
    uint64_t max_unknown_requests; /* kept requests for owners that do not exist */
    uint64_t deposits_per_second;  /* of one owner */
    uint64_t requests_per_hour;    /* recovery requests opened from one source */
    uint64_t requests_per_owner;   /* ... and for one owner in a day, existing or not */
    uint64_t records_per_hour;     /* records from files, vetoes, officers' notes, one source */
    uint64_t enrolments_per_hour;  /* one source */
    uint64_t check_per_second;     /* deposits that the holder proves in the background; 0: none */
    uint64_t check_again_days;     /* age of a proof that is made again; 0: never */
    uint64_t holder_timeout;       /* seconds */
};

/** Defaults, then the file. On an error *ret_line is the line at fault, or 0 when it is not one
 * line (a bad combination, or the file cannot be read). */
SPK_MUST_USE spk_err spk_config_load(const char *path, struct spk_config *ret_c,
                                     unsigned *ret_line);
/** The same from text; folder is borrowed. */
SPK_MUST_USE spk_err spk_config_parse(struct spk_span text, const char *folder,
                                      struct spk_config *ret_c, unsigned *ret_line);
void spk_config_clear(struct spk_config *c);

#endif
