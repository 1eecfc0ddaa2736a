"""Why notices are not sent: sentences that are kept in English and shown in the reader's language."""

import re

from django.utils.translation import gettext, gettext_noop

FORMS = frozenset(
    {
        gettext_noop("the proxy cannot be reached, or refuses"),
        gettext_noop("its certificate is not accepted"),
        gettext_noop("it did not answer in time"),
        gettext_noop("it cannot be reached"),
        gettext_noop("it cannot be reached, or refuses"),
        gettext_noop("it took the notice for some of its recipients only"),
        gettext_noop("its answer is broken"),
        gettext_noop("it answered with %(code)s"),
        gettext_noop("it answered with %(code)s, a redirect, which is not followed"),
        gettext_noop("it refused the notice with code %(code)s"),
        gettext_noop("it took longer than %(code)s s"),
        gettext_noop("its address cannot be used"),
        gettext_noop("its address cannot be read, since SECRET_KEY was changed: give it anew"),
        gettext_noop("nobody can tell who may see the repository: Drone's database does not answer"),
        gettext_noop("nobody can tell who may see the repository: Drone's API has not said whose DRONE_TOKEN is"),
        gettext_noop("sending it failed"),
        gettext_noop("sending it failed (%(code)s)"),
    }
)
CODE = re.compile(r"-?\d+|(?<=\()\w+(?=\))")  # some services have negative ones; in parentheses the name of an exception


def in_words(problem: str) -> str:
    """Return a problem in the language that is active."""
    form, code = CODE.sub("%(code)s", problem), CODE.search(problem)
    if form not in FORMS:
        return problem
    return gettext(form) % {"code": code[0]} if code else gettext(form)
