export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * The command that a script calls is the one that is being completed: `drydock` where it is installed, else `npx drydock`.
 * A script offers the values before the first tab of each line; zsh and fish show what comes after it as description.
 */
const bash = `# bash completion for drydock
_drydock_run() {
  if command -v drydock >/dev/null 2>&1; then drydock "$@"; else npx --no-install drydock "$@"; fi
}
_drydock() {
  local first=1 cur prev words cword line
  # Ids hold colons at times: words are taken from the line as typed, not split at COMP_WORDBREAKS.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n := cur prev words cword
  else
    words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD cur="\${COMP_WORDS[COMP_CWORD]}"
  fi
  if [[ \${words[0]} == npx ]]; then
    [[ \${words[1]} == drydock ]] || return
    first=2
  fi
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default 2>/dev/null
      return
    fi
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(_drydock_run __complete -- "\${words[@]:first:cword-first}" "$cur" 2>/dev/null)
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi
}
complete -F _drydock drydock
complete -F _drydock npx
`;

const zsh = `#compdef drydock
# zsh completion for drydock
_drydock_run() {
  if (( \${+commands[drydock]} )); then drydock "$@"; else npx --no-install drydock "$@"; fi
}
_drydock() {
  local -a lines described
  local line
  lines=("\${(@f)$(_drydock_run __complete -- "\${(@)words[2,CURRENT-1]}" "\${words[CURRENT]}" 2>/dev/null)}")
  if [[ \${lines[1]} == :files ]]; then
    _files
    return
  fi
  for line in "\${lines[@]}"; do
    [[ -n $line ]] || continue
    local value="\${line%%$'\\t'*}" about=""
    [[ $line == *$'\\t'* ]] && about="\${line#*$'\\t'}"
    described+=("\${value//:/\\\\:}:$about")
  done
  (( \${#described} )) && _describe -t drydock drydock described
}
if [[ "$funcstack[1]" == _drydock ]]; then _drydock "$@"; else compdef _drydock drydock; fi
`;

const fish = `# fish completion for drydock
function __drydock_run
    if command -q drydock
        drydock $argv
    else
        npx --no-install drydock $argv
    end
end
function __drydock_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (__drydock_run __complete -- $words[2..-1] "$current" 2>/dev/null)
    if test "$lines[1]" = ":files"
        __fish_complete_path "$current"
    else
        printf '%s\\n' $lines
    end
end
complete -c drydock -f -a '(__drydock_complete)'
`;

export const scripts: Record<Shell, string> = { bash, zsh, fish };
