"""The events of Drone's builds."""

from builds.drone_db.vocabulary import Event
from pipelines.events import EVENTS, MANUAL_EVENTS


def test_the_columns_of_drones_tables_hold_the_same_events():
    assert tuple(Event.values) == EVENTS


def test_manual_events_are_events():
    assert set(EVENTS) > MANUAL_EVENTS
