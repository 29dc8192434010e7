"""What can be wrong with a dock's request: RFC 9457 problem documents.

`type` says which, the status says what to do: 400 and 422 never again as it is, 409 what
conflicts, 429 and 503 again after Retry-After, 507 keep the footage.
"""

from __future__ import annotations

from typing import Any

PREFIX = "urn:bwv:problem:"


class Problem(Exception):
    """An answer that is not the one asked for. Its detail is a sentence for a person."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        retry_after: int | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail
        self.retry_after, self.more = retry_after, more

    def document(self) -> dict[str, Any]:
        """The problem document's members (RFC 9457 section 3.1)."""
        return {
            "type": PREFIX + self.kind,
            "title": self.kind.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
