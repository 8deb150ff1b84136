/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../store/rows.h"

#include "authority/committer.h"
#include "base/clock.h"

#define ITEMS 200

struct item {
    struct spk_commit commit;
    struct spk_intake in[2];
    struct made made[2];
    spk_err end;
    bool done;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static size_t finished;

static void
on_done(struct spk_commit *c, spk_err e)
{
    struct item *it = c->arg;
    pthread_mutex_lock(&lock);
    it->end = e;
    it->done = true;
    finished++;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&lock);
}

/* An intake as it is after all checks. */
static void
fill(struct item *it, size_t i, uint64_t key, uint32_t serial)
{
    struct spk_hash ann = hash_of("Ann");
    struct spk_intake *in = &it->in[i];

    make_deposit(&it->made[i], key, &ann, serial, 0);
    *in = (struct spk_intake){.status = SPK_HTTP_OK, .row = it->made[i].row, .has_serial = true};
    memcpy(in->rpub, it->made[i].rpub, SPK_RPUB_LEN);
    in->row.rpub = SPK_SPAN_OF(in->rpub);
    assert_spk_ok(spk_rpub_parse(in->row.rpub, &in->r));
}

static void
test_many_items(void **state)
{
    (void)state;
    const struct spk_store_cfg cfg = {.readers = 1};
    struct spk_store *s = NULL;
    struct spk_committer *c = NULL;
    struct spk_logbook *book = NULL;
    char why[SPK_WHY_MAX];
    struct item *items = spk_calloc(ITEMS, sizeof(*items));
    uint64_t n = 0, last = 0;

    assert_non_null(items);
    assert_spk_ok(spk_store_open("memory", &cfg, &s));
    assert_spk_ok(spk_logbook_open(s, SPK_LOG_DEPOSITS, why, &book));
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    assert_spk_ok(spk_committer_new(s, book, NULL, 10000, &c));
    for (uint32_t i = 0; i < ITEMS; i++) {
        fill(&items[i], 0, key, i / 2); /* each serial twice: the second is a duplicate */
        fill(&items[i], 1, key, 1000 + i);
        if (i == 5) {
            items[i].in[1].status = SPK_HTTP_UNPROCESSABLE; /* passed over */
        }
        items[i].commit =
            (struct spk_commit){.n = 2, .in = items[i].in, .done = on_done, .arg = &items[i]};
        assert_spk_ok(spk_committer_push(c, &items[i].commit));
    }
    spk_committer_free(c); /* writes what is waiting */
    assert_int_equal(finished, ITEMS);
    for (uint32_t i = 0; i < ITEMS; i++) {
        assert_spk_ok(items[i].end);
        /* the same salt made the same P: the second of each pair is the first again */
        assert_int_equal(items[i].in[0].result.what, i % 2 == 0 ? SPK_PUT_NEW : SPK_PUT_DUPLICATE);
        assert_true(items[i].in[0].result.time_ms >= last);
        last = items[i].in[0].result.time_ms;
    }
    assert_int_equal(items[5].in[1].result.what, 0);
    assert_spk_ok(spk_store_deposit_count(s, &n));
    assert_int_equal(n, ITEMS / 2 + ITEMS - 1);
    struct spk_edge edge; /* the log goes with them */
    spk_logbook_edge(book, &edge);
    assert_int_equal(edge.n, n);
    struct spk_deposit_row row = {0};
    assert_spk_ok(spk_store_deposit_at(s, 3, &row));
    assert_spk_ok(spk_deposit_row_verify(&row));
    spk_deposit_row_clear(&row);
    spk_logbook_free(book);
    spk_store_free(s);
    spk_mem_free(items);
}

static void
test_other_content_is_a_conflict(void **state)
{
    (void)state;
    const struct spk_store_cfg cfg = {.readers = 1};
    struct spk_store *s = NULL;
    struct spk_committer *c = NULL;
    struct spk_logbook *book = NULL;
    char why[SPK_WHY_MAX];
    struct item *it = spk_calloc(1, sizeof(*it));
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(4096);

    assert_spk_ok(spk_store_open("memory", &cfg, &s));
    assert_spk_ok(spk_logbook_open(s, SPK_LOG_DEPOSITS, why, &book));
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    assert_spk_ok(spk_committer_new(s, book, NULL, 10, &c));
    fill(it, 0, key, 1);
    fill(it, 1, key, 1);
    it->in[1].row.p.b[0] ^= 1;
    it->commit = (struct spk_commit){.n = 2, .in = it->in, .done = on_done, .arg = it};
    assert_spk_ok(spk_committer_push(c, &it->commit));
    spk_committer_free(c);
    assert_int_equal(spk_intake_status(&it->in[0]), SPK_HTTP_CREATED);
    assert_int_equal(spk_intake_status(&it->in[1]), SPK_HTTP_CONFLICT);
    struct spk_jw w = {.b = &out};
    spk_jw_open(&w, NULL, '{');
    spk_intake_answer(&it->in[1], &w);
    spk_jw_close(&w, '}');
    assert_spk_ok(spk_jw_end(&w));
    assert_non_null(memmem(out.ptr, out.len, "\"error\":\"conflict\"", 18));
    spk_logbook_free(book);
    spk_store_free(s);
    spk_mem_free(it);
}

