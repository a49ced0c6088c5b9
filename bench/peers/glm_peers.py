"""The data of bench_scorecard and what its peers need for it: python glm_peers.py FOLDER [SHARED].
Writes tables for the C program and TSV lines name, seconds and name-objective, value."""
import gc
import gzip
import io
import os
import sys
import time
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
place, shared = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
out = open(f"{place}/peers", "w")


def say(name, value):
    print(name, repr(float(value)), sep="\t", file=out, flush=True)


def fastest(f, runs):
    best, result = 1e300, None
    for _ in range(runs):
        gc.collect()
        begun = time.perf_counter()
        result = f()
        best = min(best, time.perf_counter() - begun)
    return best, result


def write(name, columns, y, weight=None):
    """columns: (name, values, is_text). Row count, column count, then each column as doubles, target last."""
    with open(f"{place}/{name}", "wb") as f:
        np.array([len(y), len(columns), weight is not None], dtype=np.float64).tofile(f)
        for _, values, is_text in columns:
            np.array([is_text], dtype=np.float64).tofile(f)
            np.asarray(values, dtype=np.float64).tofile(f)
        np.asarray(y, dtype=np.float64).tofile(f)
        if weight is not None:
            np.asarray(weight, dtype=np.float64).tofile(f)


def logistic():
    import statsmodels.api as sm
    from glum import GeneralizedLinearRegressor
    rng = np.random.default_rng(7)
    n, k = 1_000_000, 50
    x = rng.normal(size=(n, k))
    x[:, 1:] += 0.4 * x[:, :-1]
    beta = rng.normal(size=k) * 0.15
    y = (rng.uniform(size=n) < 1 / (1 + np.exp(1.5 - x @ beta))).astype(float)
    write("logistic", [(f"x{j}", x[:, j], 0) for j in range(k)], y)
    nll = lambda b0, b: float(np.mean(np.logaddexp(0, b0 + x @ b) - y * (b0 + x @ b)))
    took, g = fastest(lambda: GeneralizedLinearRegressor(family="binomial", alpha=0, gradient_tol=1e-8).fit(x, y), 2)
    errors, _ = fastest(lambda: g.std_errors(x, y, robust=False), 1)
    say("logistic/glum", took + errors)
    say("logistic/glum-objective", nll(g.intercept_, g.coef_))
    X = sm.add_constant(x)
    took, s = fastest(lambda: sm.GLM(y, X, family=sm.families.Binomial()).fit(), 1)
    say("logistic/statsmodels", took)
    say("logistic/statsmodels-objective", nll(s.params[0], s.params[1:]))
    x, y = x[:200_000], y[:200_000]
    write("path", [(f"x{j}", x[:, j], 0) for j in range(k)], y)
    took, g = fastest(lambda: GeneralizedLinearRegressor(family="binomial", alpha_search=True, n_alphas=100, l1_ratio=0.5,
                                                         min_alpha_ratio=1e-3, scale_predictors=True,
                                                         gradient_tol=1e-6).fit(x, y), 1)
    say("logistic_path/glum", took)
    s = x.std(axis=0)
    a, b, b0 = g._alphas[-1], g.coef_path_[-1], g.intercept_path_[-1]
    say("logistic_path/lambda", a)
    objective = nll(b0, b) + a * (0.5 * np.abs(b * s).sum() + 0.25 * ((b * s) ** 2).sum())
    say("logistic_path/glum-objective", objective)
    from sklearn.linear_model import enet_path
    from sklearn.preprocessing import StandardScaler
    z = x @ beta + rng.normal(size=len(x))
    write("gaussian", [(f"x{j}", x[:, j], 0) for j in range(k)], z)

    def matrix():
        xc = x - x.mean(axis=0)
        xc /= xc.std(axis=0)
        return xc

    def path(xc):
        return enet_path(xc, z - z.mean(), l1_ratio=0.5, n_alphas=100, eps=1e-3, tol=1e-6)
    # from columns in memory to coefficients, as ours; of a data frame and of a matrix the faster one counts
    d = pd.DataFrame({f"x{j}": x[:, j].copy() for j in range(k)})
    framed, (alphas, coefs, _) = fastest(lambda: path(StandardScaler().fit_transform(d)), 7)
    took, _ = fastest(lambda: path(matrix()), 7)
    say("gaussian_path/scikit-learn", min(took, framed))
    say("gaussian_path/lambda", alphas[-1])
    xs, zs, b = (x - x.mean(axis=0)) / s, z - z.mean(), coefs[:, -1]
    gauss = lambda b, a: float(0.5 * np.mean((zs - xs @ b) ** 2) + a * (0.5 * np.abs(b).sum() + 0.25 * (b ** 2).sum()))
    say("gaussian_path/scikit-learn-objective", gauss(b, alphas[-1]))
    took, g = fastest(lambda: GeneralizedLinearRegressor(family="normal", alpha_search=True, n_alphas=100, l1_ratio=0.5,
                                                         min_alpha_ratio=1e-3, scale_predictors=True,
                                                         gradient_tol=1e-6).fit(x, z), 1)
    say("gaussian_path/glum", took)
    say("gaussian_path/glum-objective", gauss(g.coef_path_[-1] * s, g._alphas[-1]))


