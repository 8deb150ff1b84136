/* SPDX-License-Identifier: Apache-2.0 */
#include "client/watchstate.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "client/framed.h"
#include "wire/attrs.h"

/* doc/spec/client-files.md, "Watching" */
static const char magic[] = "sparekey/1 watch\n";
#define FOLDER "watch"
#define FILE_LIMIT ((size_t)1 << 20)
#define REQUEST_LEN 9
#define EVENT_LEN (1 + 8 + SPK_REQUEST_ENTRY_LEN)
enum { A_DEPOSITS = 1, A_RECOVERIES, A_SIZE, A_EDGE, A_REQUESTS, A_EVENTS, A_UNLISTED, A_LATE };
enum { F_ASKED = 1, F_HOOKED = 2, F_UNDECIDED = 4 };
static const uint16_t known[] = {A_DEPOSITS, A_RECOVERIES, A_SIZE,     A_EDGE,
                                 A_REQUESTS, A_EVENTS,     A_UNLISTED, A_LATE};
static const struct spk_framed frame = {magic, FILE_LIMIT, known, sizeof(known) / sizeof(known[0])};

spk_err
spk_watchstate_new(struct spk_watchstate **ret_w)
{
    struct spk_watchstate *w = spk_calloc(1, sizeof(*w));

    SPK_CHECK(w != NULL, NOMEM);
    for (size_t i = 0; i < SPK_LOG_IDS; i++) {
        w->note[i] = SPK_BUF(SPK_NOTE_MAX);
    }
    *ret_w = w;
    return SPK_OK;
}

void
spk_watchstate_free(struct spk_watchstate *w)
{
    if (w != NULL) {
        for (size_t i = 0; i < SPK_LOG_IDS; i++) {
            spk_buf_free(&w->note[i]);
        }
        spk_mem_free(w);
    }
}

/* -- lists */

bool
spk_watch_is_alarm(const struct spk_watch_event *e)
{
    if (e->asked || e->undecided) {
        return false;
    }
    switch (e->entry.kind) {
    case SPK_ENTRY_REQUESTED:
    case SPK_ENTRY_APPROVAL:
    case SPK_ENTRY_AUTHORISED:
    case SPK_ENTRY_RELEASED:
        return true;
    default:
        return false;
    }
}

const struct spk_watch_request *
spk_watchstate_request(const struct spk_watchstate *w, uint64_t index)
{
    for (size_t i = 0; i < w->n_requests; i++) {
        if (w->requests[i].index == index) {
            return &w->requests[i];
        }
    }
    return NULL;
}

void
spk_watchstate_add_request(struct spk_watchstate *w, const struct spk_watch_request *q)
{
    if (w->n_requests == SPK_WATCH_REQUESTS_MAX) {
        w->n_requests--;
        memmove(w->requests, w->requests + 1, w->n_requests * sizeof(w->requests[0]));
    }
    w->requests[w->n_requests++] = *q;
}

/* What is not listed cannot be asked about again: it is an alarm until somebody has looked. */
static void
count_only(struct spk_watchstate *w, const struct spk_watch_event *e)
{
    struct spk_watch_event decided = *e;

    decided.undecided = false;
    w->unlisted++;
    w->unlisted_alarms += spk_watch_is_alarm(&decided);
}

void
spk_watchstate_add_event(struct spk_watchstate *w, const struct spk_watch_event *e)
{
    size_t room = spk_watch_is_alarm(e) ? SPK_WATCH_EVENTS_MAX : SPK_WATCH_EVENTS_MAX / 2;

    if (w->n_events < room) {
        w->events[w->n_events++] = *e;
    } else {
        count_only(w, e);
    }
}

static bool
told(const struct spk_watch_event *e, uint64_t request)
{
    (void)request;
    return !e->undecided;
}

static bool
undecided_of(const struct spk_watch_event *e, uint64_t request)
{
    return e->undecided && e->entry.request == request;
}

