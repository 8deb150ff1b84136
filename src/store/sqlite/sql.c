/* SPDX-License-Identifier: Apache-2.0 */
/* All SQL text of this back end. Keys only ever grow: the index of a deposit
 * is its rowid, and the two indexes over deposits grow at the end of each owner's part. */
#include "store/sqlite/request_cols.h"
#include "store/sqlite/sq.h"

/* Of the two logs; log_tile has the levels from 1 on, for level 0 is the leaves themselves. */
#define LOG_TABLES                                                                                 \
    "CREATE TABLE log_tile(log INTEGER NOT NULL, level INTEGER NOT NULL, idx INTEGER NOT NULL,"    \
    " hash BLOB NOT NULL, PRIMARY KEY(log, level, idx)) WITHOUT ROWID;"                            \
    "CREATE TABLE log_note(log INTEGER PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,"    \
    " note BLOB NOT NULL);"                                                                        \
    "CREATE TABLE log_entry(idx INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,"                    \
    " entry BLOB NOT NULL, leaf BLOB NOT NULL, request BLOB, salt BLOB NOT NULL,"                  \
    " detail BLOB NOT NULL);"                                                                      \
    "CREATE INDEX log_entry_request ON log_entry(request, idx) WHERE request IS NOT NULL;"

/* Of deposits that the holder has opened, and when it last did; none for those that are wrong. */
#define PROOF_TABLES                                                                               \
    "CREATE TABLE proofs(idx INTEGER PRIMARY KEY REFERENCES deposits(idx), time INTEGER NOT "      \
    "NULL);"                                                                                       \
    "CREATE INDEX proof_time ON proofs(time);"

/* Entries of the deposits log that came back without their rows. */
#define LOST_TABLE                                                                                 \
    "CREATE TABLE IF NOT EXISTS lost(idx INTEGER PRIMARY KEY, entry BLOB NOT NULL,"                \
    " leaf BLOB NOT NULL);"

const char *const sq_schema =
    "CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE owners("
    " key INTEGER PRIMARY KEY, owner BLOB NOT NULL UNIQUE, login BLOB NOT NULL,"
    " state INTEGER NOT NULL, successors INTEGER NOT NULL, time_ms INTEGER NOT NULL,"
    " name TEXT NOT NULL, record BLOB NOT NULL, signature BLOB NOT NULL);"
    /* every key that ever logged in, so that a replaced one is never taken again */
    "CREATE TABLE logins(login BLOB PRIMARY KEY, owner INTEGER NOT NULL REFERENCES owners(key),"
    " current INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE successors(owner INTEGER NOT NULL REFERENCES owners(key),"
    " number INTEGER NOT NULL, note BLOB NOT NULL, PRIMARY KEY(owner, number)) WITHOUT ROWID;"
    "CREATE TABLE tokens(token BLOB PRIMARY KEY, expires INTEGER NOT NULL,"
    " uses INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE deposits("
    " idx INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES owners(key),"
    " epoch INTEGER NOT NULL, policy INTEGER NOT NULL, time_ms INTEGER NOT NULL,"
    " serial BLOB NOT NULL, description TEXT NOT NULL, oc BLOB NOT NULL, leaf BLOB NOT NULL,"
    " p BLOB NOT NULL, rpub BLOB NOT NULL, salt BLOB NOT NULL, rpriv BLOB NOT NULL,"
    " sealed BLOB NOT NULL, blob BLOB NOT NULL,"
    /* how many rows of the same owner, serial and epoch the holder had refused before this one */
    " again INTEGER NOT NULL DEFAULT 0);"
    "CREATE UNIQUE INDEX deposit_serial ON deposits(owner, serial, epoch, again);"
    "CREATE INDEX deposit_owner ON deposits(owner);"
    "CREATE TABLE wrong(idx INTEGER PRIMARY KEY REFERENCES deposits(idx));"
    "CREATE TABLE requests("
    " key INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, owner BLOB NOT NULL,"
    " login BLOB NOT NULL, recipient BLOB NOT NULL, owner_key INTEGER NOT NULL,"
    " stage INTEGER NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL,"
    " opened INTEGER NOT NULL, due INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " persons INTEGER NOT NULL, persons2 INTEGER NOT NULL, needed INTEGER NOT NULL,"
    " released INTEGER NOT NULL, scope_end INTEGER NOT NULL, scope_count INTEGER NOT NULL,"
    " scope_root BLOB NOT NULL, record BLOB NOT NULL, sig_sign BLOB NOT NULL,"
    " sig_keyx BLOB NOT NULL, serials BLOB NOT NULL, successor BLOB NOT NULL);"
    "CREATE INDEX request_owner ON requests(owner, created);"
    "CREATE INDEX request_stage ON requests(stage);"
    "CREATE TABLE votes(key INTEGER PRIMARY KEY, request INTEGER NOT NULL REFERENCES requests(key),"
    " time INTEGER NOT NULL, note BLOB NOT NULL, UNIQUE(request, note));"
    "CREATE TABLE records(key INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
    " body BLOB NOT NULL, blob BLOB NOT NULL);"
    "CREATE TABLE policies(number INTEGER PRIMARY KEY, note BLOB NOT NULL);"
    "CREATE TABLE nonces(nonce BLOB PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX nonce_time ON nonces(time);"
    "CREATE TABLE events(number INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,"
    " kind TEXT NOT NULL, detail TEXT NOT NULL);" LOG_TABLES PROOF_TABLES LOST_TABLE
    "PRAGMA application_id = 0x53504b31;"
    "PRAGMA user_version = 5;";

