#!/bin/sh
# People, keys and the ledger: who may do what, and what tampering is found.
. "$(dirname "$0")/support.sh"
loans 2000 3
people
expect 1 vouch init --key olga.pem --person Olga --quiet
vouch run --key dana.pem --quiet >run.txt || [ $? -eq 3 ] || fail "run"
champion=$(sed -n 's/.*"champion":{[^}]*"name":"\([^"]*\)".*/\1/p' result/evidence.json)

expect 1 vouch model approve "$champion" --key ada.pem --quiet # not validated yet
vouch key new dana2.pem --quiet # the developer's second key is still the developer
vouch key grant dana2.pem.pub --person dana --role validator --key olga.pem --quiet
vouch key grant dana2.pem.pub --person dana --role approver --key olga.pem --quiet
expect 1 vouch model sign "$champion" --key dana2.pem --quiet
says dana
expect 0 vouch model sign "$champion" --key victor.pem --quiet
expect 1 vouch model approve "$champion" --key dana2.pem --quiet
says dana
vouch key grant victor.pem.pub --person victor --role approver --key olga.pem --quiet
expect 1 vouch model approve "$champion" --key victor.pem --quiet
vouch key new nobody.pem --quiet
expect 1 vouch model approve "$champion" --key nobody.pem --quiet
expect 1 vouch key grant nobody.pem.pub --person Nobody --role approver --key dana.pem --quiet
expect 1 env VOUCH_PASSPHRASE=wrong vouch model approve "$champion" --key ada.pem --quiet
expect 0 vouch model approve "$champion" --key ada.pem --quiet
expect 0 vouch model list
prints approved

expect 0 vouch verify
prints "can't be excluded"
expect 0 vouch verify --head result/head.json
expect 0 vouch verify --head result/report.html
expect 0 vouch replay "$champion"
expect 0 vouch replay "evidence:validate.auc/$champion/test"

cp vouch.db whole.db
change() { # SQL: change a copy of the store behind vouch's back, and past the triggers that keep the ledger append-only
    cp whole.db vouch.db && rm -f vouch.db-wal vouch.db-shm
    python3 - "$1" <<'PY'
import sqlite3, sys
db = sqlite3.connect("vouch.db")
triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
for name, _ in triggers:
    db.execute(f"DROP TRIGGER {name}")
db.execute(sys.argv[1])
for _, sql in triggers:
    db.execute(sql)
db.commit()
PY
}
vouch ledger --json --quiet >ledger.json
last=$(grep -c '"seq"' ledger.json)
change "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)"
expect 0 vouch verify # a cut tail leaves a shorter, valid ledger
vouch ledger --json --quiet >/dev/null
cp whole.db vouch.db && rm -f vouch.db-wal vouch.db-shm
python3 - <<'PY'
import json, subprocess
head = json.loads(subprocess.check_output(["vouch", "ledger", "--json", "--quiet"]))[-1]
open("latest.json", "w").write(json.dumps({"hash": head["hash"], "seq": int(head["seq"])}, sort_keys=True, separators=(",", ":")))
PY
expect 0 vouch verify --head latest.json
change "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)"
expect 1 vouch verify --head latest.json
echo "$last entries; roles, persons, tails and heads are held"
