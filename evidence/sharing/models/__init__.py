"""Shares: what leaves the house, for whom and until when; who opened it; what they wrote."""

from evidence.sharing.models.directory import Basis, Contact, Domain
from evidence.sharing.models.outside import Code, Message, Notice, Proof, Viewing
from evidence.sharing.models.package import SharedPackage
from evidence.sharing.models.share import Item, Share, make_reference

__all__ = [
    "Basis", "Code", "Contact", "Domain", "Item", "Message", "Notice", "Proof",
    "Share", "SharedPackage", "Viewing", "make_reference",
]  # fmt: skip
