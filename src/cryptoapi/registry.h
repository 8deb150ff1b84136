/* SPDX-License-Identifier: Apache-2.0 */
/* Which provider of a type is meant when a program names none: set by CryptSetProviderEx, for a
 * user or for the machine, one file each (the manual page of CryptSetProvider names them). */
#ifndef SPK_CRYPTOAPI_REGISTRY_H
#define SPK_CRYPTOAPI_REGISTRY_H

#include "cryptoapi/provider.h"

#define CAPI_TYPE_MAX 999u

/** The user's default, else the machine's, else the built-in one. NTE_PROV_TYPE_NOT_DEF. */
DWORD capi_registry_default(DWORD type, const struct capi_provider **ret_def) SPK_MUST_USE;
/** One of the two alone; the machine's falls back to the built-in one. NTE_PROV_TYPE_NOT_DEF. */
DWORD capi_registry_get(DWORD type, bool machine,
                        const struct capi_provider **ret_def) SPK_MUST_USE;
/** def NULL: take the setting away. ERROR_ACCESS_DENIED for who may not. */
DWORD capi_registry_set(DWORD type, bool machine, const struct capi_provider *def) SPK_MUST_USE;

#endif
