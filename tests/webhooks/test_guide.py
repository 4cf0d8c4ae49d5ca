"""The examples of the guide verify what we send, and nothing else."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from tests.house.repository import ROOT
from webhooks import secrets

GUIDE = (ROOT / "docs" / "integrate" / "webhooks.md").read_text()
EVENT = '{"type":"callback.done","data":{"words":"Grüße"}}'
TYPES = re.compile(r": (?:string|unknown|Record<string, string>)(?=[,)=]| \{)")


def example(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return str(found)


def sent(*signing: str, late: timedelta = timedelta(0)) -> dict[str, str]:
    at = datetime.now(UTC) - late
    return {
        "webhook-id": "whd_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": secrets.signatures(signing, "whd_1", at, EVENT),
    }


def test_python() -> None:
    room: dict[str, Any] = {}
    exec(example("python"), room)  # the example, as it stands in the guide
    received: Callable[[str, dict[str, str], bytes], Any] = room["received"]
    old, new, strange = (secrets.make() for _ in range(3))

    for secret in (old, new):
        assert received(secret, sent(new, old), EVENT.encode()) == json.loads(EVENT)
    for secret, headers in ((strange, sent(new, old)), (new, sent(new, late=timedelta(minutes=6)))):
        with pytest.raises(WebhookVerificationError):
            received(secret, headers, EVENT.encode())


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
async def test_typescript(tmp_path: Path) -> None:
    old, new, strange = (secrets.make() for _ in range(3))
    cases = [
        (new, sent(new, old)),
        (old, sent(new, old)),
        (strange, sent(new, old)),
        (new, sent(new, late=timedelta(minutes=6))),
        (new, {**sent(new), "webhook-signature": "v1,"}),
    ]
    module = tmp_path / "guide.mjs"
    module.write_text(
        TYPES.sub("", example("typescript"))
        + f"""
for (const [secret, headers] of {json.dumps(cases)}) {{
  try {{ console.log(JSON.stringify(received(secret, headers, {json.dumps(EVENT)}))); }}
  catch (error) {{ console.log(error.message); }}
}}
"""
    )

    done = await asyncio.to_thread(
        subprocess.run, ["node", str(module)], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.splitlines() == [EVENT, EVENT, "not ours", "too old or too new", "not ours"]
