/* SPDX-License-Identifier: Apache-2.0 */
/* The program itself: init, run under its own sandbox, a socket, kill -9, a sealed copy opened
 * once. */
#include "world.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "holder/sandbox.h"
#include "holder/sealedcopy.h"
#include "holder/uselog.h"

#define ARGS_MAX 20

static char *top; /* folder of this test */
static pid_t holder = -1;
static struct world w;

/* -- Running programs
 * -------------------------------------------------------------------------------- */

static char *
path_of(const char *name)
{
    static char paths[8][512];
    static size_t next;
    char *p = paths[next++ % 8];

    (void)snprintf(p, sizeof(paths[0]), "%s/%s", top, name);
    return p;
}

/* The program's arguments follow argv[0]; out and in are pipe ends for it, or -1. */
static pid_t
start(char *const argv[], int in, int out, int keep)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (in >= 0) {
            (void)dup2(in, STDIN_FILENO);
        }
        if (out >= 0) {
            (void)dup2(out, STDOUT_FILENO);
        }
        if (keep >= 0) {
            (void)fcntl(keep, F_SETFD, 0);
        }
        (void)execv(argv[0], argv);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

static int
finish(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static char *
program(void)
{
    char *p = getenv("SPK_HOLDER");

    assert_non_null(p);
    return p;
}

/* Runs it to its end; what it printed goes to out. */
static int
run(struct spk_buf *out, char *const args[])
{
    char *argv[ARGS_MAX] = {program()};
    int fds[2];

    for (size_t i = 0; args[i] != NULL; i++) {
        assert_true(i + 2 < ARGS_MAX);
        argv[i + 1] = args[i];
    }
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid_t pid = start(argv, -1, fds[1], -1);
    (void)close(fds[1]);
    for (;;) {
        char text[4096];
        ssize_t n = read(fds[0], text, sizeof(text));
        if (n <= 0) {
            break;
        }
        assert_spk_ok(spk_buf_add(out, spk_span(text, (size_t)n)));
    }
    (void)close(fds[0]);
    return finish(pid);
}

#define RUN(out, ...) run((out), (char *const[]){__VA_ARGS__, NULL})

static void
holder_connect(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    if (w.sock >= 0) {
        (void)close(w.sock);
    }
    w.sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    (void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path_of("sock"));
    assert_int_equal(connect(w.sock, (struct sockaddr *)&a, sizeof(a)), 0);
}

static void
holder_run(char *dir)
{
    char number[16], line[16] = {0};
    int fds[2];

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    (void)snprintf(number, sizeof(number), "%d", fds[1]);
    char *argv[] = {program(),
                    (char[]){"run"},
                    (char[]){"--dir"},
                    dir,
                    (char[]){"--socket"},
                    path_of("sock"),
                    (char[]){"--ready-fd"},
                    number,
                    NULL};
    holder = start(argv, -1, -1, fds[1]);
    (void)close(fds[1]);
    assert_int_equal(read(fds[0], line, sizeof(line) - 1), 6);
    assert_string_equal(line, "ready\n");
    (void)close(fds[0]);
    holder_connect();
}

static void
holder_greet(void)
{
    holder_connect();
    assert_int_equal(say_hello(&w), SPK_FRAME_OK);
}

static int
holder_end(int sig)
{
    assert_int_equal(kill(holder, sig), 0);
    int status = finish(holder);
    holder = -1;
    return status;
}

/* -- A world whose folder was made by the program
 * ----------------------------------------------------- */

static void
make_folder(void)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(65536);
    const char *text = NULL;

    assert_spk_ok(
        spk_file_write(AT_FDCWD, path_of("genesis.note"), spk_buf_span(&w.genesis), 0600, false));
    assert_int_equal(RUN(&out, (char[]){"init"}, (char[]){"--dir"}, path_of("h"),
                         (char[]){"--name"}, (char[]){"authority.example"}, (char[]){"--bits"},
                         (char[]){"2048"}, (char[]){"--policy"}, path_of("genesis.note")),
                     0);
    w.dirfd = open(path_of("h"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(w.dirfd >= 0);
    assert_spk_ok(spk_keys_read(w.dirfd, NULL, &w.keys));
    assert_true(spk_hash_eq(&w.keys->genesis, &w.policy.hash));
    /* what it printed is what it made */
    SPK_AUTO_BUF struct spk_buf want = SPK_BUF(65536);
    assert_spk_ok(spk_buf_str(&want, "{\"spki\":\""));
    assert_spk_ok(spk_buf_base64(&want, spk_rsa_spki(w.keys->epoch[0].pair)));
    assert_spk_ok(spk_buf_str(&want, "\",\"vkey\":\""));
    assert_spk_ok(spk_vkey_format(&w.keys->vkey, &want));
    assert_spk_ok(spk_buf_str(&want, "\",\"genesis\":\""));
    assert_spk_ok(spk_buf_hex(&want, spk_hash_span(&w.policy.hash)));
    assert_spk_ok(spk_buf_str(&want, "\"}\n"));
    assert_spk_ok(spk_buf_cstr(&out, &text));
    assert_span_equal(spk_buf_span(&out), spk_buf_span(&want));
}

static int
setup(void **state)
{
    (void)state;
    top = spk_test_dir();
    world_people(&w, NULL);
    make_folder();
    for (size_t i = 0; i < WORLD_DEPOSITS; i++) {
        dep_make(&w, &w.dep[i], 10 + 3 * i, &w.owner.owner, SPK_WRAP_OAEP | SPK_WRAP_DERIVED, 1);
    }
    ask_make(&w, &w.ask, NULL);
    holder_run(path_of("h"));
    assert_int_equal(say_hello(&w), SPK_FRAME_OK);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    if (holder > 0) {
        (void)holder_end(SIGKILL);
    }
    spk_fd_auto_(&w.sock);
    world_free(&w);
    spk_test_dir_remove(top);
    return 0;
}

static void
approve_two(void)
{
    assert_int_equal(say_open(&w, &w.ask), SPK_FRAME_OK);
    assert_int_equal(say_vote(&w, &w.ask, ALICE, true, NULL), SPK_FRAME_OK);
    assert_int_equal(say_vote(&w, &w.ask, BOB, true, NULL), SPK_FRAME_OK);
}

/* -- Tests
 * ------------------------------------------------------------------------------------------- */

static void
test_whole_story(void **state)
{
    struct msg m = {.n = 0};

    /* every message once, under the filter: one missing system call would end the process */
    (void)state;
    struct msg check = {.n = 0};
    msg_deposit(&check, &w.dep[0]);
    assert_int_equal(world_send(&w, SPK_MSG_CHECK, &check), SPK_FRAME_OK);
    assert_int_equal(say_open(&w, &w.ask), SPK_FRAME_OK);
    assert_int_equal(say_release(&w, &w.ask, 0), SPK_FRAME_REFUSED);
    approve_two();
    for (size_t i = 0; i < WORLD_DEPOSITS; i++) {
        assert_int_equal(say_release(&w, &w.ask, i), SPK_FRAME_OK);
        assert_key_came(&w, &w.dep[i], w.new_keyx);
    }
    assert_int_equal(say_successor(&w, &w.ask, &w.owner), SPK_FRAME_OK);
    assert_int_equal(say_state(&w, &w.ask), SPK_STATE_DONE);
    assert_int_equal(say_policy(&w, NULL, 3), SPK_FRAME_OK);
    assert_int_equal(say_veto_code(&w, &w.ask, &w.owner), SPK_FRAME_OK);
    assert_int_equal(say_vote(&w, &w.ask, CAROL, false, NULL), SPK_FRAME_OK);
    assert_int_equal(world_send(&w, SPK_MSG_STATUS, &m), SPK_FRAME_OK);
    struct msg rewrap = {.n = 0};
    msg_deposit(&rewrap, &w.dep[0]);
    assert_int_equal(world_send(&w, SPK_MSG_REWRAP, &rewrap), SPK_FRAME_REFUSED);
    assert_int_equal(holder_end(SIGTERM), 0);
}

static void
test_stop(void **state)
{
    struct msg m = {.n = 0};

    (void)state;
    assert_int_equal(world_send(&w, SPK_MSG_STOP, &m), SPK_FRAME_OK);
    assert_int_equal(finish(holder), 0);
    holder = -1;
}

static void
test_killed_at_any_moment(void **state)
{
    (void)state;
    assert_int_equal(say_open(&w, &w.ask), SPK_FRAME_OK);
    assert_int_equal(holder_end(SIGKILL), 1000 + SIGKILL);
    holder_run(path_of("h")); /* over the dead socket, too */
    assert_int_equal(say_hello(&w), SPK_FRAME_OK);
    assert_int_equal(say_vote(&w, &w.ask, ALICE, true, NULL), SPK_FRAME_OK);
    assert_int_equal(holder_end(SIGKILL), 1000 + SIGKILL);
    holder_run(path_of("h"));
    assert_int_equal(say_hello(&w), SPK_FRAME_OK);
    assert_int_equal(say_vote(&w, &w.ask, BOB, true, NULL), SPK_FRAME_OK);
    assert_int_equal(say_release(&w, &w.ask, 2), SPK_FRAME_OK);
    assert_int_equal(holder_end(SIGKILL), 1000 + SIGKILL);
    holder_run(path_of("h"));
    assert_int_equal(say_hello(&w), SPK_FRAME_OK);
    assert_int_equal(say_state(&w, &w.ask), SPK_STATE_APPROVED);
    assert_int_equal(out_u64(&w, SPK_FA_RELEASED), 1);
}

static void
assert_hung_up(void)
{
    char c;

    assert_int_equal(recv(w.sock, &c, 1, 0), 0);
}

static void
test_bad_message_ends_the_session_only(void **state)
{
    struct msg m = {.n = 0};

    (void)state;
    assert_int_equal(world_send(&w, 77, &m), SPK_FRAME_BAD);
    assert_hung_up();
    holder_greet();
    assert_true(send(w.sock, "SKP", 3, 0) == 3); /* not even a head */
    assert_hung_up();
    holder_greet();
    assert_int_equal(say_open(&w, &w.ask), SPK_FRAME_OK);
}

static void
test_too_long_a_packet(void **state)
{
    uint8_t *p = spk_calloc(1, SPK_FRAME_MAX + 1);

    (void)state;
    assert_non_null(p);
    assert_int_equal(send(w.sock, p, SPK_FRAME_MAX + 1, 0), SPK_FRAME_MAX + 1);
    assert_hung_up();
    spk_mem_free(p);
    holder_greet();
}

static void
test_descriptors_are_not_taken(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_FRAME_MAX);
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = {0};
    static const uint8_t empty_list[2];
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_spk_ok(spk_frame_build(SPK_MSG_STATUS, 0, 1, SPK_SPAN_OF(empty_list), &b));
    struct iovec io = {b.ptr, b.len};
    struct msghdr m = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fds[1], sizeof(int));
    assert_true(sendmsg(w.sock, &m, 0) > 0);
    assert_hung_up();
    (void)close(fds[1]);
    /* nobody has the writing end any more */
    char byte;
    assert_int_equal(read(fds[0], &byte, 1), 0);
    (void)close(fds[0]);
    holder_greet();
}

