"""`/api/deployments` and `…/deployments`: what is deployed where."""

from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from builds.deployments.board import Wanted, board
from builds.deployments.history import TargetHistory, histories
from builds.drone_db.models import Build
from builds.rest.base import ApiView, RepositoryView
from builds.rest.errors import BadRequest
from builds.rest.paging import cursor, next_link, position_of
from builds.rest.parameters import only_text
from builds.rest.shapes import Shape, present
from builds.starting.people import Person
from builds.starting.target_states import TargetState

LIST = "deployments"


class DeploymentsView(ApiView):
    """The targets of all repositories that the user may see."""

    parameters = frozenset({"q", "target", "drift", "cursor"})

    def get(self, request: Request) -> Response:
        """List a page of repositories by name, each with its targets."""
        query = request.query_params
        # The name itself: its repository may be renamed or deleted before the next page.
        after = position_of(LIST, query) or ""
        page = board(request.user, Wanted(only_text(query, "q"), only_text(query, "target"), drift_of(query), after))
        more = {"Link": next_link(request, cursor(LIST, page.next))} if page.next else {}
        shapes = [{"repository": repo.slug, "targets": [state_shape(state) for state in states]} for repo, states in page.rows]
        return Response(shapes, headers=more)


class RepoDeploymentsView(RepositoryView):
    """The targets of a repository, with what was there before."""

    parameters = frozenset({"q", "cursor"})

    def get(self, request: Request, **_: str) -> Response:
        """List a page of targets, the one that was deployed to last first."""
        query, of = request.query_params, f"deployments of repository {self.repo.pk}"
        page = histories(request.user, self.repo, only_text(query, "q"), position_of(of, query))
        more = {} if page.next is None else {"Link": next_link(request, cursor(of, page.next))}
        return Response([history_shape(history) for history in page.targets], headers=more)


def drift_of(query: QueryDict) -> bool:
    """Read `drift`.

    Raises:
        BadRequest: it is neither true nor false.
    """
    text = query.get("drift", "")
    if text not in {"", "true", "false"}:
        raise BadRequest("drift is true or false.")
    return text == "true"


def state_shape(state: TargetState) -> Shape:
    """Return a target as JSON; what there is none of, and what is not known, is absent."""
    deployments = {"live": state.live, "running": state.running, "failed": state.failed}
    return {
        "target": state.target,
        "production": state.production,
        **{name: deployment_shape(deployment.build, deployment.person) for name, deployment in deployments.items() if deployment},
        **({} if state.behind is None else {"behind": state.behind}),
        **present(behind_over=state.over),
    }


def history_shape(history: TargetHistory) -> Shape:
    past = [
        deployment_shape(deployment.build, deployment.person)
        | {"live": deployment.live, "may_roll_back": bool(deployment.roll_back)}
        for deployment in history.deployments
    ]
    return state_shape(history.state) | {"history": past}


def deployment_shape(build: Build, person: Person) -> Shape:
    return {
        "number": build.number,
        "status": build.status,
        "event": build.event,
        **present(action=build.action if build.event == "custom" else "", parent=build.parent),
        "ref": build.ref,
        "commit": build.after,
        "by": person.name,
        **present(author=build.author_login or build.author_name),
        "created": build.created,
        "finished": build.finished,
    }
