# What R says of four small data sets: run `Rscript compare.R > output.txt` in this folder; the tests read output.txt.
# Data sets are simulated here (set.seed) and kept beside it, so that R is not needed to run the tests.
suppressPackageStartupMessages({
  library(lme4); library(lmerTest); library(nlme); library(emmeans); library(afex); library(pbkrtest)
})
RNGversion("4.0.0")
say <- function(name, values) cat(sprintf("%s\t%d\t%.10g\n", name, seq_along(values), as.numeric(values)), sep = "")

simulate <- function(seed, sizes, times, sides = 1, respond = 0.3, noise = 0.2, rise = 0.6) {
  set.seed(seed)
  rows <- list()
  for (group in seq_along(sizes)) for (k in seq_len(sizes[group])) {
    level <- rnorm(1, 0, 0.5); response <- rnorm(1, 0, respond)
    for (side in seq_len(sides)) {
      own <- if (sides > 1) rnorm(1, 0, 0.3) else 0
      owns <- if (sides > 1) rnorm(1, 0, 0.2) else 0
      t <- c(-3, -2, -1, seq_len(times))
      after <- as.numeric(t > 0)
      y <- level + own + after * (response + owns + rise * (group == 2)) + rnorm(length(t), 0, noise)
      animal <- paste0(c("v", "d")[group], k)
      rows[[length(rows) + 1]] <- data.frame(group = c("vehicle", "drug")[group], animal = animal,
        probe = paste0(animal, "p", side), position = t + 4 - after, t = t, after = after, y = round(y, 6))
    }
  }
  data <- do.call(rbind, rows)
  data$cell <- paste0(data$group, ":", ifelse(data$after == 1, data$t, 0))
  data
}

tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e5), calc.derivs = TRUE,
  check.conv.singular = "ignore")
cells <- function(data) { data$cell <- factor(data$cell, levels = sort(unique(data$cell))); data }
change <- function(levels, arm, time) as.numeric(levels == paste0(arm, ":", time)) - as.numeric(levels == paste0(arm, ":0"))

mixed <- function(name, data, random) {
  data <- cells(data); levels <- levels(data$cell)
  fit <- lmer(as.formula(paste("y ~ 0 + cell +", random)), data, REML = TRUE, control = tight)
  times <- sort(unique(data$t[data$after == 1]))
  joint <- do.call(rbind, lapply(times, function(t) change(levels, "drug", t) - change(levels, "vehicle", t)))
  for (df in c("Satterthwaite", "Kenward-Roger")) {
    for (t in times) {
      one <- contest1D(fit, change(levels, "drug", t), ddf = df, confint = TRUE)
      two <- contest1D(fit, change(levels, "drug", t) - change(levels, "vehicle", t), ddf = df, confint = TRUE)
      say(paste(name, df, "change", t), as.numeric(one[c("Estimate", "Std. Error", "df", "t value", "lower", "upper", "Pr(>|t|)")]))
      say(paste(name, df, "difference", t), as.numeric(two[c("Estimate", "Std. Error", "df", "t value", "lower", "upper", "Pr(>|t|)")]))
    }
    f <- contestMD(fit, joint, ddf = df)
    say(paste(name, df, "interaction"), as.numeric(f[c("NumDF", "DenDF", "F value", "Pr(>F)")]))
  }
  vc <- as.data.frame(VarCorr(fit))
  say(paste(name, "variances"), vc$vcov[order(vc$grp == "Residual")])
  # contrasts by emmeans, adjusted over the times of one comparison
  grid <- emmeans(fit, ~cell, lmer.df = "satterthwaite")
  for (how in c("holm", "BH")) {
    given <- contrast(grid, setNames(lapply(times, function(t) change(levels, "drug", t) - change(levels, "vehicle", t)), paste0("t", times)), adjust = how)
    say(paste(name, "emmeans", how), as.data.frame(given)$p.value)
  }
}

ar1 <- function(name, data) {
  data <- cells(data); levels <- levels(data$cell)
  fit <- lme(y ~ 0 + cell, data, random = list(animal = pdDiag(~ 1 + after)), correlation = corAR1(form = ~ position | animal),
    method = "REML", control = lmeControl(opt = "nlminb", msTol = 1e-12, tolerance = 1e-12, niterEM = 100, msMaxIter = 500, maxIter = 500))
  say(paste(name, "ar1 phi"), as.numeric(coef(fit$modelStruct$corStruct, unconstrained = FALSE)))
  say(paste(name, "ar1 reml"), as.numeric(logLik(fit)))
  v <- as.numeric(VarCorr(fit)[, "Variance"]); say(paste(name, "ar1 variances"), v)
  times <- sort(unique(data$t[data$after == 1]))
  for (t in times) {
    w <- change(levels, "drug", t) - change(levels, "vehicle", t)
    say(paste(name, "ar1 difference", t), c(sum(w * fixef(fit)), sqrt(as.numeric(t(w) %*% vcov(fit) %*% w))))
  }
}

