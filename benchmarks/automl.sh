#!/usr/bin/env bash
# ./dev bench automl FOLDER [SECONDS…]: AutoML on every table of a folder (CSV, the target last), three folds each, beside H2O AutoML
# and FLAML, and with PEERS=… "autogluon" among them, each with the same time on the same cores. FOLDS=3; RESUME=1 goes on
# with one that was stopped.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
tables=${1:?name a folder of CSV files, the target in the last column}
shift
budgets=("${@:-60}")
peers=${PEERS:-h2o flaml}
work=target/bench-automl
here=benchmarks/automl
mkdir -p "$work"
# shellcheck source=../.mvn/jdk.sh
source .mvn/jdk.sh
JAVA_HOME=$(find_jdk)
java="$JAVA_HOME/bin/java"
./mvnw -q -pl runners/tabular -am package -DskipTests -Dmaven.test.skip=true
[[ -d $work/h2o ]] || ./mvnw -q -f $here/h2o/pom.xml dependency:copy-dependencies -DoutputDirectory="$root/$work/h2o"
venv=$work/venv
if ! cmp -s $here/requirements.txt "$venv/installed"; then
  echo "Installing FLAML…" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r $here/requirements.txt
  cp $here/requirements.txt "$venv/installed"
fi
if [[ " $peers " == *" autogluon "* && ! -d $work/autogluon ]]; then
  echo "Installing AutoGluon…" >&2
  python3 -m venv "$work/autogluon"
  "$work/autogluon/bin/pip" install --quiet --disable-pip-version-check "autogluon.tabular[lightgbm,xgboost,catboost,fastai]"
fi
[[ -n ${RESUME:-} ]] || rm -rf "$work/folds" "$work/scores"
[[ -d $work/folds ]] || "$venv/bin/python" $here/prepare.py "$tables" "$work/folds" "${FOLDS:-3}"
echo "$(nproc) processors, load $(cut -d ' ' -f 1 /proc/loadavg) when it began"
scores=$work/scores
touch "$scores"
for budget in "${budgets[@]}"; do
  # The first fold of all tables comes first, so that what is done says something early.
  for fold in $(printf '%s\n' "$work"/folds/*/* | awk -F/ '{ print $NF, $0 }' | sort -n -s -k 1,1 | cut -d " " -f 2-); do
    read -r table number target kind < <("$venv/bin/python" -c "
import json, sys; a = json.load(open(sys.argv[1])); print(a['table'], a['fold'], a['target'], a['kind'])" "$fold/about.json")
    for system in pipewright $peers constant forest; do
      grep -q "^$budget $table $kind $number $system " "$scores" && continue
      out=$work/predicted.csv
      log=$work/$table-$number-$budget-$system.log
      rm -f "$out"
      case $system in
        pipewright)
          "$java" -Xmx1g --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
            -cp "runners/tabular/target/classes:runners/tabular/target/lib/*" \
            $here/Ours.java "$fold/train.csv" "$target" "${budget}s" "$fold/test.csv" "$out" >"$log" 2>&1 || true ;;
        h2o)
          "$java" --add-opens java.base/java.lang=ALL-UNNAMED -Xmx2g -cp "$work/h2o/*" $here/H2o.java "$fold/train.csv" "$target" \
            "$budget" "$fold/test.csv" "$out" "$([[ $kind == regression ]] && echo regression || echo classification)" >"$log" 2>&1 || true ;;
        flaml) "$venv/bin/python" $here/flaml_peer.py "$fold" "$budget" "$out" >"$log" 2>&1 || true ;;
        autogluon) "$work/autogluon/bin/python" $here/autogluon_peer.py "$fold" "$budget" "$out" >"$log" 2>&1 || true ;;
        *) "$venv/bin/python" $here/baselines.py "$fold" "$system" "$out" >"$log" 2>&1 || true ;;
      esac
      score=failed
      [[ -f $out ]] && score=$("$venv/bin/python" $here/score.py "$fold" "$out" || echo failed)
      seconds=$(grep -o 'seconds=[0-9.]*' "$log" | tail -1 | cut -d = -f 2 || true)
      echo "$budget $table $kind $number $system $score ${seconds:-0}" | tee -a "$scores" >&2
    done
  done
done
"$venv/bin/python" $here/table.py "$scores"
