/* SPDX-License-Identifier: Apache-2.0 */
/* A journal of any bytes: refused, or of no records at all, since nobody can make the MACs. */
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"

static spk_err
visit(void *arg, uint16_t type, struct spk_span body)
{
    (void)arg;
    (void)type;
    must(body.len <= SPK_JOURNAL_BODY_MAX);
    return SPK_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO(spk_secret) seed = fuzz_seed();
    SPK_AUTO_JOURNAL start = SPK_JOURNAL_NONE, j = SPK_JOURNAL_NONE;
    const struct spk_hash genesis = {{1}};
    const struct spk_journal_how how = {seed, &genesis, true, visit, NULL};
    struct spk_journal_fault fault;
    int fd = memfd_create("journal", MFD_CLOEXEC), again = -1;

    /* first byte even: the input stands behind a good head, odd: it is the whole file */
    must(fd >= 0);
    if (size > 0 && data[0] % 2 == 0) {
        MUST(spk_journal_start(fd, seed, &genesis, &start));
        MUST(spk_pwrite_full(start.fd, spk_span(data + 1, size - 1), start.end));
        again = dup(start.fd);
    } else {
        MUST(spk_pwrite_full(fd, spk_span(data, size), 0));
        again = fd;
    }
    must(again >= 0);
    if (spk_ok(spk_journal_open(again, &how, &j, &fault))) {
        MUST(spk_journal_append(&j, 1, SPK_SPAN_LIT("goes on")));
    }
    return 0;
}
