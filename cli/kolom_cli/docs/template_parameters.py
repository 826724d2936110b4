"""Generate the reference of the parameters in ``template.yaml``."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from kolom_cli.docs.markdown import code
from kolom_cli.sam.loader import read_document

TEMPLATE: Final = Path(__file__).parents[3] / "template.yaml"


def render_reference(template: Path = TEMPLATE) -> str:
    """Return a Markdown list of all parameters in the order of the template."""
    parameters: Mapping[str, Mapping[str, Any]] = read_document(template)["Parameters"]
    return "".join(
        f"- {code(name)} ({_default(entry)}): {' '.join(_sentences(entry))}\n" for name, entry in parameters.items()
    )


def _default(entry: Mapping[str, Any]) -> str:
    if "Default" not in entry:
        return "required"
    return f"default {code(str(entry['Default']))}" if entry["Default"] != "" else "empty by default"


def _sentences(entry: Mapping[str, Any]) -> Iterator[str]:
    if "Description" in entry:
        yield entry["Description"].rstrip(".") + "."
    if "AllowedValues" in entry:
        yield f"One of {', '.join(code(str(value)) for value in entry['AllowedValues'])}."
    least, most = entry.get("MinValue"), entry.get("MaxValue")
    if least is not None and most is not None:
        yield f"From {least} to {most}."
    elif least is not None:
        yield f"At least {least}."
    elif most is not None:
        yield f"At most {most}."
    if "MaxLength" in entry:
        yield f"At most {entry['MaxLength']} characters."
    if "ConstraintDescription" in entry:
        yield f"It {entry['ConstraintDescription'].rstrip('.')}."
    elif "AllowedPattern" in entry:
        yield f"It must match {code(entry['AllowedPattern'])}."
