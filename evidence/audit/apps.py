"""The auditor's room: who looked at what, and which looks are unusual."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Reads the custody log; shows no footage."""

    name = "evidence.audit"
    label = "audit"
    verbose_name = "Audit"
