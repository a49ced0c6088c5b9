"""Logistic regression of statsmodels: coefficients and standard errors. Writes logit.json."""
import json
import numpy as np
import statsmodels
import statsmodels.api as sm

SEED = 41
rng = np.random.default_rng(SEED)
cases = []
for name, n, k, weighted in [("plain", 300, 4, False), ("weighted", 200, 3, True)]:
    x = np.round(rng.normal(size=(n, k)) * [1, 3, 0.2, 1][:k], 6)
    eta = -1 + x @ [0.8, -0.3, 2.0, 0.0][:k]
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    w = np.round(0.5 + 2 * rng.random(n), 4) if weighted else np.ones(n)
    fit = sm.GLM(y, sm.add_constant(x), family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-15, maxiter=200)
    null = sm.GLM(y, np.ones((n, 1)), family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-15)
    cases.append({"name": name, "n": n, "k": k, "x": x.ravel().tolist(), "y": y.tolist(), "weight": w.tolist(),
                  "coefficient": fit.params.tolist(), "error": fit.bse.tolist(),
                  "log_likelihood": fit.llf, "null_log_likelihood": null.llf})
json.dump({"provenance": {"library": "statsmodels.GLM, Binomial family, freq_weights", "version": statsmodels.__version__,
                          "seed": SEED, "date": "2026-11-22"},
           "tolerance": 1e-9, "cases": cases}, open("logit.json", "w"), indent=None, separators=(",", ":"))
