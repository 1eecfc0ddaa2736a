"""Authentication by API token: `Authorization: Bearer TOKEN`, as Drone's clients send it (docs/drone.md 4.2)."""

import logging
from typing import Any, NoReturn

from django.db import DatabaseError
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from builds.access.drone_rights import Standing, drone_rights
from builds.access.rules import has_rights
from builds.access.token_models import ApiToken, digest_of, has_form
from builds.drone_db.queries import only
from texts.characters import one_line
from texts.errors import EdroneError

logger = logging.getLogger(__name__)
HOW = "send a token of edrone as `Authorization: Bearer TOKEN`; you make one in the administration, under API tokens."
NO_TOKEN = f"Unauthorized: {HOW}"
IN_THE_ADDRESS = f"Unauthorized: access_token in the address is not read, since addresses end up in logs: {HOW}"
WRONG = f"Unauthorized: this token is not known, or was revoked: {HOW}"
ENDED = f"Unauthorized: this token was made to end with its user's rights, and has ended: {HOW}"
SCHEME = "bearer "


class RightsUnknown(EdroneError):
    """Nobody can tell what Drone says of a token's owner."""

    status = 503


class BearerToken(BaseAuthentication):
    """Looks a token up by its hash."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        """Return the token's owner and the token; None where no token is sent.

        Raises:
            AuthenticationFailed: the token is wrong or expired.
            PermissionDenied: its owner is not active, or what Drone says of them does not count now.
            DroneDatabaseUnavailable, RightsUnknown: the token ends with its owner's rights, and nobody can tell whether there
                are any.
        """
        text = request.META.get("HTTP_AUTHORIZATION", "").strip()
        if text[: len(SCHEME)].lower() == SCHEME:  # without the word a token is a token too, as in Drone
            text = text[len(SCHEME) :].strip()
        if not text:
            return None
        # What does not look like a token of edrone costs no SQL.
        token = only(ApiToken.objects.select_related("user").filter(digest=digest_of(text))) if has_form(text) else None
        if token is None:
            raise AuthenticationFailed(WRONG)
        if token.expired:
            raise AuthenticationFailed(f"Unauthorized: this token expired on {token.expires:%Y-%m-%d}; make a new one.")
        if token.ends_with_rights and not has_rights(token.user):
            refuse_without_rights(token)
        if not token.user.is_active:
            raise PermissionDenied("Forbidden: the user of this token is not active.")
        try:
            token.save_use()
        except DatabaseError as error:  # a database that can only be read is no reason to refuse
            logger.warning("The last use of a token could not be written: %s", one_line(error))
        token.user.edrone_token = token  # type: ignore[attr-defined]  # builds/access/rules.py narrows by it
        return token.user, token

    def authenticate_header(self, _: Request) -> str:
        # Without a scheme Django REST framework answers 403 instead of 401.
        return 'Bearer realm="edrone"'


def refuse_without_rights(token: ApiToken) -> NoReturn:
    """Refuse a token that ends with its owner's rights; end it if they are lost, not only unknown, undecided or too old."""
    rights = drone_rights(token.user)
    if rights.unknown:
        raise RightsUnknown(rights.sentence)
    if rights.standing in {Standing.WAITING, Standing.NO_LOGIN} or rights.stale:
        raise PermissionDenied(f"Forbidden: {rights.sentence}")
    token.delete()
    raise AuthenticationFailed(ENDED)
