"""`/api/tree`: the files of the tree, who extends what, and what is wrong with them."""

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from builds.rest.base import ApiView
from builds.rest.errors import BadRequest
from builds.rest.paging import cursor, next_link, position_of
from builds.rest.parameters import only_text
from builds.rest.shapes import Shape, present
from builds.tree.pages import SHOWN
from builds.tree.seen_tree import SeenFile, seen_by
from texts.characters import shortened
from texts.errors import EdroneError

LIST = "tree by path"
ON_A_PAGE = 100
FINDINGS_UNKNOWN = (
    "Which files have findings is not known: edrone is checking the tree, or could not. Ask again, or see edrone's log."
)


class FindingsUnknown(EdroneError):
    status = 503
    retry_after = 5


class TreeView(ApiView):
    """The files that serve the repositories that the user may see, and what these extend."""

    parameters = frozenset({"q", "show", "path", "cursor"})

    def get(self, request: Request) -> Response:
        """List a page of files by path; or the one at `path`."""
        tree = seen_by(request.user)
        path, show, q = (only_text(request.query_params, name) for name in ("path", "show", "q"))
        if show and show not in SHOWN:
            raise BadRequest(f"show is one of {', '.join(SHOWN)}.")
        inspected = tree.is_inspected and not tree.is_old
        if path:
            if path not in tree.seen:
                raise NotFound(f"Not Found: there is no file {shortened(path)} in the tree, or you may not see it.")
            return Response([file_shape(tree.file(path), inspected=inspected)])
        if show == "mistakes" and not inspected:
            raise FindingsUnknown(FINDINGS_UNKNOWN)
        after = position_of(LIST, request.query_params) or ""
        chosen = [path for path in tree.chosen(show, q) if path > after]
        page = chosen[:ON_A_PAGE]
        more = {"Link": next_link(request, cursor(LIST, page[-1]))} if len(chosen) > ON_A_PAGE else {}
        return Response([file_shape(tree.file(path), inspected=inspected) for path in page], headers=more)


def file_shape(file: SeenFile, *, inspected: bool) -> Shape:
    """Show a file; `findings` is null while edrone is checking the tree, and where it could not."""
    return {
        "path": file.path,
        "role": file.file.role,
        "extends": list(file.extends),
        "users": list(file.users),
        "repositories": list(file.repositories),
        "findings": [finding_shape(mistake) for mistake in file.mistakes] if inspected else None,
        **present(last_change=change_shape(file)),
    }


def finding_shape(mistake: Any) -> Shape:
    return {name: getattr(mistake, name) for name in ("line", "column", "severity", "id", "message")}


def change_shape(file: SeenFile) -> Shape | None:
    change = file.change
    if change is None:
        return None
    return {"commit": change.commit, "time": change.time, "author": change.author, "subject": change.subject}
