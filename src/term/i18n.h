/* SPDX-License-Identifier: Apache-2.0 */
/* Translation: _("text") where it is shown, N_("text") where it only stands in a table. */
#ifndef SPK_TERM_I18N_H
#define SPK_TERM_I18N_H

#include <libintl.h>

#define SPK_TEXT_DOMAIN "sparekey"
#define _(text) gettext(text)
#define N_(text) (text)

#endif
