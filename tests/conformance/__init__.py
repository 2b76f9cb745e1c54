"""Whether the published API descriptions still say what the tests hold, and whether the addresses in the documentation still answer.

PYTHONPATH=.:tests python -m conformance look all --to found.json
PYTHONPATH=.:tests python -m conformance tell found.json
PYTHONPATH=.:tests python -m conformance renew
"""
