"""People, numbers and customers for tests that need a database: builders that write rows and return the objects.

What a test does not name is filled in: the market `DE`, the site in Berlin, a desk group, skills and languages that
fit each other, working days from 8 to 17. Rows are written as they are, past the services, so that a test may begin
in any state. Phone numbers come from the ranges kept free for films.
"""

from tests.support.builders.company import PLENTY, a_closure, a_desk_group, a_market, a_member, a_policy, a_site
from tests.support.builders.customers import a_customer, a_product, a_relationship, phones_of
from tests.support.builders.ground import (
    ALWAYS,
    CAP_S,
    MONDAY_MORNING,
    WORKDAYS,
    a_private_number,
    an_office_number,
    insert,
    new_id,
)
from tests.support.builders.messages import a_message, a_note
from tests.support.builders.people import a_book, a_presence, an_absence, an_advisor
from tests.support.builders.pool import a_number, numbers
from tests.support.builders.webhooks import a_delivery

__all__ = [
    "ALWAYS",
    "CAP_S",
    "MONDAY_MORNING",
    "PLENTY",
    "WORKDAYS",
    "a_book",
    "a_closure",
    "a_customer",
    "a_delivery",
    "a_desk_group",
    "a_market",
    "a_member",
    "a_message",
    "a_note",
    "a_number",
    "a_policy",
    "a_presence",
    "a_private_number",
    "a_product",
    "a_relationship",
    "a_site",
    "an_absence",
    "an_advisor",
    "an_office_number",
    "insert",
    "new_id",
    "numbers",
    "phones_of",
]
