# Completion of classify for bash: the program itself says what may follow.
_classify() {
  local word about line i
  local -a words=()
  for ((i = 1; i <= COMP_CWORD; i++)); do
    # A quote that is open is no part of the word.
    word=${COMP_WORDS[i]#[\'\"]}
    if ((i < COMP_CWORD)); then
      word=${word%[\'\"]}
    fi
    # A word is split at "="; its parts belong together.
    if ((i > 1)) && [[ ${COMP_WORDS[i]} == = || ${COMP_WORDS[i - 1]} == = ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
  done
  [[ $word == = ]] && word=
  local before=${words[-1]%"$word"}
  COMPREPLY=()
  {
    read -r about
    while IFS=$'\t' read -r line _; do
      COMPREPLY+=("${line#"$before"}")
    done
  } < <("${1/#\~/$HOME}" --complete "${words[@]}" 2>/dev/null)
  [[ $about == *files* ]] && compopt -o default
  [[ $about == *open* ]] && compopt -o nospace
  return 0
}
complete -F _classify classify
