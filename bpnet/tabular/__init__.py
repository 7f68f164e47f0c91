"""Networks on tables: defaults, training, baselines, reports."""
