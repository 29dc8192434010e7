"""How often somebody at one address may be wrong about a link or a code, over all shares together.

Only wrong ones count: a prosecutors' office sits behind one address, and opens many links a day.
"""

from __future__ import annotations

from evidence.people import links

SPAN = 3600
LINKS, CODES = 60, 30


def may_try_link(where: str) -> bool:
    """Whether an address may try another link."""
    return links.so_far("share-link", where) < LINKS


def wrong_link(where: str) -> None:
    """Count a link that leads nowhere."""
    links.count("share-link", where, SPAN)


def may_try_code(where: str) -> bool:
    """Whether an address may try another code or passphrase."""
    return links.so_far("share-code", where) < CODES


def wrong_code(where: str) -> None:
    """Count a wrong code or passphrase."""
    links.count("share-code", where, SPAN)
