/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/slots.h"

#include <string.h>

#include "sealed/area.h"

struct spk_slots {
    struct spk_slot *v; /* bodies belong to the list */
    size_t n;
    size_t cap;
};

spk_err
spk_slots_new(struct spk_slots **ret_s)
{
    struct spk_slots *s = spk_calloc(1, sizeof *s);
    SPK_CHECK(s != NULL, NOMEM);
    *ret_s = s;
    return SPK_OK;
}

static void
slot_free_body(struct spk_slot *slot)
{
    spk_mem_free((void *)(uintptr_t)slot->body.ptr);
    slot->body = SPK_SPAN_EMPTY;
}

void
spk_slots_free(struct spk_slots *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        slot_free_body(&s->v[i]);
    }
    spk_mem_free(s->v);
    spk_mem_free(s);
}

size_t
spk_slots_count(const struct spk_slots *s)
{
    return s->n;
}

const struct spk_slot *
spk_slots_at(const struct spk_slots *s, size_t i)
{
    return i < s->n ? &s->v[i] : NULL;
}

const struct spk_slot *
spk_slots_find(const struct spk_slots *s, uint16_t type, const struct spk_hash *recipient,
               size_t from)
{
    for (size_t i = from; i < s->n; i++) {
        const struct spk_slot *slot = &s->v[i];
        if (slot->type == type && (recipient == NULL || spk_hash_eq(&slot->recipient, recipient))) {
            return slot;
        }
    }
    return NULL;
}

/* A copy with a body of its own. */
static spk_err
slot_copy(const struct spk_slot *from, struct spk_slot *ret_slot)
{
    SPK_CHECK(from->body.len <= SPK_AREA_BODY_MAX, LIMIT);
    struct spk_slot copy = *from;
    copy.body = SPK_SPAN_EMPTY;
    if (from->body.len > 0) {
        uint8_t *body = spk_calloc(from->body.len, 1);
        SPK_CHECK(body != NULL, NOMEM);
        memcpy(body, from->body.ptr, from->body.len);
        copy.body = spk_span(body, from->body.len);
    }
    *ret_slot = copy;
    return SPK_OK;
}

spk_err
spk_slots_add(struct spk_slots *s, const struct spk_slot *slot)
{
    SPK_CHECK(s->n < SPK_SLOTS_MAX, LIMIT);
    if (s->n == s->cap) {
        size_t cap = s->cap == 0 ? 8 : s->cap * 2;
        struct spk_slot *v = spk_reallocarray(s->v, cap, sizeof *v);
        SPK_CHECK(v != NULL, NOMEM);
        s->v = v;
        s->cap = cap;
    }
    SPK_TRY(slot_copy(slot, &s->v[s->n]));
    s->n++;
    return SPK_OK;
}

spk_err
spk_slots_put(struct spk_slots *s, const struct spk_slot *slot)
{
    const struct spk_slot *old = spk_slots_find(s, slot->type, &slot->recipient, 0);
    if (old == NULL) {
        return spk_slots_add(s, slot);
    }
    struct spk_slot copy;
    SPK_TRY(slot_copy(slot, &copy));
    struct spk_slot *at = &s->v[old - s->v];
    slot_free_body(at);
    *at = copy;
    return SPK_OK;
}

size_t
spk_slots_area_need(const struct spk_slots *s)
{
    size_t need = SPK_AREA_HEAD + SPK_AREA_TRAILER;
    for (size_t i = 0; i < s->n; i++) {
        need += SPK_SLOT_HEAD + s->v[i].body.len;
    }
    return need;
}
