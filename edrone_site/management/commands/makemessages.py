"""`manage.py makemessages`: Django's own, which also knows the sentences of texts/sentence.py."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    xgettext_options = [  # noqa: RUF012 - a list, as Django declares it
        *makemessages.Command.xgettext_options,
        "--keyword=Sentence:1",
        "--keyword=translate:1",
    ]
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]  # noqa: RUF012 - likewise
