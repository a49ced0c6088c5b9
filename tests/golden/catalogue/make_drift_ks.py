#!/usr/bin/env python3
"""Kolmogorov-Smirnov distance of two samples, by scipy: statistic of ks_2samp, p-value of the limiting law."""
import json
import datetime
import pathlib

import numpy
import scipy
import scipy.special
import scipy.stats

rng = numpy.random.default_rng(20261122)
cases = []
for n, m, shift, digits in [(40, 60, 0.0, 6), (100, 80, 0.6, 6), (300, 50, 0.2, 0), (12, 9, 3.0, 2)]:
    now = numpy.round(rng.normal(shift, 1, n), digits)
    before = numpy.round(rng.normal(0, 1, m), digits)
    d = scipy.stats.ks_2samp(now, before).statistic
    scale = numpy.sqrt(n * m / (n + m))
    cases.append({
        "test": "drift.ks", "tolerance": 1e-12,
        "now": {"score": now.tolist()}, "before": {"score": before.tolist()},
        "expect": {"0.value": d, "0.statistic": scale * d, "0.p_value": scipy.special.kolmogorov(scale * d),
                   "0.critical": scipy.special.kolmogi(0.05) / scale},
    })
root = {"provenance": {"library": "scipy", "version": scipy.__version__, "seed": 20261122,
                       "date": datetime.date.today().isoformat()}, "cases": cases}
pathlib.Path(__file__).with_name("drift_ks.json").write_text(json.dumps(root, sort_keys=True) + "\n")
