"""The pages of builds and repositories below /admin/builds/. The site checks on each that the reader is logged in.

Which rows a reader sees is decided by grants. Django's permissions know models, not repositories, and are not asked, but for
the page People and access.
"""

from collections.abc import Callable

from django.http import HttpResponseBase

from builds.access import people_page
from builds.browsing import build_page, builds_list, config_page, record_page, search_page
from builds.deployments import pages
from builds.freezes.pages import freezes_page
from builds.logs import log_page, log_search_page
from builds.notices import notices_page
from builds.overview import marks, overview
from builds.repositories import branches_page, builds_page, configuration_page, repo_list
from builds.starting import act_page, run_page
from builds.statistics import pages as statistics_pages
from builds.tree import pages as tree_pages

BUILD = "build/<path:slug>/<int:number>/"  # what belongs to it follows `-/`, which no repository is called
STEP = "<int:stage>/<int:step>/"
LOG = f"{BUILD}-/log/{STEP}"

PAGES: list[tuple[str, Callable[..., HttpResponseBase], str]] = [  # route, view, name; the first that fits is taken
    ("search/", search_page.search_page, "builds_search"),
    ("build/", builds_list.builds_list, "builds_build_changelist"),
    ("build/-/now/", overview.live, "builds_now"),
    ("build/-/marks/", marks.marks, "builds_marks"),
    (f"{BUILD}-/step/{STEP}", build_page.build_page, "builds_step"),
    (f"{BUILD}-/live/{STEP}", build_page.live, "builds_live-step"),
    (LOG, log_page.log, "builds_log"),
    (f"{LOG}line/<int:line>/", log_page.line, "builds_line"),
    (f"{LOG}find/", log_search_page.find, "builds_find"),
    (f"{LOG}after/<int:after>/", log_page.tail, "builds_tail"),
    (f"{LOG}file/", log_page.raw, "builds_raw"),
    (f"{BUILD}-/live/", build_page.live, "builds_live"),
    (f"{BUILD}-/configuration/", config_page.config_page, "builds_config"),
    (f"{BUILD}-/configuration/file/", config_page.raw, "builds_config-file"),
    (f"{BUILD}-/record/", record_page.record_page, "builds_record"),
    (f"{BUILD}-/do/<str:verb>/", act_page.act_page, "builds_act"),
    (f"{BUILD}-/do/<str:verb>/<int:stage>/", act_page.act_page, "builds_act-stage"),
    (BUILD, build_page.build_page, "builds_build"),
    ("deployments/", pages.deployments_page, "builds_deployments"),
    ("notices/", notices_page.notices_page, "builds_notices"),
    ("freezes/", freezes_page, "builds_freezes"),
    ("people/", people_page.people_page, "builds_people"),
    ("repo/", repo_list.repo_list, "builds_repo_changelist"),
    ("repo/<path:slug>/-/deployments/", pages.repo_deployments, "builds_repo_deployments"),
    ("repo/<path:slug>/-/run/", run_page.run_page, "builds_run"),
    ("repo/<path:slug>/-/branches/", branches_page.branches_page, "builds_repo_branches"),
    ("repo/<path:slug>/-/configuration/", configuration_page.configuration_page, "builds_repo_configuration"),
    ("repo/<path:slug>/-/statistics/", statistics_pages.of_repo, "builds_repo_statistics"),
    ("repo/<path:slug>/-/statistics/<str:table>.csv", statistics_pages.file_of_repo, "builds_repo_statistics-file"),
    ("repo/<path:slug>/", builds_page.builds_page, "builds_repo"),
    ("tree/", tree_pages.tree_page, "builds_tree"),
    ("tree/file/", tree_pages.file_page, "builds_tree_file"),
    ("statistics/", statistics_pages.over_all, "builds_statistics"),
    ("statistics/<str:table>.csv", statistics_pages.file_over_all, "builds_statistics-file"),
]
