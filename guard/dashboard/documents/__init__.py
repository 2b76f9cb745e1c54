"""What the JSON API says, under `/api/v1`: one model for each document. Later versions add fields, none goes away.

Times are UTC. Rates and shares are ratios from 0 to 1, lengths of time are seconds. Words are in the language that was asked for; the names
of signals, verdicts, states, causes and events are constants, the same in every language. Texts come from outside as well: whoever shows
them escapes them.
"""
