#!/bin/sh
# The main job from end to end, as its users would do it. Called by ./dev demo with the folder to work in and, to leave the
# server up, the word serve. Everybody in it is fictitious, and everything is stamped DEMO.
set -eu
place=$1
then=${2:-}
rm -rf "$place"
mkdir -p "$place/keys" "$place/data"
export VOUCH_PASSPHRASE="demo passphrase, not a secret"
store=$place/vouch.db

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
vouch_() { vouch "$@" --store "$store" --quiet; }

if [ -n "${VOUCH_CARDS:-}" ]; then
    say "1. Real accounts: 30,000 credit cards (UCI, Yeh & Lien 2009)"
    cp examples/cards/vouch.yaml "$place/vouch.yaml"
    ln -s "$VOUCH_CARDS" "$place/data/cards.csv"
    source=$place/data/cards.csv
    same="SELECT * FROM '$source' WHERE ID % 5 = 0"
    moved="SELECT * REPLACE (LIMIT_BAL * 3 AS LIMIT_BAL, PAY_AMT1 + 20000 AS PAY_AMT1) FROM '$source' WHERE ID % 5 = 0"
else
    say "1. The UCI accounts can't be fetched here: simulated loans instead"
    cp examples/loans/vouch.yaml "$place/vouch.yaml"
    vouch simulate credit --rows 20000 --seed 1 --out "$place/loans.csv" --quiet
    source=$place/loans.csv
    same="SELECT * FROM '$source' WHERE id % 5 = 0"
    moved="SELECT * REPLACE (income * 3 AS income, savings * 4 AS savings) FROM '$source' WHERE id % 5 = 0"
fi

say "2. Three people and a service, each with a key of their own"
vouch_ init --key "$place/keys/olga.pem" --person "Olga Owner (fictitious)"
enrol() { # FILE PERSON ROLE
    vouch_ key new "$place/keys/$1.pem"
    vouch_ key grant "$place/keys/$1.pem.pub" --person "$2" --role "$3" --key "$place/keys/olga.pem"
}
enrol dana "Dana Developer (fictitious)" developer
enrol victor "Victor Validator (fictitious)" validator
enrol ada "Ada Approver (fictitious)" approver
enrol service "decision service" service
vouch_ key new "$place/keys/dana-second.pem"
vouch_ key grant "$place/keys/dana-second.pem.pub" --person "Dana Developer (fictitious)" --role validator \
    --key "$place/keys/olga.pem"
vouch_ key list

say "3. vouch run: read, check, split, fit, validate, explain, test for fair lending, compare, report, record"
code=0
vouch run --project "$place/vouch.yaml" --out "$place/result" --store "$store" --key "$place/keys/dana.pem" --stamp DEMO \
    >"$place/run.txt" || code=$?
cat "$place/run.txt"
[ "$code" -eq 0 ] || [ "$code" -eq 3 ] || exit "$code"
[ "$code" -eq 0 ] || echo "(exit status 3: a control failed; the report says which, and the validator below accepts it on record)"

champion=$(sed -n 's/.*"champion":{[^}]*"name":"\([^"]*\)".*/\1/p' "$place/result/evidence.json")
say "4. Independent people carry the champion to approval"
echo "its developer tries to validate it, with a second key that was granted the role:"
vouch_ model sign "$champion" --key "$place/keys/dana-second.pem" || echo "(refused: persons are compared, not keys)"
vouch_ model sign "$champion" --key "$place/keys/victor.pem" --note "demo: figures re-read, limits noted"
vouch_ model approve "$champion" --key "$place/keys/ada.pem" --note "demo"
vouch_ model list

say "5. Serving: one applicant asks, twice with the same idempotency key"
mkfifo "$place/ready"
vouch serve --store "$store" --key "$place/keys/service.pem" --port 0 --quiet >"$place/ready" 2>"$place/serve.log" &
server=$!
read -r line <"$place/ready"
address=${line#listening on }
curl -sS -H 'Idempotency-Key: demo-1' -d @"$place/result/request.json" "$address/v1/decisions" >"$place/answer.json"
curl -sS -H 'Idempotency-Key: demo-1' -d @"$place/result/request.json" "$address/v1/decisions" | cmp - "$place/answer.json" &&
    echo "the same request gives the same answer:"
cat "$place/answer.json"
echo
decision=$(sed 's/.*"id":"\([^"]*\)".*/\1/' "$place/answer.json")
kill -TERM "$server"
wait "$server" || true
rm -f "$place/ready"

say "6. Watching: a batch like the one the model was made from, and one that has moved"
watch() { # QUERY
    code=0
    vouch_ monitor --batch "$1" --key "$place/keys/service.pem" >"$place/monitor.txt" || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 3 ] || exit "$code"
    tail -4 "$place/monitor.txt"
    if [ "$code" -eq 0 ]; then verdict="no drift (exit status 0)"; else verdict="drift (exit status 3)"; fi
    echo "verdict: $verdict"
}
watch "$same"
quiet=$verdict
echo "and after limits and payments have shifted:"
watch "$moved"

say "7. Nothing here needs to be believed"
vouch_ replay "$decision"
vouch_ replay "$champion"

say "DEMO, in short"
sed -n '/^Champion: /,/^$/p; /^applicant /,/^$/p' "$place/run.txt"
echo "drift     the same population: $quiet; a shifted one: $verdict"
echo "verify    $(vouch_ verify --head "$place/result/head.json")"
echo "report    $place/result/report.html"
if [ "$then" = serve ]; then
    say "serving; Ctrl-C ends"
    exec vouch serve --store "$store" --key "$place/keys/service.pem"
fi
