#!/usr/bin/env python3
"""The rows of plain performance and calibration: scikit-learn (AUC, ROC curve, scores), scipy (KS, Jeffreys' interval,
chi-square), statsmodels (the calibration line), and numpy by the published formulas where no package has them."""
import numpy as np
import scipy.stats as st
import sklearn.metrics as sk
import statsmodels.api as sm
from scipy.special import expit, logit

from kit import Cases, delong

SEED = 20261124
rng = np.random.default_rng(SEED)
k = Cases(__file__, ["scikit-learn", "scipy", "statsmodels", "numpy"], SEED,
          "intervals, PSI and bins by their published formulas in numpy; the bootstrap by 400,000 resamples of numpy")
Z = st.norm.ppf(0.975)


def sample(n, shift=0.0):
    x = rng.normal(size=n) + shift
    p = np.round(expit(-1.2 + 1.1 * x), 6)
    bad = (rng.random(n) < expit(-1.0 + 1.4 * x)).astype(int)
    return p, np.round(logit(p), 9), bad


p, score, bad = sample(300)
q, other, spoilt = sample(400, 0.3)
n, m = len(p), len(q)
now = {"score": score, "probability": p, "bad": bad}
before = {"score": other, "probability": q, "bad": spoilt}
weight = rng.integers(1, 6, n).astype(float)


def on_logits(a, v):
    reach = Z * np.sqrt(v) / (a * (1 - a))
    return expit(logit(a) - reach), expit(logit(a) + reach)


# ---- ranking
auc, variance = delong(score, bad)
assert abs(auc - sk.roc_auc_score(bad, score)) < 1e-12
low, high = on_logits(auc, variance)
k.add("validate.auc", now, {"0.value": auc, "0.interval.low": low, "0.interval.high": high})
k.add("validate.auc", now | {"weight": weight}, {"0.value": sk.roc_auc_score(bad, score, sample_weight=weight)})
k.add("validate.gini", now, {"0.value": 2 * auc - 1, "0.interval.low": 2 * low - 1, "0.interval.high": 2 * high - 1})
coarse = np.round(score)
ks = st.ks_2samp(score[bad == 1], score[bad == 0])
reach = sum(np.sqrt(np.log(2 / 0.025) / (2 * c)) for c in np.bincount(bad))
k.add("validate.ks", now, {"0.value": ks.statistic, "0.tables.cutoff.rows.0.1": ks.statistic_location,
                           "0.interval.low": max(0, ks.statistic - reach), "0.interval.high": min(1, ks.statistic + reach)})
k.add("validate.ks", now | {"score": coarse}, {"0.value": st.ks_2samp(coarse[bad == 1], coarse[bad == 0]).statistic})
fpr, tpr, cut = sk.roc_curve(bad[:80], coarse[:80], drop_intermediate=False)
k.add("validate.roc", {"score": coarse[:80], "bad": bad[:80]},
      {f"0.tables.roc.rows.{i}.{c}": v for i in range(len(fpr)) for c, v in ((0, fpr[i]), (1, tpr[i]))}
      | {f"0.tables.roc.rows.{i}.2": cut[i] for i in range(1, len(cut))})
was, was_variance = delong(other, spoilt)
se = np.sqrt(variance + was_variance)
k.add("validate.gap", now, {"0.value": was - auc, "0.statistic": (was - auc) / se, "0.interval.low": was - auc - Z * se,
                            "0.interval.high": was - auc + Z * se, "0.p_value": 2 * st.norm.sf(abs(was - auc) / se),
                            "0.tables.auc.rows.0.3": was, "0.tables.auc.rows.1.3": auc}, before=before)

