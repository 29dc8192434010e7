"""Static files whose names carry their hash, in the imports of our script modules too."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModulesStorage(CompressedManifestStaticFilesStorage):
    """A module never imports another one's older self: `import "./x.js"` gets the hash as well.

    Only ours: packages ship modules that import what they do not ship.
    """

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = (
        "re[cv]*/*.js",  # recordings, review
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )
