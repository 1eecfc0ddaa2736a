"""The one family of errors: everything that edrone says no with is an EdroneError."""


class EdroneError(Exception):
    """Something that was asked for and is not done; the message is what a person reads, one whole sentence."""

    status = 500  # of the HTTP answer
    retry_after = 0  # seconds after which to ask again; 0: nobody knows
    replayed = False  # said once more, to a repeat with the same Idempotency-Key