static void
drop_events(struct spk_watchstate *w, bool (*goes)(const struct spk_watch_event *, uint64_t),
            uint64_t request)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_events; i++) {
        if (!goes(&w->events[i], request)) {
            w->events[n++] = w->events[i];
        }
    }
    w->n_events = n;
}

static void
drop_request(struct spk_watchstate *w, uint64_t index)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_requests; i++) {
        if (w->requests[i].index != index) {
            w->requests[n++] = w->requests[i];
        }
    }
    w->n_requests = n;
}

void
spk_watchstate_decide(struct spk_watchstate *w, uint64_t index, bool mine, bool asked)
{
    if (!mine) {
        drop_request(w, index);
        drop_events(w, undecided_of, index);
        return;
    }
    for (size_t i = 0; i < w->n_requests; i++) {
        if (w->requests[i].index == index) {
            w->requests[i] = (struct spk_watch_request){.index = index, .asked = asked};
        }
    }
    for (size_t i = 0; i < w->n_events; i++) {
        if (w->events[i].entry.request == index) {
            w->events[i].asked = asked;
            w->events[i].undecided = false;
        }
    }
}

size_t
spk_watchstate_undecided(const struct spk_watchstate *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_events; i++) {
        n += w->events[i].undecided && w->events[i].entry.kind == SPK_ENTRY_REQUESTED;
    }
    return n;
}

void
spk_watchstate_seen(struct spk_watchstate *w)
{
    drop_events(w, told, 0);
    w->unlisted = 0;
    w->unlisted_alarms = 0;
}

/* -- the file */

static uint8_t
flags_of(bool asked, bool hooked, bool undecided)
{
    return (uint8_t)((asked ? F_ASKED : 0) | (hooked ? F_HOOKED : 0) |
                     (undecided ? F_UNDECIDED : 0));
}

static spk_err
put_lists(const struct spk_watchstate *w, struct spk_buf *edge, struct spk_buf *requests,
          struct spk_buf *events)
{
    uint8_t bytes[SPK_LOG_ENTRY_LEN_MAX];
    size_t len = 0;

    for (size_t i = 0; i < SPK_PATH_MAX; i++) {
        if ((w->edge.n >> i & 1) != 0) {
            SPK_TRY(spk_buf_add(edge, spk_hash_span(&w->edge.part[i])));
        }
    }
    for (size_t i = 0; i < w->n_requests; i++) {
        SPK_TRY(spk_buf_u64(requests, w->requests[i].index));
        SPK_TRY(
            spk_buf_u8(requests, flags_of(w->requests[i].asked, false, w->requests[i].undecided)));
    }
    for (size_t i = 0; i < w->n_events; i++) {
        const struct spk_watch_event *e = &w->events[i];

        SPK_TRY(spk_buf_u8(events, flags_of(e->asked, e->hooked, e->undecided)));
        SPK_TRY(spk_buf_u64(events, e->index));
        spk_entry_build(&e->entry, bytes, &len);
        SPK_CHECK(len == SPK_REQUEST_ENTRY_LEN, USAGE);
        SPK_TRY(spk_buf_add(events, spk_span(bytes, len)));
    }
    return SPK_OK;
}

/* Two numbers, absent when they are 0. */
static spk_err
put_pair(struct spk_attrs *l, uint16_t type, uint64_t a, uint64_t b, uint8_t scratch[16])
{
    spk_put_u64(scratch, a);
    spk_put_u64(scratch + 8, b);
    return (a | b) == 0 ? SPK_OK : spk_attrs_add(l, type, spk_span(scratch, 16));
}