static void
test_many_sessions_and_pipelined_messages(void **state)
{
    int socks[70];

    (void)state;
    for (size_t i = 0; i < 70;
         i++) { /* more than there is room for: the last ones are hung up on */
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        socks[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        (void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path_of("sock"));
        assert_int_equal(connect(socks[i], (struct sockaddr *)&a, sizeof(a)), 0);
    }
    assert_int_equal(say_open(&w, &w.ask), SPK_FRAME_OK);
    for (size_t i = 0; i < 70; i++) {
        (void)close(socks[i]);
    }
    /* thirty messages before the first answer is read */
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(SPK_FRAME_MAX);
    static const uint8_t empty_list[2];
    assert_spk_ok(spk_frame_build(SPK_MSG_STATUS, 0, 9, SPK_SPAN_OF(empty_list), &b));
    for (int i = 0; i < 30; i++) {
        assert_true(send(w.sock, b.ptr, b.len, 0) > 0);
    }
    for (int i = 0; i < 30; i++) {
        uint8_t answer[4096];
        struct spk_frame f;
        ssize_t n = recv(w.sock, answer, sizeof(answer), 0);
        assert_true(n > 0);
        assert_spk_ok(spk_frame_parse(spk_span(answer, (size_t)n), &f));
        assert_int_equal(f.seq, 9);
        assert_int_equal(f.status, SPK_FRAME_OK);
    }
}

static void
test_one_holder_a_folder(void **state)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(65536);

    (void)state;
    assert_int_equal(RUN(&out, (char[]){"run"}, (char[]){"--dir"}, path_of("h"),
                         (char[]){"--socket"}, path_of("two")),
                     1);
    assert_int_equal(RUN(&out, (char[]){"key"}, (char[]){"copy"}, (char[]){"--dir"}, path_of("h"),
                         (char[]){"--out"}, path_of("copy")),
                     1);
}

