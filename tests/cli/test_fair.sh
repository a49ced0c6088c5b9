#!/bin/sh
# Treatment and stand-ins through the catalogue: what is an input under any name is found, flips and swaps see what hangs on
# it, and legal profiles choose the groups, block, and make failures advices.
. "$(dirname "$0")/support.sh"
vouch simulate credit --rows 4000 --seed 1 --fault proxy --out plain.csv --quiet
python3 - <<'PY' # a recoded copy of ethnicity, and one whose values speak
import csv
rows = list(csv.DictReader(open("plain.csv")))
for i, r in enumerate(rows):
    r["stratum"] = {"A": "7", "B": "31", "C": "12"}[r["ethnicity"]]
    r["tenure"] = {"own": "1", "mortgage": "2", "rent": "3"}[r["home_ownership"]]
    r["salutation"] = "Female" if i % 2 else "Male"
    r["account_age"] = str(i % 90)
out = csv.DictWriter(open("loans.csv", "w"), rows[0].keys())
out.writeheader()
out.writerows(rows)
PY
recipe() { # NAME INPUTS
    cat >recipe.yaml <<YAML
target: {column: defaulted, bad: 1}
inputs: $2
model: {kind: gbdt, trees: 30, depth: 3}
YAML
    vouch fit recipe.yaml loans.csv --out "$1.vouch" --quiet >/dev/null
}
entry() { # FOLDER ID SUBJECT EXPRESSION: true of the entry e; r(table, row...) are its rows
    python3 - "$@" <<'PY'
import json, sys
folder, id_, subject, expression = sys.argv[1:5]
found = [e for e in json.load(open(folder + "/evidence.json"))["entries"] if e["id"] == id_ and e.get("subject", "") == subject]
assert found, (id_, subject, "is not there")
e = found[0]
rows = {name: t["rows"] for name, t in e.get("tables", {}).items()}
assert eval(expression), (id_, subject, e.get("value"), e.get("note"), e["verdict"], rows)
PY
}
run() { # CODE FOLDER ARGUMENTS...
    want=$1 folder=$2
    shift 2
    expect "$want" vouch test run --data loans.csv --label defaulted --out "$folder" --quiet "$@"
}
recipe bare '[utilisation, postal_area, income, delinquencies_2y]'
recipe marked '[utilisation, ethnicity, income]'
recipe renamed '[utilisation, stratum, salutation, account_age]'

run 0 a fairness.prohibited fairness.flip fairness.swap --model bare.vouch --group sex,ethnicity
entry a fairness.prohibited "" 'e["verdict"] == "pass" and e["value"] == 0'
entry a fairness.flip ethnicity 'e["verdict"] == "not-applicable"'
entry a fairness.swap ethnicity 'rows["inputs"][0][0] == "postal_area" and e["interval"]["low"] > 0'
entry a fairness.swap sex 'e["interval"]["low"] < 0.02 and len(rows["inputs"]) == 4'
run 3 b fairness.prohibited fairness.flip --model marked.vouch --group sex,ethnicity
entry b fairness.prohibited "" '["ethnicity", "ethnicity", "it is the protected column", ""] in rows["found"] and ["ethnicity", "race", "its name", "measure-only"] in rows["found"]'
entry b fairness.flip ethnicity 'e["verdict"] == "fail" and e["value"] > 0 and len(rows["values"]) == 3'
entry b fairness.flip sex 'e["verdict"] == "not-applicable"'
run 3 c fairness.prohibited --model renamed.vouch --group ethnicity
entry c fairness.prohibited "" '["stratum", "ethnicity", "equals it under another coding", ""] in rows["found"] and ["salutation", "sex", "its values", "measure-only"] in rows["found"] and e["value"] == 2'

# stand-ins: the area alone, and no worse together
run 3 d fairness.proxy fairness.proxy_set --model bare.vouch --group ethnicity
entry d fairness.proxy ethnicity 'rows["features"][0][0] == "postal_area" and e["value"] > 0.85'
entry d fairness.proxy_set ethnicity 'e["value"] > 0.85 and e["interval"]["low"] < e["value"] and len(rows["groups"]) == 3'
run 0 e fairness.proxy_set --features utilisation,income,savings --group ethnicity
entry e fairness.proxy_set ethnicity '0.4 < e["value"] < 0.6 and e["verdict"] == "pass"'

# profiles: groups by name, advice in place of failure, nothing of what is blocked
air() { # CODE FOLDER ARGUMENTS...: a score that declines all of a group
    run "$@" fairness.air --set fairness.air.cutoff=20 --score stratum
}
air 3 f --legal state-nj
entry f fairness.air ethnicity 'e["verdict"] == "fail" and e["value"] == 0'
entry f fairness.air sex 'e["verdict"] == "pass"'
air 0 g --legal federal-ecoa-2026
entry g fairness.air ethnicity 'e["verdict"] == "advisory" and "an advice under the legal profile" in e["note"]'
sed 's/fairness.air: advisory/fairness.air: blocked/; s/^name: .*/name: house/' "$root/legal/federal-ecoa-2026.yaml" >house.yaml
air 0 h --legal house.yaml
entry h fairness.air "" 'e["verdict"] == "not-applicable" and "blocks this test" in e["note"]'
run 0 i fairness.air --set fairness.air.cutoff=3 --score tenure --legal state-nj --group home_ownership
entry i fairness.air home_ownership 'e["verdict"] == "advisory" and "is no ground of the legal profiles" in e["note"]'
printf 'suite: own\nlegal: [state-nj, fha]\ntests: [fairness.smd]\n' >own.yaml
run 0 j --suite own.yaml --model marked.vouch
grep -q '"Fair Housing Act"' j/evidence.json || fail "the profile is not in the evidence"
expect 1 vouch test run fairness.smd --data loans.csv --model bare.vouch --legal fah --quiet
says "did you mean 'fha'"
expect 2 vouch test run fairness.smd --data loans.csv --model bare.vouch --legal federal-ecoa-pre-2026,federal-ecoa-2026 --quiet
says "is in force"
echo done
