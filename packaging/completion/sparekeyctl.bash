# SPDX-License-Identifier: Apache-2.0
# bash completion for sparekeyctl; commands and options come from the program's own help

_sparekeyctl_commands() {
    sparekeyctl help 2>/dev/null | sed -n 's/^  \([a-z]\{1,\}\( [a-z]\{1,\}\)\{0,1\}\)  .*/\1/p'
}

_sparekeyctl_options() {
    sparekeyctl "$@" --help 2>/dev/null | sed -n 's/^ \{2,\}\(-[a-z],\)\{0,1\} *\(--[a-z-]*\).*/\2/p'
}

_sparekeyctl() {
    local cur prev words cword desk=${XDG_CONFIG_HOME:-$HOME/.config}/sparekey/officer
    local -a command=()
    _init_completion || return

    if ((cword == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$(_sparekeyctl_commands | cut -d' ' -f1 | sort -u) help version" -- "$cur")
        return
    fi
    if _sparekeyctl_commands | grep -qx "${words[1]}"; then
        command=("${words[1]}")
    elif ((cword == 2)); then
        mapfile -t COMPREPLY < <(compgen -W "$(_sparekeyctl_commands | sed -n "s/^${words[1]} //p")" -- "$cur")
        return
    else
        command=("${words[1]}" "${words[2]}")
    fi
    case $prev in
        --enrolment)
            mapfile -t COMPREPLY < <(compgen -W "open token approval" -- "$cur")
            return
            ;;
        --bits)
            mapfile -t COMPREPLY < <(compgen -W "2048 3072 4096" -- "$cur")
            return
            ;;
        --state)
            if [[ ${command[0]} == request ]]; then
                mapfile -t COMPREPLY < <(compgen -W "open waiting confirm approved denied vetoed expired done" -- "$cur")
            else
                _filedir -d
            fi
            return
            ;;
        --authority)
            mapfile -t COMPREPLY < <(compgen -W "$(ls "$desk/authorities" 2>/dev/null)" -- "$cur")
            return
            ;;
        --as)
            mapfile -t COMPREPLY < <(compgen -W "$(cd "$desk" 2>/dev/null && printf '%s\n' *.key | sed 's/\.key$//')" -- "$cur")
            return
            ;;
        --copy)
            _filedir -d
            return
            ;;
        -o | --out | --policy | --officer | --next | --previous | --cert | --key | --ready-file)
            _filedir
            return
            ;;
    esac
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_sparekeyctl_options "${command[@]}")" -- "$cur")
        return
    fi
    case ${command[*]} in
        init | start | address | backup | restore | drill | 'token new' | 'owner list' | 'store check' | events | 'log fsck' | 'log export' | 'log adopt' | 'log rebuild' | 'key copy' | 'key restore' | 'key rotate') _filedir -d ;;
        'policy sign' | 'policy check' | 'policy simulate' | 'policy publish' | 'key share' | 'key publish') _filedir ;;
        'request show' | 'request approve' | 'request deny')
            mapfile -t COMPREPLY < <(compgen -W "$(sparekeyctl request list --quiet 2>/dev/null </dev/null | cut -d' ' -f1)" -- "$cur")
            ;;
    esac
}

complete -F _sparekeyctl sparekeyctl
