/* SPDX-License-Identifier: Apache-2.0 */
/* Milliseconds for the proof of an entry anywhere in a large log, from SQLite, with hardly any of
 * its tiles in memory.
 *
 * log_proof ENTRIES SCRATCH.db
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "authority/logs.h"
#include "base/text.h"
#include "crypto/rng.h"

#define PROOFS 2000u
#define A_TRANSACTION ((uint64_t)50000)

static void
must(spk_err e, const char *what)
{
    if (!spk_ok(e)) {
        fprintf(stderr, "%s: %s\n", what, spk_code_name(e.code));
        exit(1);
    }
}

static double
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
fill(struct spk_store *s, struct spk_logbook *l, uint64_t count)
{
    uint8_t entry[SPK_ENTRY_LEN] = {1};
    const struct spk_log_entry_row row = {.time_ms = 1, .entry = SPK_SPAN_OF(entry)};

    for (uint64_t i = 0; i < count;) {
        struct spk_growth g;
        must(spk_store_begin(s), "begin");
        for (uint64_t end = i + A_TRANSACTION; i < end && i < count; i++) {
            uint64_t index = 0;
            spk_put_u64(entry + 8, i);
            must(spk_store_put_log_entry(s, &row, &index), "entry");
        }
        must(spk_logbook_grow(l, UINT64_MAX, &g), "grow");
        must(spk_store_commit(s), "commit");
        spk_logbook_grown(l, &g);
    }
}

static int
by_time(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void
prove(struct spk_logbook *l, double ms[PROOFS])
{
    struct spk_edge edge;

    spk_logbook_edge(l, &edge);
    for (unsigned i = 0; i < PROOFS; i++) {
        struct spk_hash path[SPK_PATH_MAX];
        uint8_t r[8];
        size_t n = 0;
        must(spk_random(SPK_MUT_OF(r)), "random");
        double start = now_ms();
        must(spk_logbook_path(l, spk_get_u64(r) % edge.n, edge.n, path, &n), "path");
        ms[i] = now_ms() - start;
    }
    qsort(ms, PROOFS, sizeof(ms[0]), by_time);
}

int
main(int argc, char **argv)
{
    SPK_AUTO(spk_store) s = NULL;
    SPK_AUTO(spk_logbook) l = NULL;
    static double ms[PROOFS];
    char why[SPK_WHY_MAX];
    uint64_t count = 0;

    if (argc != 3 || !spk_ok(spk_dec_parse(spk_span_str(argv[1]), 100000000, &count)) ||
        count == 0) {
        fprintf(stderr, "usage: log_proof ENTRIES SCRATCH.db\n");
        return 2;
    }
    const struct spk_store_cfg cfg = {.path = argv[2], .readers = 1, .create = true};
    must(spk_store_open("sqlite", &cfg, &s), argv[2]);
    must(spk_logbook_open(s, SPK_LOG_RECOVERIES, why, &l), "log");
    fill(s, l, count);
    spk_logbook_free(l);
    l = NULL;
    double start = now_ms();
    must(spk_logbook_open(s, SPK_LOG_RECOVERIES, why, &l), "log");
    double opened = now_ms() - start;
    prove(l, ms);
    printf("%llu entries: opened in %.1f ms; a proof p50 %.2f ms, p99 %.2f ms, at most %.2f ms\n",
           (unsigned long long)count, opened, ms[PROOFS / 2], ms[PROOFS * 99 / 100],
           ms[PROOFS - 1]);
    return 0;
}
