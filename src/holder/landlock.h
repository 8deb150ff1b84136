/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock without a libc wrapper. The holder's files are all open by then, so nothing at all is
 * allowed. */
#ifndef SPK_HOLDER_LANDLOCK_H
#define SPK_HOLDER_LANDLOCK_H

/** Best effort: a kernel without it is logged once, and the system call filter carries on alone. */
void spk_landlock_deny_all(void);

#endif
