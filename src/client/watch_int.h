/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of client/watch.h only. */
#ifndef SPK_CLIENT_WATCH_INT_H
#define SPK_CLIENT_WATCH_INT_H

#include "client/watch.h"

struct spk_look {
    struct spk_session *s;
    struct spk_pin *pin;
    struct spk_api *api; /* without login: the logs are for everybody */
    struct spk_watchstate *old;
    struct spk_watchstate *next;
    struct spk_watch_result *r;
    uint64_t *mine; /* indices of deposits with a receipt, ascending */
    size_t n_mine;
    bool tried_login;
    struct spk_api *login; /* borrowed; NULL: none to be had */
};

/** Has the owner a receipt for this deposit, made on this computer? */
bool spk_watch_in_ledger(const struct spk_look *l, uint64_t index);
/** Whose request begins with this entry? */
struct spk_watch_whose {
    bool mine;
    bool asked;     /* and opened on this computer */
    bool undecided; /* the authority did not say */
};
struct spk_watch_whose spk_watch_whose(struct spk_look *l, uint64_t index,
                                       const struct spk_entry *e);

#endif
