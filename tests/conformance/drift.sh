#!/bin/sh
# Measures of drift and performance without labels against evidently and NannyML, each in an environment of its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export DO_NOT_TRACK=1 NML_DISABLE_USAGE_LOGGING=1 # both tell their makers of every use unless asked not to
export OMP_NUM_THREADS=1                         # LightGBM spins on a busy machine
python_with() { # NAME PACKAGE...: the interpreter of .cache/venv-NAME, or nothing when it can't be made
    name=$1
    shift
    if [ ! -x ".cache/venv-$name/bin/python" ]; then
        python3 -m venv ".cache/venv-$name" && ".cache/venv-$name/bin/pip" install --quiet "$@" >&2 || return 1
    fi
    echo ".cache/venv-$name/bin/python"
}
evidently=$(python_with evidently evidently==0.7.23 'pandas<3') || evidently=
nannyml=$(python_with nannyml nannyml==0.13.1 statsmodels 'setuptools<81') || nannyml=
[ -n "$evidently$nannyml" ] || { echo "skipped: neither evidently nor nannyml can be installed"; exit 77; }
"${evidently:-$nannyml}" "$here/drift.py" data "$place"
bin=${VOUCH_BIN:-build/release/bin}
run() { # OUT ARGUMENT...: a verdict of failure is no failure here
    out=$place/$1.json
    shift
    "$bin/vouch" "$@" --json --quiet >"$out" || [ $? -eq 3 ]
}
cases() { run "$@" --data "$place/now.csv" --reference "$place/before.csv"; }
cases ours test run --suite drift --probability p --label y --features x,skew,c
for bins in 5 20; do
    set=
    for name in psi jensen_shannon hellinger l_infinity chi_square; do set="$set --set drift.$name.bins=$bins"; done
    cases "bins$bins" test run drift.psi drift.jensen_shannon drift.hellinger drift.l_infinity drift.chi_square --features x,skew $set
done
for correction in none bh holm; do
    cases "$correction" test run drift.ks --features x,skew,z1,z2,z3 --set drift.ks.correction=$correction
done
cases gaps test run drift.ks drift.wasserstein drift.missing drift.jensen_shannon drift.unseen --features gap,new
cases cutoff test run drift.estimated_performance --probability p --set drift.estimated_performance.cutoff=0.2
cases errors test run drift.estimated_errors --score guess --label cost --features x,skew
run late test run drift.delayed_labels --data "$place/now.csv" --score p --label late --date day \
    --set drift.delayed_labels.maturity=6 --set drift.delayed_labels.as_of=202312
run sketched drift --current "$place/now.csv" --reference "$place/before.csv" --columns x,skew,c
"$bin/vouch" sketch "$place/before.csv" --columns x,skew,c --out "$place/before.sketch" --quiet >/dev/null
run stored drift --current "$place/now.csv" --reference "$place/before.sketch" --columns x,skew,c
status=0
for peer in evidently nannyml; do
    python=$(eval echo "\$$peer")
    if [ -z "$python" ]; then echo "skipped: $peer can't be installed"; continue; fi
    timeout 600 "$python" "$here/drift.py" "$peer" "$place" >"$place/said" 2>"$place/errors" || { status=1; tail -5 "$place/errors"; }
    grep -E '^(ok|FAIL| )' "$place/said"
done
exit "$status"
