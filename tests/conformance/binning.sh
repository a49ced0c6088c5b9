#!/bin/sh
# Binning against optbinning on 200 real and simulated columns and 30 pairs of real ones, with the same pre-bins and constraints: never
# a smaller information value, under any trend. Then a scorecard against statsmodels, and its points against optbinning's and
# scorecardpy's for the same bins.
set -eu
root=$PWD
PATH=$root/build/release/bin:$PATH
venv=$root/.cache/venv-binning
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import optbinning, scorecardpy, statsmodels' 2>/dev/null ||
    "$venv/bin/pip" install --quiet optbinning==0.21.0 scorecardpy==0.1.9.7 statsmodels==0.15.0
"$venv/bin/python" tests/conformance/binning.py .cache/cards/cards.csv ../shared/data
if [ -f .cache/cards/cards.csv ]; then
    "$venv/bin/python" tests/conformance/points.py .cache/cards/cards.csv
else
    echo "skipped: the UCI accounts are not here; ./dev demo fetches them"
fi
