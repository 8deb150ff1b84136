/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

const char term_program[] = "sparekey";
const bool term_has_containers = true;

const struct term_command term_commands[] = {
    {"init", "", N_("make your key pairs and your enrolment record"), cmd_init, true},
    {"enroll", "ADDRESS", N_("pin an authority's keys and register with it"), cmd_enroll, true},
    {"encrypt", "FILE… | -r DIR", N_("seal files and deposit their keys"), cmd_encrypt, true},
    {"decrypt", "FILE.spk…", N_("open sealed files"), cmd_decrypt, true},
    {"inspect", "FILE.spk…", N_("show what is in the header, without a key"), cmd_inspect, true},
    {"verify", "FILE.spk…", N_("tell whether a file can come back"), cmd_verify, true},
    {"status", "", N_("show what is spooled and what is pending"), cmd_status, true},
    {"sync", "[FILE...]", N_("send what is spooled; fetch receipts that FILEs lack"), cmd_sync,
     true},
    {"recover", "FILE.spk… | --all", N_("after losing your keys: get session keys back"),
     cmd_recover, true},
    {"requests", "", N_("show recovery requests that concern you"), cmd_requests, true},
    {"veto", "REQUEST", N_("stop a recovery request"), cmd_veto, false},
    {"watch", "", N_("check the logs: do they only grow, does anybody recover my files?"),
     cmd_watch, true},
    {"blob", "export|import|show|deposit|list|renew|open [FILE]",
     N_("exchange key BLOBs with CryptoAPI programs"), cmd_blob, true},
    {"doctor", "", N_("say in words what is wrong with your set-up"), cmd_doctor, true},
    {NULL, NULL, NULL, NULL, false},
};

int
main(int argc, char **argv)
{
    return term_main(argc, argv);
}
