"""How to get from a person to everything that is kept of them: one condition for each table.

$1 is the person's id, $2 the same as the outside knows it (`cus_…`, `adv_…`).
"""

from __future__ import annotations

from collections.abc import Mapping

OWN_NUMBERS = """
SELECT number FROM customer_phones AS own WHERE customer_id = $1 AND NOT EXISTS (
    SELECT FROM customer_phones AS other WHERE other.number = own.number AND other.customer_id <> $1
)
"""
"""Numbers that are nobody else's: whoever called from one without being recognised was this customer."""

THREADS = """
SELECT id FROM threads WHERE customer_id = $1
UNION SELECT t.id FROM threads t JOIN customers own ON own.id = $1 AND lower(own.email) = t.address
WHERE t.customer_id IS NULL AND NOT EXISTS (
    SELECT FROM customers other WHERE lower(other.email) = t.address AND other.id <> $1
)
"""
"""Theirs, and those of an address that is nobody else's: whoever wrote from it was this customer."""

CONTACTS = f"""
SELECT id FROM contacts WHERE customer_id = $1
UNION SELECT id FROM contacts WHERE customer_id IS NULL AND caller_number IN ({OWN_NUMBERS})
UNION SELECT id FROM contacts WHERE thread_id IN ({THREADS})
"""  # noqa: S608 - constants of ours

CALLBACKS = f"""
SELECT id FROM callbacks WHERE customer_id = $1
UNION SELECT id FROM callbacks WHERE customer_id IS NULL AND number IN ({OWN_NUMBERS})
"""  # noqa: S608 - constants of ours

MESSAGES = f"SELECT id FROM thread_messages WHERE thread_id IN ({THREADS})"  # noqa: S608

CUSTOMER: Mapping[str, str] = {
    "customers": "id = $1",
    "customer_phones": "customer_id = $1",
    "relationships": "customer_id = $1",
    "customer_remarks": "customer_id = $1",
    "contact_notes": f"contact_id IN ({CONTACTS})",
    "book_moves": "customer_id = $1",
    "contacts": f"id IN ({CONTACTS})",
    "switch_events": f"call_id IN (SELECT switch_call_id FROM contacts WHERE id IN ({CONTACTS}))",  # noqa: S608
    "threads": f"id IN ({THREADS})",
    "thread_messages": f"thread_id IN ({THREADS})",
    "attachments": f"message_id IN ({MESSAGES})",
    "channel_slots": f"contact_id IN ({CONTACTS})",
    "callbacks": f"id IN ({CALLBACKS})",
    "callback_attempts": f"callback_id IN ({CALLBACKS})",
    "callback_questions": f"callback_id IN ({CALLBACKS})",
    "messages": f"customer_id = $1 OR thread_id IN ({THREADS})",
    "offers": f"contact_id IN ({CONTACTS}) OR callback_id IN ({CALLBACKS})",
    "decisions": f"""
        id IN (SELECT decision_id FROM relationships WHERE customer_id = $1
               UNION SELECT decision_id FROM book_moves WHERE customer_id = $1
               UNION SELECT decision_id FROM offers WHERE contact_id IN ({CONTACTS}))
    """,  # noqa: S608
    "stored_answers": "subjects @> ARRAY[$2::text]",
    "audit": "subject = $2",
    "erasures": "customer_id = $1",
}

ADVISOR: Mapping[str, str] = {
    "advisors": "id = $1",
    "advisor_markets": "advisor_id = $1",
    "advisor_skills": "advisor_id = $1",
    "absences": "advisor_id = $1",
    "presences": "advisor_id = $1",
    "calendar_feeds": "advisor_id = $1",
    "desk_group_members": "advisor_id = $1",
    "books": "advisor_id = $1",
    "book_run_advisors": "advisor_id = $1",
    "messages": "advisor_id = $1",
    "accounts": "advisor_id = $1",
    "sign_ins": "account_id IN (SELECT id FROM accounts WHERE advisor_id = $1)",
}

ACCOUNT: Mapping[str, str] = {
    "accounts": "id = $1",
    "sign_ins": "account_id = $1",
    "stored_answers": "principal = $2",
    "audit": "actor = $2",
}
