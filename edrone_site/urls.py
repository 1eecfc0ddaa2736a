"""All addresses of the site."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.translation import gettext_lazy
from django.views.generic import RedirectView
from django.views.i18n import set_language

from builds.access.login import LoginForm
from builds.rest.base import Nowhere
from edrone_site import health, metrics
from web.error_pages import root

admin.site.site_header = admin.site.site_title = "edrone"
admin.site.index_title = gettext_lazy("Overview")
admin.site.login_form = LoginForm

handler400, handler403 = "web.error_pages.not_understood", "web.error_pages.forbidden"
handler404, handler500 = "web.error_pages.not_found", "web.error_pages.broken"

urlpatterns = [
    path("", include("configs.endpoint.urls")),
    path("", include("builds.extensions.urls")),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.page, name="metrics"),
    path("api", Nowhere.as_view()),
    path("api/", include("builds.api_urls")),
    path("admin", root),  # as people type it
    path("admin/language", set_language, name="set_language"),
    path("admin/signin/", include("builds.signing_in.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=static("web/icon.svg"))),
    path("", root),
]
