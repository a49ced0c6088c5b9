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
"$bin/vouch" test run --suite drift --data "$place/now.csv" --reference "$place/before.csv" --probability p --label y \
    --features x,skew,c --json --quiet >"$place/ours.json" || [ $? -eq 3 ]
status=0
for peer in evidently nannyml; do
    python=$(eval echo "\$$peer")
    if [ -z "$python" ]; then echo "skipped: $peer can't be installed"; continue; fi
    timeout 600 "$python" "$here/drift.py" "$peer" "$place" >"$place/said" 2>"$place/errors" || { status=1; tail -5 "$place/errors"; }
    grep -E '^(ok|FAIL| )' "$place/said"
done
exit "$status"
