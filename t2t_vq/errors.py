"""Mistakes of whoever uses the package, told apart from defects of the package itself."""


class UserError(Exception):
    """A mistake of the user's; its message is whole sentences that say what to do.

    Commands print the message and end with 1, where anything else shows its traceback. What is
    raised is one of the subclasses, each of which is an error of Python's too: code that catches
    `ValueError` or `FileNotFoundError` catches them as well.

    Example:
        >>> try:
        ...     model = t2t_vq.load("runs/missing")
        ... except t2t_vq.UserError as error:
        ...     print(error)
        runs/missing ...
    """


class InvalidError(UserError, ValueError):
    """What was given cannot be used: a value, a combination, or what a file holds."""


class MissingError(UserError, FileNotFoundError):
    """A file, a folder, data or a run is not there."""


class WrongTypeError(UserError, TypeError):
    """An argument is of a type that is not taken."""


class UnwritableError(UserError, PermissionError):
    """Nothing can be written to a place."""


class OccupiedError(UserError, FileExistsError):
    """A place holds what is not to be overwritten, or is in use."""


class NoFolderError(UserError, NotADirectoryError):
    """A place where a folder is needed is a file, or in one."""


class EndedError(UserError, ChildProcessError):
    """A process that did part of the work was ended from outside."""
