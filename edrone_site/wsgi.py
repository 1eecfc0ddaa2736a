"""The application that a WSGI server runs. It refuses to start where the settings cannot work."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
application = get_wsgi_application()

from edrone_site.startup import refuse_what_cannot_work  # noqa: E402 - Django must be set up before

refuse_what_cannot_work()
