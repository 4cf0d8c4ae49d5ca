"""A company of any size, made in the database in a minute: what the benchmarks run against.

Numbers are composed at run time; ids are derived from ordinals, so that a load generator knows them without asking.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import asyncpg

WEEK = json.dumps({day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")})
GROUP_SIZE = 10

STATEMENTS: Sequence[str] = (
    """INSERT INTO markets VALUES ('DE', 'Deutschland', 'DE', 'Europe/Berlin', '{de,en}', $week, NULL, NULL, 90)""",
    """INSERT INTO sites SELECT pid('5', 1), 'Site', 'Europe/Berlin', NULL, NULL""",
    """INSERT INTO products VALUES ('hosting', 'Hosting', 'hosting', 2, '{"default": 360}')""",
    """INSERT INTO desk_groups (id, name, site_id, minimum_presence)
       SELECT pid('6', g), 'Group ' || g, pid('5', 1), 1 FROM generate_series(1, $groups) g""",
    """INSERT INTO general_groups VALUES ('DE', pid('6', 1))""",
    """INSERT INTO advisors (id, external_ref, name, site_id, languages, working_pattern, phone_capacity,
                             chat_capacity, email_capacity, sip_uri, sip_endpoint, created_at, updated_at)
       SELECT pid('a', n), 'a' || n, 'Advisor ' || n, pid('5', 1), '{de,en}', $week, 1, 3, 5,
              'sip:a' || n || '@desk.example', 'PJSIP/a' || n, $now, $now
       FROM generate_series(1, $advisors) n""",
    """INSERT INTO advisor_markets SELECT pid('a', n), 'DE' FROM generate_series(1, $advisors) n""",
    """INSERT INTO advisor_skills SELECT pid('a', n), 'hosting', 2 + n % 4 FROM generate_series(1, $advisors) n""",
    """INSERT INTO desk_group_members
       SELECT pid('a', n), pid('6', 1 + (n - 1) / $size) FROM generate_series(1, $advisors) n""",
    """INSERT INTO presences (advisor_id, state, since, lease_until, idle_since)
       SELECT pid('a', n), 'available', $now, timestamptz '2126-01-01 00:00+00', $now
       FROM generate_series(1, $advisors) n""",
    """INSERT INTO books (advisor_id, load_s, cap_s, target_s, price, over_cap, open_for_new)
       SELECT pid('a', n), 0, 2000000, 1000000, 0, true, true FROM generate_series(1, $advisors) n""",
    """INSERT INTO customers (id, market_id, external_ref, languages, tier, products, expected_seconds,
                              created_at, updated_at)
       SELECT pid('c', n), 'DE', 'c' || n, '{de}', 'standard', '{hosting}', 360, $now, $now
       FROM generate_series(1, $customers) n""",
    """INSERT INTO customer_phones (number, customer_id, market_id)
       SELECT '+49' || (15200000000 + n)::text, pid('c', n), 'DE' FROM generate_series(1, $customers) n""",
    """INSERT INTO relationships (id, market_id, customer_id, advisor_id, starts_at, channel, reason,
                                  expected_seconds)
       SELECT pid('e', n), 'DE', pid('c', n), pid('a', 1 + n % $advisors), $now, 'bulk', 'activated', 360
       FROM generate_series(1, $customers) n""",
    """INSERT INTO direct_dial_numbers (number, market_id, kind, state, advisor_id, since)
       SELECT '+4930' || (2000000 + n)::text, 'DE', 'direct', 'assigned', pid('a', n), $now
       FROM generate_series(1, $advisors) n""",
)


def caller(ordinal: int) -> str:
    """The number from which customer `ordinal` calls."""
    return f"+49{15_200_000_000 + ordinal}"


def number_of(advisor: int) -> str:
    """The direct dial number of an advisor."""
    return f"+4930{2_000_000 + advisor}"


async def fill(connection: asyncpg.Connection[asyncpg.Record], customers: int, advisors: int) -> None:
    """Everything at once, one statement per table."""
    await connection.execute(
        "CREATE OR REPLACE FUNCTION pid(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS "
        "$$ SELECT ('01900000-000' || kind || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$"
    )
    values = {
        "$week": f"'{WEEK}'::jsonb",
        "$now": "timestamptz '2026-01-01 00:00+00'",
        "$groups": str(-(-advisors // GROUP_SIZE)),
        "$size": str(GROUP_SIZE),
        "$advisors": str(advisors),
        "$customers": str(customers),
    }
    for statement in STATEMENTS:
        for name, value in values.items():
            statement = statement.replace(name, value)
        await connection.execute(statement, timeout=1800)
    await connection.execute("VACUUM ANALYZE", timeout=600)
