"""Every task that the clock or a page sends has a worker in the embedded stack."""

from __future__ import annotations

from django.conf import settings

from config.celery import app
from config.stack import launch
from config.stack.layout import ROOT

CONSUMED = {"ingest", "media", "upkeep"}


def queue(task: str) -> str:
    """Where a task is sent."""
    route = settings.CELERY_TASK_ROUTES.get(task, {})
    return str(route.get("queue", settings.CELERY_TASK_DEFAULT_QUEUE))


def test_make_run_and_the_procfile_start_these_workers() -> None:
    listed = {line.partition(":")[0] for line in (ROOT / "Procfile").read_text().splitlines()}
    assert set(launch.APPLICATIONS) >= CONSUMED and listed >= CONSUMED
    assert "beat" in launch.APPLICATIONS and "beat" in listed


def test_the_clocks_tasks_exist_and_somebody_does_them() -> None:
    app.loader.import_default_modules()
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry["task"] in app.tasks, name
        assert queue(str(entry["task"])) in CONSUMED, name


def test_each_route_is_of_a_task_that_exists() -> None:
    app.loader.import_default_modules()
    for task, route in settings.CELERY_TASK_ROUTES.items():
        assert task in app.tasks
        assert route["queue"] in CONSUMED
    assert queue("ingest.clips.tasks.cut") == "media"
