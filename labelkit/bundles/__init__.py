"""Take a finished run into production: one file that labels the next record as the run would have.

:func:`bundle` puts rules, what they read, and the label model into one file; :func:`load_bundle` labels with it.
"""

from labelkit.bundles.build import bundle
from labelkit.bundles.loading import Bundle, load_bundle
from labelkit.bundles.predict import predict_corpus

__all__ = ["Bundle", "bundle", "load_bundle", "predict_corpus"]
