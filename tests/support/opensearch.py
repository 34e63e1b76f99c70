"""OpenSearch of the tests: the unpacked distribution that ./dev deps test keeps in the cache."""

import pathlib

from support import paths

VERSION = "2.19.6"


def home() -> pathlib.Path:
    return paths.cached(f"opensearch-{VERSION}")
