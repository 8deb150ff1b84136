/* SPDX-License-Identifier: Apache-2.0 */
/* Text in and out: hex, base64, base32 codes, decimal numbers, UTF-8 checks, and escaping for
 * people. */
#ifndef SPK_BASE_TEXT_H
#define SPK_BASE_TEXT_H

#include "base/buf.h"

/** Lower-case hex with NUL: ret must hold 2*len+1 bytes. Returns ret. */
char *spk_hex(struct spk_span s, char *ret);
SPK_MUST_USE spk_err spk_buf_hex(struct spk_buf *b, struct spk_span s);
/** Exactly 2*len hex digits of either case into len bytes. */
SPK_MUST_USE spk_err spk_hex_parse(struct spk_span text, void *ret_bytes, size_t len);

/** RFC 4648 base64 with padding (standard alphabet). */
SPK_MUST_USE spk_err spk_buf_base64(struct spk_buf *b, struct spk_span s);
/** Strict: canonical padding, no white space, zero trailing bits. Appends the bytes to b. */
SPK_MUST_USE spk_err spk_base64_parse(struct spk_span text, struct spk_buf *b);
/** The same into exactly len bytes. */
SPK_MUST_USE spk_err spk_base64_fixed(struct spk_span text, void *ret_bytes, size_t len);

/** Codes that people read aloud: 0123456789ABCDEFGHJKMNPQRSTVWXYZ, 5 bits a letter, groups of 5
 * letters joined by '-'; len*8 must be a multiple of 5. */
SPK_MUST_USE spk_err spk_buf_code(struct spk_buf *b, struct spk_span s);
/** Reads such a code leniently: case, spaces and '-' do not matter; O is 0, I and L are 1. */
SPK_MUST_USE spk_err spk_code_parse(struct spk_span text, void *ret_bytes, size_t len);

/** One letter of such a code: the digit that v (0 to 31) is written as; and what a typed letter
 * stands for, SPK_CODE_FILLER for what people put between letters, SPK_CODE_NONE for anything else.
 */
#define SPK_CODE_FILLER 32u
#define SPK_CODE_NONE 33u
char spk_code_digit(unsigned v);
unsigned spk_code_value(uint8_t c);

/** Canonical decimal (no sign, no leading zero), at most max. */
SPK_MUST_USE spk_err spk_dec_parse(struct spk_span text, uint64_t max, uint64_t *ret_v);

/** Well-formed UTF-8 (no surrogates, no overlongs, up to U+10FFFF). */
bool spk_utf8_ok(struct spk_span s);
/** spk_utf8_ok() and no control characters (C0, DEL, C1). */
bool spk_utf8_plain(struct spk_span s);
/** For a terminal: printable UTF-8 stays; control, bidi and zero-width characters, and bytes that
 * are not UTF-8, become \xNN or \u{NNNN}; a backslash is doubled. */
SPK_MUST_USE spk_err spk_buf_escape(struct spk_buf *b, struct spk_span s);

/** Split at the first sep: *ret_head gets what is before it, *rest what follows. False when sep is
 * not there. */
bool spk_split(struct spk_span *rest, char sep, struct spk_span *ret_head);
/** True (and shortened) when s starts with the literal prefix. */
bool spk_skip_prefix(struct spk_span *s, const char *prefix);

#endif
