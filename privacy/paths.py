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

CONTACTS = f"""
SELECT id FROM contacts WHERE customer_id = $1
UNION SELECT id FROM contacts WHERE customer_id IS NULL AND caller_number IN ({OWN_NUMBERS})
"""  # noqa: S608 - constants of ours

CALLBACKS = f"""
SELECT id FROM callbacks WHERE customer_id = $1
UNION SELECT id FROM callbacks WHERE customer_id IS NULL AND number IN ({OWN_NUMBERS})
"""  # noqa: S608 - constants of ours

CUSTOMER: Mapping[str, str] = {
    "customers": "id = $1",
    "customer_phones": "customer_id = $1",
    "relationships": "customer_id = $1",
    "customer_remarks": "customer_id = $1",
    "contact_notes": f"contact_id IN ({CONTACTS})",
    "book_moves": "customer_id = $1",
    "contacts": f"id IN ({CONTACTS})",
    "switch_events": f"call_id IN (SELECT switch_call_id FROM contacts WHERE id IN ({CONTACTS}))",  # noqa: S608
    "callbacks": f"id IN ({CALLBACKS})",
    "callback_attempts": f"callback_id IN ({CALLBACKS})",
    "messages": "customer_id = $1",
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
