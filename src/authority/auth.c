/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/auth.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <string.h>

#include "authority/routes.h"
#include "authority/server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/cert.h"

/* The key of the certificate as it stands in the TLS session now. The same bytes as last time need
 * no second look. */
static void
look_at_certificate(struct spk_peer *p, gnutls_session_t tls)
{
    unsigned n = 0;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(tls, &n);
    SPK_AUTO(spk_rsa) key = NULL;

    if (list == NULL || n == 0) {
        p->has_key = false;
        return;
    }
    const struct spk_span der = spk_span(list[0].data, list[0].size);
    if (p->der.len > 0 && spk_span_eq(spk_buf_span(&p->der), der)) {
        return;
    }
    p->has_key = false;
    p->changes = 0;
    spk_buf_reset(&p->der);
    if (spk_ok(spk_buf_add(&p->der, der)) && spk_ok(spk_cert_rsa(der, &key))) {
        p->key = *spk_rsa_id(key);
        p->has_key = true;
    }
}

void
spk_auth_peer(struct spk_exchange *r)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct spk_peer *p = i != NULL ? i->socket_context : NULL;

    if (p == NULL) {
        return;
    }
    i = MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (i != NULL && i->tls_session != NULL) {
        look_at_certificate(p, i->tls_session);
    }
    memcpy(r->source, p->source, sizeof(r->source));
    r->source_len = p->source_len;
    r->has_key = p->has_key;
    r->key = p->key;
}

/* The holder's own word, for this owner. */
static spk_err
key_by_successor(struct spk_books *books, const struct spk_owner_row *o, struct spk_hash *ret_key)
{
    SPK_AUTO_SUCCESSOR u = {.number = 0};
    struct spk_note note;

    SPK_TRY(spk_note_parse(o->successor, false, &note));
    SPK_TRY(spk_note_verify(&note, &spk_books_newest(books)->holder));
    SPK_TRY(spk_successor_parse(note.text, &u));
    SPK_CHECK(spk_hash_eq(&u.owner, &o->owner), AUTH);
    *ret_key = *spk_rsa_id(u.sign);
    return SPK_OK;
}

/* Columns can be written by anyone who has the database: what makes a key the owner's is the record
 * that his id is the hash of, or the holder's signature (doc/spec/statements.md §7). */
static spk_err
login_follows(struct spk_books *books, const struct spk_owner_row *o, const struct spk_hash *key)
{
    SPK_AUTO_ENROLMENT e = {.n_contacts = 0};
    struct spk_hash login;

    SPK_TRY(spk_enrolment_parse(o->record, &e));
    SPK_CHECK(spk_hash_eq(&e.owner, &o->owner), AUTH);
    if (o->successor.len > 0) {
        SPK_TRY(key_by_successor(books, o, &login));
    } else {
        login = *spk_rsa_id(e.sign);
    }
    SPK_CHECK(spk_hash_eq(&login, key), AUTH);
    return SPK_OK;
}

/* SPK_CODE_AUTH when the row is not what it must be. */
static spk_err
find_owner(struct spk_exchange *r, const struct spk_hash *key, struct spk_owner_row *row)
{
    char hex[2 * SPK_HASH_LEN + 1];

    SPK_TRY(spk_store_owner_by_login(r->srv->store, key, row));
    if (!spk_ok(login_follows(r->srv->books, row, key))) {
        spk_log(SPK_LOG_ERROR, "the login of owner %.16s was altered in the database",
                spk_hex(spk_hash_span(&row->owner), hex));
        return SPK_ERR(AUTH);
    }
    return SPK_OK;
}

/* The owner that a key logs in. What was found is good until the owner table changes: a successor
 * ends the old key on connections that are open, too. */
static spk_err
look_up_owner(struct spk_exchange *r, struct spk_peer *p)
{
    struct spk_owner_row row = {0};
    uint64_t changes = spk_store_owner_changes(r->srv->store);

    if (p->changes == changes) {
        return SPK_OK;
    }
    spk_err e = find_owner(r, &p->key, &row);
    if (!spk_ok(e) && e.code != SPK_CODE_NOTFOUND && e.code != SPK_CODE_CHANGED &&
        e.code != SPK_CODE_AUTH) {
        spk_owner_row_clear(&row);
        return e;
    }
    p->owner_is = e.code;
    p->owner_key = row.key;
    p->owner = row.owner;
    p->owner_state = row.state;
    p->changes = changes;
    spk_owner_row_clear(&row);
    return SPK_OK;
}

