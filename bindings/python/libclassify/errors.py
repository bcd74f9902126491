"""Exceptions: one class a status."""


class Error(Exception):
    """A call failed; `status` is its status."""

    status = 0


def of_status(status, message):
    """The exception of a status below 0."""
    error = Error(message)
    error.status = status
    return error
