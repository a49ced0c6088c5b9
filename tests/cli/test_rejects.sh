#!/bin/sh
# A project with rejects: applicants without an outcome are kept out of every part, brought into the fits by the method that
# the project names, and what that rests on is in evidence and report; accepts-only gives the very model of the accepts.
. "$(dirname "$0")/support.sh"
loans 1800 5
sed -i '/^  challenger:/d' vouch.yaml
python3 - <<'END'
import csv, random
random.seed(3)
rows = list(csv.DictReader(open("loans.csv")))
for r in rows:
    accepted = random.random() < 1 - 1.6 * float(r["true_pd"]) - 0.3 * float(r["utilisation"])
    r["decision"], r["truth"] = ("approved" if accepted else "declined"), r["defaulted"]
    if not accepted:
        r["defaulted"] = ""
def write(name, rows):
    with open(name, "w") as f:
        w = csv.DictWriter(f, fieldnames=rows[0].keys()); w.writeheader(); w.writerows(rows)
write("loans.csv", rows)
write("accepted.csv", [r for r in rows if r["decision"] == "approved"])
END
cp vouch.yaml plain.yaml
sed -i 's/source: loans.csv/source: accepted.csv/; s/ignore: \[true_pd\]/ignore: [true_pd, decision, truth]/' plain.yaml
sed 's/^champion/rejects: {column: decision, accepted: approved, method: accepts-only, truth: truth}\nchampion/' vouch.yaml >only.yaml
sed 's/^champion/rejects: {column: decision, accepted: approved, method: parcelling, factor: 1.5, truth: truth}\nchampion/' vouch.yaml >with.yaml
run() { code=0; vouch run --quiet "$@" >run.txt 2>err || code=$?; [ "$code" -eq 0 ] || [ "$code" -eq 3 ] || { cat err; fail "vouch run $* gave $code"; }; }
run --project plain.yaml --out plain
run --project only.yaml --out only
cmp plain/models/scorecard.vouch only/models/scorecard.vouch || fail "accepts-only is not the model of the accepts"
people
cp with.yaml vouch.yaml
run --key dana.pem --threads 2
cp result/evidence.json two.json
run --project with.yaml --out again --threads 1
cmp two.json again/evidence.json || fail "threads change the evidence"
cmp -s result/models/scorecard.vouch plain/models/scorecard.vouch && fail "the rejects change nothing"
expect 0 vouch replay scorecard
python3 - <<'END' || fail "the evidence of rejects"
import json
e = json.load(open("result/evidence.json"))
entry = {x["id"]: x for x in e["entries"]}
methods = {r[0]: r[1:] for r in entry["reject.methods"]["tables"]["methods"]["rows"]}
assert set(methods) == {"accepts-only", "augmentation", "reweighting", "hard-cutoff", "parcelling", "fuzzy", "truth"}
assert entry["reject.methods"]["value"] == methods["parcelling"][0] > methods["accepts-only"][0]
assert len(entry["reject.methods"]["tables"]["assumptions"]["rows"]) == 6
band = entry["reject.band"]["tables"]["band"]["rows"]
assert [r[0] for r in band] == [1, 1.5, 2, 3, 5, 10] and [r[1] for r in band] == sorted(r[1] for r in band)
assert methods["truth"][0] < band[-1][1]
roles = {r[0]: r[2] for r in entry["data.roles"]["tables"]["columns"]["rows"]}
assert roles["decision"] != "input" and roles["truth"] != "input"
n = sum(1 for r in open("loans.csv")) - 1
assert e["data"]["rows"] + e["data"]["rejected"] == n and sum(p["rows"] for p in e["split"]["parts"]) == e["data"]["rows"]
assert "declined in the past are inferred" in e["limits"][0]
page = open("result/report.html").read()
assert "Reject inference by method" in page and "If rejects are worse than they look" in page
END
sed 's/method: parcelling/method: guess/' with.yaml >bad.yaml
refused "rejects.method must be" vouch run --project bad.yaml --out bad --quiet
sed 's/accepted: approved/accepted: yes!/' with.yaml >bad.yaml
refused "no row has this value" vouch run --project bad.yaml --out bad --quiet
sed 's/column: decision/column: decisions/' with.yaml >bad.yaml
refused "no column 'decisions'" vouch run --project bad.yaml --out bad --quiet
echo "rejects in fits, evidence, report and replay"