static void
test_a_stranger_on_this_machine(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip(); /* only root can become somebody else */
    }
    assert_int_equal(chmod(top, 0755), 0);
    assert_int_equal(chmod(path_of("sock"), 0666), 0); /* even then */
    pid_t pid = fork();
    if (pid == 0) {
        char c;
        if (setgid(65534) != 0 || setuid(65534) != 0) {
            _exit(3);
        }
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        (void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path_of("sock"));
        if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
            _exit(4);
        }
        _exit(recv(fd, &c, 1, 0) == 0 ? 0 : 5);
    }
    assert_int_equal(finish(pid), 0);
}

/* What the kernel says about the running process. */
static void
proc_line(const char *file, const char *key, char ret[128])
{
    char path[64], line[512];

    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)holder, file);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    ret[0] = '\0';
    while (fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            (void)snprintf(ret, 128, "%.100s", line + strlen(key));
        }
    }
    (void)fclose(f);
}

static void
test_the_process_is_closed_in(void **state)
{
    char line[128];

    (void)state;
    proc_line("status", "NoNewPrivs:", line);
    assert_int_equal(strtol(line, NULL, 10), 1);
    proc_line("status", "Threads:", line);
    assert_int_equal(strtol(line, NULL, 10), 1);
    proc_line("status", "Seccomp:", line);
    assert_int_equal(strtol(line, NULL, 10), spk_sandbox_filters() ? 2 : 0);
    proc_line("limits", "Max core file size", line);
    assert_int_equal(strtol(line, NULL, 10), 0);
}

