/* SPDX-License-Identifier: Apache-2.0 */
/* A container under a passphrase, and a person at a terminal. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <conio.h>

#include "capi_test.h"

#define NAME "Vector \xc3\x84 1"
#define FOLDED "vector \xc3\x84 1"
#define RIGHT "correct horse"
#define SCREEN_MAX 4000
#define WAIT_MS 60000

/* The container of the known answers, where the library looks for it. */
static void
plant(void)
{
    BYTE bytes[16384];
    char path[700];
    const char *root = getenv("SPK_VECTORS");
    assert_non_null(root);
    (void)snprintf(path, sizeof path, "%s/keystore/passphrase.spc", root);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof bytes, f);
    (void)fclose(f);
    run_in_dir("mkdir -p -m 700 data/sparekey/containers");
    int at = snprintf(path, sizeof path, "%s/data/sparekey/containers/", capi_dir());
    for (const char *c = FOLDED; *c != '\0'; c++) {
        at += snprintf(path + at, sizeof path - (size_t)at, "%02x", (unsigned)(BYTE)*c);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    (void)close(fd);
}

/* What a program does, in a process of its own; its exit status is the low byte of its error. */
static int
use_pair(DWORD flags, const char *pin)
{
    HCRYPTPROV p = 0;
    HCRYPTKEY k = 0;
    HCRYPTHASH h = 0;
    BYTE sig[1024];
    DWORD n = sizeof sig;
    BOOL ok = CryptAcquireContextA(&p, NAME, NULL, PROV_RSA_AES, flags);
    ok = ok &&
         (pin == NULL || CryptSetProvParam(p, PP_KEYEXCHANGE_PIN, (const BYTE *)(uintptr_t)pin, 0));
    ok = ok && CryptGetUserKey(p, AT_SIGNATURE, &k) && CryptCreateHash(p, CALG_SHA1, 0, 0, &h) &&
         CryptSignHashA(h, AT_SIGNATURE, NULL, 0, sig, &n) &&
         CryptVerifySignatureA(h, sig, n, k, NULL, 0);
    return ok ? 0 : (int)(GetLastError() & 0xff);
}

static int
silent(void)
{
    return use_pair(CRYPT_SILENT, NULL);
}
static int
asking(void)
{
    return use_pair(0, NULL);
}
static int
with_pin(void)
{
    return use_pair(0, RIGHT);
}
static int
with_wrong_pin(void)
{
    return use_pair(0, "wrong");
}
static int
without_terminal(void)
{
    int status = -1;
    pid_t pid = fork(); /* the first process of a session cannot leave it */
    if (pid == 0) {
        _exit(setsid() > 0 ? asking() : 99);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                           : 98;
}
/* A new pair needs the passphrase too. The one that is there keeps what it may. */
static int
silent_write(void)
{
    HCRYPTPROV p = 0, q = 0;
    HCRYPTKEY k = 0;
    DWORD n = 0;
    BOOL ok = CryptAcquireContextA(&p, NAME, NULL, PROV_RSA_AES, CRYPT_SILENT) &&
              CryptSetProvParam(p, PP_KEYEXCHANGE_PIN, (const BYTE *)RIGHT, 0) &&
              CryptGenKey(p, AT_KEYEXCHANGE, (2048u << 16) | CRYPT_EXPORTABLE, &k) &&
              CryptAcquireContextA(&q, NAME, NULL, PROV_RSA_AES, CRYPT_SILENT);
    if (!ok) {
        return 1;
    }
    ok = CryptGenKey(q, AT_KEYEXCHANGE, 2048u << 16, &k);
    int code = (int)(GetLastError() & 0xff);
    (void)CryptReleaseContext(p, 0);
    ok = !ok && CryptAcquireContextA(&p, NAME, NULL, PROV_RSA_AES, CRYPT_SILENT) &&
         CryptSetProvParam(p, PP_KEYEXCHANGE_PIN, (const BYTE *)RIGHT, 0) &&
         CryptGetUserKey(p, AT_KEYEXCHANGE, &k) &&
         CryptExportKey(k, 0, PRIVATEKEYBLOB, 0, NULL, &n);
    return ok ? code : 2;
}

/* Asks in a child; true when that ended of SIGINT and the terminal echoes again. */
static int
given_up(void)
{
    struct termios before, after;
    int status = 0;
    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        return 1;
    }
    (void)signal(SIGINT, SIG_IGN);
    pid_t pid = fork();
    if (pid == 0) {
        (void)signal(SIGINT, SIG_DFL);
        _exit(asking());
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || tcgetattr(STDIN_FILENO, &after) != 0) {
        return 2;
    }
    return !WIFSIGNALED(status) || WTERMSIG(status) != SIGINT ? 3
           : before.c_lflag != after.c_lflag                  ? 4
                                                              : 0;
}

