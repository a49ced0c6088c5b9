"""A scorecard's coefficients beside statsmodels', and its points beside those of optbinning and scorecardpy for the same
bins and coefficients; its totals beside the sum of the points of its bins."""
import json
import math
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import scorecardpy
import statsmodels.api as sm
from optbinning import BinningProcess
from optbinning import Scorecard
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
TARGET, PDO, SCORE, ODDS = "DEFAULT", 20, 600, 50
place = Path(tempfile.mkdtemp())
rows = pd.read_csv(sys.argv[1])[["LIMIT_BAL", "AGE", "PAY_0", "PAY_2", "PAY_AMT1", "BILL_AMT1", TARGET]]
rows.to_csv(place / "rows.csv", index=False)
(place / "recipe.yaml").write_text(f"target: {TARGET}\nmodel: {{kind: scorecard, rounding: nearest, signs: free, max_p: 1, min_iv: 0, "
                                   f"pdo: {PDO}, base_score: {SCORE}, base_odds: {ODDS}}}\n")
run = dict(check=True, capture_output=True, text=True)
subprocess.run(["vouch", "fit", str(place / "recipe.yaml"), str(place / "rows.csv"), "--out", str(place / "card.vouch"), "--quiet"], **run)
card = json.loads(subprocess.run(["vouch", "model", "export", str(place / "card.vouch"), "--to", "json"], **run).stdout)
shown = json.loads(subprocess.run(["vouch", "model", "show", str(place / "card.vouch")], **run).stdout)
table = {r[0]: r for r in shown["model"]["coefficients"]["rows"]}
used = [c["input"] for c in card["characteristics"]]
wrong = 0


def check(what, worst, bound):
    global wrong
    wrong += not worst <= bound
    print(f"{what}: largest difference {worst:.3g}, {'ok' if worst <= bound else 'must be at most %g' % bound}")


def bin_of(c, x):
    for k, b in enumerate(c["bins"]):
        if b["type"] == "range" and b.get("above", -math.inf) < x <= b.get("up_to", math.inf):
            return k


of = {c["input"]: [bin_of(c, x) for x in rows[c["input"]]] for c in card["characteristics"]}
bad = rows[TARGET].to_numpy()
woe, points = {}, {}
for c in card["characteristics"]:
    at = np.array(of[c["input"]])
    woe[c["input"]] = [math.log(((bad[at == k] == 0).sum() / (bad == 0).sum()) / (bad[at == k].sum() / bad.sum())) if b["type"] == "range"
                       else 0.0 for k, b in enumerate(c["bins"])]
    points[c["input"]] = [b["points"] for b in c["bins"]]
x = np.column_stack([np.array(woe[c])[of[c]] for c in used])
fit = sm.Logit(bad, sm.add_constant(x)).fit(disp=0, tol=1e-14, maxiter=100)
ours = np.array([[table[c][1], table[c][2]] for c in ["(intercept)", *used]])
check("statsmodels, coefficients", np.abs(ours[:, 0] - fit.params).max(), 1e-7)
check("statsmodels, standard errors", np.abs(ours[:, 1] - fit.bse).max(), 1e-7)

score = np.array([[int(v) for v in line.split(",")[-1:]] for line in subprocess.run(
    ["vouch", "score", str(place / "card.vouch"), str(place / "rows.csv"), "--output", "points", "--quiet"],
    **run).stdout.splitlines()[1:]]).ravel()
added = card["base_points"] + sum(np.array(points[c])[of[c]] for c in used)
check(f"points re-add to the score, {len(score)} rows", np.abs(score - added).max(), 0)


class Given(LogisticRegression):  # coefficients as ours
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y)
        self.coef_ = np.array([[table[c][1] for c in used]])
        self.intercept_ = np.array([table["(intercept)"][1]])
        return self


edges = {c["input"]: [b["up_to"] for b in c["bins"] if b["type"] == "range" and "up_to" in b] for c in card["characteristics"]}
process = BinningProcess(used, binning_fit_params={c: {"user_splits": [float(np.nextafter(e, np.inf)) for e in edges[c]],
                                                       "user_splits_fixed": [True] * len(edges[c]), "max_n_prebins": 60,
                                                       "min_prebin_size": 1e-9} for c in used})
theirs = Scorecard(process, Given(), scaling_method="pdo_odds",
                   scaling_method_params={"pdo": PDO, "odds": ODDS, "scorecard_points": SCORE}).fit(rows[used], bad)
detail = theirs.table(style="detailed")
factor, offset = PDO / math.log(2), SCORE - PDO / math.log(2) * math.log(ODDS)
worst_exact = worst_whole = 0.0
for c in used:
    exact = [(offset - factor * table["(intercept)"][1]) / len(used) - factor * table[c][1] * w
             for w, b in zip(woe[c], next(k for k in card["characteristics"] if k["input"] == c)["bins"]) if b["type"] == "range"]
    got = detail[(detail["Variable"] == c) & ~detail["Bin"].astype(str).isin(["Special", "Missing"])]["Points"].to_numpy(float)
    worst_exact = max(worst_exact, np.abs(np.array(exact) - got).max())
    worst_whole = max(worst_whole, np.abs(np.array(points[c][:len(exact)]) - got).max())
check("optbinning, points before rounding", worst_exact, 1e-6)
check("optbinning, whole points", worst_whole, 0.5 + 1e-9)

# scorecardpy's bins are closed on the left too; its WoE has the other sign
their_bins = scorecardpy.woebin(rows[used + [TARGET]], y=TARGET, print_info=False, check_cate_num=False, breaks_list={
    c: [repr(float(np.nextafter(e, np.inf))) for e in edges[c]] for c in used})
model = LogisticRegression()  # it asks for exactly this class
model.coef_, model.intercept_ = -np.array([[table[c][1] for c in used]]), np.array([table["(intercept)"][1]])
theirs = scorecardpy.scorecard(their_bins, model, used, points0=SCORE, odds0=1 / ODDS, pdo=PDO, basepoints_eq0=True)
check("scorecardpy, whole points", max(np.abs(theirs[c]["points"].to_numpy(float) - points[c][:len(theirs[c])]).max() for c in used), 0)
sys.exit(wrong > 0)