const char *const sq_from_1 =
    "ALTER TABLE deposits ADD COLUMN again INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX deposit_serial;"
    "CREATE UNIQUE INDEX deposit_serial ON deposits(owner, serial, epoch, again);"
    "PRAGMA user_version = 2;";

const char *const sq_from_2 = LOG_TABLES "PRAGMA user_version = 3;";

/* What was proven before dates were kept comes first when the oldest proofs are made again. */
const char *const sq_from_3 = PROOF_TABLES
    "INSERT INTO proofs(idx, time) SELECT idx, 0 FROM deposits"
    " WHERE idx < (SELECT coalesce(max(value), 0) FROM counters WHERE name = 'checked')"
    " AND idx NOT IN (SELECT idx FROM wrong);"
    "INSERT INTO counters(name, value) SELECT 'proven', count(*) FROM proofs;"
    "PRAGMA user_version = 4;";

const char *const sq_from_4 = LOST_TABLE "PRAGMA user_version = 5;";

#define OWNER_COLS                                                                                 \
    "SELECT o.key, o.owner, o.login, o.state, o.successors, o.time_ms, o.name, o.record, "         \
    "o.signature, (SELECT note FROM successors WHERE owner = o.key ORDER BY number DESC LIMIT 1) " \
    "FROM owners o "
#define DEPOSIT_COLS                                                                               \
    "SELECT d.idx, d.owner, o.owner, d.epoch, d.policy, d.time_ms, d.serial, d.description, "      \
    "d.oc, d.leaf, d.p, EXISTS(SELECT 1 FROM wrong w WHERE w.idx = d.idx), d.rpub, d.salt, "       \
    "d.rpriv, d.sealed, d.blob, "                                                                  \
    "coalesce((SELECT p.time + 1 FROM proofs p WHERE p.idx = d.idx), 0) FROM deposits d "
#define LOG_ENTRY_COLS "SELECT idx, time_ms, entry, leaf, request, salt, detail FROM log_entry "
#define COMMA_NAME(name, kind) ", " #name
#define COMMA_PLACE(name, kind) ", ?"
#define COMMA_SET(name, kind) ", " #name " = ?"
#define REQUEST_COLS                                                                               \
    "SELECT key" SQ_REQUEST_FIXED(COMMA_NAME) SQ_REQUEST_MOVING(COMMA_NAME) " FROM requests "
#define REQUEST_FITS                                                                               \
    "WHERE key > ?1 AND (?2 IS NULL OR owner = ?2) AND (?3 = 0 OR stage = ?3)"                     \
    " AND (?4 = 0 OR state = ?4) AND created >= ?5 AND (?7 = 0 OR key < ?7) "

