/* SPDX-License-Identifier: Apache-2.0 */
/* The line to the holder, with a double at the other end that behaves as told. */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "site.h"

#include "authority/link.h"

enum mood { GOOD, WRONG_GENESIS, WRONG_KEY, WRONG_VKEY, FUTURE_POLICY };

struct twin { /* of a holder */
    struct site *site;
    int listener;
    enum mood mood;
    int status;        /* of answers after HELLO */
    bool hang_up_once; /* instead of an answer */
    bool wrong_seq, silent;
    int connections, policies;
    pthread_t thread;
};

static void
answer(int fd, const struct spk_frame *f, uint32_t seq, int status, struct spk_attrs *l)
{
    SPK_AUTO_BUF struct spk_buf body = SPK_BUF(SPK_FRAME_MAX);
    SPK_AUTO_BUF struct spk_buf frame = SPK_BUF(SPK_FRAME_MAX);
    assert_spk_ok(spk_attrs_build(l, &body));
    assert_spk_ok(spk_frame_build(f->type, (uint16_t)status, seq, spk_buf_span(&body), &frame));
    (void)!send(fd, frame.ptr, frame.len, MSG_NOSIGNAL);
}

static void
hello(struct twin *t, int fd, const struct spk_frame *f)
{
    struct spk_attrs l = {0};
    uint8_t scratch[3][8], der[SPK_SPKI_MAX_LEN + 4];
    struct spk_hash genesis = t->site->policy.hash, policy = genesis;
    struct spk_span spki = spk_rsa_spki(t->site->key);
    SPK_AUTO_BUF struct spk_buf vkey = SPK_BUF(1024);

    genesis.b[0] ^= t->mood == WRONG_GENESIS ? 1 : 0;
    policy.b[0] ^= t->mood == FUTURE_POLICY ? 1 : 0;
    spk_put_u32(der, 1);
    memcpy(der + 4, spki.ptr, spki.len);
    der[40] ^= t->mood == WRONG_KEY ? 1 : 0;
    struct spk_vkey v = t->mood == WRONG_VKEY ? t->site->policy.officers[0].key : t->site->holder;
    assert_spk_ok(spk_vkey_format(&v, &vkey));
    assert_spk_ok(spk_attrs_add_u64(&l, SPK_FA_VERSION, 1, scratch[0]));
    assert_spk_ok(spk_attrs_add_u64(&l, SPK_FA_EPOCH, 1, scratch[1]));
    assert_spk_ok(spk_attrs_add(&l, SPK_FA_SPKI, spk_span(der, spki.len + 4)));
    assert_spk_ok(spk_attrs_add(&l, SPK_FA_VKEY, spk_buf_span(&vkey)));
    assert_spk_ok(spk_attrs_add_u64(&l, SPK_FA_POLICY_NUMBER, 1, scratch[2]));
    assert_spk_ok(spk_attrs_add(&l, SPK_FA_POLICY, spk_hash_span(&policy)));
    assert_spk_ok(spk_attrs_add(&l, SPK_FA_GENESIS, spk_hash_span(&genesis)));
    answer(fd, f, f->seq, SPK_FRAME_OK, &l);
}

static void
serve(struct twin *t, int fd)
{
    uint8_t packet[SPK_FRAME_MAX];
    ssize_t n;

    while ((n = recv(fd, packet, sizeof(packet), 0)) > 0) {
        struct spk_frame f;
        struct spk_attrs none = {0};
        assert_spk_ok(spk_frame_parse(spk_span(packet, (size_t)n), &f));
        t->policies += f.type == SPK_MSG_POLICY ? 1 : 0;
        if (f.type == SPK_MSG_HELLO) {
            hello(t, fd, &f);
        } else if (t->hang_up_once) {
            t->hang_up_once = false;
            return;
        } else if (!t->silent) {
            answer(fd, &f, t->wrong_seq ? f.seq + 1 : f.seq, t->status, &none);
        }
    }
}

static void *
twin_main(void *arg)
{
    struct twin *t = arg;
    int fd;
    while ((fd = accept(t->listener, NULL, NULL)) >= 0) {
        t->connections++;
        serve(t, fd);
        close(fd);
    }
    return NULL;
}

struct world {
    struct site site;
    struct twin twin;
    struct spk_store *store;
    struct spk_books *books;
    struct spk_link *link;
    char *path;
};

static struct world w;

