/* SPDX-License-Identifier: Apache-2.0 */
/* What may be wrong with a receipt, in words. */
#include "term/term.h"

static const char *const words[] = {
    [SPK_LOG_FAULT_KEYS] =
        N_("its note on the keys of its logs is not signed by the key holder that is "
           "pinned, or names other keys than those that are pinned"),
    [SPK_LOG_FAULT_MISSING] =
        N_("it has taken the deposit, but gave no receipt for it: its key holder may "
           "be away"),
    [SPK_LOG_FAULT_MALFORMED] = N_("the receipt is not written as a receipt has to be"),
    [SPK_LOG_FAULT_ORIGIN] = N_("the receipt is of another log than that of this authority"),
    [SPK_LOG_FAULT_SIGNATURE] = N_("the log's signature in the receipt does not hold"),
    [SPK_LOG_FAULT_WITNESS] = N_("the signature of a witness in the receipt does not hold"),
    [SPK_LOG_FAULT_BEYOND] = N_("the number in the receipt is beyond the size of its log"),
    [SPK_LOG_FAULT_LENGTH] =
        N_("the receipt's path is too long or too short for its number and size"),
    [SPK_LOG_FAULT_PATH] =
        N_("the receipt's path leads elsewhere: it is of another entry, number, size or "
           "tree"),
    [SPK_LOG_FAULT_FILE] = N_("the receipt is of another file"),
    [SPK_LOG_FAULT_KEY] = N_("the receipt is of another session key"),
    [SPK_LOG_FAULT_AUTHORITY] = N_("the receipt is of another key of an authority"),
    [SPK_LOG_FAULT_DEPOSIT] = N_("the receipt is of another deposit of this file"),
    [SPK_LOG_FAULT_INDEX] = N_("the receipt has another number or time than the deposit"),
};

const char *
term_log_words(enum spk_log_fault fault)
{
    return fault == SPK_LOG_FAULT_NONE ? "" : gettext(words[fault]);
}
