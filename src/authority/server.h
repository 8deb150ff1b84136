/* SPDX-License-Identifier: Apache-2.0 */
/* The server's parts, made once and shared by its threads. */
#ifndef SPK_AUTHORITY_SERVER_H
#define SPK_AUTHORITY_SERVER_H

#include <stdatomic.h>

#include "authority/books.h"
#include "authority/config.h"
#include "authority/jobs.h"
#include "authority/rate.h"
#include "store/store.h"

#define SPK_SERVER_VERSION "0.1.0"

struct spk_advance;
struct spk_committer;
struct spk_cosigners;
struct spk_http;
struct spk_keeper;
struct spk_link;
struct spk_logbook;
struct spk_reclog;
struct spk_scopes;

#define SPK_HOLDER_COUNTERS 15 /* doc/spec/holder.md §9 */

struct spk_server {
    struct spk_config cfg;
    struct spk_store *store;
    struct spk_books *books;
    struct spk_link *link;                /* to the holder */
    struct spk_logbook *log[SPK_LOG_IDS]; /* [log - 1] */
    struct spk_advance *advance;          /* has the holder sign the deposits log */
    struct spk_reclog *reclog;            /* writes the recoveries log */
    struct spk_committer *committer;      /* writes deposits */
    struct spk_cosigners *cosigners;      /* asks witnesses; NULL: there are none */
    struct spk_jobs *reads;               /* lists, verification, small writes */
    struct spk_jobs *holder_jobs;         /* one thread: what waits for the holder */
    struct spk_keeper *keeper;            /* opens requests, files records, proves new deposits */
    struct spk_scopes *scopes;            /* trees over the scopes of requests in use */
    struct spk_rate *deposit_rate, *request_rate, *record_rate, *enrol_rate;
    struct spk_http *http;
    atomic_bool stopping;
    bool new_store;
    atomic_uint_fast64_t holder_counter[SPK_HOLDER_COUNTERS]; /* as last heard */
    atomic_size_t body_bytes;                                 /* of all bodies in memory */
};

/** Everything from the configuration file on; problems are logged in words. Without new_store a
 * missing database is one of them. */
SPK_MUST_USE spk_err spk_server_start(const char *config_path, bool new_store,
                                      struct spk_server **ret_s, unsigned *ret_port);
/** Answers what is under way, then ends. */
void spk_server_free(struct spk_server *s);
SPK_DEFINE_AUTO(spk_server)

/** One line of the audit trail, inside a transaction. detail is formatted. */
SPK_MUST_USE spk_err spk_server_event(struct spk_server *s, const char *kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
