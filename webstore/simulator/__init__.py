"""A local Chrome Web Store, for rehearsals and for tests."""
