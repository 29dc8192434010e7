"""Taking a share away as one package: asked for, made in the background, read from any byte."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evidence.recordings.composing import ExportError
from evidence.sharing import looking, packaging, proving, standing
from evidence.sharing.models import Share, SharedPackage, Viewing
from evidence.sharing.proving import ShareClosed
from evidence.sharing.telling import tell

State = SharedPackage.State


def _open(reference: str, browser: str) -> Share:
    """A share that may be downloaded, in a browser that proved itself. Raises ShareClosed."""
    share, proof = proving.opened(reference, browser)
    if not share.downloads:
        raise ShareClosed
    looking.seen(share, proof)
    return share


def ask(*, reference: str, browser: str) -> SharedPackage:
    """Have the package made of what the share holds now. Raises ShareClosed, ExportError."""
    with transaction.atomic():
        return packaging.ask(_open(reference, browser))


def status(*, reference: str, browser: str) -> tuple[Share, SharedPackage | None]:
    """The share, and its package of what it holds now, however far that is. Raises ShareClosed."""
    share = _open(reference, browser)
    return share, packaging.current(share)


def begin(*, reference: str, browser: str, address: str) -> Viewing:
    """A sitting that takes the package away, after its event in every history. Raises ShareClosed,
    ExportError."""
    with transaction.atomic():
        share = _open(reference, browser)
        package = packaging.current(share)
        if package is None or package.state != State.READY:
            raise ExportError("The package is not there yet.")
        viewing = Viewing.objects.create(
            share=share, browser=browser, kind=Viewing.Kind.PACKAGE, package=package,
            last=timezone.now(),
        )  # fmt: skip
        items = [found.item for found in standing.of(share) if found.there]
        data = {"kind": "package", "viewing": str(viewing.pk), "sha256": package.sha256}
        tell("share.downloaded", share, share.actor(address), items=items, data=data,
             private={"address": address})  # fmt: skip
    return viewing


def sitting(*, reference: str, browser: str, viewing: UUID) -> tuple[Viewing, SharedPackage]:
    """A sitting of this browser that goes on, and its package. Raises ShareClosed."""
    row = (
        Viewing.objects.filter(
            pk=viewing, share__reference=reference, browser=browser, kind=Viewing.Kind.PACKAGE
        )
        .select_related("share", "package")
        .first()
    )
    if row is None or row.package is None or not goes_on(row):
        raise ShareClosed
    return row, row.package


def goes_on(viewing: Viewing) -> bool:
    """Whether bytes of the package may go on leaving: asked by the stream every second."""
    package = viewing.package
    if package is None or not looking.still_open(viewing):
        return False
    return packaging.goes_on(package)
