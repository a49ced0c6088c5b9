#!/bin/sh
# A project that calibrates: every model's probability is the calibrated one wherever it is used: in the run's evidence,
# scores and cut-off, by the server, by monitoring and in replay.
. "$(dirname "$0")/support.sh"
loans 3000 4
sed -i '/^  challenger:/d' vouch.yaml
cp vouch.yaml plain.yaml
cat >>vouch.yaml <<'END'
calibrate: {method: shift, to: 0.2, grades: 6, optimal: true, min_share: 0.03}
END
people
approved
serve
curl -sS -o answer.json -H "Content-Type: application/json" -d @result/request.json "$address/v1/decisions"
kill -TERM "$server"
wait "$server" || fail "the server did not stop gracefully"
vouch run --project plain.yaml --out plain --quiet >plain.txt 2>&1 || [ $? -eq 3 ] || fail "the plain run"

python3 - "$champion" <<'END' || fail "the probability is not the calibrated one everywhere"
import csv, json, math, subprocess, sys
name = sys.argv[1]
e = json.load(open("result/evidence.json"))
entries = {x["id"]: x for x in e["entries"] if x.get("model") == name}
numbers = dict(entries["calibrate.map"]["tables"]["numbers"]["rows"])
assert abs(numbers["mean probability after"] - 0.2) < 1e-9 and entries["calibrate.map"]["part"] == "tune"
shift = numbers["a"]
grades = entries["calibrate.scale"]["tables"]["grades"]["rows"]
rates = [g[8] for g in grades]
assert 2 <= len(grades) <= 6 and rates == sorted(rates) and all(g[5] >= 0.03 for g in grades), grades
told = [m for m in e["models"] if m["name"] == name][0]["calibration"]
assert json.loads(told["told"])[0]["part"] == "tune"
assert any("calibrated on tune" in t for t in e["limits"])
page = open("result/report.html").read()
assert "Master scale" in page and "Herfindahl" in page

request = json.load(open("result/request.json"))["row"]
with open("one.csv", "w") as f:
    w = csv.writer(f); w.writerow(request); w.writerow(["" if v is None else v for v in request.values()])
def score(model, what):
    out = subprocess.run(["vouch", "score", model, "one.csv", "--output", what, "--quiet"], capture_output=True, text=True, check=True).stdout
    return float(out.split("\n")[1].split(",")[1])
p = score("result/models/%s.vouch" % name, "probability")
before = score("plain/models/%s.vouch" % name, "probability")
logit = lambda v: math.log(v / (1 - v))
assert abs(logit(p) - logit(before) - shift) < 1e-9, (p, before, shift)
assert score("result/models/%s.vouch" % name, "points") == score("plain/models/%s.vouch" % name, "points")
answer = json.load(open("answer.json"))["decisions"][0]
assert answer["probability"] == p, (answer["probability"], p)
cut = e["decision"]["cutoff"]
assert answer["decision"] == ("approve" if p <= cut else answer["decision"]) and (p <= cut) == (answer["decision"] == "approve")
END

id=$(sed 's/.*"id":"\([^"]*\)".*/\1/' answer.json)
expect 0 vouch replay "$id"
expect 0 vouch replay "$champion"
expect 0 vouch verify
# Monitoring asks whether the level moved, of the calibrated probabilities: a batch of the same kind passes.
vouch simulate credit --rows 8000 --seed 77 --out same.csv --quiet
expect 0 vouch monitor --batch "SELECT * FROM 'same.csv' WHERE id > 6000" --key service.pem --json --quiet
python3 - <<'END' || fail "monitoring does not see the calibrated probability"
import json
e = {x["id"]: x for x in json.load(open("out"))["entries"]}
bands = e["monitor.calibration"]["tables"]["bands"]["rows"]
predicted = sum(b[1] * b[2] for b in bands) / sum(b[1] for b in bands)
assert 0.17 < predicted < 0.23, predicted
assert e["monitor.calibration"]["verdict"] == "pass" and e["monitor.psi_score"]["verdict"] == "pass"
END

for bad in 'method: shif' 'method: shift, too: 0.1' 'optimal: true' 'grades: 1' 'method: shift'; do
    sed '/^calibrate/d' vouch.yaml >bad.yaml
    echo "calibrate: {$bad}" >>bad.yaml
    refused "calibrate" vouch run --project bad.yaml --out bad --quiet
done
printf 'grades: [{pd: 0.01, up_to: 0.1}, {pd: 0.2}]\n' >scale.yaml
vouch calibrate "result/models/$champion.vouch" loans.csv --id id --scale scale.yaml --out given.vouch --quiet >out
vouch model show given.vouch | grep -q '"grades":\[{"grade":1,"pd":0.01,"up_to":0.1},{"grade":2,"pd":0.2,"up_to":1}\]' || fail "the given scale is not kept"
vouch calibrate "plain/models/$champion.vouch" loans.csv --id id --label defaulted --method qmm --to 0.05 --auc 0.7 --out qmm.vouch --quiet >out
vouch score qmm.vouch loans.csv --id id --quiet | awk -F, 'NR > 1 { s += $2; n++ } END { exit !(s / n > 0.0499999 && s / n < 0.0500001) }' || fail "qmm misses the mean"
printf 'grades: [{pd: 0.2}, {pd: 0.01}]\n' >scale.yaml
refused "scale.yaml:1:" vouch calibrate "result/models/$champion.vouch" --scale scale.yaml
refused "exclude each other" vouch calibrate "result/models/$champion.vouch" --scale scale.yaml --grades 4
echo "calibrated in evidence, scores, server, monitor and replay"
