"""The pages of builds and repositories below /admin/builds/. The site checks on each that the reader is logged in.

Which rows a reader sees is decided by grants. Django's permissions know models, not repositories, and are not asked.
"""

from collections.abc import Callable

from django.http import HttpResponseBase

from builds.browsing import build_page, builds_list, config_page, home, record_page, repo_pages
from builds.logs import log_page
from builds.starting import act_page, run_page

BUILD = "build/<path:slug>/<int:number>/"  # what belongs to it follows `-/`, which no repository is called
STEP = "<int:stage>/<int:step>/"
LOG = f"{BUILD}-/log/{STEP}"

PAGES: list[tuple[str, Callable[..., HttpResponseBase], str]] = [  # route, view, name; the first that fits is taken
    ("build/", builds_list.builds_list, "builds_build_changelist"),
    ("build/-/now/", home.live, "builds_now"),
    (f"{BUILD}-/step/{STEP}", build_page.build_page, "builds_step"),
    (f"{BUILD}-/live/{STEP}", build_page.live, "builds_live-step"),
    (LOG, log_page.log, "builds_log"),
    (f"{LOG}<int:first>-<int:last>/", log_page.part, "builds_part"),
    (f"{LOG}after/<int:after>/", log_page.tail, "builds_tail"),
    (f"{LOG}file/", log_page.raw, "builds_raw"),
    (f"{BUILD}-/live/", build_page.live, "builds_live"),
    (f"{BUILD}-/configuration/", config_page.config_page, "builds_config"),
    (f"{BUILD}-/configuration/file/", config_page.raw, "builds_config-file"),
    (f"{BUILD}-/record/", record_page.record_page, "builds_record"),
    (f"{BUILD}-/do/<str:verb>/", act_page.act_page, "builds_act"),
    (f"{BUILD}-/do/<str:verb>/<int:stage>/", act_page.act_page, "builds_act-stage"),
    (BUILD, build_page.build_page, "builds_build"),
    ("repo/", repo_pages.repos_list, "builds_repo_changelist"),
    ("repo/<path:slug>/-/run/", run_page.run_page, "builds_run"),
    ("repo/<path:slug>/", repo_pages.repo_page, "builds_repo"),
]
