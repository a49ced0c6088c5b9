#!/bin/sh
# The catalogue against riskvalidation on one portfolio; differences of convention are listed in docs/validate.md.
set -eu
bin=${1:-build/release/bin}
python=.cache/venv-references/bin/python
[ -x "$python" ] || sh tests/conformance/references.sh >/dev/null 2>&1 || :
"$python" -c 'import riskvalidation' 2>/dev/null || { echo "skipped: riskvalidation is not here"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" tests/conformance/risk_portfolio.py "$bin/vouch" "$folder"
