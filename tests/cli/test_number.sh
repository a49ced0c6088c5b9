#!/bin/sh
# A count with an exposure, from the table to the server and the monitor: what is predicted, of what it is made, and what
# happens when the claims or the level change.
. "$(dirname "$0")/support.sh"
policies() { # ROWS SEED LEVEL FILE
    awk -v n="$1" -v seed="$2" -v level="$3" 'BEGIN {
        srand(seed); print "id,claims,years,bonus,area,sex"
        for (i = 1; i <= n; i++) {
            years = int(100 + 900 * rand()) / 1000; bonus = 50 + int(60 * rand()); north = rand() < 0.4
            mean = level * 0.4 * years * exp(0.02 * (bonus - 50)) * (north ? 1.6 : 1); k = 0
            for (p = rand(); p > exp(-mean); p *= rand()) k++
            print i "," k "," years "," bonus "," (north ? "north" : "south") "," (rand() < 0.5 ? "f" : "m")
        } }' >"$4"
}
policies 4000 1 1 policies.csv
cat >vouch.yaml <<'YAML'
project: frequency
data:
  source: policies.csv
  id: id
  target: {column: claims, law: count, exposure: years}
  protected: [sex]
split: {by: random, test: 0.4, tune: 0.2, seed: 2}
models:
  tariff: {kind: glm}
  trees: {kind: gbdt, trees: 30, depth: 3}
champion: {metric: deviance, prefer: tariff, margin: 0.05}
legal: [measure-only]
YAML
people
approved
[ "$champion" = tariff ] || fail "the champion is $champion"
grep -q 'prediction' run.txt || fail "no prediction is told"
grep -q 'Actual over expected by level' result/report.html || fail "the report lacks actual over expected"
grep -q 'elativit' result/report.html || fail "the report lacks relativities"
expect 0 vouch replay "$champion"
expect 0 vouch replay evidence:validate.deviance/tariff/test

serve
post() { curl -sS -o answer.json -w '%{http_code}' -H "Content-Type: application/json" "$@" "$address/v1/decisions"; }
[ "$(post -d @result/request.json)" = 200 ] || { cat answer.json; fail "a good request"; }
python3 - answer.json <<'PY' || fail "contributions do not add up to the prediction"
import json, math, sys
d = json.load(open(sys.argv[1]))["decisions"][0]
total = d["base"] + sum(c["contribution"] for c in d["contributions"])
assert d["decision"] == "score" and abs(math.exp(total) - d["prediction"]) < 1e-9 * d["prediction"], d
PY
id=$(sed 's/.*"id":"\([^"]*\)".*/\1/' answer.json)
[ "$(post -d '{"row":{"bonus":60}}')" = 422 ] || fail "missing columns"
curl -sS "$address/metrics" | grep -q 'score"} 1' || fail "no score is counted"
kill -TERM "$server"
wait "$server" || fail "the server did not stop gracefully"
expect 0 vouch replay "$id"

policies 6000 3 1 same.csv
policies 6000 4 1.5 more.csv
code=0
vouch monitor --batch same.csv --key service.pem --quiet >same.txt || code=$?
[ "$code" -eq 0 ] || { cat same.txt; fail "a batch of the same kind gave $code"; }
expect 3 vouch monitor --batch more.csv --json --quiet
prints '"id":"monitor.gini_fall"'
prints '"id":"monitor.outcome"'
expect 0 vouch verify
echo "a count goes from the table to the server, and its level is watched"
