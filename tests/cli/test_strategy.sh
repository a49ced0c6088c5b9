# Cut-offs, swap sets, vintages, roll rates and reject inference from files: tables on the terminal, evidence as JSON,
# the same bytes on any number of threads, and messages that name what is wrong.
. "$(dirname "$0")/support.sh"

awk 'BEGIN { srand(4); print "id,new,old,label,amount,accepted"
    for (i = 0; i < 600; i++) { r = rand(); bad = rand() < r * r; a = rand() < 1 - 0.8 * r
        print i "," r + 0.2 * rand() "," r + rand() "," (a ? bad : "") "," 1 + int(9 * rand()) "," (a ? "approved" : "declined") } }' >scored.csv
awk 'BEGIN { srand(5); print "id,m,dpd"
    for (a = 0; a < 80; a++) { s = 0; for (m = a % 6 + 1; m <= 12; m++) { printf "%d,2024-%02d-15,%d\n", a, m, s
        u = rand(); s = s ? (u < 0.5 ? s + 1 : 0) : u < 0.2 } } }' >book.csv

vouch strategy cutoff scored.csv --score new --rival old --label label --amount amount --max-bad-rate 0.2 --out curve >out
grep -q "largest profit" out && grep -q "Efficient frontier" out && grep -q "have no known outcome" out || fail "no curves"
grep -q "<svg" curve/report.html || fail "no plot in the report"
vouch strategy cutoff scored.csv --score new --label label --out alone >out
grep -q "<h1>Cut-off strategy curves</h1>" alone/report.html || fail "a report of one test has not its title"
grep -q ">Profit per case</th>" curve/report.html || fail "the value is not said to be a profit"
vouch strategy swap scored.csv --score new --rival old --label label --approval-rate 0.6 >out
grep -q "swapped in" out || fail "no swap set"
for n in 1 3; do vouch strategy cutoff scored.csv --score new --label label --threads $n --json >cut$n; done
cmp -s cut1 cut3 || fail "threads change the curves"
vouch strategy vintage book.csv --account id --month m --status dpd --bad-from 2 --horizon 4 --rows 200 >out
grep -q "2024 Q1" out && grep -q "not ripe" out || fail "no vintages"
vouch strategy roll book.csv --account id --month m --status dpd --buckets 4 --bad-from 2 >out
grep -q "current" out || fail "no roll rates"

cat >recipe.yaml <<'END'
target: {column: label, bad: 1}
inputs: [new, old]
rejects: {column: accepted, accepted: approved, method: parcelling}
model: {kind: glm}
END
vouch reject recipe.yaml scored.csv --out model.vouch --report rejects.html >out
grep -q "parcelling" out && grep -q "augmentation" out && [ -s model.vouch ] || fail "no reject inference"
grep -q "<svg" rejects.html || fail "no plot of rejects"

refused "needs --label" vouch strategy cutoff scored.csv --score new
refused "no column 'scor'" vouch strategy cutoff scored.csv --score scor --label label
refused "two rows in" vouch strategy roll book.csv --account dpd --month m --status id
grep -q "two rows in" err && [ ! -s out ] || fail "a refusal is not on the error stream"
sed 's/parcelling/parceling/' recipe.yaml >wrong.yaml
refused "rejects.method must be" vouch reject wrong.yaml scored.csv

# A calibrated model is a model: its mean is the one asked for, its raw scores are what they were, and its file tells.
vouch calibrate model.vouch scored.csv --method shift --to 0.04 --grades 5 --min-pd 0.005 --out pd.vouch --report pd.html >out
grep -q "rate to come to" out && grep -q "Master scale" out && grep -q "<svg" pd.html || fail "no calibration"
vouch score pd.vouch scored.csv --id id | awk -F, 'NR > 1 { s += $2; n++ } END { exit !(s / n > 0.03999999 && s / n < 0.04000001) }' ||
    fail "the mean is not what was asked for"
vouch score pd.vouch scored.csv --id id --output raw >raw1
vouch score model.vouch scored.csv --id id --output raw >raw2
cmp -s raw1 raw2 || fail "calibration moved the raw score"
vouch score pd.vouch scored.csv --id id --output grade | grep -q ",2" || fail "no grades"
refused "has no master scale" vouch score model.vouch scored.csv --output grade
refused "needs the rate" vouch calibrate model.vouch scored.csv --method shift
refused "must be platt" vouch calibrate model.vouch scored.csv --method plat
