"""`.env.example` as it follows from the settings; `python -m tests.house.env_example > .env.example` writes it."""

from __future__ import annotations

import textwrap
from typing import Any

from pydantic import SecretStr, TypeAdapter
from pydantic.fields import FieldInfo

from kit.settings import Settings

HEAD = """\
# Every setting with its default. Copy to .env and change what you need; environment variables come first.
# Durations are ISO 8601 (PT5S) or seconds. A line that is commented out has no default.
"""


def expected() -> str:
    prefix = Settings.model_config.get("env_prefix", "")
    return HEAD + "".join(
        f"\n{comment(field)}{assignment(f'{prefix}{name}'.upper(), field)}\n"
        for name, field in Settings.model_fields.items()
    )


def comment(field: FieldInfo) -> str:
    return textwrap.indent(textwrap.fill(field.description or "", 108), "# ") + "\n" if field.description else ""


def assignment(name: str, field: FieldInfo) -> str:
    """`NAME=default`; commented out where there is none, as an empty value would be a value."""
    if field.is_required():
        return f"# {name}="
    default = field.get_default(call_default_factory=True, validated_data={})
    return f"# {name}=" if default is None else f"{name}={written(default)}"


def written(default: Any) -> str:
    """As an environment variable holds it."""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, str):
        return default
    return TypeAdapter(type(default)).dump_json(default).decode().strip('"')


if __name__ == "__main__":
    print(expected(), end="")
