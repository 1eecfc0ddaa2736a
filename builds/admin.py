"""Where Django looks for what this app adds to the administration."""

from django.contrib import admin
from django_tasks_db.models import DBTaskResult

from builds.access import grants_admin, people_admin, tokens_admin
from builds.served import admin as served_admin
from builds.signing_in import accounts_admin
from builds.starting import audit_admin

__all__ = ["accounts_admin", "audit_admin", "grants_admin", "people_admin", "served_admin", "tokens_admin"]

admin.site.unregister(DBTaskResult)  # the page Notices says what is to be done
