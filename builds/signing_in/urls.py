"""The addresses of signing in, below /admin/signin/. Of allauth's own none is reachable."""

from django.contrib import admin
from django.urls import path

from builds.signing_in import pages

urlpatterns = [
    path("", admin.site.admin_view(pages.accounts), name="signin-accounts"),
    path("<int:pk>/remove/", admin.site.admin_view(pages.remove), name="signin-remove"),
    path("<slug:provider>/", pages.begin, name="signin-begin"),
    path("<slug:provider>/callback/", pages.callback, name="signin-callback"),
]
