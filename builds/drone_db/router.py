"""Which database a model lives in."""

from typing import Any

from django.db.models import Model

from builds.drone_db.errors import DroneDatabaseIsReadOnly
from builds.drone_db.models import DroneModel


class DroneRouter:
    """Reads Drone's tables from the database `drone`, never writes or migrates them; everything else is edrone's own."""

    def db_for_read(self, model: type[Model], **_: Any) -> str | None:
        return "drone" if issubclass(model, DroneModel) else None

    def db_for_write(self, model: type[Model], **_: Any) -> None:
        if issubclass(model, DroneModel):
            raise DroneDatabaseIsReadOnly(f"{model.__name__} is a table of Drone's: edrone reads it and never writes it.")

    def allow_migrate(self, db: str, *_: Any, **__: Any) -> bool | None:
        return False if db == "drone" else None
