/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of sparekey: cmd_NAME.c each (term/term.h is their frame). */
#ifndef SPK_CLI_COMMANDS_H
#define SPK_CLI_COMMANDS_H

#include "term/term.h"

int cmd_init(struct term *c, int argc, char **argv);
int cmd_enroll(struct term *c, int argc, char **argv);
int cmd_encrypt(struct term *c, int argc, char **argv);
int cmd_decrypt(struct term *c, int argc, char **argv);
int cmd_inspect(struct term *c, int argc, char **argv);
int cmd_verify(struct term *c, int argc, char **argv);
int cmd_status(struct term *c, int argc, char **argv);
int cmd_sync(struct term *c, int argc, char **argv);
int cmd_recover(struct term *c, int argc, char **argv);
int cmd_requests(struct term *c, int argc, char **argv);
int cmd_veto(struct term *c, int argc, char **argv);
int cmd_watch(struct term *c, int argc, char **argv);
int cmd_blob(struct term *c, int argc, char **argv);
int cmd_doctor(struct term *c, int argc, char **argv);

#endif