const char *const sq_sql[SQ_COUNT_] = {
    [SQ_OWNER_PUT] = "INSERT INTO owners(owner, login, state, successors, time_ms, name, record,"
                     " signature) VALUES(?, ?, ?, 0, ?, ?, ?, ?) ON CONFLICT(owner) DO NOTHING",
    [SQ_OWNER_STATE] = "UPDATE owners SET state = ? WHERE key = ?",
    [SQ_OWNER_SUCCEEDED] = "UPDATE owners SET successors = ?, login = ? WHERE key = ?",
    [SQ_LOGIN_PUT] = "INSERT INTO logins(login, owner, current) VALUES(?, ?, 1)"
                     " ON CONFLICT(login) DO NOTHING",
    [SQ_LOGIN_END] = "UPDATE logins SET current = 0 WHERE login ="
                     " (SELECT login FROM owners WHERE key = ?)",
    [SQ_LOGIN_GET] = "SELECT owner, current FROM logins WHERE login = ?",
    [SQ_SUCCESSOR_PUT] = "INSERT INTO successors(owner, number, note) VALUES(?, ?, ?)",
    [SQ_SUCCESSOR_GET] = "SELECT note FROM successors WHERE owner = ? AND number = ?",
    [SQ_SUCCESSORS] = "SELECT number, note FROM successors WHERE owner = ? ORDER BY number",
    [SQ_OWNER_BY_ID] = OWNER_COLS "WHERE o.owner = ?",
    [SQ_OWNER_BY_KEY] = OWNER_COLS "WHERE o.key = ?",
    [SQ_OWNERS] = OWNER_COLS "WHERE o.key > ? ORDER BY o.key",
    [SQ_TOKEN_PUT] = "INSERT INTO tokens(token, expires, uses) VALUES(?, ?, ?)"
                     " ON CONFLICT(token) DO NOTHING",
    [SQ_TOKEN_USE] = "UPDATE tokens SET uses = uses - 1"
                     " WHERE token = ? AND expires > ? AND uses > 0",
    [SQ_DEPOSIT_PUT] = "INSERT INTO deposits(idx, owner, epoch, policy, time_ms, serial,"
                       " description, oc, leaf, p, rpub, salt, rpriv, sealed, blob, again)"
                       " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                       " ON CONFLICT(owner, serial, epoch, again) DO NOTHING",
    [SQ_DEPOSIT_STANDS] = "SELECT d.idx, d.time_ms, d.rpub, d.p, d.again,"
                          " EXISTS(SELECT 1 FROM wrong w WHERE w.idx = d.idx) FROM deposits d"
                          " WHERE d.owner = ? AND d.serial = ? AND d.epoch = ?"
                          " ORDER BY d.again DESC LIMIT 1",
    [SQ_DEPOSIT_NEXT] = "SELECT max((SELECT coalesce(max(idx) + 1, 0) FROM deposits),"
                        " (SELECT coalesce(max(idx) + 1, 0) FROM lost))",
    [SQ_DEPOSIT_COUNT] = "SELECT count(*) FROM deposits INDEXED BY deposit_owner WHERE owner = ?",
    [SQ_DEPOSITS_ALL] = DEPOSIT_COLS "CROSS JOIN owners o ON o.key = d.owner"
                                     " WHERE d.idx >= ? AND d.idx < ? ORDER BY d.idx",
    [SQ_DEPOSITS_OWNER] =
        DEPOSIT_COLS "INDEXED BY deposit_owner CROSS JOIN owners o ON o.key = d.owner"
                     " WHERE d.idx >= ? AND d.idx < ? AND d.owner = ? ORDER BY d.idx",
    [SQ_DEPOSITS_SERIAL] =
        DEPOSIT_COLS "INDEXED BY deposit_serial CROSS JOIN owners o ON o.key = d.owner"
                     " WHERE d.idx >= ? AND d.idx < ? AND d.owner = ? AND d.serial = ?"
                     " ORDER BY d.idx",
    [SQ_COUNTER_GET] = "SELECT value FROM counters WHERE name = ?",
    [SQ_COUNTER_SET] = "INSERT INTO counters(name, value) VALUES(?, ?)"
                       " ON CONFLICT(name) DO UPDATE SET value = excluded.value",
    [SQ_WRONG_PUT] = "INSERT INTO wrong(idx) VALUES(?) ON CONFLICT(idx) DO NOTHING",
    [SQ_PROOF_SET] = "UPDATE proofs SET time = ? WHERE idx = ?",
    [SQ_PROOF_PUT] = "INSERT INTO proofs(time, idx) SELECT ?1, idx FROM deposits d"
                     " WHERE d.idx = ?2 AND NOT EXISTS(SELECT 1 FROM wrong w WHERE w.idx = d.idx)",
    [SQ_PROOF_DROP] = "DELETE FROM proofs WHERE idx = ?",
    [SQ_PROOFS_DUE] = "SELECT idx FROM proofs WHERE time <= ? ORDER BY time, idx LIMIT ?",
    [SQ_PROOFS_OF] = "SELECT count(*), count(p.idx), count(w.idx), coalesce(min(p.time), 0)"
                     " FROM deposits d INDEXED BY deposit_owner"
                     " LEFT JOIN proofs p ON p.idx = d.idx LEFT JOIN wrong w ON w.idx = d.idx"
                     " WHERE d.owner = ?",
    [SQ_PROOFS_ALL] = "SELECT (SELECT coalesce(max(idx) + 1, 0) FROM deposits),"
                      " (SELECT coalesce(max(value), 0) FROM counters WHERE name = 'proven'),"
                      " (SELECT count(*) FROM wrong),"
                      " (SELECT coalesce(min(time), 0) FROM proofs)",
    [SQ_PROVEN_UP] = "INSERT INTO counters(name, value) VALUES('proven', 1)"
                     " ON CONFLICT(name) DO UPDATE SET value = value + 1",
    [SQ_PROVEN_DOWN] = "UPDATE counters SET value = value - 1 WHERE name = 'proven'",
    [SQ_REQUEST_PUT] = "INSERT INTO requests(key" SQ_REQUEST_FIXED(COMMA_NAME)
        SQ_REQUEST_MOVING(COMMA_NAME) ") VALUES(NULL" SQ_REQUEST_FIXED(COMMA_PLACE)
            SQ_REQUEST_MOVING(COMMA_PLACE) ") ON CONFLICT(hash) DO NOTHING",
    [SQ_REQUEST_SET] =
        "UPDATE requests SET key = key" SQ_REQUEST_MOVING(COMMA_SET) " WHERE key = ?",
    [SQ_REQUEST_GET] = REQUEST_COLS "WHERE hash = ?",
    /* ?1 after, ?2 owner or NULL, ?3 and ?4 stage and state or 0, ?5 created, ?6 limit,
     * ?7 before or 0 */
    [SQ_REQUESTS] = REQUEST_COLS REQUEST_FITS "ORDER BY key LIMIT ?6",
    [SQ_REQUESTS_NEWEST] = REQUEST_COLS REQUEST_FITS "ORDER BY key DESC LIMIT ?6",
    [SQ_REQUEST_COUNT] = "SELECT count(*) FROM requests WHERE owner = ? AND created >= ?",
    /* ?1 created before, ?2 expired before, ?3 and ?4 states, ?5 limit */
    [SQ_REQUEST_PRUNE] = "DELETE FROM requests WHERE key IN (SELECT r.key FROM requests r"
                         " WHERE r.created < ?1 AND r.expires < ?2 AND r.state IN (?3, ?4)"
                         " AND NOT EXISTS(SELECT 1 FROM votes v WHERE v.request = r.key)"
                         " ORDER BY r.key LIMIT ?5)",
    /* ?1 stage, ?2 limit, ?3 how many stay */
    [SQ_REQUEST_PRUNE_UNKNOWN] =
        "DELETE FROM requests WHERE key IN (SELECT key FROM requests WHERE stage = ?1"
        " ORDER BY key DESC LIMIT ?2 OFFSET ?3)",
    [SQ_REQUEST_SLIM] = "UPDATE requests SET serials = x'' WHERE stage = ? AND length(serials) > 0",
    [SQ_VOTE_PUT] = "INSERT INTO votes(request, time, note) VALUES(?, ?, ?)"
                    " ON CONFLICT(request, note) DO NOTHING",
    [SQ_VOTES] = "SELECT key, note FROM votes WHERE request = ? ORDER BY key",
    [SQ_RECORD_PUT] = "INSERT INTO records(time, body, blob) VALUES(?, ?, ?)",
    [SQ_RECORD_COUNT] = "SELECT count(*) FROM records",
    [SQ_RECORDS] = "SELECT key, time, body, blob FROM records ORDER BY key LIMIT ?",
    [SQ_RECORD_DROP] = "DELETE FROM records WHERE key = ?",
    [SQ_POLICY_PUT] = "INSERT INTO policies(number, note) VALUES(?, ?)",
    [SQ_POLICY_GET] = "SELECT note FROM policies WHERE number = ?",
    [SQ_POLICIES] = "SELECT number, note FROM policies ORDER BY number",
    [SQ_NONCE_PUT] = "INSERT INTO nonces(nonce, time) VALUES(?, ?) ON CONFLICT(nonce) DO NOTHING",
    [SQ_NONCE_DROP] = "DELETE FROM nonces WHERE time < ?",
    [SQ_EVENT_PUT] = "INSERT INTO events(time_ms, kind, detail) VALUES(?, ?, ?)",
    [SQ_EVENTS] = "SELECT number, time_ms, kind, detail FROM events WHERE number > ?"
                  " ORDER BY number LIMIT ?",
    [SQ_LOG_COUNT] = "SELECT coalesce(max(idx) + 1, 0) FROM log_tile WHERE log = ? AND level = ?",
    [SQ_LOG_HASHES] = "SELECT idx, hash FROM log_tile WHERE log = ? AND level = ? AND idx >= ?"
                      " ORDER BY idx LIMIT ?",
    [SQ_LOG_HASH_PUT] = "INSERT INTO log_tile(log, level, idx, hash) VALUES(?, ?, ?, ?)",
    [SQ_LOG_HASHES_DROP] = "DELETE FROM log_tile WHERE log = ?",
    [SQ_LOST_PUT] = "INSERT INTO lost(idx, entry, leaf) VALUES(?, ?, ?)",
    [SQ_LOST] = "SELECT idx, entry, leaf FROM lost WHERE idx >= ? AND idx < ? ORDER BY idx LIMIT ?",
    [SQ_LOG_LEAVES_D] = "SELECT idx, leaf FROM deposits WHERE idx >= ?1"
                        " UNION ALL SELECT idx, leaf FROM lost WHERE idx >= ?1"
                        " ORDER BY idx LIMIT ?2",
    [SQ_LOG_LEAVES_R] = "SELECT idx, leaf FROM log_entry WHERE idx >= ? ORDER BY idx LIMIT ?",
    [SQ_LOG_NOTE_PUT] = "INSERT INTO log_note(log, size, root, note) VALUES(?, ?, ?, ?)"
                        " ON CONFLICT(log) DO UPDATE SET size = excluded.size,"
                        " root = excluded.root, note = excluded.note",
    [SQ_LOG_NOTE] = "SELECT size, root, note FROM log_note WHERE log = ?",
    [SQ_LOG_ENTRY_NEXT] = "SELECT coalesce(max(idx) + 1, 0) FROM log_entry",
    [SQ_LOG_ENTRY_PUT] = "INSERT INTO log_entry(idx, time_ms, entry, leaf, request, salt, detail)"
                         " VALUES(?, ?, ?, ?, ?, ?, ?)",
    [SQ_LOG_ENTRY_CUT] = "DELETE FROM log_entry WHERE idx >= ?",
    [SQ_LOG_HASH_CUT] = "DELETE FROM log_tile WHERE idx >= ? AND log = ? AND level = ?",
    [SQ_LOG_ENTRIES] = LOG_ENTRY_COLS "WHERE idx >= ? ORDER BY idx LIMIT ?",
    [SQ_LOG_ENTRIES_OF] = LOG_ENTRY_COLS "WHERE idx >= ?1 AND request = ?3 ORDER BY idx LIMIT ?2",
};
