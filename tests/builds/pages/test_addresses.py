"""The addresses of the administration and their names: bookmarks and links in chats keep leading where they led."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

PAGES = {
    "builds_build_changelist": "admin/builds/build/",
    "builds_now": "admin/builds/build/-/now/",
    "builds_marks": "admin/builds/build/-/marks/",
    "builds_build": "admin/builds/build/<path:slug>/<int:number>/",
    "builds_config": "admin/builds/build/<path:slug>/<int:number>/-/configuration/",
    "builds_config-file": "admin/builds/build/<path:slug>/<int:number>/-/configuration/file/",
    "builds_act": "admin/builds/build/<path:slug>/<int:number>/-/do/<str:verb>/",
    "builds_act-stage": "admin/builds/build/<path:slug>/<int:number>/-/do/<str:verb>/<int:stage>/",
    "builds_live": "admin/builds/build/<path:slug>/<int:number>/-/live/",
    "builds_live-step": "admin/builds/build/<path:slug>/<int:number>/-/live/<int:stage>/<int:step>/",
    "builds_log": "admin/builds/build/<path:slug>/<int:number>/-/log/<int:stage>/<int:step>/",
    "builds_line": "admin/builds/build/<path:slug>/<int:number>/-/log/<int:stage>/<int:step>/line/<int:line>/",
    "builds_find": "admin/builds/build/<path:slug>/<int:number>/-/log/<int:stage>/<int:step>/find/",
    "builds_tail": "admin/builds/build/<path:slug>/<int:number>/-/log/<int:stage>/<int:step>/after/<int:after>/",
    "builds_raw": "admin/builds/build/<path:slug>/<int:number>/-/log/<int:stage>/<int:step>/file/",
    "builds_record": "admin/builds/build/<path:slug>/<int:number>/-/record/",
    "builds_step": "admin/builds/build/<path:slug>/<int:number>/-/step/<int:stage>/<int:step>/",
    "builds_repo_changelist": "admin/builds/repo/",
    "builds_search": "admin/builds/search/",
    "builds_repo": "admin/builds/repo/<path:slug>/",
    "builds_freezes": "admin/builds/freezes/",
    "builds_notices": "admin/builds/notices/",
    "builds_people": "admin/builds/people/",
    "builds_deployments": "admin/builds/deployments/",
    "builds_repo_deployments": "admin/builds/repo/<path:slug>/-/deployments/",
    "builds_repo_branches": "admin/builds/repo/<path:slug>/-/branches/",
    "builds_repo_configuration": "admin/builds/repo/<path:slug>/-/configuration/",
    "builds_repo_statistics": "admin/builds/repo/<path:slug>/-/statistics/",
    "builds_repo_statistics-file": "admin/builds/repo/<path:slug>/-/statistics/<str:table>.csv",
    "builds_statistics": "admin/builds/statistics/",
    "builds_statistics-file": "admin/builds/statistics/<str:table>.csv",
    "builds_tree": "admin/builds/tree/",
    "builds_tree_file": "admin/builds/tree/file/",
    "builds_run": "admin/builds/repo/<path:slug>/-/run/",
}
CHANGE_LISTS = (
    "auth_group",
    "auth_user",
    "builds_apitoken",
    "builds_auditrecord",
    "builds_grant",
    "configs_lasterror",
    "configs_servedconfig",
    "socialaccount_socialaccount",
)
OF_A_LIST = {
    "changelist": "",
    "add": "add/",
    "change": "<path:object_id>/change/",
    "delete": "<path:object_id>/delete/",
    "history": "<path:object_id>/history/",
}
OTHERS = {
    "set_language": "admin/language",
    "signin-accounts": "admin/signin/",
    "signin-begin": "admin/signin/<slug:provider>/",
    "signin-callback": "admin/signin/<slug:provider>/callback/",
    "signin-remove": "admin/signin/<int:pk>/remove/",
    "index": "admin/",
    "auth_user_password_change": "admin/auth/user/<id>/password/",
    "autocomplete": "admin/autocomplete/",
    "jsi18n": "admin/jsi18n/",
    "login": "admin/login/",
    "logout": "admin/logout/",
    "password_change": "admin/password_change/",
    "password_change_done": "admin/password_change/done/",
    "view_on_site": "admin/r/<path:content_type_id>/<path:object_id>/",
}


def named(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from named(pattern, route)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, route


def test_every_page_of_the_administration_keeps_its_address_and_name():
    lists = {
        f"{model}_{name}": f"admin/{model.replace('_', '/')}/{rest}" for model in CHANGE_LISTS for name, rest in OF_A_LIST.items()
    }
    found = {name: route for name, route in named(get_resolver()) if route.startswith("admin/")}
    del found["app_list"]  # the order of its apps changes from start to start
    assert found == PAGES | lists | OTHERS