anova_rm <- function(name, data) {
  data <- data[data$after == 1, ]
  for (k in 1:2) {
    own <- if (k == 1) data else data[data$group == "drug", ]
    fit <- if (k == 1) aov_ez("animal", "y", own, between = "group", within = "t", type = 3) else aov_ez("animal", "y", own, within = "t")
    s <- summary(fit)
    u <- s$univariate.tests
    for (term in rownames(u)) say(paste(name, "rm", k, term), u[term, c("num Df", "den Df", "F value", "Pr(>F)")])
    p <- s$pval.adjustments
    for (term in rownames(p)) say(paste(name, "rm", k, term, "epsilon"), as.numeric(p[term, c("GG eps", "Pr(>F[GG])", "HF eps", "Pr(>F[HF])")]))
    m <- s$sphericity.tests
    for (term in rownames(m)) say(paste(name, "rm", k, term, "mauchly"), as.numeric(m[term, ]))
  }
}

areas <- function(name, data) {
  per <- aggregate(y ~ animal + group, data[data$after == 1, ], mean)
  a <- per$y[per$group == "drug"]; b <- per$y[per$group == "vehicle"]
  w <- t.test(a, b); say(paste(name, "welch"), c(w$statistic, w$parameter, w$p.value, w$conf.int))
  n <- length(a) + length(b); pooled <- sqrt(((length(a) - 1) * var(a) + (length(b) - 1) * var(b)) / (n - 2))
  j <- exp(lgamma((n - 2) / 2) - log(sqrt((n - 2) / 2)) - lgamma((n - 3) / 2))
  scale <- sqrt(1 / length(a) + 1 / length(b)); t <- (mean(a) - mean(b)) / (pooled * scale)
  edge <- function(p) uniroot(function(d) pt(t, n - 2, d) - p, c(-30, 30), tol = 1e-12)$root
  say(paste(name, "hedges"), c(j * t * scale, j * edge(0.975) * scale, j * edge(0.025) * scale))
  all <- c(a, b); sets <- combn(length(all), length(a))
  welch <- function(i) { p <- all[i]; q <- all[-i]; (mean(p) - mean(q)) / sqrt(var(p) / length(p) + var(q) / length(q)) }
  found <- apply(sets, 2, welch); say(paste(name, "permutation"), mean(abs(found) >= abs(w$statistic) - 1e-9))
}

# A mixed model with values below a limit, its likelihood written out: given an animal's level a and response r its
# samples are independent, a sample above the limit adds its density and one below the probability of (low, high);
# a and r are integrated over a fine grid.
censored <- function(name, data) {
  data <- cells(data); x <- model.matrix(~ 0 + cell, data); levels <- levels(data$cell)
  grid <- expand.grid(a = seq(-2.5, 2, by = 0.05), r = seq(-6, 6, by = 0.4)); area <- 0.05 * 0.4
  rows <- split(seq_len(nrow(data)), data$animal)
  loglik <- function(beta, sd) {
    mean <- as.vector(x %*% beta); total <- 0
    for (i in rows) {
      own <- dnorm(grid$a, 0, sd[2], log = TRUE) + dnorm(grid$r, log = TRUE) + log(area)
      for (k in i) {
        m <- mean[k] + grid$a + data$after[k] * sd[3] * grid$r
        own <- own + if (data$state[k] == "ok") dnorm(data$y[k], m, sd[1], log = TRUE) else
          log(pnorm(data$high[k], m, sd[1]) - if (is.finite(data$low[k])) pnorm(data$low[k], m, sd[1]) else 0)
      }
      top <- max(own); total <- total + top + log(sum(exp(own - top)))
    }
    total
  }
  p <- ncol(x); start <- c(tapply(ifelse(data$state == "ok", data$y, data$high - 0.3), data$cell, mean), log(c(0.2, 0.5, 0.3)))
  objective <- function(v) -loglik(v[1:p], exp(v[p + 1:3]))
  best <- optim(start, objective, method = "BFGS", control = list(maxit = 2000, reltol = 1e-14))
  # gradients by small enough differences, or their error moves the maximum in the fourth digit
  fine <- function(n) list(maxit = 500, reltol = 1e-15, ndeps = rep(1e-5, n))
  for (k in 1:3) best <- optim(best$par, objective, method = "BFGS", control = fine(p + 3))
  say(paste(name, "ml loglik"), -best$value); say(paste(name, "ml coefficients"), best$par[1:p]); say(paste(name, "ml sd"), exp(best$par[p + 1:3]))
  # the adjusted profile likelihood of Cox and Reid at standard deviations that are given
  sd <- c(0.2, 0.5, 0.1); f <- function(b) -loglik(b, sd)
  b <- best$par[1:p]; for (k in 1:2) b <- optim(b, f, method = "BFGS", control = fine(p))$par
  h <- optimHess(b, f, control = list(ndeps = rep(1e-3, p))); v <- solve(h)
  say(paste(name, "adjusted deviance"), 2 * f(b) + as.numeric(determinant(h)$modulus))
  say(paste(name, "adjusted coefficients"), b); say(paste(name, "adjusted se"), sqrt(diag(v)))
}

