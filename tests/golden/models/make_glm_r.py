"""glm_r.json: cases of glm.json fitted anew by R's own glm and MASS::glm.nb (Debian r-base-core, r-cran-mass).

    python3 make_glm_r.py        in this folder; needs Rscript
"""
import csv
import datetime
import json
import subprocess
import tempfile
from pathlib import Path

LINEAR = "x0 + x1 + x2"
FAMILY = {"gaussian": "gaussian()", "gaussian_weighted": "gaussian()", "logit": "binomial()", "logit_weighted": "binomial()",
          "probit": 'binomial("probit")', "cloglog": 'binomial("cloglog")', "poisson_exposure": "poisson()",
          "poisson_identity": 'poisson("identity")', "gamma_log": 'Gamma("log")', "gamma_inverse": 'Gamma("inverse")',
          "inverse_gaussian_log": 'inverse.gaussian("log")', "negative_binomial": "negative.binomial(1 / 0.7)",
          "interactions": "gaussian()", "no_intercept": "poisson()"}
FORMULA = {"poisson_exposure": LINEAR + " + offset(log(x3))", "interactions": LINEAR + " + x0:x2 + x0:x1",
           "no_intercept": "0 + x0 + x1d + x2"}
R = """
suppressMessages(library(MASS)); options(warn = -1)
d <- read.csv("%s"); d$x1 <- factor(d$x1)
d <- cbind(d, x1d = I(model.matrix(~ x1, d)[, -1]))
say <- function(...) cat(paste(sprintf("%%.17g", c(...)), collapse = " "), "\\n")
control <- glm.control(epsilon = 1e-15, maxit = 200)
%s
s <- summary(fit%s)
say(s$coefficients[, 1]); say(s$coefficients[, 2]); say(deviance(fit)); say(fit$null.deviance); say(AIC(fit))
say(if (is.null(fit$theta)) 0 else 1 / fit$theta)
"""
golden = json.loads(Path("glm.json").read_text())


def run(case, fit, told=""):
    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False) as f:
        rows = csv.writer(f)
        rows.writerow(["x0", "x1", "x2", "x3", "x4", "y", "w"])
        weight = case.get("weight") or [1] * len(case["y"])
        for *x, y, w in zip(*golden["columns"], case["y"], weight):
            rows.writerow([repr(v) for v in (*x, y, w)])
    out = subprocess.run(["Rscript", "-e", R % (f.name, fit, told)], check=True, capture_output=True, text=True).stdout
    lines = [[float(v) for v in line.split()] for line in out.splitlines()]
    return dict(name=case.get("name", "shape"), coefficient=lines[0], error=lines[1], deviance=lines[2][0],
                null_deviance=lines[3][0], aic=lines[4][0], alpha=lines[5][0])


cases = []
for case in golden["cases"]:
    if case["name"] in FAMILY:
        start = "" if case["name"] != "poisson_identity" else ", start = c(mean(d$y), 0, 0, 0, 0, 0)"
        fit = (f"fit <- glm(y ~ {FORMULA.get(case['name'], LINEAR)}, family = {FAMILY[case['name']]}, data = d, weights = w, "
               f"control = control{start})")
        cases.append(run(case, fit, ", dispersion = 1" if case["name"] == "negative_binomial" else ""))
shape = run(dict(golden["shape"], name="shape"), f"fit <- glm.nb(y ~ {LINEAR}, data = d, weights = w, control = control)")
version = subprocess.run(["Rscript", "-e", 'cat(R.version.string, "MASS", as.character(packageVersion("MASS")))'], check=True,
                         capture_output=True, text=True).stdout
Path("glm_r.json").write_text(json.dumps(dict(provenance=f"{version}; data of glm.json; {datetime.date.today()}", cases=cases,
                                              shape=shape)) + "\n")