static void
test_altered_journal(void **state)
{
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(1 << 20);
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(65536);

    (void)state;
    assert_int_equal(say_open(&w, &w.ask), SPK_FRAME_OK);
    assert_int_equal(say_vote(&w, &w.ask, CAROL, false, NULL), SPK_FRAME_OK);
    assert_int_equal(holder_end(SIGTERM), 0);
    assert_spk_ok(spk_file_read(w.dirfd, "journal", &b));
    b.ptr[b.len / 2] ^= 1;
    assert_spk_ok(spk_file_write(w.dirfd, "journal", spk_buf_span(&b), 0600, true));
    assert_int_equal(RUN(&out, (char[]){"run"}, (char[]){"--dir"}, path_of("h"),
                         (char[]){"--socket"}, path_of("two")),
                     1);
}

/* -- The sealed copy
 * --------------------------------------------------------------------------------- */

static void
read_line(int fd, char *ret, size_t cap)
{
    size_t n = 0;

    while (n + 1 < cap && read(fd, ret + n, 1) == 1 && ret[n] != '\n') {
        n++;
    }
    ret[n] = '\0';
}

/* The officer's part, as sparekeyctl does it. */
static void
pass_on(int officer, const char *kept, const uint8_t transport[32], const char *to)
{
    SPK_AUTO_BUF struct spk_buf file = SPK_BUF(SPK_SHARE_FILE_MAX);
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(SPK_SHARE_FILE_MAX);

    assert_spk_ok(spk_file_read(AT_FDCWD, kept, &file));
    assert_spk_ok(spk_share_pass_on(spk_buf_span(&file), w.seal[officer], transport, &out));
    assert_spk_ok(spk_file_write(AT_FDCWD, to, spk_buf_span(&out), 0600, false));
}

