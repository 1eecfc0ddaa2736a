"""Drone's words, and the tables that must know all of them."""

from builds.drone_db.vocabulary import Event, Status
from web import labels, statuses


def test_pages_have_a_look_for_each_status_and_a_label_for_each_event():
    assert statuses.LOOKS.keys() == set(Status.values)
    assert labels.EVENTS.keys() == set(Event.values)
