"""The folder of an atlas: `atlas.json`, and the page made of it."""

import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Any

import jax

from glasshouse._foundation.files import UNFINISHED, read_bytes, reason, write_file, writing
from glasshouse._foundation.random import how_drawn
from glasshouse.errors import InputError
from glasshouse.study.atlas.content import atlas_content
from glasshouse.study.atlas.page import atlas_html
from glasshouse.study.atlas.settings import AtlasSettings
from glasshouse.study.atlas.words import atlas_headline
from glasshouse.study.folder import as_json, check_usable
from glasshouse.study.recipe import PACKAGES
from glasshouse.study.report.index import INDEX_PAGE

ATLAS_FILE, ATLAS_SCHEMA = "atlas.json", 1
"""Its numbers, and the version of their keys."""

MOST_ATLAS_BYTES = 200_000_000

OTHER_FOLDER = "remove it or choose another --out"


def write_atlas(out: str | Path, settings: AtlasSettings = AtlasSettings()) -> dict[str, Any]:
    """Compute the atlas and write `atlas.json` and the page `index.html`.

    A folder that holds all of it is left as it is but for its page, which is made anew from its
    `atlas.json`. Interrupted and called again it begins again, and writes the same bytes.

    **Returns:** what `atlas.json` holds.
    **Raises:** `InputError` for a folder that holds anything else; `OutputError` when the machine
    does not let a file be written.
    **Cost:** a minute or two on two cores.
    """
    out, made = Path(out), _made(settings)
    content = known_atlas(out, settings)
    if content is None:
        with writing(out):
            out.mkdir(parents=True, exist_ok=True)
        computed = atlas_content(settings)
        told = {"title": computed["title"], "headline": atlas_headline(computed)}
        written = as_json({"schema_version": ATLAS_SCHEMA, **told, **made, **computed})
        write_file(out / ATLAS_FILE, written)
        content = json.loads(written)
    write_file(out / INDEX_PAGE, atlas_html(content).encode())
    return content


def known_atlas(out: Path, settings: AtlasSettings) -> dict[str, Any] | None:
    """What the folder's `atlas.json` holds, where that is this atlas; None where none is there.

    **Raises:** `InputError` for a folder that holds anything else.
    """
    if check_usable(out):
        return None
    ours = {ATLAS_FILE, INDEX_PAGE, *(f".{name}{UNFINISHED}" for name in (ATLAS_FILE, INDEX_PAGE))}
    if not out.is_dir() or any(x.name not in ours for x in out.iterdir()):
        raise InputError(f"output folder {out} holds something else than an atlas: {OTHER_FOLDER}")
    file = out / ATLAS_FILE
    if not file.exists():
        if (out / INDEX_PAGE).exists():
            raise InputError(
                f"output folder {out} holds a page without {ATLAS_FILE}: {OTHER_FOLDER}"
            )
        return None
    try:
        content = json.loads(read_bytes(file, MOST_ATLAS_BYTES, OTHER_FOLDER))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {reason(error)}") from error
    except ValueError as error:
        raise InputError(f"{file} is no JSON: {OTHER_FOLDER}") from error
    held = content if isinstance(content, dict) else {}
    made = {"schema_version": ATLAS_SCHEMA, **json.loads(json.dumps(_made(settings)))}
    different = [key for key, value in made.items() if held.get(key) != value]
    if different:
        raise InputError(
            f"output folder {out} holds an atlas with other {' and '.join(different)}: "
            f"{OTHER_FOLDER}"
        )
    return content


def _made(settings: AtlasSettings) -> dict[str, Any]:
    """What the numbers depend on."""
    return {
        "settings": settings.to_dict(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": jax.devices()[0].device_kind,
        "random": how_drawn(settings.seed),
    }
