"""What can stop us.

    BaoxiaoError
    ├── UnreadableFile        ask for another file
    └── ServiceUnavailable    try again: a part of ours is down
        ├── OcrUnavailable    the OCR engine or its weights
        ├── FolderUnusable    the output folder: in use by another run, not writable, disk full
        ├── StoreUnusable     the store of claims: not reachable, of another version, damaged
        └── EngineUnavailable the reimbursement engine, or whoever else is told: no answer, or "later"
    PlaceRefused, PolicyRefused, StepRefused and EngineAnswerRefused are of their own: a place's or a policy's
    file is wrong, and no claim can be judged until it is mended; what was asked of a claim is not possible as
    it stands; what an engine said cannot be taken, and a person must look.
    QueryRefused: a filter, an order or a cursor of a list is none.

A problem of the paper is never an exception: it is a `Finding`.
"""


class BaoxiaoError(Exception):
    """The root of all errors that this project raises on purpose."""


class UnreadableFile(BaoxiaoError):
    """The bytes cannot be opened; another file is needed.

    `code` is one of `UNREADABLE_CODES`; the message says what was found, what was expected and the
    way out, in Chinese first. `page` is set when one page alone is at fault.
    """

    def __init__(self, code: str, message: str, page: int | None = None) -> None:
        if code not in UNREADABLE_CODES:
            raise ValueError(f"unknown code of an unreadable file: {code}")
        super().__init__(message)
        self.code = code
        self.message = message
        self.page = page

    def __reduce__(self) -> tuple[type["UnreadableFile"], tuple[str, str, int | None]]:
        """Survives the way from a child process."""
        return type(self), (self.code, self.message, self.page)


UNREADABLE_CODES = frozenset(
    {
        "empty",  # no bytes, or no page inside
        "unsupported",  # not one of the formats we read
        "corrupt",  # damaged or cut short
        "encrypted",  # a password is needed
        "too_large",  # over the stated limits (bytes, pixels, pages, files in an archive)
        "time_limit",  # decoding took longer than the limit
        "memory_limit",  # decoding took more memory than the limit
        "crashed",  # the decoder died
        "inaccessible",  # the system does not let us read it; tried again by every run
        "invalid_application",  # `application.json` is no application; what is wrong in it is named
        "unsafe",  # DOCTYPE, path outside the archive, nested bombs
    }
)


class ServiceUnavailable(BaoxiaoError):
    """A part of ours does not answer; the same call may work later."""


class OcrUnavailable(ServiceUnavailable):
    """The OCR engine or its weights cannot be had."""


class FolderUnusable(ServiceUnavailable):
    """A run cannot keep what it reads: its folder is in use by another run, not writable or full."""


class PlaceRefused(BaoxiaoError):
    """A place's file cannot be used, or no place is called so; the message names the file and the key."""


class StoreUnusable(ServiceUnavailable):
    """The store of claims cannot be opened or written; the message says what to do."""


class EngineUnavailable(ServiceUnavailable):
    """Whoever a message is for did not take it now; the same message may be sent again.

    `retry_after_seconds` is what the other side asked for, where it did.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class EngineAnswerRefused(BaoxiaoError):
    """What came back cannot be taken: of another schema, about no message of ours, against an earlier answer.

    Sending again would not help; the message says what is wrong and where.
    """


class StepRefused(BaoxiaoError):
    """What was asked of a claim is not possible as it stands; nothing was changed."""


class ClaimMovedOn(StepRefused):
    """The claim is no longer the one that was seen; `version` is its present one."""

    def __init__(self, message: str, version: int) -> None:
        super().__init__(message)
        self.version = version


class HeldByAnother(StepRefused):
    """Somebody else has the claim on their desk: `holder`, until `until` (ISO 8601) if they do nothing."""

    def __init__(self, message: str, holder: str, until: str) -> None:
        super().__init__(message)
        self.holder = holder
        self.until = until


class PolicyRefused(BaoxiaoError):
    """A policy file cannot be used, or no policy set answers; the message names the file and the key."""


class QueryRefused(BaoxiaoError):
    """What was asked of the store is not a question that it answers; the message names the part at fault."""
