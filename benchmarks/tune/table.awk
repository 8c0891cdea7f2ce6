# Makes the table: a row for each problem, the medians of ours beside Optuna's. Input: FILE FILE (ours, theirs).
function median(list,   parts, n, i, j, t) {
  n = split(list, parts, " ")
  for (i = 2; i <= n; i++) {
    t = parts[i] + 0
    for (j = i - 1; j > 0 && parts[j] + 0 > t; j--) parts[j + 1] = parts[j]
    parts[j + 1] = t
  }
  return n % 2 ? parts[(n + 1) / 2] : (parts[n / 2] + parts[n / 2 + 1]) / 2
}
BEGIN { FS = "\t" }
$1 == "speed" { printf "ask and tell at 1,000 trials of 20 parameters: median %.1f ms, 98th of a hundred %.1f ms of processor time\n\n", $4, $5; next }
{
  whose = FILENAME == ARGV[1] ? "ours" : "theirs"
  key = $1 SUBSEP $2
  if (!(key in seen)) { order[++rows] = key; seen[key] = 1 }
  for (f = 4; f <= 6; f++) all[whose, key, f] = all[whose, key, f] " " $f
}
END {
  print "| problem | sampler | after 50 | Optuna | after 100 | Optuna | seconds | Optuna |"
  print "|---|---|---|---|---|---|---|---|"
  for (r = 1; r <= rows; r++) {
    split(order[r], name, SUBSEP)
    ours = name[2] == "tpe-default" ? name[1] SUBSEP "tpe" : order[r]
    printf "| %s | %s", name[1], name[2]
    for (f = 4; f <= 6; f++) printf " | %.4g | %.4g", median(all["ours", ours, f]), median(all["theirs", order[r], f])
    print " |"
  }
}
