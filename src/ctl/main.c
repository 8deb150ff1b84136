/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/ctl.h"

const char term_program[] = "sparekeyctl";
const bool term_has_containers = false; /* those are an owner's */

const struct term_command term_commands[] = {
    {"officer new", "NAME", N_("make an officer's identity: a key to sign and one for shares"),
     ctl_officer_new, false},
    {"officer show", "[FILE]", N_("print the public line of an identity, for a policy"),
     ctl_officer_show, true},
    {"officer join", "ADDRESS", N_("pin the authority that you are an officer of"),
     ctl_officer_join, false},
    {"policy new", "", N_("write a policy: officers, quorum, waiting time"), ctl_policy_new, false},
    {"policy sign", "FILE", N_("put your signature under a policy or an authority statement"),
     ctl_policy_sign, false},
    {"policy check", "FILE", N_("tell whether a policy is complete and who has signed"),
     ctl_policy_check, false},
    {"policy simulate", "FILE", N_("show what a policy would do with a request"),
     ctl_policy_simulate, false},
    {"policy publish", "FILE", N_("send a signed next policy to the authority"), ctl_policy_publish,
     false},
    {"init", "DIR", N_("make an authority's folder: keys, certificate, configuration, store"),
     ctl_init, false},
    {"start", "DIR", N_("run the holder and the server of a folder until interrupted"), ctl_start,
     false},
    {"address", "DIR", N_("print the enrolment address and the fingerprint"), ctl_address, true},
    {"token new", "DIR", N_("make a one-time enrolment token"), ctl_token_new, true},
    {"owner list", "DIR", N_("list the owners in the store"), ctl_owner_list, true},
    {"owner find", "NAME", N_("as officer: find an owner's id by name"), ctl_owner_find, true},
    {"store check", "DIR", N_("check every deposit in the store against its leaf"), ctl_store_check,
     true},
    {"events", "DIR", N_("what has happened at the authority"), ctl_events, true},
    {"backup", "DIR FOLDER", N_("copy an authority's folder without its keys, while it works"),
     ctl_backup_cmd, false},
    {"restore", "FOLDER DIR", N_("put a backup into a place where there is none"), ctl_restore_cmd,
     false},
    {"drill", "DIR", N_("try a recovery out on a sample of deposits, and on a backup"), ctl_drill,
     false},
    {"log fsck", "DIR", N_("check both logs from their entries upwards"), ctl_log_fsck, true},
    {"log export", "DIR FOLDER", N_("write both logs as files that anybody can check"),
     ctl_log_export_cmd, false},
    {"log adopt", "DIR FOLDER", N_("give an older database the entries that were signed since"),
     ctl_log_adopt_cmd, false},
    {"log rebuild", "DIR", N_("make the hashes of tiles again from the entries"),
     ctl_log_rebuild_cmd, false},
    {"enrolment list", "", N_("enrolments that wait for an officer"), ctl_enrolment_list, true},
    {"enrolment approve", "OWNER", N_("let an owner in"), ctl_enrolment_approve, false},
    {"enrolment deny", "OWNER", N_("do not let an owner in"), ctl_enrolment_deny, false},
    {"request list", "", N_("recovery requests"), ctl_request_list, true},
    {"request show", "REQUEST", N_("check a request and show what is verified of it"),
     ctl_request_show, true},
    {"request approve", "REQUEST", N_("sign your approval; asks for the requester's code"),
     ctl_request_approve, true},
    {"request deny", "REQUEST", N_("sign your denial"), ctl_request_deny, true},
    {"key copy", "DIR", N_("make a sealed copy of the authority's keys, split to the officers"),
     ctl_key_copy, false},
    {"key share", "SHARE", N_("as officer: open your share for a holder that is being restored"),
     ctl_key_share, false},
    {"key restore", "DIR", N_("put a sealed copy together again in a new holder's folder"),
     ctl_key_restore, false},
    {"key rotate", "DIR", N_("make the next key epoch and its statement"), ctl_key_rotate, false},
    {"key publish", "DIR FILE", N_("publish the statement once the officers have signed it"),
     ctl_key_publish, false},
    {NULL, NULL, NULL, NULL, false},
};

int
main(int argc, char **argv)
{
    return term_main(argc, argv);
}
