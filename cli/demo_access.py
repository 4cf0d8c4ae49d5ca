"""Accounts, keys and passwords of the demo: made once, kept in a file that only its owner may read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import UUID

from accounts import keys
from accounts import service as accounts
from accounts.passwords import invented
from api.services import Services
from kit.database import Row
from simulation import showcase

FILE = "demo-credentials.json"

WITHOUT_ACCOUNT = """
SELECT a.id, a.name, a.email, EXISTS (SELECT FROM desk_groups WHERE lead_id = a.id) AS leads
FROM advisors a WHERE NOT EXISTS (SELECT FROM accounts WHERE advisor_id = a.id)
ORDER BY a.external_ref
"""

SHOWN = """
SELECT c.id, c.name, c.email, c.role FROM accounts c LEFT JOIN advisors a ON a.id = c.advisor_id
WHERE c.role IN ('admin', 'supervisor') OR a.external_ref = $1
   OR a.id = (SELECT lead_id FROM desk_groups WHERE lead_id IS NOT NULL ORDER BY name LIMIT 1)
ORDER BY array_position(ARRAY['supervisor', 'admin', 'lead', 'advisor'], c.role)
"""
"""Whose passwords are printed: both who see everything, the first group's lead, the specialist."""

OFFICE = (("admin", "Admin"), ("supervisor", "Supervisor"))


@dataclass(frozen=True)
class SignIn:
    role: str
    name: str
    email: str
    password: str


@dataclass(frozen=True)
class Access:
    url: str
    telephony_key: str
    control_center_key: str
    sign_ins: list[SignIn]

    @classmethod
    def read(cls, path: Path) -> Access:
        """Raises `OSError` and `ValueError` where there is nothing to be read."""
        known = json.loads(path.read_text())
        try:
            return cls(**{**known, "sign_ins": [SignIn(**one) for one in known["sign_ins"]]})
        except (KeyError, TypeError):
            raise ValueError(path) from None

    def write(self, path: Path) -> None:
        """Readable for the owner alone, from the first byte on."""
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n")


async def granted(services: Services, url: str, *, anew: bool) -> Access:
    """The demo's access; `anew` where the database is new and what the file tells is of another one."""
    path = services.settings.data_dir / FILE
    await _open_accounts(services)
    try:
        access = await _issued(services, url) if anew else replace(Access.read(path), url=url)
    except (OSError, ValueError):
        access = await _issued(services, url)
    access.write(path)
    return access


async def _open_accounts(services: Services) -> None:
    """One for the office's roles and for every advisor who has none, with passwords that nobody is told."""
    async with services.database.reading() as session:
        people = await session.fetch(WITHOUT_ACCOUNT)
        known = {row["email"] for row in await session.fetch("SELECT email FROM accounts")}
    for person in people:
        await _open(
            services, person["email"], person["name"], "lead" if person["leads"] else "advisor", person["id"]
        )
    for role, name in OFFICE:
        if (email := f"{role}@durchwahl.example") not in known:
            await _open(services, email, name, role)


async def _open(services: Services, email: str, name: str, role: str, advisor_id: UUID | None = None) -> None:
    async with services.database.transaction() as session:
        await accounts.create(
            session,
            services.hashing,
            email=email,
            name=name,
            role=role,
            now=services.clock.now(),
            new_id=services.new_id,
            password=invented(),
            advisor_id=advisor_id,
        )


async def _issued(services: Services, url: str) -> Access:
    """New keys, and new passwords for those who are shown."""
    async with services.database.reading() as session:
        shown = await session.fetch(SHOWN, showcase.SPECIALIST.key)
    sign_ins = [await _with_password(services, row) for row in shown]
    secrets = {scope: await _key(services, scope) for scope in ("telephony", "control_center")}
    return Access(url, secrets["telephony"], secrets["control_center"], sign_ins)


async def _with_password(services: Services, account: Row) -> SignIn:
    password = invented()
    hashed = await services.hashing.hashed(password)
    async with services.database.transaction() as session:
        await accounts.change(session, account["id"], {"password_hash": hashed}, services.clock.now())
    return SignIn(account["role"], account["name"], account["email"], password)


async def _key(services: Services, scope: str) -> str:
    async with services.database.transaction() as session:
        issued = await keys.issue(
            session, name=f"Demo: {scope}", scopes=[scope], now=services.clock.now(), new_id=services.new_id
        )
    return issued.secret
