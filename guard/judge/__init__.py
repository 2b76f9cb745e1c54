"""From samples to verdicts, from verdicts to an assessment and its diagnosis. Pure."""
