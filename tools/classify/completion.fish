# Completion of classify for fish: the program itself says what may follow.
function __classify_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    # A quote that is open is no part of the word.
    set -l word (commandline -ct | string replace -r '^(--[a-z-]+=)?[\'"]' '$1')
    set -l lines ($program --complete $words "$word" 2>/dev/null)
    if string match -q '*files*' -- $lines[1]
        __fish_complete_path "$word"
    end
    set -e lines[1]
    printf '%s\n' $lines
end
complete -c classify -f -a '(__classify_complete)'
