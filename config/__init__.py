"""Wiring only: settings, URLs, Celery, the admin site and the local stack."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
