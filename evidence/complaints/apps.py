"""Complaints and the footage that they need."""

from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    """What people complain of."""

    name = "evidence.complaints"
    label = "complaints"
    verbose_name = "Complaints"
