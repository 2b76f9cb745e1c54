"""Databases on a PostgreSQL of the tests: empty ones, and copies, which take no time where filling one takes seconds."""

import uuid

import sqlalchemy


class Admin:
    """Makes databases on a server."""

    def __init__(self, url: str) -> None:
        self._url = sqlalchemy.engine.make_url(url).set(drivername="postgresql+psycopg")

    def create(self, template: str = "template1") -> str:
        """A new one; its address."""
        name = f"test_{uuid.uuid4().hex}"
        engine = sqlalchemy.create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        engine.dispose()
        return self._url.set(database=name).render_as_string(hide_password=False)

    def copy(self, url: str) -> str:
        """A copy of one that nobody is connected to."""
        return self.create(str(sqlalchemy.engine.make_url(url).database))
