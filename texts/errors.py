"""The base of all errors that edrone answers with."""


class EdroneError(Exception):
    """A refusal or failure whose message a person reads: one whole sentence."""

    status = 500  # of the HTTP answer
    retry_after = 0  # seconds after which to ask again; 0: nobody knows
    replayed = False  # said once more, to a repeat with the same Idempotency-Key