spk_err
spk_watchstate_build(const struct spk_watchstate *w, struct spk_buf *out)
{
    SPK_AUTO_BUF struct spk_buf edge = SPK_BUF(FILE_LIMIT);
    SPK_AUTO_BUF struct spk_buf requests = SPK_BUF(FILE_LIMIT);
    SPK_AUTO_BUF struct spk_buf events = SPK_BUF(FILE_LIMIT);
    SPK_AUTO_STR struct spk_attrs *l = spk_calloc(1, sizeof(*l));
    uint8_t size[8], unlisted[16], late[16];

    SPK_CHECK(l != NULL, NOMEM);
    SPK_TRY(put_lists(w, &edge, &requests, &events));
    SPK_TRY(spk_attrs_add(l, A_DEPOSITS, spk_buf_span(&w->note[SPK_LOG_DEPOSITS - 1])));
    SPK_TRY(spk_attrs_add(l, A_RECOVERIES, spk_buf_span(&w->note[SPK_LOG_RECOVERIES - 1])));
    SPK_TRY(spk_attrs_add_u64(l, A_SIZE, w->edge.n, size));
    SPK_TRY(spk_attrs_add(l, A_EDGE, spk_buf_span(&edge)));
    SPK_TRY(spk_attrs_add(l, A_REQUESTS, spk_buf_span(&requests)));
    SPK_TRY(spk_attrs_add(l, A_EVENTS, spk_buf_span(&events)));
    SPK_TRY(put_pair(l, A_UNLISTED, w->unlisted, w->unlisted_alarms, unlisted));
    SPK_TRY(put_pair(l, A_LATE, w->late_index, w->late_ms, late));
    return spk_framed_build(&frame, l, out);
}

static spk_err
take_edge(struct spk_span s, uint64_t n, struct spk_watchstate *w)
{
    struct spk_rd r = spk_rd(s);

    SPK_CHECK(n <= SPK_LOG_MAX, FORMAT);
    w->edge.n = n;
    for (size_t i = 0; i < SPK_PATH_MAX; i++) {
        if ((n >> i & 1) != 0) {
            SPK_TRY(spk_rd_copy(&r, w->edge.part[i].b, SPK_HASH_LEN));
        }
    }
    return spk_rd_end(&r);
}

static spk_err
take_requests(struct spk_span s, struct spk_watchstate *w)
{
    struct spk_rd r = spk_rd(s);

    SPK_CHECK(s.len % REQUEST_LEN == 0 && s.len / REQUEST_LEN <= SPK_WATCH_REQUESTS_MAX, FORMAT);
    for (size_t i = 0; i < s.len / REQUEST_LEN; i++) {
        uint8_t flags = 0;

        SPK_TRY(spk_rd_u64(&r, &w->requests[i].index));
        SPK_TRY(spk_rd_u8(&r, &flags));
        SPK_CHECK((flags & ~(F_ASKED | F_UNDECIDED)) == 0, FORMAT);
        w->requests[i].asked = (flags & F_ASKED) != 0;
        w->requests[i].undecided = (flags & F_UNDECIDED) != 0;
    }
    w->n_requests = s.len / REQUEST_LEN;
    return spk_rd_end(&r);
}

static spk_err
take_events(struct spk_span s, struct spk_watchstate *w)
{
    struct spk_rd r = spk_rd(s);

    SPK_CHECK(s.len % EVENT_LEN == 0 && s.len / EVENT_LEN <= SPK_WATCH_EVENTS_MAX, FORMAT);
    for (size_t i = 0; i < s.len / EVENT_LEN; i++) {
        struct spk_watch_event *e = &w->events[i];
        struct spk_span entry;
        uint8_t flags = 0;

        SPK_TRY(spk_rd_u8(&r, &flags));
        SPK_CHECK(flags <= (F_ASKED | F_HOOKED | F_UNDECIDED), FORMAT);
        e->undecided = (flags & F_UNDECIDED) != 0;
        e->asked = (flags & F_ASKED) != 0;
        e->hooked = (flags & F_HOOKED) != 0;
        SPK_TRY(spk_rd_u64(&r, &e->index));
        SPK_TRY(spk_rd_span(&r, SPK_REQUEST_ENTRY_LEN, &entry));
        SPK_TRY(spk_entry_parse(entry, &e->entry));
        SPK_CHECK(spk_entry_is_of_request(e->entry.kind), FORMAT);
    }
    w->n_events = s.len / EVENT_LEN;
    return spk_rd_end(&r);
}

