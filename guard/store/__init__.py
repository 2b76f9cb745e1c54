"""The store of record, on SQLite and on PostgreSQL."""