struct opening {
    pid_t pid;
    int to, from;
    uint8_t transport[32];
};

static void
opening_start(struct opening *o, char *state_dir)
{
    char *argv[] = {
        program(),          (char[]){"key"}, (char[]){"restore"}, (char[]){"--dir"}, path_of("new"),
        (char[]){"--copy"}, path_of("copy"), (char[]){"--state"}, state_dir,         NULL};
    int in[2], out[2];
    char line[256];

    if (state_dir == NULL) {
        argv[7] = NULL;
    }
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    o->pid = start(argv, in[0], out[1], -1);
    (void)close(in[0]);
    (void)close(out[1]);
    o->to = in[1];
    o->from = out[0];
    read_line(o->from, line, sizeof(line));
    assert_memory_equal(line, "copy ", 5);
    read_line(o->from, line, sizeof(line));
    assert_memory_equal(line, "transport ", 10);
    assert_spk_ok(spk_hex_parse(spk_span_str(line + 10), o->transport, 32));
    read_line(o->from, line, sizeof(line));
    assert_memory_equal(line, "code ", 5);
    read_line(o->from, line, sizeof(line));
    assert_string_equal(line, "needed 2 of 4");
}

static void
opening_give(struct opening *o, const char *path)
{
    char line[600];
    int n = snprintf(line, sizeof(line), "%s\n", path);

    assert_true(write(o->to, line, (size_t)n) == n);
}

static int
opening_end(struct opening *o)
{
    (void)close(o->to);
    int status = finish(o->pid);
    (void)close(o->from);
    return status;
}

static void
make_copy(void)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(65536);

    assert_int_equal(holder_end(SIGTERM), 0);
    assert_int_equal(RUN(&out, (char[]){"key"}, (char[]){"copy"}, (char[]){"--dir"}, path_of("h"),
                         (char[]){"--out"}, path_of("copy")),
                     0);
}