static int
one_key(void)
{
    int c = 0;
    (void)printf("press: ");
    c = _getch();
    return c == 'q' ? 0 : 1;
}

/* Runs work() at a terminal, types a line at every prompt, and gives what was on the screen. */
static int
at_terminal(int (*work)(void), const char *const *lines, char screen[SCREEN_MAX])
{
    int fd = -1, status = 0;
    size_t len = 0, answered = 0;
    pid_t pid = forkpty(&fd, NULL, NULL, NULL);
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(work());
    }
    for (;;) {
        struct pollfd p = {fd, POLLIN, 0};
        if (poll(&p, 1, WAIT_MS) != 1) {
            (void)kill(pid, SIGKILL);
            break;
        }
        ssize_t n = read(fd, screen + len, SCREEN_MAX - 1 - len);
        if (n <= 0) { /* the other side is closed */
            break;
        }
        len += (size_t)n;
        if (len >= 2 && memcmp(screen + len - 2, ": ", 2) == 0 && lines[answered] != NULL) {
            struct timespec typing = {0, 50 * 1000 * 1000}; /* the echo goes off first */
            (void)nanosleep(&typing, NULL);
            assert_true(write(fd, lines[answered], strlen(lines[answered])) > 0);
            answered++;
        }
    }
    screen[len] = '\0';
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)close(fd);
    assert_true(WIFEXITED(status));
    assert_null(lines[answered]); /* all were asked for */
    return WEXITSTATUS(status);
}

static void
asked_without_echo(void **state)
{
    static const char *const lines[] = {RIGHT "\n", NULL};
    char screen[SCREEN_MAX];
    (void)state;
    plant();
    assert_int_equal(at_terminal(asking, lines, screen), 0);
    assert_non_null(strstr(screen, "passphrase of key container '" NAME "': "));
    assert_null(strstr(screen, RIGHT));
    assert_null(strstr(screen, "wrong"));
}

static void
asked_again_when_wrong(void **state)
{
    static const char *const lines[] = {"nonsense\n", "Correct horse\n", RIGHT "\n", NULL};
    static const char *const never[] = {"a\n", "b\n", "c\n", NULL};
    char screen[SCREEN_MAX];
    (void)state;
    plant();
    assert_int_equal(at_terminal(asking, lines, screen), 0);
    assert_non_null(strstr(screen, "wrong; passphrase of key container '" NAME "': "));
    assert_null(strstr(screen, "horse"));
    assert_int_equal(at_terminal(asking, never, screen), NTE_PERM & 0xff);
}

static void
nothing_typed(void **state)
{
    static const char *const lines[] = {"\n", NULL};
    char screen[SCREEN_MAX];
    (void)state;
    plant();
    assert_int_equal(at_terminal(asking, lines, screen), NTE_PERM & 0xff);
}

static void
given_up_with_a_key(void **state)
{
    static const char *const lines[] = {"half\x03", NULL};
    char screen[SCREEN_MAX];
    (void)state;
    plant();
    assert_int_equal(at_terminal(given_up, lines, screen), 0);
    assert_null(strstr(screen, "half"));
}

static void
nobody_is_asked(void **state)
{
    static const char *const none[] = {NULL};
    char screen[SCREEN_MAX];
    (void)state;
    plant();
    assert_int_equal(at_terminal(silent, none, screen), NTE_SILENT_CONTEXT & 0xff);
    assert_string_equal(screen, "");
    assert_int_equal(at_terminal(silent_write, none, screen), NTE_SILENT_CONTEXT & 0xff);
    assert_string_equal(screen, "");
    assert_int_equal(at_terminal(with_pin, none, screen), 0);
    assert_string_equal(screen, "");
    assert_int_equal(at_terminal(with_wrong_pin, none, screen), NTE_PERM & 0xff);
    assert_string_equal(screen, "");
    assert_int_equal(at_terminal(without_terminal, none, screen), NTE_PERM & 0xff);
    assert_string_equal(screen, "");
}

static void
a_key_without_return(void **state)
{
    static const char *const lines[] = {"q", NULL};
    char screen[SCREEN_MAX];
    (void)state;
    assert_int_equal(at_terminal(one_key, lines, screen), 0);
    assert_string_equal(screen, "press: ");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asked_without_echo),   cmocka_unit_test(asked_again_when_wrong),
        cmocka_unit_test(nothing_typed),        cmocka_unit_test(nobody_is_asked),
        cmocka_unit_test(a_key_without_return), cmocka_unit_test(given_up_with_a_key),
    };
    return cmocka_run_group_tests(tests, capi_setup, capi_teardown);
}
