"""One thread of a process records."""

import time
from threading import Barrier, Thread

from configs.records import recorder


def test_threads_that_come_first_and_together_get_one_keeper(monkeypatch):
    begin, made = Barrier(8), []

    class Slow(recorder.Keeper):
        def __init__(self) -> None:
            time.sleep(0.05)  # so that all of them are here by now
            super().__init__()
            made.append(self)

    monkeypatch.setattr(recorder, "Keeper", Slow)
    recorder.made.cache_clear()
    found = []

    def ask() -> None:
        begin.wait()
        found.append(recorder.keeper())

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.made.cache_clear()
    assert len(made) == 1
    assert set(found) == set(made)
