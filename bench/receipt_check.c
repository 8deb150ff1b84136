/* SPDX-License-Identifier: Apache-2.0 */
/* Milliseconds to check a receipt offline: its log's signature, its path, and that it is about the
 * file's deposit.
 *
 * receipt_check LOG-KEY RECEIPT
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "client/receipt.h"

#define CHECKS 5000u

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

int
main(int argc, char **argv)
{
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF((size_t)SPK_PROOF_MAX);
    enum spk_log_fault fault = SPK_LOG_FAULT_NONE;
    struct spk_receipt r;
    struct spk_vkey log;
    double worst = 0, sum = 0;

    if (argc != 3) {
        fprintf(stderr, "usage: receipt_check LOG-KEY RECEIPT\n");
        return 2;
    }
    must(spk_vkey_parse(spk_span_str(argv[1]), &log), "the log's key");
    must(spk_file_read(AT_FDCWD, argv[2], &text), "the receipt");
    for (unsigned i = 0; i < CHECKS; i++) {
        double start = now_ms(), took;

        must(spk_receipt_verify(spk_buf_span(&text), &log, NULL, &r, &fault), "checking");
        if (spk_receipt_about(&r, &r.rpub, &r.p) != SPK_LOG_FAULT_NONE) {
            must(SPK_ERR(AUTH), "comparing");
        }
        took = now_ms() - start;
        sum += took;
        worst = took > worst ? took : worst;
    }
    printf("entry %llu of %llu: %.3f ms, at worst %.3f\n", (unsigned long long)r.index,
           (unsigned long long)r.size, sum / CHECKS, worst);
    return 0;
}
