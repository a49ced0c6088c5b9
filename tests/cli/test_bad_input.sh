#!/bin/sh
# Bad input gets one clear line and leaves nothing behind.
. "$(dirname "$0")/support.sh"
loans 1500 6
bad() { # SED-SCRIPT WORDS...: the project file changed so gives status 1 and a line with each word
    sed "$1" "$root/examples/loans/vouch.yaml" >bad.yaml
    cmp -s bad.yaml "$root/examples/loans/vouch.yaml" && fail "the script '$1' changes nothing"
    shift
    expect 1 vouch run --project bad.yaml --out none --quiet
    for word in "$@"; do says "$word"; done
    [ ! -e none ] || fail "something was left behind"
}
expect 1 vouch run --project nowhere.yaml --quiet
says nowhere.yaml
bad 's/^models:/modles:/' "bad.yaml:" "modles" "models"
bad 's/source: .*/source: nowhere.csv/' nowhere.csv
bad 's/kind: gbdt/kind: gbtd/' gbtd gbdt
bad 's/trees: [0-9]*/trees: -5/' trees
bad 's/trees: [0-9]*/treees: 5/' treees trees
bad 's/column: defaulted/column: defaulded/' defaulded
bad 's/max_bad_rate: [0-9.]*/max_bad_rate: 7/' max_bad_rate
# one word among numbers is told by its row
awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == 50 { $at["income"] = "abc"; id = $at["id"] } { print }
    END { print id >"worded.id" }' loans.csv >worded.csv
sed 's/source: .*/source: worded.csv/' vouch.yaml >worded.yaml
expect 3 vouch run --project worded.yaml --quiet
says "column 'income' breaks its type in 1 row, first at id $(cat worded.id): value is abc, must be number"
# a column misspelt in a list is refused: it would be an input after all, or lose its words
bad 's/true_pd]/true_pdd]/' "bad.yaml:11:12: data.ignore" "did you mean 'true_pd'?"
bad 's/ethnicity]/defaulted]/' "names the target"
bad 's/^  purpose:/  porpose:/' "reasons: no column 'porpose', did you mean 'purpose'?"
bad 's/{utilisation: up,/{utilsation: up,/' "monotone: 'utilsation' is not an input, did you mean 'utilisation'?"
printf 'target: defaulted\nignore: [true_pdd]\nmodel: {kind: tree}\n' >recipe.yaml
expect 1 vouch fit recipe.yaml loans.csv --quiet
says "recipe.yaml:2:10: no column 'true_pdd', did you mean 'true_pd'?"
printf 'target: defaulted\nmodel: {kind: glm, cluster: postal_area}\n' >recipe.yaml
expect 1 vouch fit recipe.yaml loans.csv --quiet # errors would be those of independent rows
says "line 2, column 29: cluster is for covariance: cluster"
printf 'project: [1\n' >broken.yaml
expect 1 vouch run --project broken.yaml --quiet
says broken.yaml

