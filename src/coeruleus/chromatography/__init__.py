"""Arrays in, peaks out: run-level shapes and retention, fit, noise, calibration, concentrations."""
