/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals and denials by officers, and the veto by its printed code (doc/spec/statements.md §5,
 * §6). */
#include <string.h>

#include "base/text.h"
#include "wire/lines.h"
#include "wire/statement.h"
#include "wire/vkey.h"

#define APPROVAL_TEXT_MAX 2048
#define ROUNDS 2
#define NO_LOG "none"

static spk_err
approval_check(const struct spk_approval *a)
{
    SPK_CHECK(a->round >= 1 && a->round <= ROUNDS, FORMAT);
    SPK_CHECK(a->policy >= 1, FORMAT);
    SPK_CHECK(a->time < a->expires, FORMAT);
    /* One key, one role: the same pair cannot both wrap and sign. */
    SPK_CHECK(!spk_hash_eq(&a->recipient, &a->signer), FORMAT);
    SPK_CHECK(a->log[0] == '\0' || spk_note_name_ok(spk_span_str(a->log)), FORMAT);
    SPK_CHECK(strcmp(a->log, NO_LOG) != 0, FORMAT);
    return SPK_OK;
}

spk_err
spk_approval_format(const struct spk_approval *a, struct spk_buf *text)
{
    SPK_TRY(approval_check(a));
    SPK_TRY(spk_buf_str(text, SPK_APPROVAL_KIND "\n"));
    SPK_TRY(spk_lines_put_hash(text, "authority", &a->authority));
    SPK_TRY(spk_lines_put_hash(text, "request", &a->request));
    SPK_TRY(spk_lines_put_hash(text, "owner", &a->owner));
    SPK_TRY(spk_lines_put_u64_hash(text, "scope", a->scope_count, &a->scope_root));
    SPK_TRY(spk_lines_put_hash(text, "recipient", &a->recipient));
    SPK_TRY(spk_lines_put_hash(text, "signer", &a->signer));
    SPK_TRY(spk_lines_put_hash(text, "evidence", &a->evidence));
    SPK_TRY(spk_lines_put(text, "decision", a->approve ? "approve" : "deny"));
    SPK_TRY(spk_lines_put_u64_hash(text, "policy", a->policy, &a->policy_hash));
    SPK_TRY(spk_lines_put_u64(text, "round", a->round));
    SPK_TRY(spk_lines_put_u64(text, "time", a->time));
    SPK_TRY(spk_lines_put_u64(text, "expires", a->expires));
    return spk_lines_put(text, "log", a->log[0] == '\0' ? NO_LOG : a->log);
}

static spk_err
approval_log(struct spk_rd *r, struct spk_approval *a)
{
    struct spk_span v;

    SPK_TRY(spk_lines_get(r, "log", &v));
    if (spk_span_eq(v, SPK_SPAN_LIT(NO_LOG))) {
        a->log[0] = '\0';
        return SPK_OK;
    }
    SPK_CHECK(spk_note_name_ok(v), FORMAT); /* not longer than there is room, too */
    memcpy(a->log, v.ptr, v.len);
    a->log[v.len] = '\0';
    return SPK_OK;
}

static spk_err
approval_decision(struct spk_rd *r, struct spk_approval *a)
{
    struct spk_span v;
    uint64_t number;

    SPK_TRY(spk_lines_get(r, "decision", &v));
    a->approve = spk_span_eq(v, SPK_SPAN_LIT("approve"));
    SPK_CHECK(a->approve || spk_span_eq(v, SPK_SPAN_LIT("deny")), FORMAT);
    SPK_TRY(spk_lines_u64_hash(r, "policy", &number, &a->policy_hash));
    SPK_CHECK(number <= UINT32_MAX, FORMAT);
    a->policy = (uint32_t)number;
    SPK_TRY(spk_lines_u32(r, "round", &a->round));
    SPK_TRY(spk_lines_u64(r, "time", &a->time));
    SPK_TRY(spk_lines_u64(r, "expires", &a->expires));
    return approval_log(r, a);
}

spk_err
spk_approval_parse(struct spk_span text, struct spk_approval *ret_a)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(APPROVAL_TEXT_MAX);
    struct spk_approval a;
    struct spk_rd r;

    SPK_TRY(spk_lines_begin(text, SPK_APPROVAL_KIND, &r));
    SPK_TRY(spk_lines_hash(&r, "authority", &a.authority));
    SPK_TRY(spk_lines_hash(&r, "request", &a.request));
    SPK_TRY(spk_lines_hash(&r, "owner", &a.owner));
    SPK_TRY(spk_lines_u64_hash(&r, "scope", &a.scope_count, &a.scope_root));
    SPK_TRY(spk_lines_hash(&r, "recipient", &a.recipient));
    SPK_TRY(spk_lines_hash(&r, "signer", &a.signer));
    SPK_TRY(spk_lines_hash(&r, "evidence", &a.evidence));
    SPK_TRY(approval_decision(&r, &a));
    SPK_TRY(spk_approval_format(&a, &again));
    SPK_TRY(spk_lines_end(&r, text, spk_buf_span(&again)));
    *ret_a = a;
    return SPK_OK;
}

spk_err
spk_veto_format(const struct spk_hash *authority, const struct spk_hash *request,
                struct spk_buf *text)
{
    SPK_TRY(spk_buf_str(text, SPK_VETO_KIND "\n"));
    SPK_TRY(spk_lines_put_hash(text, "authority", authority));
    return spk_lines_put_hash(text, "request", request);
}

spk_err
spk_veto_parse(struct spk_span text, struct spk_hash *ret_authority, struct spk_hash *ret_request)
{
    SPK_AUTO_BUF struct spk_buf again = SPK_BUF(APPROVAL_TEXT_MAX);
    struct spk_hash authority, request;
    struct spk_rd r;

    SPK_TRY(spk_lines_begin(text, SPK_VETO_KIND, &r));
    SPK_TRY(spk_lines_hash(&r, "authority", &authority));
    SPK_TRY(spk_lines_hash(&r, "request", &request));
    SPK_TRY(spk_veto_format(&authority, &request, &again));
    SPK_TRY(spk_lines_end(&r, text, spk_buf_span(&again)));
    *ret_authority = authority;
    *ret_request = request;
    return SPK_OK;
}
