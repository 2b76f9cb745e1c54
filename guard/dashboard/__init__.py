"""The live dashboard: a JSON API over the store of record, and pages that use nothing else."""