static int
setup(void **state)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    const struct spk_store_cfg cfg = {.readers = 1};
    char why[SPK_WHY_MAX];

    (void)state;
    memset(&w, 0, sizeof(w));
    site_make(&w.site);
    assert_spk_ok(spk_store_open("memory", &cfg, &w.store));
    assert_spk_ok(spk_books_load(w.site.dir, w.store, why, &w.books));
    assert_spk_ok(spk_path_join(w.site.dir, "holder.sock", &w.path));
    w.twin.site = &w.site;
    w.twin.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    memcpy(a.sun_path, w.path, strlen(w.path));
    assert_int_equal(bind(w.twin.listener, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(w.twin.listener, 5), 0);
    assert_int_equal(pthread_create(&w.twin.thread, NULL, twin_main, &w.twin), 0);
    assert_spk_ok(spk_link_new(w.path, 1, w.books, &w.link));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spk_link_free(w.link);
    shutdown(w.twin.listener, SHUT_RDWR);
    pthread_join(w.twin.thread, NULL);
    close(w.twin.listener);
    spk_books_free(w.books);
    spk_store_free(w.store);
    spk_mem_free(w.path);
    site_clear(&w.site);
    return 0;
}

static spk_err
ask(void)
{
    SPK_AUTO_ANSWER a = {0};
    struct spk_attrs in = {0};
    return spk_link_call(w.link, SPK_MSG_STATUS, &in, &a);
}

static void
test_statuses(void **state)
{
    (void)state;
    assert_false(spk_link_ready(w.link));
    assert_spk_ok(spk_link_reach(w.link));
    assert_true(spk_link_ready(w.link));
    assert_spk_ok(ask());
    w.twin.status = SPK_FRAME_REFUSED;
    assert_spk_code(ask(), DENIED);
    w.twin.status = SPK_FRAME_BUSY;
    assert_spk_code(ask(), BUSY);
    w.twin.status = SPK_FRAME_FAILED;
    assert_spk_code(ask(), IO);
    assert_true(spk_link_ready(w.link));
    w.twin.status = SPK_FRAME_BAD;
    assert_spk_code(ask(), PROTO);
    assert_false(spk_link_ready(w.link));
    assert_int_equal(w.twin.connections, 1);
}

static void
test_line_that_broke_is_made_again(void **state)
{
    (void)state;
    assert_spk_ok(ask());
    w.twin.hang_up_once = true;
    assert_spk_ok(ask());
    assert_int_equal(w.twin.connections, 2);
}

static void
test_answer_to_something_else(void **state)
{
    (void)state;
    assert_spk_ok(ask());
    w.twin.wrong_seq = true;
    assert_spk_code(ask(), PROTO);
    assert_false(spk_link_ready(w.link));
}

static void
test_silence_ends(void **state)
{
    (void)state;
    w.twin.silent = true;
    assert_spk_code(ask(), NET);
    assert_false(spk_link_ready(w.link));
    assert_spk_code(ask(), NET); /* at once: it is not asked for again that soon */
}

static void
test_another_holder(void **state)
{
    (void)state;
    for (int mood = WRONG_GENESIS; mood <= FUTURE_POLICY; mood++) {
        spk_link_free(w.link);
        assert_spk_ok(spk_link_new(w.path, 1, w.books, &w.link));
        w.twin.mood = (enum mood)mood;
        assert_spk_code(spk_link_reach(w.link), CHANGED);
        assert_spk_code(ask(), NET);
        assert_false(spk_link_ready(w.link));
    }
}

static void
test_later_policies_are_sent(void **state)
{
    (void)state;
    struct spk_policy next = w.site.policy;
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);

    next.number = 2;
    next.previous = w.site.policy.hash;
    next.wait = 30;
    site_sign_policy(&w.site, &next, 2, &note);
    assert_spk_ok(spk_books_add_policy(w.books, spk_buf_span(&note)));
    assert_spk_ok(spk_link_reach(w.link));
    assert_int_equal(w.twin.policies, 1);
}

static void
test_nobody_there(void **state)
{
    (void)state;
    struct spk_link *l = NULL;
    assert_spk_ok(spk_link_new("/nonexistent/holder.sock", 1, w.books, &l));
    assert_spk_code(spk_link_reach(l), NET);
    spk_link_free(l);
    char path[200];
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = 0;
    assert_spk_ok(spk_link_new(path, 1, w.books, &l));
    assert_spk_code(spk_link_reach(l), LIMIT);
    spk_link_free(l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_statuses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_line_that_broke_is_made_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answer_to_something_else, setup, teardown),
        cmocka_unit_test_setup_teardown(test_silence_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_holder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_later_policies_are_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_there, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
