/* SPDX-License-Identifier: Apache-2.0 */
/* The pairs of a context, in its container or in memory only. */
#ifndef SPK_CRYPTOAPI_STORE_H
#define SPK_CRYPTOAPI_STORE_H

#include "cryptoapi/context.h"

/** The folder of the user's or the machine's containers; those of DSS and Diffie-Hellman providers
 * are a name space of their own (doc/spec/key-container.md, "Place"). */
DWORD capi_store_folder(bool machine, bool dss, struct spk_keystore **ret_ks) SPK_MUST_USE;
/** The user's login name, which names the default container. */
DWORD capi_store_login(char **ret_name) SPK_MUST_USE;
DWORD capi_store_create(struct capi_prov *p) SPK_MUST_USE;
/** One that is damaged, or may not be opened, is there too. */
bool capi_store_there(struct spk_keystore *ks, const char *name) SPK_MUST_USE;
/** NTE_BAD_KEYSET when it is not there or may not be opened, NTE_KEYSET_ENTRY_BAD when it is
 * damaged. */
DWORD capi_store_open(struct capi_prov *p) SPK_MUST_USE;
/** What capi_store_open() refuses stays on disk. */
DWORD capi_store_delete(struct capi_prov *p) SPK_MUST_USE;
/** The pair of a spec, a new reference; NTE_NO_KEY when there is none. Other programs' changes are
 * seen. The context is locked by the caller. */
DWORD capi_store_get(struct capi_prov *p, DWORD spec, struct capi_pair *ret_pair) SPK_MUST_USE;
/** Put a pair in place of what was there, for good when the context has a container; NTE_PERM for a
 * pair of Sparekey's own container that was opened by NULL. The context is locked by the caller. */
DWORD capi_store_put(struct capi_prov *p, DWORD spec, const struct capi_pair *pair) SPK_MUST_USE;

#endif
