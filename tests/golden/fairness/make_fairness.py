"""Fisher's exact test (scipy), adverse impact ratio (fairlearn) and its log-delta interval (scipy), and the
standardised mean difference (numpy). Writes fairness.json."""
import json
import fairlearn
import numpy as np
import scipy
from fairlearn.metrics import MetricFrame, selection_rate
from scipy.stats import fisher_exact
from scipy.stats.contingency import relative_risk

SEED = 3
rng = np.random.default_rng(SEED)
tables = [(8, 2, 1, 5), (243, 96, 1852, 189), (0, 10, 10, 0), (5, 5, 5, 5), (3, 0, 0, 0), (1, 9, 11, 3),
          (30, 70, 300, 700), (4000, 6000, 41000, 59000), (120, 880, 1000, 9000), (0, 40, 3, 400)]
tables += [tuple(int(v) for v in rng.integers(0, 60, 4)) for _ in range(30)]
fisher = [[*t, float(fisher_exact([t[:2], t[2:]]).pvalue)] for t in tables]

air = []
for approved_p, n_p, approved_r, n_r in [(243, 339, 1852, 2041), (30, 60, 90, 120), (5, 40, 50, 300), (80, 80, 70, 90)]:
    outcome = np.r_[np.ones(approved_p), np.zeros(n_p - approved_p), np.ones(approved_r), np.zeros(n_r - approved_r)]
    group = np.r_[np.repeat("p", n_p), np.repeat("r", n_r)]
    rate = MetricFrame(metrics=selection_rate, y_true=outcome, y_pred=outcome, sensitive_features=group).by_group
    risk = relative_risk(approved_p, n_p, approved_r, n_r)  # Katz's log interval
    interval = risk.confidence_interval(0.95)
    air.append([approved_p, n_p, approved_r, n_r, float(rate["p"] / rate["r"]), float(interval.low),
                float(interval.high), float(fisher_exact([[approved_p, n_p - approved_p],
                                                          [approved_r, n_r - approved_r]]).pvalue)])

score = np.round(rng.normal(size=50), 6)
group = rng.integers(0, 3, 50)
p, r = score[group == 1], score[group == 0]
pooled = np.sqrt(((p.size - 1) * p.var(ddof=1) + (r.size - 1) * r.var(ddof=1)) / (p.size + r.size - 2))
json.dump({"provenance": {"library": "scipy, fairlearn, numpy",
                          "version": f"{scipy.__version__}, {fairlearn.__version__}, {np.__version__}",
                          "seed": SEED, "date": "2026-11-22",
                          "note": "the first air row is the Boston HMDA data of the American Economic Review"},
           "tolerance": 1e-9, "fisher": fisher, "air": air,
           "smd": {"score": score.tolist(), "group": group.tolist(), "value": float(100 * (p.mean() - r.mean()) / pooled)}},
          open("fairness.json", "w"), separators=(",", ":"))
print(air[0])
