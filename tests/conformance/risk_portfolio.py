"""The catalogue against riskvalidation, number by number, on one portfolio. Where conventions differ on purpose the difference is
undone here and listed; a difference that is not listed fails. argv: the program, a folder to work in."""
import csv
import json
import subprocess
import sys

import numpy as np
from riskvalidation.validation import calibration, discrimination, lgd_ead, rating_system
from scipy import stats

vouch, folder = sys.argv[1:3]
rng = np.random.default_rng(20261122)
N = 3000
pd_of = np.array([0.005, 0.01, 0.03, 0.08, 0.2])
grade = rng.integers(0, 5, N)
before = np.clip(grade + rng.integers(-1, 2, N), 0, 4)
noise = rng.normal(0, 0.4, N)
pd = 1 / (1 + np.exp(-(np.log(pd_of[grade] / (1 - pd_of[grade])) + noise)))
bad = (rng.random(N) < pd * 1.15).astype(int)
lgd = rng.beta(0.8, 1.2, N)
said = np.clip(0.15 + 0.6 * lgd + rng.normal(0, 0.2, N), 0, 1)


def write(name, columns):
    with open(f"{folder}/{name}", "w", newline="") as f:
        out = csv.writer(f)
        out.writerow(columns)
        out.writerows(zip(*columns.values()))


def run(test, data, *arguments):
    text = subprocess.run([vouch, "test", "run", test, "--data", f"{folder}/{data}", "--json", "--quiet", *arguments],
                          capture_output=True, text=True, check=False).stdout
    return json.loads(text)["entries"][0]


def table(entry, name):
    return entry["tables"][name]["rows"]


flat = pd_of[grade]
write("graded.csv", {"pd": pd, "flat": flat, "bad": bad, "grade": grade + 1, "before": before + 1})
write("initial.csv", {"pd": pd[::-1], "bad": (rng.random(N) < pd[::-1]).astype(int)})
write("lgd.csv", {"said": said, "seen": lgd})
scored = ("--score", "pd", "--label", "bad")
graded = ("--score", "flat", "--label", "bad", "--grade", "grade")
checks, failed = [], 0


def check(what, ours, theirs, tolerance, convention):
    global failed
    ok = abs(ours - theirs) <= tolerance * max(1, abs(theirs))
    failed += not ok
    checks.append((what, ours, theirs, "equal" if ok else "DIFFERENT", convention))


e = run("validate.auc", "graded.csv", *scored)
check("AUC", e["value"], discrimination.auc_with_variance(pd, bad)[0], 1e-12, "same; interval here on the logit scale, there normal")
e = run("irb.auc_decline", "graded.csv", *scored, "--reference", f"{folder}/initial.csv")
known = run("validate.auc", "initial.csv", *scored)["value"]
r = discrimination.disc_auc_vs_initial(known, pd, bad)
check("decline of the AUC, p", e["p_value"], r.p_value, 1e-9, "same: the initial value is taken as known")
e, r = run("calibration.spiegelhalter", "graded.csv", *scored), calibration.pd_spiegelhalter(bad, pd)
check("Spiegelhalter, z", e["statistic"], r.statistic, 1e-10, "same statistic")
check("Spiegelhalter, p", e["p_value"], 2 * stats.norm.sf(abs(r.statistic)), 1e-9,
      "here two-sided: forecasts that are too sure and too timid both fail; there the upper tail")
rows = {row[0]: row for row in table(run("irb.jeffreys", "graded.csv", *graded), "grades")}
names = run("irb.jeffreys", "graded.csv", *graded)["tables"]["grades"]["columns"]
binomial = {row[0]: row for row in table(run("irb.binomial", "graded.csv", *graded), "grades")}
binomial_names = run("irb.binomial", "graded.csv", *graded)["tables"]["grades"]["columns"]
for g in range(5):
    n, d = int((grade == g).sum()), int(bad[grade == g].sum())
    check(f"Jeffreys, grade {g + 1}", rows[str(g + 1)][names.index("p_value")], calibration.pd_jeffreys(n, d, pd_of[g]).p_value, 1e-10,
          "same; here the p-values are also adjusted over grades (Holm)")
    check(f"binomial, grade {g + 1}", binomial[str(g + 1)][binomial_names.index("p_value")], calibration.pd_binomial(n, d, pd_of[g]).p_value,
          1e-10, "same; also adjusted over grades")
e = run("irb.concentration", "graded.csv", "--grade", "grade", "--reference", f"{folder}/graded.csv")
check("Herfindahl index", e["value"], rating_system.concentration(np.bincount(grade))[1], 1e-10, "same")
e = run("irb.migration", "graded.csv", "--grade", "grade", "--grade-before", "before")
count = np.zeros((5, 5))
np.add.at(count, (before, grade), 1)
upper, lower = rating_system.matrix_weighted_bandwidth(count)
check("weighted bandwidth, the larger", e["value"], max(upper, lower), 1e-10, "same")
e, r = run("irb.lgd_bias", "lgd.csv", "--score", "said", "--label", "seen"), lgd_ead.lgd_calibration_by_segment(lgd, said)
check("LGD, t", e["statistic"], r.statistic, 1e-10, "same statistic")
half = r.p_value / 2 if r.statistic > 0 else 1 - r.p_value / 2
check("LGD, p", e["p_value"], half, 1e-9, "here one-sided as the ECB has it: only estimates that are too low fail; there two-sided")
print("what\tours\ttheirs\tresult\tconvention")
for row in checks:
    print("\t".join(f"{x:.12g}" if isinstance(x, float) else str(x) for x in row))
sys.exit(1 if failed else 0)
