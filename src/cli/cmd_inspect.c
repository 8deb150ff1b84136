/* SPDX-License-Identifier: Apache-2.0 */
/* sparekey inspect: the header as it stands there, believed by nobody. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/folder.h"
#include "client/parcel.h"
#include "client/receipt.h"
#include "sealed/header.h"

static const char *
slot_name(uint16_t type)
{
    static const char *const names[] = {"unknown",  "user",   "authority", "receipt",
                                        "metadata", "record", "accepted"};

    return type < sizeof(names) / sizeof(names[0]) ? names[type] : names[0];
}

static const char *
area_name(const struct spk_header *h, unsigned area, uint64_t *ret_generation)
{
    static const char *const names[] = {"good", "damaged", "absent"};

    *ret_generation = 0;
    return names[spk_header_area_state(h, area, ret_generation)];
}

static void
json_receipt(struct spk_jw *w, struct spk_span text)
{
    struct spk_receipt r;
    enum spk_log_fault fault = SPK_LOG_FAULT_NONE;

    if (!spk_ok(spk_receipt_read(text, &r, &fault))) {
        spk_jw_cstr(w, "error", spk_log_fault_name(SPK_LOG_FAULT_MALFORMED));
        return;
    }
    spk_jw_u64(w, "index", r.index);
    spk_jw_u64(w, "size", r.size);
    spk_jw_cstr(w, "origin", r.origin);
    spk_jw_u64(w, "time", r.rpub.time_ms);
    spk_jw_u64(w, "other_signatures", r.others);
}

static void
print_receipt(struct spk_span text)
{
    struct spk_receipt r;
    enum spk_log_fault fault = SPK_LOG_FAULT_NONE;
    char when[21];

    if (!spk_ok(spk_receipt_read(text, &r, &fault))) {
        printf(" %s", term_log_words(SPK_LOG_FAULT_MALFORMED));
        return;
    }
    printf(_(" entry %llu of %llu in %s, %s"), (unsigned long long)r.index,
           (unsigned long long)r.size, term_shown(r.origin),
           spk_time_iso(r.rpub.time_ms / 1000u, when));
    if (r.others > 0) {
        printf(ngettext(", %zu more signature", ", %zu more signatures", r.others), r.others);
    }
}

static void
json_slot(struct spk_jw *w, const struct spk_slot *s)
{
    uint64_t index = 0;
    uint64_t time_ms = 0;

    spk_jw_open(w, NULL, '{');
    spk_jw_cstr(w, "type", slot_name(s->type));
    spk_jw_u64(w, "number", s->type);
    if (!spk_hash_zero(&s->recipient)) {
        spk_jw_hex(w, "recipient", spk_hash_span(&s->recipient));
    }
    if (s->type == SPK_SLOT_USER || s->type == SPK_SLOT_AUTHORITY) {
        spk_jw_bool(w, "oaep", (s->flags & SPK_WRAP_OAEP) != 0);
        spk_jw_bool(w, "derived", (s->flags & SPK_WRAP_DERIVED) != 0);
    }
    if (s->type == SPK_SLOT_ACCEPTED && spk_ok(spk_accepted_parse(s->body, &index, &time_ms))) {
        spk_jw_u64(w, "index", index);
        spk_jw_u64(w, "time", time_ms);
    }
    if (s->type == SPK_SLOT_RECEIPT) {
        json_receipt(w, s->body);
    }
    spk_jw_u64(w, "bytes", s->body.len);
    spk_jw_close(w, '}');
}

static void
json_authorities(struct spk_jw *w, const struct spk_core *core)
{
    struct spk_core_authority a;

    spk_jw_open(w, "authorities", '[');
    for (size_t i = 0; spk_ok(spk_core_authority(core, i, &a)); i++) {
        spk_jw_open(w, NULL, '{');
        spk_jw_hex(w, "key", spk_hash_span(&a.spki));
        spk_jw_u64(w, "epoch", a.epoch);
        spk_jw_u64(w, "policy", a.policy);
        spk_jw_close(w, '}');
    }
    spk_jw_close(w, ']');
}

static void
json_areas(struct spk_jw *w, const struct spk_header *h)
{
    spk_jw_open(w, "areas", '[');
    for (unsigned i = 0; i < spk_core_areas(spk_header_core(h)); i++) {
        uint64_t generation = 0;

        spk_jw_open(w, NULL, '{');
        spk_jw_cstr(w, "state", area_name(h, i, &generation));
        spk_jw_u64(w, "generation", generation);
        spk_jw_close(w, '}');
    }
    spk_jw_close(w, ']');
}

static int
print_json(const char *path, struct spk_header *h)
{
    const struct spk_core *core = spk_header_core(h);
    const struct spk_slots *slots = spk_header_slots(h);
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF((size_t)1 << 20);
    struct spk_jw w = {.b = &b};
    char when[21];

    spk_jw_open(&w, NULL, '{');
    spk_jw_str(&w, "file", spk_span_str(path));
    spk_jw_u64(&w, "version", 1);
    spk_jw_hex(&w, "serial", SPK_SPAN_OF(core->id.b));
    spk_jw_cstr(&w, "created", spk_time_iso(core->created, when));
    spk_jw_bool(&w, "compact", (core->flags & SPK_CORE_FLAG_COMPACT) != 0);
    spk_jw_u64(&w, "area_len", core->area_len);
    spk_jw_u64(&w, "segment_len", core->seg_len);
    spk_jw_u64(&w, "payload_offset", spk_header_payload_off(h));
    spk_jw_hex(&w, "commitment", spk_hash_span(&core->commitment));
    json_authorities(&w, core);
    json_areas(&w, h);
    spk_jw_open(&w, "slots", '[');
    for (size_t i = 0; slots != NULL && i < spk_slots_count(slots); i++) {
        json_slot(&w, spk_slots_at(slots, i));
    }
    spk_jw_close(&w, ']');
    spk_jw_close(&w, '}');
    return term_json_out(&w, &b);
}

static void
print_slot(const struct spk_slot *s)
{
    char hex[2 * SPK_HASH_LEN + 1];
    uint64_t index = 0;
    uint64_t time_ms = 0;

    printf("  %-10s", slot_name(s->type));
    if (s->type == SPK_SLOT_ACCEPTED && spk_ok(spk_accepted_parse(s->body, &index, &time_ms))) {
        char when[21];

        printf(_(" deposit %llu, %s"), (unsigned long long)index,
               spk_time_iso(time_ms / 1000u, when));
    } else if (s->type == SPK_SLOT_RECEIPT) {
        print_receipt(s->body);
    } else if (!spk_hash_zero(&s->recipient)) {
        printf(_(" key %.16s…"), spk_hex(spk_hash_span(&s->recipient), hex));
    }
    printf(ngettext("  %zu byte\n", "  %zu bytes\n", s->body.len), s->body.len);
}

static void
print_text(const char *path, struct spk_header *h)
{
    const struct spk_core *core = spk_header_core(h);
    const struct spk_slots *slots = spk_header_slots(h);
    struct spk_core_authority a;
    char hex[2 * SPK_HASH_LEN + 1];
    char when[21];

    printf(_("%s\n  serial    %s\n  sealed    %s\n"), term_shown(path),
           spk_hex(SPK_SPAN_OF(core->id.b), hex), spk_time_iso(core->created, when));
    printf(_("  form      %s, segments of %s, payload from byte %llu\n"),
           (core->flags & SPK_CORE_FLAG_COMPACT) ? _("compact") : _("two areas"),
           term_size(core->seg_len), (unsigned long long)spk_header_payload_off(h));
    for (size_t i = 0; spk_ok(spk_core_authority(core, i, &a)); i++) {
        printf(_("  authority %.16s… epoch %u, policy %u\n"), spk_hex(spk_hash_span(&a.spki), hex),
               a.epoch, a.policy);
    }
    for (unsigned i = 0; i < spk_core_areas(core); i++) {
        uint64_t generation = 0;
        const char *state = area_name(h, i, &generation);

        printf(_("  area %c    %s, generation %llu\n"), 'A' + (int)i, state,
               (unsigned long long)generation);
    }
    if (slots == NULL) {
        fputs(_("  no readable slots\n"), stdout);
    }
    for (size_t i = 0; slots != NULL && i < spk_slots_count(slots); i++) {
        print_slot(spk_slots_at(slots, i));
    }
    fputs(_("  (read without a key: claims, not proofs)\n"), stdout);
}

static int
tell_error(const struct term *c, const char *path, spk_err e)
{
    term_json_failed(c, path, e);
    return term_error(TERM_ABOUT_SEALED, path, e, NULL);
}

static int
one_file(const struct term *c, const char *path)
{
    SPK_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    SPK_AUTO(spk_header) h = NULL;
    struct stat st;
    spk_err e;

    if (fd < 0) {
        return tell_error(c, path, spk_err_errno());
    }
    e = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? SPK_ERR(USAGE) : spk_header_read(fd, &h);
    if (!spk_ok(e)) {
        return tell_error(c, path, e);
    }
    if (c->json) {
        return print_json(path, h);
    }
    print_text(path, h);
    return TERM_DONE;
}

int
cmd_inspect(struct term *c, int argc, char **argv)
{
    int first = 0;
    int status = term_options(c, NULL, 0, argc, argv, &first);

    if (status != TERM_GO_ON) {
        return status;
    }
    if (first == argc) {
        return term_usage(c, _("which file?"));
    }
    status = TERM_DONE;
    for (int i = first; i < argc; i++) {
        int one = strcmp(argv[i], "-") == 0 ? cli_say_pipe(c, "inspect") : one_file(c, argv[i]);

        status = one != TERM_DONE ? one : status;
    }
    return term_flush(status);
}
