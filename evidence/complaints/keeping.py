"""What a complaint says when somebody wants to end one of its holds."""

from __future__ import annotations

from evidence.complaints.state import why_kept
from evidence.retention.models import Hold, Kind


def keeps(hold: Hold) -> str:
    """Why it can't end yet, in one sentence; empty for what no complaint keeps."""
    return why_kept(hold.reference) if hold.kind == Kind.COMPLAINT else ""
