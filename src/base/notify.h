/* SPDX-License-Identifier: Apache-2.0 */
/* Telling a service manager how it goes (the sd_notify protocol). */
#ifndef SPK_BASE_NOTIFY_H
#define SPK_BASE_NOTIFY_H

/** Send e.g. "READY=1" to $NOTIFY_SOCKET; nothing happens when there is none. */
void spk_notify(const char *state);

#endif
