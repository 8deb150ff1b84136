/* SPDX-License-Identifier: Apache-2.0 */
/* RSA signatures of owners, always over a domain line, a kind and an authority
 * (doc/spec/statements.md §1). */
#include "wire/statement.h"

#include <string.h>

#define STATEMENT_DOMAIN "sparekey/1 statement\n"
#define STATEMENT_PARTS 5

static void
statement_parts(const char *kind, const struct spk_hash *authority, struct spk_span bytes,
                struct spk_span ret_parts[STATEMENT_PARTS])
{
    ret_parts[0] = SPK_SPAN_LIT(STATEMENT_DOMAIN);
    ret_parts[1] = spk_span_str(kind);
    ret_parts[2] = SPK_SPAN_LIT("\n");
    ret_parts[3] = spk_hash_span(authority);
    ret_parts[4] = bytes;
}

spk_err
spk_statement_sign(const struct spk_rsa *pair, const char *kind, const struct spk_hash *authority,
                   struct spk_span bytes, struct spk_buf *sig)
{
    struct spk_span parts[STATEMENT_PARTS];

    statement_parts(kind, authority, bytes, parts);
    return spk_rsa_sign(pair, parts, STATEMENT_PARTS, sig);
}

spk_err
spk_statement_verify(const struct spk_rsa *pub, const char *kind, const struct spk_hash *authority,
                     struct spk_span bytes, struct spk_span sig)
{
    struct spk_span parts[STATEMENT_PARTS];

    statement_parts(kind, authority, bytes, parts);
    return spk_rsa_verify(pub, parts, STATEMENT_PARTS, sig);
}
