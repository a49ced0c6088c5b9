"""Penalised and sign-bound logistic regression, VIF, and stepwise choice on columns of few values, as weights of evidence are.

Lasso and ridge are scikit-learn's; the sign-bound fit is statsmodels' on the one subset of columns that is optimal under the
bound; criteria and steps are statsmodels'. Writes card_regress.json."""
import itertools
import json
import warnings

import numpy as np
import sklearn
import statsmodels
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression
from statsmodels.stats.outliers_influence import variance_inflation_factor

warnings.filterwarnings("ignore")
SEED = 43
rng = np.random.default_rng(SEED)
n, k, values = 400, 6, 5
woe = np.round(np.sort(rng.normal(size=(k, values)), axis=1), 4)
latent = rng.normal(size=(n, k)) @ (np.eye(k) + 0.35)
code = np.clip(np.floor((latent - latent.mean(0)) / latent.std(0) * 1.2 + 2.5), 0, values - 1).astype(int)
x = np.stack([woe[j][code[:, j]] for j in range(k)], axis=1)
y = (rng.random(n) < 1 / (1 + np.exp(-(-1 + x @ [-0.9, -0.5, 0.25, 0.0, -0.3, 0.0])))).astype(float)
w = np.round(0.5 + rng.random(n), 3)


def fit(columns):
    return sm.GLM(y, sm.add_constant(x[:, columns], has_constant="add") if columns else np.ones((n, 1)),
                  family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-15, maxiter=200)


def criteria(model):
    p = len(model.params)
    return {"aic": 2 * p - 2 * model.llf, "bic": p * np.log(n) - 2 * model.llf, "log_likelihood": model.llf}


def steps(way, criterion):
    inside = set(range(k)) if way == "backward" else set()
    now, out = criteria(fit(sorted(inside))), []
    while True:
        trials = []
        for j in range(k):
            if (way == "forward" and j in inside) or (way == "backward" and j not in inside):
                continue
            trials.append((criteria(fit(sorted(inside ^ {j})))[criterion], j))
        if not trials or min(trials)[0] >= now[criterion]:
            return out
        best = min(trials)[1]
        inside ^= {best}
        now = criteria(fit(sorted(inside)))
        out.append({"action": "add" if best in inside else "drop", "column": best, **now})


full = fit(list(range(k)))
signed = None
for size in range(k + 1):
    for columns in itertools.combinations(range(k), size):
        model = fit(list(columns))
        score = x.T @ (w * (y - model.fittedvalues))
        if all(b < 0 for b in model.params[1:]) and all(score[j] >= -1e-9 for j in range(k) if j not in columns):
            signed = (columns, model)
columns, model = signed
penalised = []
for l1, l2 in [(3.0, 0.0), (12.0, 0.0), (0.0, 5.0)]:
    kind = {"l1_ratio": 1.0, "solver": "saga"} if l1 else {"l1_ratio": 0.0, "solver": "newton-cholesky"}
    sk = LogisticRegression(C=1 / (l1 or l2), tol=1e-13, max_iter=2000000, **kind).fit(x, y, sample_weight=w)
    penalised.append({"l1": l1, "l2": l2, "coefficient": [float(sk.intercept_[0])] + sk.coef_[0].tolist()})
plain = sm.add_constant(x)
json.dump({"provenance": {"library": "statsmodels, scikit-learn", "version": statsmodels.__version__ + ", " + sklearn.__version__,
                          "seed": SEED, "date": "2026-11-22"},
           "tolerance": 1e-8, "n": n, "k": k, "values": values, "woe": woe.tolist(), "code": code.T.tolist(), "y": y.tolist(),
           "weight": w.tolist(), "full": {"coefficient": full.params.tolist(), "error": full.bse.tolist(), **criteria(full)},
           "vif": [variance_inflation_factor(plain, j + 1) for j in range(k)],
           "signed": {"columns": list(columns), "coefficient": model.params.tolist(), "error": model.bse.tolist(),
                      **criteria(model)},
           "penalised": penalised,
           "steps": [{"way": way, "criterion": c, "steps": steps(way, c)}
                     for way in ("forward", "backward", "both") for c in ("aic", "bic")]},
          open("card_regress.json", "w"), separators=(",", ":"))
