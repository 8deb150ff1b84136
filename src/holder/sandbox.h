/* SPDX-License-Identifier: Apache-2.0 */
/* What the holder gives up before it reads its first byte from a peer (doc/spec/holder.md,
 * "Process"). */
#ifndef SPK_HOLDER_SANDBOX_H
#define SPK_HOLDER_SANDBOX_H

#include <stddef.h>

#include "base/err.h"

/** No core dumps, no debugger. Every command calls it before a key is made or read. */
SPK_MUST_USE spk_err spk_sandbox_no_dumps(void);
/** That, and memory locked as far as the limits allow (what could not be is logged). */
SPK_MUST_USE spk_err spk_sandbox_prepare(void);

/** The point of no return: only the n descriptors of keep (and 0, 1, 2) stay open; no file system,
 * no new socket, no program, no thread.  A system call outside the list kills the process with
 * SIGSYS. */
SPK_MUST_USE spk_err spk_sandbox_enter(const int *keep, size_t n);

/** False only in builds with a sanitizer, whose run-time needs more system calls than the filter
 * allows. */
bool spk_sandbox_filters(void);

#endif
