/* SPDX-License-Identifier: Apache-2.0 */
/* The target of a request line, and the routes over it. */
#include <stdio.h>

#include "authority/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct spk_exchange r;
    static const char *const methods[] = {"GET", "POST"};
    struct spk_span v;
    bool bad = false;

    if (!spk_ok(spk_target_parse(spk_span(data, size), &r.target))) {
        return 0;
    }
    size_t decoded = 0;
    for (size_t i = 0; i < r.target.n_segments; i++) {
        decoded += r.target.segments[i].len;
    }
    for (size_t i = 0; i < r.target.n_params; i++) {
        decoded += r.target.params[i].name.len + r.target.params[i].value.len;
    }
    if (decoded > size) {
        __builtin_trap();
    }
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(r.method, sizeof(r.method), "%s", methods[i]);
        r.route = spk_route_find(&r, &bad);
        if (r.route != NULL && spk_route_params_ok(&r)) {
            (void)spk_target_param(&r.target, "limit", &v);
        }
    }
    return 0;
}
