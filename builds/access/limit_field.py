"""The form field of what limits a grant, a token or a freeze."""

from typing import Any

from django import forms


class LimitField(forms.CharField):
    """A text that limits nothing where it is empty. Blanks alone stay, so that they are refused instead of taken as empty."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value) or str(value or "")
