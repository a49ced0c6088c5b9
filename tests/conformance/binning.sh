#!/bin/sh
# Binning against optbinning on 200 real and simulated columns, with the same splits and constraints: never a smaller information
# value, under any trend.
set -eu
root=$PWD
PATH=$root/build/release/bin:$PATH
venv=$root/.cache/venv-binning
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet optbinning==0.21.0
fi
"$venv/bin/python" tests/conformance/binning.py .cache/cards/cards.csv
