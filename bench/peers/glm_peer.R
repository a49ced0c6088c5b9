# R's own glm and summary on the claims that glm_peers.py wrote: Rscript glm_peer.R FOLDER, TSV lines of bench_scorecard.
place <- commandArgs(TRUE)[1]
d <- read.csv(file.path(place, "claims.csv"))
for (name in c("power", "age", "driver", "brand", "gas", "region")) d[[name]] <- factor(d[[name]])
took <- system.time({
  fit <- glm(y ~ . - exposure + offset(log(exposure)), family = poisson, data = d)
  told <- summary(fit)
})[["elapsed"]]
stopifnot(fit$converged, !anyNA(told$coefficients))
cat("claims/R", format(took, digits = 15), sep = "\t", fill = TRUE)
cat("claims/R-objective", format(deviance(fit), digits = 17), sep = "\t", fill = TRUE)