{ head -1 loans.csv; sed -n '2,$p' loans.csv | sed 's/,[01]$/,0/'; } >one.csv
sed 's/loans.csv/one.csv/' vouch.yaml >one.yaml
expect 1 vouch run --project one.yaml --out none --quiet
says defaulted
says "one class"
sed 's/max: 60}/max: 2}/' vouch.yaml >narrow.yaml # a contract that the data break
expect 3 vouch run --project narrow.yaml --out none --quiet
says employment_years
[ ! -e none ] || fail "a broken contract left something behind"
awk -F, 'BEGIN {OFS = ","} {$9 = NR == 1 ? "purpose" : ""; print}' loans.csv >hole.csv # a column that is missing throughout
sed 's/loans.csv/hole.csv/' vouch.yaml >hole.yaml
vouch run --project hole.yaml --out hole --quiet >/dev/null 2>err || [ $? -eq 3 ] || { cat err; fail "an all-missing column"; }
printf 'not parquet at all' >lie.parquet
sed 's/loans.csv/lie.parquet/' vouch.yaml >lie.yaml
expect 1 vouch run --project lie.yaml --out none --quiet
says lie.parquet
{ cat loans.csv; tail -1 loans.csv; } >twice.csv
sed 's/loans.csv/twice.csv/' vouch.yaml >twice.yaml
expect 1 vouch run --project twice.yaml --out none --quiet
says "twice.csv"
head -c 2000 /dev/urandom >noise.vouch
expect 1 vouch score noise.vouch loans.csv --quiet
vouch run --out good --quiet >/dev/null || [ $? -eq 3 ] || fail "run"
expect 0 vouch score good/models/boosted.vouch loans.csv --quiet
[ "$(wc -l <out)" -eq 1501 ] || fail "not a line a row"
python3 - <<'PY'
data = bytearray(open("good/models/scorecard.vouch", "rb").read())
data[len(data) // 2] ^= 1
open("flipped.vouch", "wb").write(data)
PY
expect 1 vouch score flipped.vouch loans.csv --quiet
expect 2 vouch run --no-such-option
expect 2 vouch run --quiet=yes # a flag takes no value
says "unknown option '--quiet=yes'"
expect 2 vouch no-such-command
says "no command 'no-such-command'"
expect 2 vouch key # one of key's commands is meant
grep -q "vouch key grant" err || fail "the commands of key are not listed"
expect 0 vouch help key grant
prints "Exit status"
expect 0 vouch simulate credit --rows=5 --out=five.csv --quiet
[ "$(wc -l <five.csv)" -eq 6 ] || fail "--rows=5"
expect 0 vouch run --help
prints "Exit status"
expect 0 vouch strategy --help # a word with several commands lists its own
prints "vouch strategy roll"
grep -q "vouch serve" out && fail "commands of other words"
expect 2 vouch strategy
if [ -e /dev/full ]; then
    for command in "test list" "run --help" "model show good/models/boosted.vouch"; do
        code=0 && vouch $command >/dev/full 2>err || code=$?
        [ "$code" -eq 1 ] || fail "$command: what was printed got lost, status $code"
        says "No space left on device"
    done
fi
# What is written to a file is there whole or not at all: what stood there stays.
echo before >there
(ulimit -f 1 && vouch model export good/models/boosted.vouch --to c --out there >out 2>err) && fail "no room, no failure"
says "there"
[ "$(cat there)" = before ] || fail "half a file"
[ "$(find . -name 'there*' | wc -l)" -eq 1 ] || fail "something was left behind"

# A disk that is full: nothing is recorded and no file is cut short
people
size=$(wc -c <vouch.db)
(ulimit -f 160 && vouch run --key dana.pem --out full --quiet >out 2>err) && fail "a full disk"
grep -qE 'large|full|space' err || { cat err; fail "a full disk is not named"; }
[ "$(wc -l <err)" -eq 1 ] || fail "more than one line"
expect 0 vouch verify
[ "$(wc -c <vouch.db)" -eq "$size" ] || expect 0 vouch ledger
! vouch ledger --quiet | grep -q ' run ' || fail "a run was recorded on a full disk"

# Ctrl-C: soon after the start, and later; nothing half-written
for wait in 0.05 0.3 0.8; do
    rm -rf stopped
    vouch run --out stopped --quiet >/dev/null 2>err &
    pid=$!
    sleep "$wait"
    kill -INT "$pid" 2>/dev/null || :
    wait "$pid" || :
    if [ -d stopped ]; then
        find stopped -type f | grep -vE '\.(vouch|json|parquet|html)$' | grep . && fail "a half-written file"
    fi
done
# A file without its option, and a file that is no table, are said to be so.
expect 2 vouch run loans.csv --quiet
says "no place for 'loans.csv'; see vouch run --help"
printf 'a,b\n1,2\r\n3,4,5\n"x' >ragged.csv
expect 1 vouch profile ragged.csv --quiet
says "its lines do not make one table"
# Texts that look like flags in a small file are the texts that the model takes; a query is read as it says.
python3 - <<'PY'
with open("people.csv", "w") as file:
    file.write("id,sex,x,bad\n" + "".join("%d,%s,%d,%d\n" % (i, "FM"[i % 2], i % 7, i * i % 5 == 1) for i in range(300)))
PY
printf 'target: bad\nignore: [id]\nmodel: {kind: tree}\n' >recipe.yaml
expect 0 vouch fit recipe.yaml people.csv --out people.vouch --quiet
printf 'id,sex,x\n1,F,3\n' >few.csv
expect 0 vouch score people.vouch few.csv --id id --quiet
cp out few.scores
expect 0 vouch score people.vouch "SELECT * FROM read_csv('few.csv', types={'sex': 'VARCHAR'})" --id id --quiet
cmp out few.scores || fail "a query that says what is text gives other scores"
expect 1 vouch score people.vouch "SELECT * FROM read_csv('few.csv')" --id id --quiet
says "types={'sex': 'VARCHAR'}"
expect 0 vouch explain people.vouch few.csv --quiet
printf 'id,sex,x,bad\n1,F,3,0\n2,F,5,1\n3,F,1,0\n' >f.csv
expect 0 vouch test run validate.brier --data f.csv --model people.vouch --label bad --quiet
# Odd names and values keep their columns: whole characters, one line a row, dates as dates.
python3 - <<'PY'
import csv, random
random.seed(1)
with open("odd.csv", "w", newline="") as file:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["день", "n" * 300, "two\nlines", "bad"])
    for i in range(400):
        x = random.random()
        rows.writerow(["19%02d-01-02" % (50 + i % 40), x, "é" * 200 if i % 2 else "a\nb", int(random.random() < x)])
PY
expect 0 vouch profile odd.csv --quiet
prints "1950-01-02"
awk '{ if (length($0) > 400) exit 1 }' out || fail "a line without end"
[ "$(wc -l <out)" -eq 5 ] || fail "not a line a column"
python3 -c "
lines = open('out', encoding='utf-8').read().splitlines()
assert len({line.split('  ')[0] and line.find(word) for line, word in zip(lines, ('type', 'date', 'number', 'text', 'integer'))}) == 1, lines" ||
    fail "columns out of line"
printf 'target: bad\nmodel: {kind: scorecard}\n' >recipe.yaml
expect 0 vouch fit recipe.yaml odd.csv --quiet
awk '{ if (length($0) > 400) exit 1 }' out || fail "a line without end"
echo "every refusal is one line, and nothing is left behind"
