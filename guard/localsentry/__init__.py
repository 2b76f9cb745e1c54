"""A local Sentry, for rehearsals and tests."""