/* What is logged goes to a file meanwhile. */
static FILE *log_file;
static int log_was;

static void
log_begin(void)
{
    log_file = tmpfile();
    assert_non_null(log_file);
    (void)fflush(stderr);
    log_was = dup(STDERR_FILENO);
    assert_true(log_was >= 0 && dup2(fileno(log_file), STDERR_FILENO) >= 0);
}

/* How many lines had this in them. */
static int
log_end(const char *part)
{
    char line[1024];
    int n = 0;

    (void)fflush(stderr);
    assert_true(dup2(log_was, STDERR_FILENO) >= 0 && close(log_was) == 0);
    rewind(log_file);
    while (fgets(line, (int)sizeof(line), log_file) != NULL) {
        n += strstr(line, part) != NULL;
    }
    assert_int_equal(fclose(log_file), 0);
    return n;
}

/* A clock that was set back, here across a restart: times do not fall along the index. */
static void
test_times_never_fall(void **state)
{
    (void)state;
    const struct spk_store_cfg cfg = {.readers = 1};
    struct spk_store *s = NULL;
    struct spk_committer *c = NULL;
    struct spk_logbook *book = NULL;
    char why[SPK_WHY_MAX];
    struct item *items = spk_calloc(2, sizeof(*items));
    uint64_t last = 0;

    assert_non_null(items);
    assert_spk_ok(spk_store_open("memory", &cfg, &s));
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    uint64_t later = spk_now_ms() + 3600 * 1000;
    fill(&items[0], 0, key, 1);
    assert_spk_ok(spk_intake_stamp(&items[0].in[0], later));
    assert_spk_ok(spk_store_begin(s));
    assert_spk_ok(spk_store_put_deposit(s, &items[0].in[0].row, &items[0].in[0].result));
    assert_spk_ok(spk_store_commit(s));
    assert_spk_ok(spk_logbook_open(s, SPK_LOG_DEPOSITS, why, &book));
    log_begin();
    assert_spk_ok(spk_committer_new(s, book, NULL, 10, &c));
    fill(&items[1], 0, key, 2);
    fill(&items[1], 1, key, 3);
    items[1].commit =
        (struct spk_commit){.n = 2, .in = items[1].in, .done = on_done, .arg = &items[1]};
    assert_spk_ok(spk_committer_push(c, &items[1].commit));
    spk_committer_free(c);
    assert_int_equal(log_end("ahead of this clock"), 1); /* told, and once */
    for (uint64_t i = 0; i < 3; i++) {
        struct spk_deposit_row row = {0};
        assert_spk_ok(spk_store_deposit_at(s, i, &row));
        assert_true(row.time_ms >= last && row.time_ms >= later);
        last = row.time_ms;
        spk_deposit_row_clear(&row);
    }
    spk_logbook_free(book);
    spk_store_free(s);
    spk_mem_free(items);
}

static void
test_queue_is_bounded(void **state)
{
    (void)state;
    const struct spk_store_cfg cfg = {.readers = 1};
    struct spk_store *s = NULL;
    struct spk_committer *c = NULL;
    struct spk_logbook *book = NULL;
    char why[SPK_WHY_MAX];
    struct item *items = spk_calloc(3, sizeof(*items));

    finished = 0;
    assert_spk_ok(spk_store_open("memory", &cfg, &s));
    assert_spk_ok(spk_logbook_open(s, SPK_LOG_DEPOSITS, why, &book));
    uint64_t key = add_owner(s, "Ann", SPK_OWNER_ENROLLED);
    assert_spk_ok(spk_committer_new(s, book, NULL, 2, &c));
    assert_spk_ok(spk_store_begin(s)); /* nobody else can write now */
    spk_err e = SPK_OK;
    size_t pushed = 0;
    for (uint32_t i = 0; i < 3 && spk_ok(e); i++) {
        fill(&items[i], 0, key, 2 * i);
        fill(&items[i], 1, key, 2 * i + 1);
        items[i].commit =
            (struct spk_commit){.n = 2, .in = items[i].in, .done = on_done, .arg = &items[i]};
        e = spk_committer_push(c, &items[i].commit);
        pushed += spk_ok(e) ? 1 : 0;
    }
    assert_spk_code(e, BUSY); /* one or two are in, depending on who was faster */
    assert_in_range(pushed, 1, 2);
    spk_store_rollback(s);
    spk_committer_free(c);
    assert_int_equal(finished, pushed);
    spk_logbook_free(book);
    spk_store_free(s);
    spk_mem_free(items);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_items),
        cmocka_unit_test(test_other_content_is_a_conflict),
        cmocka_unit_test(test_queue_is_bounded),
        cmocka_unit_test(test_times_never_fall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