static spk_err
take_note(const struct spk_attrs *l, uint16_t type, struct spk_buf *ret_b)
{
    struct spk_span s;

    SPK_TRY(spk_attrs_get(l, type, SPK_NOTE_MAX, &s));
    return spk_buf_add(ret_b, s);
}

static spk_err
take_pair(const struct spk_attrs *l, uint16_t type, uint64_t *ret_a, uint64_t *ret_b)
{
    uint8_t pair[16];

    if (spk_attrs_has(l, type)) {
        SPK_TRY(spk_attrs_fixed(l, type, pair, sizeof(pair)));
        *ret_a = spk_get_u64(pair);
        *ret_b = spk_get_u64(pair + 8);
        SPK_CHECK((*ret_a | *ret_b) != 0, FORMAT);
    }
    return SPK_OK;
}

spk_err
spk_watchstate_parse(struct spk_span bytes, struct spk_watchstate *w)
{
    SPK_AUTO_STR struct spk_attrs *l = spk_calloc(1, sizeof(*l));
    struct spk_span s;
    uint64_t n = 0;

    SPK_CHECK(l != NULL, NOMEM);
    SPK_TRY(spk_framed_parse(&frame, bytes, l));
    SPK_TRY(take_note(l, A_DEPOSITS, &w->note[SPK_LOG_DEPOSITS - 1]));
    SPK_TRY(take_note(l, A_RECOVERIES, &w->note[SPK_LOG_RECOVERIES - 1]));
    SPK_TRY(spk_attrs_u64(l, A_SIZE, &n));
    SPK_TRY(spk_attrs_get(l, A_EDGE, SPK_PATH_MAX * SPK_HASH_LEN, &s));
    SPK_TRY(take_edge(s, n, w));
    SPK_TRY(spk_attrs_get(l, A_REQUESTS, FILE_LIMIT, &s));
    SPK_TRY(take_requests(s, w));
    SPK_TRY(spk_attrs_get(l, A_EVENTS, FILE_LIMIT, &s));
    SPK_TRY(take_events(s, w));
    SPK_TRY(take_pair(l, A_UNLISTED, &w->unlisted, &w->unlisted_alarms));
    return take_pair(l, A_LATE, &w->late_index, &w->late_ms);
}

static spk_err
path_of(const struct spk_profile *p, const struct spk_pin *pin, char **ret_folder, char **ret_path)
{
    SPK_TRY(spk_profile_data_path(p, FOLDER, ret_folder));
    return spk_path_join(*ret_folder, pin->name, ret_path);
}

spk_err
spk_watchstate_load(const struct spk_profile *p, const struct spk_pin *pin, struct spk_trouble *t,
                    struct spk_watchstate **ret_w)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(FILE_LIMIT);
    SPK_AUTO(spk_watchstate) w = NULL;
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(spk_watchstate_new(&w));
    SPK_TRY(path_of(p, pin, &dir, &path));
    spk_err e = spk_file_read(AT_FDCWD, path, &b);
    if (e.code != SPK_CODE_NOTFOUND) {
        spk_trouble_file(t, path);
        SPK_TRY(e);
        SPK_TRY(spk_watchstate_parse(spk_buf_span(&b), w));
    }
    *ret_w = SPK_STEAL(w);
    return SPK_OK;
}

spk_err
spk_watchstate_save(const struct spk_profile *p, const struct spk_pin *pin,
                    const struct spk_watchstate *w)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(FILE_LIMIT);
    SPK_AUTO_STR char *dir = NULL;
    SPK_AUTO_STR char *path = NULL;

    SPK_TRY(spk_watchstate_build(w, &b));
    SPK_TRY(path_of(p, pin, &dir, &path));
    SPK_TRY(spk_mkdirs(dir, 0700));
    return spk_file_write(AT_FDCWD, path, spk_buf_span(&b), 0600, true);
}
