/* SPDX-License-Identifier: Apache-2.0 */
/* Names and keys of notes, inside this folder. */
#ifndef SPK_WIRE_VKEY_H
#define SPK_WIRE_VKEY_H

#include "wire/note.h"

#define SPK_VKEY_ED25519 1
#define SPK_VKEY_WITNESS 4 /* signs with a time: translog/cosign.h */

/** 1 to SPK_NOTE_NAME_MAX bytes of UTF-8 without control characters, Unicode spaces and '+'. */
bool spk_note_name_ok(struct spk_span name);

#endif
