"""The folder in which workers count."""

import resource
from pathlib import Path

import pytest

from edrone_site.metrics_slots import FOLDER, prepare_folder, take_slot


def test_a_full_disk_is_noticed_before_a_worker_is_killed_by_it(tmp_path: Path, monkeypatch):
    monkeypatch.setenv(FOLDER, "")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, limits[1]))  # nothing larger can be written, as on a full disk
    try:
        with pytest.raises(OSError, match="too large"):
            prepare_folder(tmp_path / "metrics")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "metrics").iterdir()) == []


def test_a_worker_starts_where_somebody_has_deleted_the_folder(tmp_path: Path):
    assert take_slot(str(tmp_path / "deleted" / "metrics")) == 0
