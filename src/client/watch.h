/* SPDX-License-Identifier: Apache-2.0 */
/* Watching the logs of an authority: do they only grow, and is anybody recovering one's files?
 * One call to the authority when nothing is new. Needs no key for that; a login only to find out
 * whose a new request is. */
#ifndef SPK_CLIENT_WATCH_H
#define SPK_CLIENT_WATCH_H

#include "client/session.h"
#include "client/watchstate.h"

/* What is wrong with what the authority shows. */
enum spk_watch_fault {
    SPK_WATCH_FINE,
    SPK_WATCH_NO_LOGS,     /* it keeps none, or none that are signed, and never did */
    SPK_WATCH_GONE,        /* it shows no checkpoint of a log that had one */
    SPK_WATCH_UNSIGNED,    /* a checkpoint that the log's key has not signed */
    SPK_WATCH_UNWITNESSED, /* too few of the witnesses in the settings have signed it */
    SPK_WATCH_SHRUNK,      /* fewer entries than before */
    SPK_WATCH_FORKED,      /* as many or more, but not those from before */
    SPK_WATCH_MISSING,     /* a deposit that has its receipt is not in it */
    SPK_WATCH_BAD_ENTRY,   /* an entry that does not follow the specification */
    SPK_WATCH_OTHER_KEY,   /* its log names another key or policy than it showed to us */
};
struct spk_watch_said {
    enum spk_watch_fault fault;
    char *evidence; /* a file that holds what was seen and what is shown; or NULL */
};
struct spk_watch_result {
    struct spk_watch_said log[SPK_LOG_IDS]; /* [log - 1]; NO_LOGS is said of the first */
    spk_err trouble;                        /* a log could not be read: nothing is said about it */
    uint64_t deposits, recoveries;          /* entries now */
    uint64_t fresh;                         /* entries of the recoveries log since the last time */
};
void spk_watch_result_clear(struct spk_watch_result *r);

/** Look. What was seen is kept, with the events that concern the owner added to
 * (*io_w)->events; of a log with a fault it is as it was, so that the fault is told again the next
 * time.
 * Whose a request is, and could not be found out, is asked again at each look.
 * SPK_CODE_NET and its kin: the authority could not be asked; nothing is said about its logs. */
SPK_MUST_USE spk_err spk_watch_look(struct spk_session *s, struct spk_pin *pin,
                                    struct spk_watchstate **io_w, struct spk_watch_result *ret_r);

#endif
