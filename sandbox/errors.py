"""The errors of the sandbox: one small hierarchy, each with the name and HTTP status AWS Lambda gives it.

Raised by every module of `sandbox`; `webapp` turns them into a field's message or an API error.
"""

from __future__ import annotations


class LambdaError(Exception):
    """A request the sandbox refuses. `str(error)` is one sentence for a person.

    `type` is the error type of the Lambda API ("API reference, Common errors"), `status` its HTTP status,
    `field` the name of the parameter at fault where there is one.
    """

    type = "ServiceException"
    status = 500

    def __init__(self, message: str, *, field: str | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.reason = reason


class InvalidParameterValueException(LambdaError):
    """A parameter has a value Lambda does not accept."""

    type = "InvalidParameterValueException"
    status = 400


class ValidationException(LambdaError):
    """A parameter breaks a constraint of the service model (range, pattern, length)."""

    type = "ValidationException"
    status = 400


class InvalidRequestContentException(LambdaError):
    """The event is not JSON."""

    type = "InvalidRequestContentException"
    status = 400


class RequestTooLargeException(LambdaError):
    """The event is larger than an invocation takes."""

    type = "RequestTooLargeException"
    status = 413


class InvalidZipFileException(LambdaError):
    """The deployment package can't be unpacked, or holds what a package must not hold."""

    type = "InvalidParameterValueException"
    status = 400


class CodeStorageExceededException(LambdaError):
    """The deployment package is larger than Lambda takes."""

    type = "CodeStorageExceededException"
    status = 400


class TooManyRequestsException(LambdaError):
    """No execution environment may be started now; `reason` is Lambda's Reason."""

    type = "TooManyRequestsException"
    status = 429


class ResourceNotFoundException(LambdaError):
    """There is no such function, version, alias, layer or mapping."""

    type = "ResourceNotFoundException"
    status = 404


class ResourceConflictException(LambdaError):
    """The resource exists already, or is in a state that forbids the operation."""

    type = "ResourceConflictException"
    status = 409


class PreconditionFailedException(LambdaError):
    """The RevisionId given is not the latest."""

    type = "PreconditionFailedException"
    status = 412


class InvalidRuntimeException(LambdaError):
    """The runtime is Lambda's, but this machine lacks what it needs; the message names the package to install."""

    type = "InvalidRuntimeException"
    status = 502


class ServiceException(LambdaError):
    """The playground itself failed (the manager is gone, no isolation is available)."""


class ManagerUnavailable(ServiceException):
    """The manager process is not there, or died during the call."""

    status = 503


class IsolationUnavailable(ServiceException):
    """bubblewrap is missing or can't make a sandbox, and the operator has not turned isolation off."""


def error_named(
    type_name: str,
    message: str,
    *,
    status: int = 500,
    field: str | None = None,
    reason: str | None = None,
    class_name: str = "",
) -> LambdaError:
    """Rebuild an error that crossed the manager's socket."""
    for cls in _all(LambdaError):
        if cls.__name__ == (class_name or type_name):
            return cls(message, field=field, reason=reason)
    error = LambdaError(message, field=field, reason=reason)
    error.type, error.status = type_name, status
    return error


def _all(cls: type[LambdaError]) -> list[type[LambdaError]]:
    found = [cls]
    for sub in cls.__subclasses__():
        found.extend(_all(sub))
    return found
