#!/bin/sh
# Tests on a scored file: verdicts, exit statuses, JUnit XML, what is kept, and what is said of mistakes.
. "$(dirname "$0")/support.sh"
loans 3000 1
vouch simulate credit --rows 3000 --seed 5 --out other.csv --quiet
roles="--data loans.csv --score true_pd --label defaulted --id id --quiet"

expect 0 vouch test run --suite classifier $roles --reference other.csv --out first --junit verdicts.xml
prints "validate.auc"
prints "report  first/report.html"
grep -q '<testsuite name="classifier"' verdicts.xml || fail "no JUnit XML"
python3 -c 'import sys, xml.dom.minidom as m; m.parse("verdicts.xml")' || fail "the JUnit XML is not XML"
cp first/evidence.json kept.json
expect 0 vouch test run --suite classifier $roles --reference other.csv --out first
prints "kept from before"
cmp first/evidence.json kept.json || fail "kept results differ from fresh ones"
rm "$(ls first/tests/validate.auc-*.json)"
expect 0 vouch test run --suite classifier $roles --reference other.csv --out first --threads 1
cmp first/evidence.json kept.json || fail "a test run again differs"

# a limit that is broken is a failure, here and for pipelines
printf 'name: strict\nversion: "1"\nlimits:\n  validate.auc: {direction: below, fail: 0.99}\n' >strict.yaml
expect 3 vouch test run validate.auc $roles --policy strict.yaml --junit bad.xml
grep -q '<failure type="limit"' bad.xml || fail "the failure is not in the XML"
# what the data do not allow is refused, and counts only when asked to
printf 'pd,y\n0.1,0\n0.2,0\n' >one.csv
expect 0 vouch test run validate.auc --data one.csv --score pd --label y --quiet
prints refused
expect 3 vouch test run validate.auc --data one.csv --score pd --label y --quiet --strict
expect 0 vouch test run validate.auc --data one.csv --label y --quiet
prints "Not given: score."

printf 'suite: mine\ntests:\n  - validate.auc\n  - validate.ece: {bins: 20}\ncolumns: {score: true_pd, label: defaulted}\ndata: loans.csv\n' >mine.yaml
expect 0 vouch test run --suite mine.yaml --quiet
printf 'suite: mine\ntests:\n  - validate.acu\n' >wrong.yaml
expect 1 vouch test run --suite wrong.yaml --data loans.csv --quiet
says "wrong.yaml:3:5: no test 'validate.acu', did you mean 'validate.auc'?"
expect 2 vouch test run validate.acu --data loans.csv --quiet
says "did you mean 'validate.auc'?"
expect 2 vouch test describe validate.acu
expect 2 vouch test list --area nothing
expect 1 vouch test run validate.auc --data loans.csv --score pd --label defaulted --quiet
says "score: no column 'pd'"
expect 0 vouch test run --suite data --data loans.csv --label defaulted --id id --date application_date --quiet
expect 0 vouch test run --suite drift --data loans.csv --reference other.csv --probability true_pd --label defaulted --quiet
expect 0 vouch test list --json
python3 -c 'import json; assert len(json.load(open("out"))) > 50' || fail "the list is not JSON"
# an outcome of several classes: columns are matched by name, in whatever order they come
cat >classes.csv <<'CSV'
kind,p_loan,p_card,p_other
card,0.1,0.8,0.1
loan,0.7,0.2,0.1
card,0.3,0.6,0.1
loan,0.2,0.7,0.1
,0.2,0.7,0.1
CSV
expect 0 vouch test run --suite multiclass --data classes.csv --class kind --class-probability p_card,p_loan,p_other --quiet --json
prints '"title":"Accuracy over several classes","unit":"share","value":0.75'
prints "Cases left out, as they lack something the test needs: 1"
expect 1 vouch test run validate.class_auc --data classes.csv --class kind --class-probability p_card,p_other --quiet
says "no column for class 'loan' of kind"
echo "verdicts, reports, kept results and refusals are as they should be"
