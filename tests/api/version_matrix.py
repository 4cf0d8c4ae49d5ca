"""Who must say which version they have read, in one table: what a review looks at when something becomes editable.

A route that is missing here, or differs from the code, fails `test_versions.py`, which asks every row for 428, 412,
and for exactly one winner between editors. A changing route that is not named has no version; why not:

- a customer's relationship, calls, offers, wrap-ups and promises have states, and a step that is not possible any
  more is 409 with the present state; the latest wish of a customer is the one that counts;
- what is added (accounts, keys, numbers, absences, closures) replaces nothing;
- a book is handed over a piece at a time by whoever asks, and a piece is never handed over twice.
"""

from __future__ import annotations

from typing import Final

REQUIRED: Final = "required"
OPTIONAL: Final = "optional"

EDITED: dict[str, str] = {
    "PUT /v1/markets/{market_id}": REQUIRED,
    # the newest policy is what the next one follows; left out, a rule has its default and not its former value
    "POST /v1/markets/{market_id}/policies": REQUIRED,
    "PUT /v1/sites/{site_id}": REQUIRED,
    "PUT /v1/products/{product_id}": REQUIRED,
    "PUT /v1/desk-groups/{group_id}": REQUIRED,
    "PUT /v1/advisors/{advisor_id}": REQUIRED,
    "POST /v1/advisors/{advisor_id}/leaving": REQUIRED,
    "DELETE /v1/advisors/{advisor_id}/leaving": REQUIRED,
    "POST /v1/absences/{absence_id}/approve": REQUIRED,
    "POST /v1/absences/{absence_id}/decline": REQUIRED,
    "POST /v1/absences/{absence_id}/cancel": REQUIRED,
    "PATCH /v1/accounts/{account_id}": REQUIRED,
    "PUT /v1/webhooks/{webhook_id}": REQUIRED,
    "PUT /v1/customers/{external_ref}/remarks": REQUIRED,
    # control centers tell us what they know, by machine, and theirs is the truth
    "PUT /v1/customers/{external_ref}": OPTIONAL,
    # final steps that must be possible at once: an emergency is over, a key has leaked
    "DELETE /v1/closures/{closure_id}": OPTIONAL,
    "DELETE /v1/machine-keys/{key_id}": OPTIONAL,
    "DELETE /v1/signing-keys/{key_id}": OPTIONAL,
    "DELETE /v1/webhooks/{webhook_id}": OPTIONAL,
}
"""Changing route → whether it wants `If-Match`. A PUT that creates needs none."""

SHOWN: dict[str, str] = {
    "GET /v1/markets/{market_id}": "PUT /v1/markets/{market_id}",
    "GET /v1/markets/{market_id}/policy": "POST /v1/markets/{market_id}/policies",
    "GET /v1/markets/{market_id}/policies": "POST /v1/markets/{market_id}/policies",
    "GET /v1/sites/{site_id}": "PUT /v1/sites/{site_id}",
    "GET /v1/products/{product_id}": "PUT /v1/products/{product_id}",
    "GET /v1/desk-groups/{group_id}": "PUT /v1/desk-groups/{group_id}",
    "GET /v1/advisors/{advisor_id}": "PUT /v1/advisors/{advisor_id}",
    "GET /v1/absences/{absence_id}": "POST /v1/absences/{absence_id}/approve",
    "GET /v1/accounts/{account_id}": "PATCH /v1/accounts/{account_id}",
    "GET /v1/customers/{external_ref}": "PUT /v1/customers/{external_ref}",
    "GET /v1/closures/{closure_id}": "DELETE /v1/closures/{closure_id}",
    "GET /v1/machine-keys/{key_id}": "DELETE /v1/machine-keys/{key_id}",
    "GET /v1/signing-keys/{key_id}": "DELETE /v1/signing-keys/{key_id}",
    "GET /v1/customers/{external_ref}/remarks": "PUT /v1/customers/{external_ref}/remarks",
    "GET /v1/webhooks/{webhook_id}": "PUT /v1/webhooks/{webhook_id}",
}
"""Where an `ETag` is read, and one of the routes that it is for."""