static void
test_copy_is_opened_once(void **state)
{
    struct opening o;
    SPK_AUTO_BUF struct spk_buf log = SPK_BUF(SPK_USELOG_MAX);
    SPK_AUTO(spk_keys) k = NULL;
    char line[64];

    (void)state;
    approve_two();
    assert_int_equal(say_successor(&w, &w.ask, &w.owner), SPK_FRAME_OK);
    make_copy();
    /* the old machine is gone but for a backup of what it knew */
    opening_start(&o, path_of("h"));
    pass_on(ALICE, path_of("copy/share-alice.sks"), o.transport, path_of("a.skp"));
    pass_on(DAVE, path_of("copy/share-dave.sks"), o.transport, path_of("d.skp"));
    opening_give(&o, path_of("copy/share-bob.sks")); /* not passed on: refused, and asked again */
    opening_give(&o, path_of("a.skp"));
    opening_give(&o, path_of("a.skp")); /* the same share twice is one */
    opening_give(&o, path_of("d.skp"));
    read_line(o.from, line, sizeof(line));
    assert_string_equal(line, "share 1 of 2");
    read_line(o.from, line, sizeof(line));
    assert_string_equal(line, "share 2 of 2");
    assert_int_equal(opening_end(&o), 0);
    /* the keys are the same ones, the use is written down, and the holder takes up where it was */
    SPK_AUTO_FD int fresh = open(path_of("new"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_spk_ok(spk_keys_read(fresh, NULL, &k));
    assert_true(spk_hash_eq(spk_rsa_id(k->epoch[0].pair), spk_rsa_id(w.keys->epoch[0].pair)));
    assert_true(spk_secret_eq(k->seed, w.keys->seed));
    assert_spk_ok(spk_uselog_read(fresh, &log));
    assert_non_null(memmem(log.ptr, log.len, "officer/alice officer/dave", 26));
    holder_run(path_of("new"));
    assert_int_equal(say_hello(&w), SPK_FRAME_OK);
    assert_int_equal(say_state(&w, &w.ask), SPK_STATE_DONE);
    assert_int_equal(say_release(&w, &w.ask, 1), SPK_FRAME_OK);
    assert_key_came(&w, &w.dep[1], w.new_keyx);
    assert_int_equal(holder_end(SIGTERM), 0);
    /* once shown, a use cannot be taken out of the log any more */
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(65536);
    assert_int_equal(unlinkat(fresh, "use.log", 0), 0);
    assert_int_equal(RUN(&out, (char[]){"run"}, (char[]){"--dir"}, path_of("new"),
                         (char[]){"--socket"}, path_of("two")),
                     1);
}

static void
test_copy_without_the_old_state(void **state)
{
    struct opening o;

    (void)state;
    assert_int_equal(say_policy(&w, NULL, 3), SPK_FRAME_OK);
    make_copy();
    opening_start(&o, NULL);
    pass_on(BOB, path_of("copy/share-bob.sks"), o.transport, path_of("b.skp"));
    pass_on(CAROL, path_of("copy/share-carol.sks"), o.transport, path_of("c.skp"));
    opening_give(&o, path_of("b.skp"));
    opening_give(&o, path_of("c.skp"));
    assert_int_equal(opening_end(&o), 0);
    holder_run(path_of("new"));
    assert_int_equal(say_hello(&w), SPK_FRAME_OK);
    assert_int_equal(out_u64(&w, SPK_FA_POLICY_NUMBER), 2); /* the chain came along */
    /* it knows that the logs have begun, and does nothing without them (holder.md, 6.3) */
    assert_int_equal(say_open(&w, &w.ask), SPK_FRAME_REFUSED);
    assert_int_equal(say_release(&w, &w.ask, 1), SPK_FRAME_REFUSED);
}

static void
test_copy_needs_its_quorum(void **state)
{
    struct opening o;

    (void)state;
    make_copy();
    opening_start(&o, NULL);
    pass_on(ALICE, path_of("copy/share-alice.sks"), o.transport, path_of("a.skp"));
    /* sealed to another transport key: of an earlier attempt, say */
    uint8_t other[32] = {9};
    pass_on(BOB, path_of("copy/share-bob.sks"), other, path_of("b.skp"));
    opening_give(&o, path_of("a.skp"));
    opening_give(&o, path_of("b.skp"));
    opening_give(&o, path_of("no-such-file"));
    assert_int_equal(opening_end(&o), 1);
    assert_int_equal(access(path_of("new/holder.key"), F_OK), -1);
}

static void
test_rotate(void **state)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(65536);
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(65536);
    struct spk_authority a = {.epoch = 1}, next = {.epoch = 0};

    (void)state;
    (void)snprintf(a.name, sizeof(a.name), "authority.example");
    a.key = w.keys->epoch[0].pair;
    a.holder = w.keys->vkey;
    a.tls.b[0] = 5;
    a.policy = w.policy.hash;
    assert_spk_ok(spk_authority_format(&a, &text));
    assert_spk_ok(
        spk_file_write(AT_FDCWD, path_of("statement-1.note"), spk_buf_span(&text), 0600, false));
    assert_int_equal(holder_end(SIGTERM), 0);
    assert_int_equal(RUN(&out, (char[]){"key"}, (char[]){"rotate"}, (char[]){"--dir"}, path_of("h"),
                         (char[]){"--bits"}, (char[]){"2048"}, (char[]){"--statement"},
                         path_of("statement-1.note")),
                     0);
    assert_spk_ok(spk_authority_parse(spk_buf_span(&out), &next));
    assert_int_equal(next.epoch, 2);
    assert_true(spk_hash_eq(&next.previous, spk_rsa_id(w.keys->epoch[0].pair)));
    assert_memory_equal(next.tls.b, a.tls.b, 32);
    holder_run(path_of("h"));
    assert_int_equal(say_hello(&w), SPK_FRAME_OK);
    assert_int_equal(out_u64(&w, SPK_FA_EPOCH), 2);
    approve_two();
    assert_int_equal(say_release(&w, &w.ask, 0), SPK_FRAME_OK); /* the old epoch stays usable */
    struct msg m = {.n = 0};
    msg_deposit(&m, &w.dep[0]);
    assert_int_equal(world_send(&w, SPK_MSG_REWRAP, &m), SPK_FRAME_OK);
    assert_int_equal(holder_end(SIGTERM), 0);
    /* a pair that has been in use cannot disappear */
    assert_int_equal(unlinkat(w.dirfd, "epoch-2.key", 0), 0);
    assert_int_equal(RUN(&text, (char[]){"run"}, (char[]){"--dir"}, path_of("h"),
                         (char[]){"--socket"}, path_of("two")),
                     1);
    spk_authority_clear(&next);
}

/* -- Wrong use
 * --------------------------------------------------------------------------------------- */

static void
test_wrong_use(void **state)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(65536);

    (void)state;
    assert_int_equal(RUN(&out, (char[]){"--help"}), 0);
    assert_non_null(memmem(out.ptr, out.len, "key restore", 11));
    assert_int_equal(RUN(&out, (char[]){"--version"}), 0);
    assert_int_equal(run(&out, (char *const[]){NULL}), 2);
    assert_int_equal(RUN(&out, (char[]){"decrypt"}), 2);
    assert_int_equal(RUN(&out, (char[]){"key"}), 2);
    assert_int_equal(RUN(&out, (char[]){"init"}, (char[]){"--dir"}, path_of("x")), 2);
    assert_int_equal(RUN(&out, (char[]){"run"}, (char[]){"--dir"}), 2);
    assert_int_equal(RUN(&out, (char[]){"init"}, (char[]){"--dir"}, path_of("x"),
                         (char[]){"--name"}, (char[]){"two words"}, (char[]){"--policy"},
                         path_of("genesis.note")),
                     2);
    assert_int_equal(RUN(&out, (char[]){"run"}, (char[]){"--dir"}, path_of("nowhere"),
                         (char[]){"--socket"}, path_of("two")),
                     1);
}

