#!/bin/sh
# The golden cases made anew by the reference packages of today, and compared with what is committed: have the peers moved?
# Packages come from the registry into a virtual environment under .cache; the committed files are put back afterwards.
set -eu
root=$PWD
python=.cache/venv-references/bin/python
if [ ! -x "$python" ]; then
    python3 -m venv .cache/venv-references
    .cache/venv-references/bin/pip install --quiet numpy==2.2.6 scipy==1.15.3 pandas==2.3.3 scikit-learn==1.7.2 statsmodels==0.14.5 \
        fairlearn==0.13.0 mpmath==1.3.0
    # Small packages that only some checks ask, without what they pin.
    .cache/venv-references/bin/pip install --quiet --no-deps hmeasure==0.1.6 EMP-PY==2.0.4 \
        riskvalidation==1.0.1 || true
fi
moved=0
for script in tests/golden/validate/make_*.py tests/golden/models/make_logit.py tests/golden/monitor/make_*.py tests/golden/fairness/make_*.py tests/golden/catalogue/make_*.py; do
    folder=$(dirname "$script")
    before=$(mktemp -d)
    cp "$folder"/*.json "$before"/
    if ! (cd "$folder" && "$root/$python" "$(basename "$script")") >"$before/out" 2>&1; then
        echo "skipped: $script needs what is not here: $(tail -1 "$before/out")"
        cp "$before"/*.json "$folder"/
        continue
    fi
    for file in "$before"/*.json; do
        name=$(basename "$file")
        "$python" - "$file" "$folder/$name" <<'PY' || { echo "$folder/$name: the reference has moved"; moved=1; }
import json, math, sys
def flat(x, path=""):
    if isinstance(x, dict):
        for k in sorted(x):
            if k not in ("provenance", "date", "version", "versions", "made"):
                yield from flat(x[k], f"{path}.{k}")
    elif isinstance(x, list):
        for i, v in enumerate(x):
            yield from flat(v, f"{path}[{i}]")
    else:
        yield path, x
a, b = (list(flat(json.load(open(p)))) for p in sys.argv[1:])
assert len(a) == len(b), "different shape"
for (p, x), (q, y) in zip(a, b):
    if isinstance(x, float) and isinstance(y, (int, float)):
        assert math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12), (p, x, y)
PY
    done
    cp "$before"/*.json "$folder"/
    rm -rf "$before"
done
exit "$moved"
