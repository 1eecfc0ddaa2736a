"""The application that a WSGI server runs. It refuses to start where the settings cannot work."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from edrone_site import workers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
workers.share_numbers()
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - Django must be set up before

from edrone_site import metrics  # noqa: E402
from edrone_site.startup import refuse_what_cannot_work  # noqa: E402

refuse_what_cannot_work()
if settings.EDRONE_METRICS:
    metrics.begin()

gc.freeze()  # what is loaded by now stays; the collector need not look at it again and again
