#compdef classify
# Completion of classify for zsh: the program itself says what may follow.
_classify() {
  local about candidate help
  local -a candidates explained end
  {
    read -r about
    while IFS=$'\t' read -r candidate help; do
      candidates+=("$candidate")
      explained+=("$candidate${help:+  -- $help}")
    done
  } < <("${(Q)words[1]}" --complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
  [[ $about == *open* ]] && end=(-S '')
  compadd -l -d explained "${end[@]}" -a candidates
  [[ $about == *files* ]] && _files
  return 0
}
if [[ $funcstack[1] == _classify ]]; then
  _classify "$@"
else
  compdef _classify classify
fi
