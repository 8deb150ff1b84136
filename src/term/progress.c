/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "term/term.h"

#define EVERY_MS 200u
#define FIRST_AFTER_MS 500u
#define WIDTH 24

static bool
due(struct term_progress *pr)
{
    uint64_t now = spk_running_ms();

    if (!pr->on || now - pr->started_ms < FIRST_AFTER_MS || now - pr->shown_ms < EVERY_MS) {
        return false;
    }
    pr->shown_ms = now;
    return true;
}

static void
tick(void *ctx, uint64_t done, uint64_t total)
{
    struct term_progress *pr = ctx;
    char bar[WIDTH + 1];
    char rate[48];
    uint64_t ms;

    if (!due(pr)) {
        return;
    }
    ms = spk_running_ms() - pr->started_ms;
    (void)snprintf(rate, sizeof(rate), "%s", term_size(done));
    if (total > 0) {
        size_t fill = done >= total ? WIDTH : (size_t)((double)done / (double)total * WIDTH);

        memset(bar, '.', WIDTH);
        memset(bar, '#', fill);
        bar[WIDTH] = '\0';
        fprintf(stderr, "\r\033[K%s [%s] %3d%%  %s/s", pr->label, bar,
                (int)((double)done / (double)total * 100.0),
                term_size(ms == 0 ? 0 : done * 1000u / ms));
    } else {
        fprintf(stderr, "\r\033[K%s  %s  %s/s", pr->label, rate,
                term_size(ms == 0 ? 0 : done * 1000u / ms));
    }
}

void
term_progress_begin(struct term *c, struct term_progress *pr, const char *label)
{
    memset(pr, 0, sizeof(*pr));
    pr->on = !c->quiet && isatty(STDERR_FILENO) == 1;
    pr->label = label;
    pr->started_ms = spk_running_ms();
    pr->p.tick = tick;
    pr->p.ctx = pr;
    pr->p.stop = &term_stop;
}

void
term_progress_files(struct term_progress *pr, uint64_t files, uint64_t bytes)
{
    if (due(pr)) {
        fputs("\r\033[K", stderr);
        fprintf(stderr, ngettext("%s  %lu file, %s", "%s  %lu files, %s", (unsigned long)files),
                pr->label, (unsigned long)files, term_size(bytes));
    }
}

void
term_progress_end(struct term_progress *pr)
{
    if (pr->on && pr->shown_ms != 0) {
        fputs("\r\033[K", stderr);
    }
    pr->shown_ms = 0;
}
