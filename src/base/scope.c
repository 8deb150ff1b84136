/* SPDX-License-Identifier: Apache-2.0 */
#include "base/scope.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
spk_wipe(void *p, size_t len)
{
    if (len > 0) {
        explicit_bzero(p, len);
    }
}

void
spk_fd_auto_(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd); /* what must be durable was fsynced before */
        *fd = -1;
    }
}

void
spk_mem_auto_(void *pp)
{
    void *p;

    memcpy(&p, pp,
           sizeof(p)); /* pp points at a pointer of some type: read it without aliasing it */
    free(p);
    p = NULL;
    memcpy(pp, &p, sizeof(p));
}

void *
spk_calloc(size_t n, size_t size)
{
    /* calloc(0) may give NULL, which would read as "out of memory" */
    return calloc(n > 0 ? n : 1, size > 0 ? size : 1);
}

char *
spk_strdup(const char *s)
{
    return strdup(s);
}

void *
spk_reallocarray(void *p, size_t n, size_t size)
{
    return reallocarray(p, n > 0 ? n : 1, size > 0 ? size : 1);
}

void
spk_mem_free(void *p)
{
    free(p);
}
