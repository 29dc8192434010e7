"""The WSGI entry point. Refuses to start on a store that was not shown to hold evidence."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from evidence.store.acceptance import require  # noqa: E402

require()
