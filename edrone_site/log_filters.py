"""What the log keeps of Django's messages."""

import logging

REFUSED = range(400, 500)


class RefusalsInOneLine(logging.Filter):
    """Removes the traceback when Django logs a refused request: the request was wrong, and nothing in edrone is broken.

    Belongs to handlers: Django has a logger for each kind of suspicious request, and their parent's filter is not asked.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.") and getattr(record, "status_code", None) in REFUSED:
            record.exc_info = None
            if record.name.startswith("django.security."):  # these repeat what was sent, line ends included
                record.msg, record.args = record.getMessage().encode("unicode_escape").decode(), ()
        return True