# ---- gains: the riskiest tenth and the curve; ties shared out
order = np.argsort(-score)
caught = [bad[order][: n * t // 10].sum() for t in range(1, 11)]
rate = bad.mean()
k.add("validate.gains", now,
      {"0.value": caught[0] / (n / 10) / rate, "0.interval.low": st.beta.ppf(0.025, caught[0] + 0.5, n / 10 - caught[0] + 0.5) / rate,
       "0.interval.high": min(10, st.beta.ppf(0.975, caught[0] + 0.5, n / 10 - caught[0] + 0.5) / rate)}
      | {f"0.tables.gains.rows.{t}.3": caught[t - 1] / bad.sum() for t in range(1, 11)}
      | {f"0.tables.gains.rows.{t}.7": caught[t - 1] / bad.sum() / (t / 10) for t in range(1, 11)})
# ten tied at the top, of which six are bad, and ten good ones: a tenth is two of the ten
k.add("validate.gains", {"score": [1] * 10 + [0] * 10, "bad": [1] * 6 + [0] * 14},
      {"0.value": 2, "0.tables.gains.rows.1.2": 1.2, "0.tables.gains.rows.5.3": 1})

# ---- bands and PSI: tenths of the reference, closed on the right, smoothed by half a case
edges = np.quantile(other, np.arange(1, 10) / 10)
e, a = (np.bincount(np.searchsorted(edges, v, side="left"), minlength=10) for v in (other, score))
hit = np.bincount(np.searchsorted(edges, score, side="left"), weights=bad, minlength=10)
rates = hit / a
k.add("validate.bands", now,
      {"0.value": int((np.diff(rates) < 0).sum())} | {f"0.tables.bands.rows.{i}.5": rates[i] for i in range(10)}
      | {"0.tables.bands.rows.3.6": st.beta.ppf(0.025, hit[3] + 0.5, a[3] - hit[3] + 0.5),
         "0.tables.bands.rows.3.7": st.beta.ppf(0.975, hit[3] + 0.5, a[3] - hit[3] + 0.5)}, before=before)


def psi(e, a):
    half = len(e) / 2
    e, a = (e + 0.5) / (e.sum() + half), (a + 0.5) / (a.sum() + half)
    return ((a - e) * np.log(a / e)).sum()


scale = 1 / n + 1 / m
k.add("validate.psi_score", now,
      {"0.value": psi(e, a), "0.statistic": psi(e, a) / scale, "0.critical": scale * st.chi2.ppf(0.95, 9),
       "0.p_value": st.chi2.sf(psi(e, a) / scale, 9), "0.tables.under_no_change.rows.0.1": 9 * scale}, before=before)
# a segment that vanishes: the top tenth of the range. Peers that drop empty bins say 0.012; the exact sum needs a rule
line = np.arange(1000) / 1000
full, cut_off = np.full(10, 100), np.append(np.full(9, 100), 0)
k.add("validate.psi_score", {"score": line[:900]}, {"0.value": psi(full, cut_off)}, before={"score": line})

# ---- the distribution: bins of a round width, the smallest of 1, 2, 5 x 10^k of which 24 cover the range
width = min(w for w in (s * 10.0**t for s in (1, 2, 5) for t in range(-6, 6)) if w * 24 >= np.ptp(score))
first = np.floor(score.min() / width)
bins = np.arange(first, np.floor(score.max() / width) + 2) * width
both = [np.histogram(score[bad == c], bins)[0] for c in (0, 1)]
k.add("validate.score_distribution", now,
      {f"0.tables.distribution.rows.{i}.{c}": v for i in range(len(bins) - 1)
       for c, v in ((0, bins[i]), (2, both[0][i]), (5, both[1][i] / bad.sum()))}, tolerance=1e-9)

# ---- scores of probabilities
brier, loss = sk.brier_score_loss(bad, p), sk.log_loss(bad, p)
each = (p - bad) ** 2
logs = -np.where(bad == 1, np.log(p), np.log1p(-p))
for test, value, v in (("validate.brier", brier, each), ("validate.log_loss", loss, logs)):
    reach = Z * v.std(ddof=1) / np.sqrt(n)
    k.add(test, now, {"0.value": value, "0.interval.low": value - reach, "0.interval.high": value + reach})
    k.add(test, now | {"weight": weight}, {"0.value": (sk.brier_score_loss if test.endswith("brier") else sk.log_loss)(
        bad, p, sample_weight=weight)})
told = spoilt.mean()
base = (told - bad) ** 2
skill = 1 - brier / base.mean()
reach = Z * (each - brier / base.mean() * base).std(ddof=0) * np.sqrt(n / (n - 1)) / np.sqrt(n) / base.mean()
k.add("validate.baseline", now,
      {"0.value": skill, "0.interval.low": skill - reach, "0.interval.high": min(1, skill + reach),
       "0.tables.baseline.rows.1.3": 1 - loss / sk.log_loss(bad, np.full(n, told)), "0.tables.baseline.rows.2.2": told},
      before=before)

# ---- calibration: ten bins of thirty
by = np.argsort(p).reshape(10, -1)
mean, share = p[by].mean(1), bad[by].mean(1)
hl = (30 * (share - mean) ** 2 / (mean * (1 - mean))).sum()
hits = bad[by].sum(1)
interval = [st.beta.ppf(t, hits + 0.5, 30 - hits + 0.5) for t in (0.025, 0.975)]
interval = [np.where(hits == 0, 0, interval[0]), np.where(hits == 30, 1, interval[1])]
k.add("validate.calibration", now,
      {"0.value": int(((mean < interval[0]) | (mean > interval[1])).sum()), "0.statistic": hl,
       "0.p_value": st.chi2.sf(hl, 10)} | {f"0.tables.calibration.rows.{i}.{c}": v[i] for i in range(10)
                                           for c, v in ((5, mean), (6, share), (7, interval[0]), (8, interval[1]))})
deviation = np.sqrt(mean * (1 - mean) / 30) / 10
k.add("validate.ece", now, {"0.value": np.abs(share - mean).mean(),
                            "0.critical": (deviation * np.sqrt(2 / np.pi)).sum()
                            + st.norm.ppf(0.95) * np.sqrt((deviation**2 * (1 - 2 / np.pi)).sum())})
within = ((p[by] - mean[:, None]) ** 2 - 2 * (p[by] - mean[:, None]) * (bad[by] - share[:, None])).mean()
parts = [((mean - share) ** 2).mean(), ((share - rate) ** 2).mean(), rate * (1 - rate), within]
assert abs(parts[0] - parts[1] + parts[2] + parts[3] - brier) < 1e-15
k.add("validate.brier", now, {f"0.tables.decomposition.rows.{i}.1": v for i, v in enumerate(parts)})
odds = np.log(p) - np.log1p(-p)
fit = sm.Logit(bad, sm.add_constant(odds)).fit(disp=0, tol=1e-14)
large = sm.GLM(bad, np.ones(n), family=sm.families.Binomial(), offset=odds).fit(tol=1e-14)
lr = 2 * (fit.llf + logs.sum())
k.add("validate.calibration_line", now,
      {"0.value": fit.params[1], "0.interval.low": fit.params[1] - Z * fit.bse[1],
       "0.interval.high": fit.params[1] + Z * fit.bse[1], "0.statistic": lr, "0.p_value": st.chi2.sf(lr, 2),
       "0.tables.line.rows.1.1": fit.params[0], "0.tables.line.rows.1.2": fit.bse[0],
       "0.tables.line.rows.2.1": large.params[0], "0.tables.line.rows.2.2": large.bse[0]}, tolerance=1e-8)

# ---- resampling: each case counts Poisson(1) times; percentiles of 400,000 resamples against those of ours
few = 120
y, s = bad[:few], np.round(score[:few], 1)
levels, at = np.unique(s, return_inverse=True)
draws = []
for _ in range(40):
    w = rng.poisson(1, (10000, few))
    g, b = (np.stack([(w * ((at == v) & (y == c))).sum(1) for v in range(len(levels))], 1) for c in (0, 1))
    below = np.cumsum(g, 1)
    area = (b * (below - g / 2)).sum(1) / (b.sum(1) * g.sum(1))
    apart = np.abs(below / g.sum(1)[:, None] - np.cumsum(b, 1) / b.sum(1)[:, None]).max(1)
    draws.append(np.stack([area, apart]))
draws = np.concatenate(draws, 1)
limits = np.quantile(draws, [0.025, 0.975], axis=1)
k.add("validate.bootstrap", {"score": s, "bad": y},
      {"0.value": sk.roc_auc_score(y, s), "0.interval.low": limits[0, 0], "0.interval.high": limits[1, 0],
       "0.tables.resampled.rows.1.1": st.ks_2samp(s[y == 1], s[y == 0]).statistic,
       "0.tables.resampled.rows.1.2": limits[0, 1], "0.tables.resampled.rows.1.3": limits[1, 1],
       "0.tables.resampled.rows.0.4": draws[0].std(), "0.tables.resampled.rows.1.4": draws[1].std()},
      tolerance=0.005, params={"resamples": 10000})
k.write()
