"""What a request's log line and its numbers cost: `python -m benchmarks.record`. Prints microseconds a request.

The line is written to /dev/null; the numbers go to the files that worker processes share, as under `manage.py serve`.
"""

import logging.config
import os
import tempfile
import timeit
from pathlib import Path

ROUNDS, CALLS = 7, 20_000


def main() -> None:
    """Measure each form with and without numbers; the fastest of the rounds counts."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "edrone_site.settings", "EDRONE_STATE": tempfile.mkdtemp()}
    import django  # noqa: PLC0415 - the environment comes first

    from edrone_site import metrics_slots  # noqa: PLC0415

    metrics_slots.prepare_folder(Path(tempfile.mkdtemp()) / "metrics")
    metrics_slots.count_in_slot()
    django.setup()
    print("| line | numbers | µs a request |\n|---|---|---|")
    with open(os.devnull, "w") as nowhere:
        for form in ("text", "json"):
            configure(form, nowhere)
            for counted in (False, True):
                print(f"| {form} | {'yes' if counted else 'no'} | {measure(counted=counted):.1f} |")


def configure(form: str, stream: object) -> None:
    """Set logging up as the settings do, but for the place it goes to."""
    from django.conf import settings  # noqa: PLC0415

    handler = {"class": "logging.StreamHandler", "formatter": form, "stream": stream}
    logging.config.dictConfig(settings.LOGGING | {"handlers": {"stderr": handler}})


def measure(*, counted: bool) -> float:
    """Time `log_and_count` for an ordinary answer."""
    from django.conf import settings  # noqa: PLC0415

    from configs.endpoint.request_log import log_and_count, request_id_of  # noqa: PLC0415
    from pipelines.build_request import BuildRequest  # noqa: PLC0415
    from pipelines.resolve.resolve import Resolved  # noqa: PLC0415

    settings.EDRONE_METRICS = counted
    request = BuildRequest("ismewen", "edrone", "push", "refs/heads/master", "master")
    result = Resolved("kind: pipeline\n", "edrone/master.yaml", ("edrone/master.yaml",))
    call = timeit.Timer(lambda: log_and_count(request, result, 0.001, request_id_of("")))
    return min(call.repeat(ROUNDS, CALLS)) / CALLS * 1e6


if __name__ == "__main__":
    main()