def claims():
    """The published first model of the French motor claims: Noll, Salzmann & Wuethrich (2018)."""
    import statsmodels.api as sm
    from glum import GeneralizedLinearRegressor
    parts = [gzip.open(f"{shared}/fremtpl2/freMTPL2freq.part{i}.csv.gz", "rt").read() for i in (1, 2)]
    d = pd.concat([pd.read_csv(io.StringIO(p)) for p in parts]) if parts[1].startswith(parts[0][:8]) else \
        pd.read_csv(io.StringIO("".join(parts)))
    d["ClaimNb"] = np.minimum(d.ClaimNb, 4)
    d["Exposure"] = np.minimum(d.Exposure, 1)
    f = pd.DataFrame(dict(
        power=np.minimum(d.VehPower, 9), age=pd.cut(d.VehAge, [-1, 0, 10, 1e9], labels=False),
        driver=pd.cut(d.DrivAge, [17, 20, 25, 30, 40, 50, 70, 1e9], labels=False),
        bonus=np.minimum(d.BonusMalus, 150).astype(float), brand=pd.factorize(d.VehBrand, sort=True)[0],
        gas=pd.factorize(d.VehGas, sort=True)[0], density=np.log(d.Density),
        region=pd.factorize(d.Region, sort=True)[0], area=pd.factorize(d.Area, sort=True)[0] + 1.0))
    cats = ["power", "age", "driver", "brand", "gas", "region"]
    cols = ["area"] + cats + ["bonus", "density"]
    write("claims", [(c, f[c], c in cats) for c in cols] + [("exposure", d.Exposure, 0)], d.ClaimNb)
    f[cols].assign(exposure=d.Exposure, y=d.ClaimNb).to_csv(f"{place}/claims.csv", index=False)
    y, e = d.ClaimNb.to_numpy(float), d.Exposure.to_numpy()
    g = f.copy()
    for c in cats:
        g[c] = g[c].astype("category")
    took, m = fastest(lambda: GeneralizedLinearRegressor(family="poisson", alpha=0, gradient_tol=1e-8,
                                                         drop_first=True).fit(g, y / e, sample_weight=e), 3)
    errors, _ = fastest(lambda: m.std_errors(g, y / e, sample_weight=e, robust=False), 1)
    say("claims/glum", took + errors)
    mu = m.predict(g) * e
    dev = lambda mu: 2 * float(np.sum(np.where(y > 0, y * np.log(np.maximum(y, 1) / mu), 0) - y + mu))
    say("claims/glum-objective", dev(mu))

    def sm_fit():
        X = pd.get_dummies(g, columns=cats, drop_first=True, dtype=float)
        X.insert(0, "const", 1.0)
        return sm.GLM(y, X.to_numpy(), family=sm.families.Poisson(), offset=np.log(e)).fit()
    took, s = fastest(sm_fit, 1)
    say("claims/statsmodels", took)
    say("claims/statsmodels-objective", s.deviance)


logistic()
if shared and os.path.exists(f"{shared}/fremtpl2"):
    claims()
