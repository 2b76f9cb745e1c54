"""From the database to documents: each function asks what one page shows, with the store out of reach as well."""
