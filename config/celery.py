"""The Celery application. Queues are by kind of work, so that workers can be sized apart."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("bwv")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _require_store(**_: Any) -> None:
    """Refuse to work on a store that was not shown to hold evidence."""
    from evidence.store.acceptance import require

    require()
