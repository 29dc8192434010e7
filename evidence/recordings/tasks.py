"""Packages and audits in the background."""

from __future__ import annotations

from celery import shared_task

from evidence.recordings import audits, exports


@shared_task(ignore_result=True)
def make_package(identifier: int) -> None:
    """Make one package."""
    exports.make(identifier)


@shared_task(ignore_result=True)
def sweep_packages() -> None:
    """Find packages that were forgotten, and those that have had their week."""
    exports.sweep()


@shared_task(ignore_result=True)
def verify_recording(identifier: int) -> None:
    """Check one recording again."""
    audits.verify_one(identifier)


@shared_task(ignore_result=True)
def audit() -> None:
    """The nightly audit."""
    audits.nightly()
