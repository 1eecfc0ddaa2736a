"""Addresses of channels in the database: encrypted with SECRET_KEY, so that a copy of the database opens none of them."""

import base64
import hashlib
from typing import Any

from django.conf import settings


class UnreadableAddress(Exception):
    """It was sealed with another SECRET_KEY."""


def seal(text: str) -> str:
    return str(box().encrypt(text.encode()), "ascii")


def unseal(sealed: str) -> str:
    """Return what was sealed.

    Raises:
        UnreadableAddress: SECRET_KEY is another one now.
    """
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 - only who seals needs its memory

    try:
        return str(box().decrypt(sealed), "ascii")
    except InvalidToken:
        raise UnreadableAddress from None


def box() -> Any:
    from cryptography.fernet import Fernet  # noqa: PLC0415 - likewise

    key = hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"edrone channels").digest()
    return Fernet(base64.urlsafe_b64encode(key))
