#!/bin/sh
# Trees, rule lists and additive models are no worse than their peers on the same rows under the same constraints: a tree's
# impurity and a one-rule list's log-loss on training rows against scikit-learn's trees, an additive model's deviance on new
# rows against interpret's EBM.
set -eu
root=$PWD
PATH=$root/build/release/bin:$PATH
venv=$root/.cache/venv-interpret
[ -x "$venv/bin/python" ] ||
    { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet interpret-core==0.7.8 pandas pyarrow scikit-learn; } >&2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$venv/bin/python" -W ignore tests/conformance/plain_kinds.py "$place"