static void
test_init_wants_every_signature(void **state)
{
    SPK_AUTO_BUF struct spk_buf note = SPK_BUF(SPK_NOTE_MAX);
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(65536);

    (void)state;
    policy_note(&w, &w.policy, 15, &note); /* dave was not asked */
    assert_spk_ok(
        spk_file_write(AT_FDCWD, path_of("short.note"), spk_buf_span(&note), 0600, false));
    assert_int_equal(RUN(&out, (char[]){"init"}, (char[]){"--dir"}, path_of("x"),
                         (char[]){"--name"}, (char[]){"authority.example"}, (char[]){"--policy"},
                         path_of("short.note")),
                     1);
    /* nor is a folder made over another */
    assert_int_equal(RUN(&out, (char[]){"init"}, (char[]){"--dir"}, path_of("h"),
                         (char[]){"--name"}, (char[]){"authority.example"}, (char[]){"--bits"},
                         (char[]){"2048"}, (char[]){"--policy"}, path_of("genesis.note")),
                     1);
    assert_int_equal(say_open(&w, &w.ask), SPK_FRAME_OK);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_whole_story),
        T(test_stop),
        T(test_killed_at_any_moment),
        T(test_bad_message_ends_the_session_only),
        T(test_too_long_a_packet),
        T(test_descriptors_are_not_taken),
        T(test_many_sessions_and_pipelined_messages),
        T(test_one_holder_a_folder),
        T(test_a_stranger_on_this_machine),
        T(test_the_process_is_closed_in),
        T(test_altered_journal),
        T(test_copy_is_opened_once),
        T(test_copy_without_the_old_state),
        T(test_copy_needs_its_quorum),
        T(test_rotate),
        T(test_wrong_use),
        T(test_init_wants_every_signature),
    };

    (void)alarm(150);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
