"""Static files whose names carry their hash, in the imports of script modules too."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModulesStorage(CompressedManifestStaticFilesStorage):
    """A module never imports another one's older self: `import "./x.js"` gets the hash as well."""

    support_js_module_import_aggregation = True
