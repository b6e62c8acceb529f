# noqa: INP001 - a script, not a package
"""Write the API's schema to ui/openapi.json: ``python ui/tools/openapi.py``."""

import json
from pathlib import Path
from typing import Any, cast

from zhiyan.api import create_app


def schema_text() -> str:
    """Return the schema as it is committed. Building the routes asks nothing of a workspace."""
    app = create_app(cast("Any", None), static=None, people=cast("Any", object()))
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(__file__).parents[1].joinpath("openapi.json").write_text(schema_text(), encoding="utf-8")
