"""Why somebody cannot sign in."""

from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext_lazy as _

LOST = _(
    "This sign-in is no longer valid: it was started in another browser, took more than ten minutes, or is finished already."
)
CANCELLED = _("You did not allow edrone to know who you are at %(name)s, so nobody was signed in.")
AWAY = _("%(name)s cannot be reached, or takes too long to answer. Try again in a moment.")
NOT_ACCEPTED = _(
    "edrone does not accept what %(name)s answered. Try again; if it happens again, an edrone administrator "
    "finds the reason in edrone's log."
)
REFUSED = _(
    "%(name)s refused edrone. Try again; if it happens again, an edrone administrator finds the reason in edrone's log: "
    "often the client secret is wrong."
)
INACTIVE = _("Your account in edrone is not active. Ask an edrone administrator.")
OF_SOMEBODY_ELSE = _(
    "Your account at %(name)s belongs to another user of edrone already. Sign in with it, or ask an edrone administrator."
)
BAD_HEADER = _(
    "The proxy in front of edrone sent a header Remote-User that names nobody: it came twice, is too long, or has blanks in it."
)


class SignInError(Exception):
    def __init__(self, sentence: Any, status: int = HTTPStatus.FORBIDDEN, *, reason: str = "") -> None:
        """Take a sentence for the reader, in which %(name)s is the provider's, and a reason for the log."""
        super().__init__(reason or str(sentence))
        self.sentence, self.status, self.reason = sentence, status, reason
