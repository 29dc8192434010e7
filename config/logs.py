"""Structured logs: one JSON object a line, with a request or task id.

Values are encoded by JSON, so that CR, LF and control characters can't forge a line.
Nothing secret is logged: no token, code, password, or signed URL.
"""

import logging
import logging.config
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from celery.signals import setup_logging, task_postrun, task_prerun
from django.http import HttpRequest, HttpResponse


def configure(options: dict[str, Any]) -> None:
    """Route the standard library's logging and structlog into one formatter."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    if options["format"] == "json":
        renderer: Any = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "lines": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        renderer,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            # These two write signed requests and URLs at INFO or DEBUG.
            # A dock that asks whether its receipt is there yet is no warning.
            "loggers": {
                "botocore": {"level": "WARNING"},
                "urllib3": {"level": "WARNING"},
                "django.request": {"level": "ERROR"},
            },
        }
    )


class RequestIdMiddleware:
    """Gives each request an id that stands in its log lines and in X-Request-Id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Bind the id for the length of the request."""
        request_id = uuid.uuid4().hex[:16]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


@setup_logging.connect
def _celery_keeps_our_logging(**_: Any) -> None:
    """Connected so that Celery does not put its own handlers in place."""


@task_prerun.connect
def _bind_task(task_id: str, task: Any, **_: Any) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)


@task_postrun.connect
def _unbind_task(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()
