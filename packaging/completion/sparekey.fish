# SPDX-License-Identifier: Apache-2.0
# fish completion for sparekey
set -l commands init enroll encrypt decrypt inspect verify status sync recover requests veto blob doctor help version
complete -c sparekey -f -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c sparekey -F -n "__fish_seen_subcommand_from encrypt blob"
complete -c sparekey -F -n "__fish_seen_subcommand_from decrypt inspect verify recover"
complete -c sparekey -n "__fish_seen_subcommand_from encrypt" -s r -l recursive -d "take folders, seal all files in them"
complete -c sparekey -n "__fish_seen_subcommand_from encrypt" -l policy -x -a "require spool off"
complete -c sparekey -n "__fish_seen_subcommand_from encrypt decrypt" -s f -l force -d "replace existing targets"
complete -c sparekey -n "__fish_seen_subcommand_from encrypt" -l all -d "with -r: seal all files anew"
complete -c sparekey -n "__fish_seen_subcommand_from encrypt decrypt recover blob" -s o -l output -r -d "write there"
complete -c sparekey -n "__fish_seen_subcommand_from verify" -l online -d "ask the authorities too"
complete -c sparekey -n "__fish_seen_subcommand_from verify" -l payload -d "decrypt all of it too"
complete -c sparekey -n "__fish_seen_subcommand_from recover" -l all -d "everything that was ever deposited"
complete -c sparekey -n "__fish_seen_subcommand_from recover" -l wait -d "wait until the officers have decided"
complete -c sparekey -n "__fish_seen_subcommand_from $commands" -l json -d "print JSON for programs"
complete -c sparekey -n "__fish_seen_subcommand_from $commands" -s q -l quiet -d "only errors and warnings"
complete -c sparekey -n "__fish_seen_subcommand_from $commands" -s h -l help -d "show help"
