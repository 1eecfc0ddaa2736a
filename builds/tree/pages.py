"""The page Tree: all files that a person may see; and the page of one of them."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from builds.tree.seen_tree import seen_by
from pipelines.errors import TreeUnavailable
from pipelines.inventory.inventory import BUILD, OPERATION, OWN_FILE, PART, UNUSED
from pipelines.tree.revision import name_of
from web.error_pages import saying
from web.pages import shown
from web.parameters import takes

ON_A_PAGE = 50
MOST_USERS = 200  # files that use one, and repositories, that are listed
LONGEST = 1000  # characters of a value of the address
SHOWN = ("shared", "unused", "mistakes")
ROLES = {
    BUILD: _("serves builds"),
    OPERATION: _("operation"),
    OWN_FILE: _("leaves it to the repository"),
    PART: _("part of others"),
    UNUSED: _("unused"),
}


@takes("q", "after", show=SHOWN)
def tree_page(request: HttpRequest) -> HttpResponseBase:
    q, after, show = (request.GET.get(name, "").replace("\0", "").strip()[:LONGEST] for name in ("q", "after", "show"))
    try:
        tree = seen_by(request.user)
    except TreeUnavailable as error:
        return saying(request, gettext("Tree"), str(error), error.status)
    chosen = tree.chosen(show, q)
    rest = [path for path in chosen if path > after] if after else chosen
    query = {name: value for name, value in {"q": q, "show": show}.items() if value}
    here = reverse("admin:builds_tree")
    page = rest[:ON_A_PAGE]
    return shown(
        request,
        "tree/tree.html",
        {
            "title": _("Tree"),
            "q": q,
            "show": show,
            "chosen": len(query),
            "tree": tree,
            "counts": {name: len(tree.chosen(name)) for name in SHOWN},
            "count": len(tree.paths),
            "found": len(chosen),
            "rows": [tree.file(path) for path in page],
            "roles": ROLES,
            "revision": name_of(settings.EDRONE_PROJECTS) if tree.sees_all else "",
            "here": f"{here}?{urlencode(query | ({'after': after} if after else {}))}",
            "next": f"{here}?{urlencode(query | {'after': page[-1]})}" if len(rest) > ON_A_PAGE else "",
            "first": f"{here}?{urlencode(query)}" if after else "",
        },
    )


@takes("path")
def file_page(request: HttpRequest) -> HttpResponseBase:
    """Show one file: what it extends, who builds otherwise when it changes, and what is wrong with it."""
    try:
        tree = seen_by(request.user)
    except TreeUnavailable as error:
        return saying(request, gettext("Tree"), str(error), error.status)
    path = request.GET.get("path", "")
    if path not in tree.seen:
        raise Http404
    file = tree.file(path)
    context: dict[str, Any] = {
        "title": f"projects/{path}",
        "file": file,
        "tree": tree,
        "role": ROLES[file.file.role],
        "there": tree.seen,
        "users": file.users[:MOST_USERS],
        "more_users": max(len(file.users) - MOST_USERS, 0),
        "repositories": file.repositories[:MOST_USERS],
        "more_repositories": max(len(file.repositories) - MOST_USERS, 0),
        "known": tree.known,
        "here": f"{reverse('admin:builds_tree_file')}?{urlencode({'path': path})}",
    }
    return shown(request, "tree/file.html", context)
