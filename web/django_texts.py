"""What Django's administration says and Django translates badly or not at all: named here, so that makemessages finds it."""

from django.utils.translation import gettext_noop, ngettext_lazy

# Translated by Django, with blanks between Chinese words.
gettext_noop("Add %s")
gettext_noop("Change %s")
gettext_noop("View %s")
gettext_noop("Change history: %s")
gettext_noop("Add another %(model)s")
gettext_noop("Delete selected %(verbose_name_plural)s")
# Not translated.
gettext_noop("Model name")
gettext_noop("Add link")
gettext_noop("Change or view list link")
gettext_noop("After you’ve created a user, you’ll be able to edit more user options.")  # noqa: RUF001 - as Django writes it
gettext_noop("Error:")
gettext_noop("group")
gettext_noop("groups")
gettext_noop("Select %s to view")
gettext_noop("Forgotten your login credentials?")
gettext_noop("In case you’ve forgotten, you are:")  # noqa: RUF001 - likewise
ngettext_lazy(
    "This password is too short. It must contain at least %d character.",
    "This password is too short. It must contain at least %d characters.",
)
