"""`manage.py migrate`: Django's, of which one after the other runs where several servers start at once on one PostgreSQL."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoCommand
from django.db import connections

LOCK = 0x6564726F6E65  # "edrone", among the advisory locks of the database


class Command(DjangoCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # until this process ends
        super().handle(*args, **options)
