# SPDX-License-Identifier: Apache-2.0
# bash completion for sparekey; options come from the program's own help

_sparekey_options() {
    sparekey "$1" --help 2>/dev/null | sed -n 's/^ \{2,\}\(-[a-z],\)\{0,1\} *\(--[a-z-]*\).*/\2/p'
}

_sparekey() {
    local cur prev words cword
    _init_completion || return
    local command=${words[1]}

    if ((cword == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "init enroll encrypt decrypt inspect verify status sync recover requests veto watch blob doctor help version" -- "$cur")
        return
    fi
    case $prev in
        --policy)
            mapfile -t COMPREPLY < <(compgen -W "require spool off" -- "$cur")
            return
            ;;
        --bits)
            mapfile -t COMPREPLY < <(compgen -W "2048 3072 4096" -- "$cur")
            return
            ;;
        --spec)
            mapfile -t COMPREPLY < <(compgen -W "keyx sign" -- "$cur")
            return
            ;;
        --authority)
            mapfile -t COMPREPLY < <(compgen -W "$(ls "${XDG_CONFIG_HOME:-$HOME/.config}/sparekey/authorities" 2>/dev/null)" -- "$cur")
            return
            ;;
        -o | --output | --hook | --sheet | --token-file | --to)
            _filedir
            return
            ;;
        --file)
            _filedir spk
            return
            ;;
    esac
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_sparekey_options "$command")" -- "$cur")
        return
    fi
    case $command in
        encrypt) _filedir ;;
        decrypt | inspect | verify | sync | recover) _filedir spk ;;
        blob)
            if ((cword == 2)); then
                mapfile -t COMPREPLY < <(compgen -W "export import show deposit list renew open" -- "$cur")
            else
                _filedir
            fi
            ;;
        help) mapfile -t COMPREPLY < <(compgen -W "init enroll encrypt decrypt inspect verify status sync recover requests veto watch blob doctor" -- "$cur") ;;
    esac
}

complete -F _sparekey sparekey