static bool
owner_ok(struct spk_exchange *r, bool enrolled)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct spk_peer *p = i->socket_context;
    spk_err e = look_up_owner(r, p);

    if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "looking up an owner");
    } else if (p->owner_is == SPK_CODE_CHANGED) {
        spk_exchange_replaced(r, "This key was replaced by a recovery; it has no rights any more.");
    } else if (p->owner_is != SPK_CODE_OK) {
        spk_exchange_error(r, SPK_HTTP_UNAUTHORIZED, "This key is not enrolled here.");
    } else if (enrolled && p->owner_state == SPK_OWNER_PENDING) {
        spk_exchange_error(r, SPK_HTTP_FORBIDDEN,
                           "An officer has yet to approve the enrolment of this key.");
    } else if (enrolled && p->owner_state != SPK_OWNER_ENROLLED) {
        spk_exchange_error(r, SPK_HTTP_FORBIDDEN, "The officers have refused this enrolment.");
    }
    r->owner_key = p->owner_key;
    r->owner = p->owner;
    r->owner_state = p->owner_state;
    return !r->answered;
}

bool
spk_auth_begin(struct spk_exchange *r)
{
    enum spk_who who = r->route->who;

    if (who == SPK_WHO_ANYONE) {
        return true;
    }
    if (who == SPK_WHO_OFFICER) {
        if (spk_exchange_header(r, SPK_OFFICER_HEADER) == NULL) {
            spk_exchange_error(r, SPK_HTTP_UNAUTHORIZED,
                               "This operation is for officers; the header " SPK_OFFICER_HEADER
                               " is missing.");
        }
        return !r->answered;
    }
    if (!r->has_key) {
        spk_exchange_error(r, SPK_HTTP_UNAUTHORIZED,
                           "Log in with a TLS client certificate of an RSA key.");
        return false;
    }
    return who == SPK_WHO_KEY || owner_ok(r, who == SPK_WHO_ENROLLED);
}

/* -- officers */

/* The note must be for exactly this request, made now. */
static const char *
query_fault(struct spk_exchange *r, const struct spk_officer_query *q)
{
    struct spk_hash body;
    const char *raw = NULL;
    uint64_t now = spk_now();

    if (!spk_ok(spk_sha256(spk_buf_span(&r->body), &body)) ||
        !spk_ok(spk_buf_cstr(&r->raw, &raw)) || strcmp(q->method, r->method) != 0 ||
        strcmp(q->path, raw) != 0 || !spk_hash_eq(&q->body, &body)) {
        return "The officer's note was made for another request.";
    }
    if (spk_books_by_key(r->srv->books, &q->authority) == NULL) {
        return "The officer's note was made for another authority.";
    }
    if (q->time > now + SPK_OFFICER_WINDOW || q->time + SPK_OFFICER_WINDOW < now) {
        return "The officer's note is too old, or the clocks differ by more than five minutes.";
    }
    return NULL;
}

static spk_err
write_nonce(struct spk_store *store, void *arg)
{
    const struct spk_officer_query *q = arg;
    uint64_t now = spk_now();

    return spk_store_put_nonce(store, q->nonce, now, now - SPK_NONCE_KEPT);
}

static spk_err
read_query(struct spk_exchange *r, struct spk_buf *bytes, struct spk_note *note,
           struct spk_officer_query *q)
{
    const char *header = spk_exchange_header(r, SPK_OFFICER_HEADER);

    SPK_TRY(spk_base64_parse(spk_span_str(header), bytes));
    SPK_TRY(spk_note_parse(spk_buf_span(bytes), false, note));
    return spk_officer_query_parse(note->text, q);
}

bool
spk_auth_officer(struct spk_exchange *r)
{
    SPK_AUTO_BUF struct spk_buf bytes = SPK_BUF(SPK_NOTE_MAX);
    struct spk_note note;
    struct spk_officer_query q = {0};

    if (!spk_ok(read_query(r, &bytes, &note, &q))) {
        spk_exchange_error(r, SPK_HTTP_UNAUTHORIZED,
                           "The officer's note is not a well-formed one.");
        return false;
    }
    const struct spk_officer *o = NULL;
    const char *fault = "The note is not signed by an officer of today's policy.";
    if (spk_ok(spk_policy_signer(spk_books_today(r->srv->books), &note, &o))) {
        fault = query_fault(r, &q);
    }
    if (fault != NULL) {
        spk_exchange_error(r, SPK_HTTP_UNAUTHORIZED, fault);
        return false;
    }
    spk_err e = spk_store_write(r->srv->store, write_nonce, &q);
    if (e.code == SPK_CODE_EXISTS) {
        spk_exchange_error(r, SPK_HTTP_UNAUTHORIZED, "The officer's note has been used before.");
    } else if (!spk_ok(e)) {
        spk_exchange_failed(r, e, "keeping a nonce");
    }
    memcpy(r->officer, o->key.name, sizeof(o->key.name));
    return !r->answered;
}
