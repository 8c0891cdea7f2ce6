exec "$(cat "$PIPEWRIGHT_INPUTS/program")" "$(cat "$PIPEWRIGHT_INPUTS/script")"
