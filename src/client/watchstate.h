/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen of an authority's logs the last time (doc/spec/client-files.md, "Watching"): the
 * checkpoints, the edge of the recoveries log, and what is to be told until it is noted. */
#ifndef SPK_CLIENT_WATCHSTATE_H
#define SPK_CLIENT_WATCHSTATE_H

#include "client/profile.h"
#include "translog/checkpoint.h"
#include "wire/logs.h"

#define SPK_WATCH_EVENTS_MAX 4096
#define SPK_WATCH_REQUESTS_MAX 4096

struct spk_watch_request { /* a request that concerns the owner */
    uint64_t index;        /* of its first entry in the recoveries log */
    bool asked;            /* opened on this computer */
    bool undecided;        /* whose it is could not be found out yet */
};
struct spk_watch_event { /* an entry that concerns the owner, and that nobody has noted yet */
    uint64_t index;
    struct spk_entry entry;
    bool asked;
    bool hooked;    /* the hook has been told */
    bool undecided; /* as its request is: not told before that is known */
};
struct spk_watchstate {
    struct spk_buf note[SPK_LOG_IDS]; /* [log - 1]; the newest checkpoint seen, empty: none */
    struct spk_edge edge;             /* of the recoveries log, as far as it was read */
    size_t n_requests;
    struct spk_watch_request requests[SPK_WATCH_REQUESTS_MAX];
    size_t n_events;
    struct spk_watch_event events[SPK_WATCH_EVENTS_MAX];
    uint64_t unlisted; /* more of them, for which there was no room */
    uint64_t unlisted_alarms;
    uint64_t late_index, late_ms; /* a deposit that the log is too short for, since when; 0: none */
};
/** Nothing seen yet. */
SPK_MUST_USE spk_err spk_watchstate_new(struct spk_watchstate **ret_w);
void spk_watchstate_free(struct spk_watchstate *w);
SPK_DEFINE_AUTO(spk_watchstate)

/** Read DATA/watch/NAME; not there: nothing seen yet. */
SPK_MUST_USE spk_err spk_watchstate_load(const struct spk_profile *p, const struct spk_pin *pin,
                                         struct spk_trouble *t, struct spk_watchstate **ret_w);
SPK_MUST_USE spk_err spk_watchstate_save(const struct spk_profile *p, const struct spk_pin *pin,
                                         const struct spk_watchstate *w);

/** An event that its owner should look into: a step of a request that he has not opened here. */
bool spk_watch_is_alarm(const struct spk_watch_event *e);
/** The request whose first entry this is; NULL: not among those that concern the owner. */
const struct spk_watch_request *spk_watchstate_request(const struct spk_watchstate *w,
                                                       uint64_t index);
/** Add; where there is no room the oldest goes, which has ended long ago. */
void spk_watchstate_add_request(struct spk_watchstate *w, const struct spk_watch_request *q);
/** Add; where there is no room it is only counted. Half of the room is for what was not asked. */
void spk_watchstate_add_event(struct spk_watchstate *w, const struct spk_watch_event *e);
/** Whose an undecided request is has been found out: with its events it stays, or goes. */
void spk_watchstate_decide(struct spk_watchstate *w, uint64_t index, bool mine, bool asked);
size_t spk_watchstate_undecided(const struct spk_watchstate *w);
/** Put the events aside that could be told. */
void spk_watchstate_seen(struct spk_watchstate *w);

/* The file, for tests. */
SPK_MUST_USE spk_err spk_watchstate_build(const struct spk_watchstate *w, struct spk_buf *out);
SPK_MUST_USE spk_err spk_watchstate_parse(struct spk_span bytes, struct spk_watchstate *w);

#endif
