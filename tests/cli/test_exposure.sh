#!/bin/sh
# Exposure at default: the recipe names three columns, the share is made of them and told, a model of any kind is fitted
# to it, and scoring gives exposures that are never below what is drawn; validated by the tests for LGD and EAD.
. "$(dirname "$0")/support.sh"
awk 'BEGIN { srand(7); print "id,rating,type,drawn,limit,ead"
    for (i = 1; i <= 1500; i++) { limit = 1000 * (1 + int(20 * rand())); rating = int(9 * rand()); type = rand() < 0.4 ? "card" : "line"
        drawn = limit * rand(); if (i % 50 == 0) drawn = limit; if (i % 150 == 0) drawn = 1.1 * limit
        eta = -1 + 0.3 * rating + (type == "card") * 0.8; mean = 1 / (1 + exp(-eta)); u = rand() + rand() + rand() - 1.5
        ccf = mean + 0.5 * u; ead = drawn + ccf * (limit > drawn ? limit - drawn : 0); if (ead < 0) ead = 0
        printf "%d,%d,%s,%.2f,%.2f,%.2f\n", i, rating, type, drawn, limit, ead } }' >book.csv
recipe() { # FORM MODEL
    printf 'target: {exposure: ead, drawn: drawn, limit: limit, form: %s}\ninputs: [rating, type]\nmodel: %s\n' "$1" "$2" >ead.yaml
}
checked() { # FORM SQL-OF-THE-EXPOSURE: what a scored book must be
    vouch score ead.vouch book.csv --id id --output exposure --quiet >scored.csv
    python3 - "$1" <<'END' || fail "exposures of $1 are not what its share means"
import csv, sys
form, book = sys.argv[1], {r["id"]: {k: float(v) for k, v in r.items() if k not in ("id", "type")} for r in csv.DictReader(open("book.csv"))}
n = floors = 0
for s in csv.DictReader(open("scored.csv")):
    b, share = book[s["id"]], float(s["share"])
    E, L, D = b["drawn"], b["limit"], b["ead"]
    want = {"ccf": E + max(0, share) * max(0, L - E), "eadf": max(E, share * L), "balance": max(E, share * E)}[form]
    of = {"ccf": L - E, "eadf": L, "balance": E}[form]
    real = ((D - E if form == "ccf" else D) / of) if of > 0 else None
    assert abs(float(s["exposure"]) - want) <= 1e-9 * max(1, want) and float(s["exposure"]) >= E, s
    assert (s["realised_share"] in ("", "nan")) if real is None else abs(float(s["realised_share"]) - real) < 1e-9, (s, real)
    n, floors = n + 1, floors + (float(s["exposure"]) == E)
assert n == 1500 and (floors > 0 or form == "balance")
END
}
recipe ccf '{kind: glm, family: binomial, covariance: hc0}'
expect 0 vouch fit ead.yaml book.csv --out ead.vouch --quiet
for word in "form " "ccf" "rows_without_share *30" "rows_below_0" "rows_above_1"; do grep -q "$word" out || fail "not told: $word"; done
vouch model show ead.vouch | grep -q '"conversion":{' || fail "the file does not tell its conversion"
checked ccf
recipe eadf '{kind: gbdt, loss: squared, trees: 20}'
expect 0 vouch fit ead.yaml book.csv --out ead.vouch --quiet
checked eadf
recipe balance '{kind: glm, family: gamma}'
awk -F, 'BEGIN { OFS = "," } NR > 1 && $6 < 1 { $6 = 1 } { print }' book.csv >positive.csv
expect 0 vouch fit ead.yaml positive.csv --out ead.vouch --quiet
checked balance
recipe leq '{kind: glm, family: beta, squeeze: true, precision: [type]}'
expect 0 vouch fit ead.yaml book.csv --out ead.vouch --quiet
grep -q "form *ccf" out || fail "leq is not the ccf"
checked ccf

# The validator's tests: on the share, and on the money.
vouch test run irb.lgd_bias irb.lgd_ranking irb.lgd_clar --data "SELECT id, share, realised_share FROM 'scored.csv' WHERE realised_share IS NOT NULL" \
    --id id --score share --label realised_share --out shares --quiet >out || true
for id in irb.lgd_bias irb.lgd_ranking irb.lgd_clar; do grep -q "$id" shares/evidence.json || fail "no $id"; done
vouch test run irb.lgd_bias irb.loss_shortfall --data "SELECT b.id, exposure, ead FROM 'book.csv' b JOIN 'scored.csv' s ON b.id = s.id" \
    --id id --score exposure --label ead --out money --quiet >out || true
grep -q "irb.loss_shortfall" money/evidence.json || fail "no test of the money"

# A new book has no exposure at default yet; a calibrated model keeps its conversion; the same bytes on any threads.
cut -d, -f1-5 book.csv >new.csv
vouch score ead.vouch new.csv --id id --output exposure --quiet | head -1 | grep -qx "id,share,exposure" || fail "new cases are not scored"
vouch calibrate ead.vouch book.csv --method scale --to 0.6 --out higher.vouch --quiet >out
vouch score higher.vouch new.csv --id id --output exposure --quiet | awk -F, 'NR > 1 { s += $2; n++ } END { exit !(s / n > 0.599 && s / n < 0.601) }' ||
    fail "the calibrated share is not used"
vouch fit ead.yaml book.csv --threads 2 --out again.vouch --quiet >out
cmp -s again.vouch ead.vouch || fail "threads change the model"

recipe cff '{kind: glm}'
refused "form" vouch fit ead.yaml book.csv --quiet
printf 'target: {exposure: ead, drawn: drwn, limit: limit}\nmodel: {kind: glm}\n' >ead.yaml
refused "ead.yaml:1:" vouch fit ead.yaml book.csv --quiet
printf 'target: {exposure: ead, drawn: type, limit: limit}\nmodel: {kind: glm}\n' >ead.yaml
refused "column of numbers" vouch fit ead.yaml book.csv --quiet
printf 'target: {exposure: ead, drawn: drawn, limit: limit, outside: refuse}\nmodel: {kind: glm}\n' >ead.yaml
refused "outside 0 to 1" vouch fit ead.yaml book.csv --quiet
sed '2s/,[^,]*$/,/' book.csv >hole.csv
refused "'ead' is missing in row 1" vouch fit ead.yaml hole.csv --quiet
printf 'target: {exposure: ead, drawn: drawn, limit: limit, least_undrawn: 0.1}\ninputs: [rating]\nmodel: {kind: glm}\n' >ead.yaml
expect 0 vouch fit ead.yaml book.csv --out ead.vouch --quiet
vouch simulate credit --rows 400 --seed 1 --out loans.csv --quiet
printf 'target: {column: defaulted, bad: 1}\ninputs: [utilisation]\nmodel: {kind: glm}\n' >pd.yaml
vouch fit pd.yaml loans.csv --out pd.vouch --quiet >out
refused "not one of exposures" vouch score pd.vouch loans.csv --output exposure
refused "drawn" vouch score ead.vouch "SELECT id, rating, type, \"limit\" FROM 'book.csv'" --id id --output exposure
