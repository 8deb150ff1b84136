# SPDX-License-Identifier: Apache-2.0
# fish completion for sparekeyctl; commands and options come from the program's own help
function __sparekeyctl_commands
    sparekeyctl help 2>/dev/null | string match -rg '^  ([a-z]+(?: [a-z]+)?)  '
end

function __sparekeyctl_first
    __sparekeyctl_commands | string split -f1 ' ' | sort -u
end

function __sparekeyctl_second
    set -l words (commandline -opc)
    __sparekeyctl_commands | string match -rg "^$words[2] (.*)"
end

function __sparekeyctl_options
    set -l words (commandline -opc)
    sparekeyctl $words[2..-1] --help 2>/dev/null | string match -rg '^ {2,}(?:-[a-z],)? *(--[a-z-]*)'
end

complete -c sparekeyctl -f -n 'test (count (commandline -opc)) -eq 1' -a '(__sparekeyctl_first)'
complete -c sparekeyctl -f -n 'test (count (commandline -opc)) -eq 2' -a '(__sparekeyctl_second)'
complete -c sparekeyctl -n 'string match -q -- "-*" (commandline -ct)' -a '(__sparekeyctl_options)'
complete -c sparekeyctl -F -n 'test (count (commandline -opc)) -ge 2'