# The same with residuals AR(1) within animals: samples with a number are jointly normal, the others lie, given them,
# in a box whose probability mvtnorm integrates (Miwa et al. 2003); standard deviations and phi are given.
chained <- function(name, data) {
  data <- cells(data); x <- model.matrix(~ 0 + cell, data); sd <- c(0.2, 0.5, 0.1); phi <- 0.5
  rows <- split(seq_len(nrow(data)), data$animal)
  loglik <- function(beta) {
    mean <- as.vector(x %*% beta); total <- 0
    for (i in rows) {
      v <- sd[2]^2 + sd[3]^2 * outer(data$after[i], data$after[i]) + sd[1]^2 * phi^abs(outer(data$position[i], data$position[i], "-"))
      o <- data$state[i] == "ok"; r <- data$y[i][o] - mean[i][o]
      if (any(o)) total <- total - 0.5 * (sum(o) * log(2 * pi) + as.numeric(determinant(v[o, o, drop = FALSE])$modulus) + sum(r * solve(v[o, o], r)))
      if (all(o)) next
      pull <- if (any(o)) v[!o, o, drop = FALSE] %*% solve(v[o, o]) else matrix(0, sum(!o), 0)
      s <- v[!o, !o, drop = FALSE] - pull %*% v[o, !o, drop = FALSE]; m <- mean[i][!o] + as.vector(pull %*% r)
      low <- data$low[i][!o]; high <- data$high[i][!o]
      total <- total + log(if (sum(!o) == 1) pnorm(high, m, sqrt(s)) - pnorm(low, m, sqrt(s)) else
        as.numeric(mvtnorm::pmvnorm(low, high, m, sigma = (s + t(s)) / 2, algorithm = mvtnorm::Miwa(steps = 512))))
    }
    total
  }
  begin <- tapply(ifelse(data$state == "ok", data$y, data$high - 0.3), data$cell, mean)
  say(paste(name, "chain loglik"), loglik(begin)); f <- function(b) -loglik(b)
  b <- begin; for (k in 1:3) b <- optim(b, f, method = "BFGS", control = list(maxit = 500, reltol = 1e-14, ndeps = rep(1e-4, length(b))))$par
  h <- optimHess(b, f, control = list(ndeps = rep(1e-3, length(b))))
  say(paste(name, "chain adjusted deviance"), 2 * f(b) + as.numeric(determinant(h)$modulus))
  say(paste(name, "chain coefficients"), b); say(paste(name, "chain se"), sqrt(diag(solve(h))))
}

balanced <- simulate(1, c(5, 5), 4)
gaps <- simulate(2, c(5, 7), 5); set.seed(3); gaps <- gaps[sort(sample(nrow(gaps), round(0.8 * nrow(gaps)))), ]
probes <- simulate(4, c(5, 6), 3, sides = 2)
low <- simulate(5, c(5, 5), 3)
loq <- quantile(low$y, 0.3); lod <- loq - log(3)
low$state <- ifelse(low$y < lod, "below_lod", ifelse(low$y < loq, "below_loq", "ok"))
low$high <- ifelse(low$state == "below_lod", lod, ifelse(low$state == "below_loq", loq, NA))
low$low <- ifelse(low$state == "below_loq", lod, -Inf)
low[c("high", "low")] <- round(low[c("high", "low")], 6)
sets <- list(balanced = balanced, gaps = gaps, probes = probes, censored = low)
for (name in names(sets)) write.table(sets[[name]], paste0(name, ".tsv"), sep = "\t", row.names = FALSE, quote = FALSE)

animal <- "(1 | animal) + (0 + after | animal)"
mixed("balanced", balanced, animal)
mixed("gaps", gaps, animal)
mixed("probes", probes, paste(animal, "+ (1 | probe) + (0 + after | probe)"))
ar1("balanced", balanced); ar1("gaps", gaps)
anova_rm("balanced", balanced)
areas("balanced", balanced); areas("gaps", gaps)
censored("censored", low)
chained("censored", low)
