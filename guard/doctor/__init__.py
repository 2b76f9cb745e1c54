"""Looks at everything that the guard rests on, before it is relied on, and says what to do about what is wrong."""
