# Each beat is a line of the log and one in MARKS/beats, which says whose it is. What it starts in
# the background must end with it, however it ends.
marks=$(cat "$PIPEWRIGHT_INPUTS/marks")
sleep 600 >/dev/null 2>&1 &
background=$!
beat=0
while [ ! -e "$marks/enough" ]; do
  beat=$((beat + 1))
  echo "line $beat"
  echo $$ >>"$marks/beats"
  sleep 0.05
done
kill $background
echo $beat >"$PIPEWRIGHT_OUTPUTS/lines"
