"""Messages in the reader's language."""

from django.utils.translation import gettext

from texts.sentence import Sentence, translated


def localized(error: Exception) -> str:
    """Return the message of an error in the reader's language; `str` gives it in English, as it is logged, kept and sent."""
    text = error.args[0] if error.args else ""
    if isinstance(text, Sentence):
        return translated(text, gettext)
    return gettext(str(error)) if str(error) else ""
