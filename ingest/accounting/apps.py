"""Accounting: everything that was ever docked, counted against store, rows and log."""

from django.apps import AppConfig


class AccountingConfig(AppConfig):
    """Counts and keys; shows no footage."""

    name = "ingest.accounting"
    label = "accounting"
    verbose_name = "Accounting"
