/* SPDX-License-Identifier: Apache-2.0 */
/* One test source for two libraries: what it sees is printed, a line an observation,
 * "NAME = RESULT", and the two outputs are compared. Nothing here knows which library it runs on.
 */
#ifndef DIFFERENTIAL_OBSERVE_H
#define DIFFERENTIAL_OBSERVE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <wincrypt.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BITS(n) ((DWORD)(n) << 16)
#define ROOM 4096

/** What comes next is about this. */
#ifdef __GNUC__
__attribute__((format(printf, 1, 2)))
#endif
void
about(const char *fmt, ...);
/** Succeeded, or its error code. Gives ok. */
BOOL saw(BOOL ok, const char *what);
/** The same with bytes, or a number. */
BOOL saw_bytes(BOOL ok, const char *what, const BYTE *p, DWORD n);
BOOL saw_number(BOOL ok, const char *what, DWORD v);

struct provider {
    const char *word, *name;
    DWORD type;
};
#define PROVIDERS 4
extern const struct provider providers[PROVIDERS];
/** In memory; ends the program when there is none. */
HCRYPTPROV provider(const struct provider *p);

struct cipher {
    const char *word;
    ALG_ID alg;
    DWORD bytes; /* of a usual key */
};
#define CIPHERS 8
extern const struct cipher ciphers[CIPHERS];
struct hash {
    const char *word;
    ALG_ID alg;
};
#define HASHES 7
extern const struct hash hashes[HASHES];

/** n bytes first, first + 1, ... */
void count_up(BYTE *p, DWORD n, unsigned first);
/** PLAINTEXTKEYBLOB with the key 1, 2, 3, ...; its length. */
DWORD plain_blob(ALG_ID alg, DWORD bytes, BYTE *blob);
/** That key, imported; 0 when it could not be. */
HCRYPTKEY plain_key(HCRYPTPROV p, ALG_ID alg, DWORD bytes);
/** The demonstration pair of 512 bits, as PRIVATEKEYBLOB; its length. */
DWORD demo_blob(ALG_ID alg, BYTE *blob);
HCRYPTKEY demo_key(HCRYPTPROV p, ALG_ID alg);

void observe_contexts(void);
void observe_keys(void);
void observe_import(void);
void observe_crypt(void);
void observe_hashes(void);
void observe_dss(void);
/** Keys, BLOBs, ciphertexts, hashes and signatures into files of a folder, */
void make_things(const char *dir);
/** and what the other library has made used, with what it was made from. */
void use_things(const char *dir);

#endif
