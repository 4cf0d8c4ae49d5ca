"""Every invariant broken on purpose, in each way in which it can be: the statements that do it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Broken:
    """How to break invariant `id` so that it says `why`."""

    id: str
    why: str
    statements: tuple[str, ...]


def broken(id: str, why: str, *statements: str) -> Broken:  # noqa: A002 - it is one
    return Broken(id, why, statements)


def no_guard(table: str) -> str:
    return f"ALTER TABLE {table} DISABLE TRIGGER legal_transition"


def without(table: str, constraint: str) -> str:
    return f"ALTER TABLE {table} DROP CONSTRAINT {constraint}"


def event(noun: str, subject: str, data: str, at: str = "now") -> str:
    """SQL that tells `data` (JSON) of a thing, in the past or right now."""
    instant = "(SELECT at FROM instants WHERE name = '" + at + "')"
    return (
        "INSERT INTO events (at, type, subject, advisor_id, data) VALUES "
        f"({instant}, '{noun}.made_up', '{subject}', NULL, jsonb_build_object('{noun}', '{data}'::jsonb))"
    )


NOW = "(SELECT at FROM instants WHERE name = 'now')"
CALL = "(SELECT id FROM contacts WHERE state = 'connected')"
WAITS = "(SELECT id FROM contacts WHERE state = 'waiting')"
RINGS = "(SELECT id FROM offers WHERE state = 'open')"
ANNA, BEN, CORA = (f"(SELECT id FROM advisors WHERE name = '{name}')" for name in ("Anna", "Ben", "Cora"))
PROMISE = "(SELECT id FROM callbacks WHERE state = 'scheduled')"
KEPT = "(SELECT id FROM callbacks WHERE state = 'dialling')"
DIAL = "(SELECT token FROM callback_attempts LIMIT 1)"

A_PLACE = (
    "INSERT INTO channel_slots (advisor_id, channel, slot, market_id, contact_id, taken_at) "
    f"VALUES ({ANNA}, 'chat', {{slot}}, 'DE', {{contact}}, {NOW})"
)

ATTEMPT = (
    "INSERT INTO callback_attempts (token, market_id, callback_id, advisor_id, ordinal, number, committed_at, "
    "handed_at, ended_at, result) SELECT gen_random_uuid(), market_id, {callback}, advisor_id, ordinal, number, "
    "committed_at - interval '{before}', {handed}, {ended}, {result} FROM callback_attempts LIMIT 1"
)


A_WEBHOOK = f"""
INSERT INTO webhooks (id, name, url, types, markets, desk_groups, reach, secret, secret_made_at, created_by,
                      created_at, updated_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'x', 'https://x.example', '{{*}}', '{{}}', '{{}}', 'all', 'x',
        {NOW}, 'x', {NOW}, {NOW})
"""


def a_delivery(subject: str, state: str = "pending", *, next_at: str = NOW, ended_at: str = "NULL") -> str:
    return f"""
    INSERT INTO webhook_deliveries (id, webhook_id, epoch, type, subject, position, state, attempts, tries, next_at,
                                    give_up_at, created_at, ended_at)
    VALUES (gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 1, 'x.y', '{subject}', 0, '{state}', 0, 0,
            {next_at}, {NOW}, {NOW}, {ended_at})
    """


def attempt(
    callback: str = "callback_id",
    before: str = "2 h",
    handed: str = "handed_at",
    ended: str = "committed_at",
    result: str = "'missed'",
) -> str:
    return ATTEMPT.format(callback=callback, before=before, handed=handed, ended=ended, result=result)


def question(until: str) -> str:
    """The customer of the promise that stands is being asked, though the promise doesn't say so."""
    return (
        "INSERT INTO callback_questions (id, market_id, callback_id, state, asked_at, answer_until, choices) "
        f"SELECT gen_random_uuid(), 'DE', {PROMISE}, 'open', {NOW} - interval '1 d', {until}, '[]'"
    )


def a_message(state: str, ended: str, due: str = NOW) -> tuple[str]:
    """One to Anna, of which nobody is told."""
    return (
        "INSERT INTO messages (id, advisor_id, template, args, language, channel, once, state, due_at, attempts, "
        f"most_attempts, created_at, ended_at) SELECT gen_random_uuid(), {ANNA}, 't', '{{}}', 'de', 'email', 'o', "
        f"'{state}', {due}, 1, 8, {NOW}, {ended}",
    )


ASKED = "UPDATE callbacks SET question_id = (SELECT id FROM callback_questions) WHERE state = 'scheduled'"

CASES = (
    broken(
        "I1",
        "two_active_contacts",
        "DROP INDEX ux_contacts_active_phone",
        no_guard("contacts"),
        f"UPDATE contacts SET state = 'wrapping', advisor_id = {ANNA} WHERE id = {WAITS}",
    ),
    broken(
        "I2",
        "two_open_offers",
        "DROP INDEX ux_offers_open_phone",
        no_guard("offers"),
        f"UPDATE offers SET state = 'open', decided_at = NULL, advisor_id = {BEN} WHERE state <> 'open'",
    ),
    broken(
        "I3",
        "two_open_offers",
        "DROP INDEX ux_offers_open_phone",
        "DROP INDEX ux_offers_open_contact",
        f"INSERT INTO offers SELECT gen_random_uuid(), market_id, channel, contact_id, callback_id, {ANNA}, state, "
        "made_at, deadline_at FROM offers WHERE state = 'open'",
    ),
    broken(
        "I4",
        "absent",
        f"INSERT INTO absences SELECT gen_random_uuid(), {BEN}, at - interval '1 h', at + interval '1 h', 'sick', "
        "'approved', at - interval '1 h' FROM instants WHERE name = 'now'",
    ),
    broken("I4", "gone", f"UPDATE advisors SET leaving_at = {NOW} - interval '1 h' WHERE name = 'Ben'"),
    broken("I4", "no_capacity", "UPDATE advisors SET phone_capacity = 0 WHERE name = 'Ben'"),
    broken("I4", "not_available", "DELETE FROM events WHERE data -> 'presence' ->> 'state' = 'offered'"),
    broken("I4", "other_market", f"DELETE FROM advisor_markets WHERE advisor_id = {BEN}"),
    broken("I4", "other_language", "UPDATE advisors SET languages = '{es}' WHERE name = 'Ben'"),
    broken("I4", "lacks_skill", f"DELETE FROM advisor_skills WHERE advisor_id = {BEN}"),
    broken(
        "I4",
        "doing_something_else",
        "UPDATE offers SET channel = 'email', made_at = made_at + interval '1 s' WHERE state = 'open'",
    ),
    broken("I5", "overdue", f"UPDATE offers SET deadline_at = {NOW} - interval '3 s' WHERE state = 'open'"),
    broken("I6", "unguarded", "DROP TRIGGER legal_transition ON offers"),
    broken(
        "I6",
        "completed>connected",
        event("contact", "con_X", '{"state": "completed"}'),
        event("contact", "con_X", '{"state": "connected"}'),
    ),
    broken("I1", "over_capacity", A_PLACE.format(slot=99, contact="gen_random_uuid()")),
    broken(
        "I1", "without_a_place", f"UPDATE contacts SET channel = 'chat', switch_call_id = NULL WHERE id = {CALL}"
    ),
    broken("I7", "place_without_contact", A_PLACE.format(slot=1, contact="gen_random_uuid()")),
    broken(
        "I7",
        "offered_without_offer",
        f"UPDATE offers SET state = 'rescinded', decided_at = {NOW} WHERE state = 'open'",
    ),
    broken(
        "I7",
        "in_contact_without_contact",
        f"UPDATE contacts SET state = 'wrapping' WHERE id = {CALL}",
        "UPDATE presences SET state = 'in_contact' WHERE state = 'wrap_up'",
    ),
    broken(
        "I7",
        "endless_wrap_up",
        no_guard("presences"),
        f"UPDATE presences SET state = 'wrap_up' WHERE advisor_id = {CORA}",
    ),
    broken(
        "I7",
        "free_with_offer",
        no_guard("presences"),
        f"UPDATE presences SET state = 'available' WHERE advisor_id = {BEN}",
    ),
    broken(
        "I7",
        "free_with_contact",
        no_guard("presences"),
        f"UPDATE presences SET state = 'available' WHERE advisor_id = {ANNA}",
    ),
    broken("I7", "free_with_wrap_up", f"UPDATE contacts SET state = 'wrapping' WHERE id = {CALL}"),
    broken("I8", "too_long", f"UPDATE contacts SET answered_at = answered_at - interval '5 h' WHERE id = {CALL}"),
    broken("I8", "silent", f"UPDATE contacts SET last_signal_at = {NOW} - interval '95 s' WHERE id = {CALL}"),
    broken(
        "I8",
        "silent",
        "INSERT INTO policies VALUES ('DE', 1, '2000-01-01', '{\"silence_ask_s\": 5, \"silence_end_s\": 20}')",
        f"UPDATE contacts SET last_signal_at = {NOW} - interval '25 s' WHERE id = {CALL}",
    ),
    broken(
        "I9",
        "waits_while_somebody_idles",
        no_guard("presences"),
        f"UPDATE presences SET state = 'available', since = since - interval '1 h' WHERE advisor_id = {CORA}",
        f"UPDATE contacts SET since = since - interval '4 s' WHERE id = {WAITS}",
    ),
    broken(
        "I10",
        "age_changed",
        event("contact", "con_X", '{"state": "waiting", "age_at": "2026-11-23T09:00:00Z"}'),
        event("contact", "con_X", '{"state": "waiting", "age_at": "2026-11-23T09:00:07Z"}'),
    ),
    broken("I10", "older_than_itself", f"UPDATE contacts SET age_at = age_at - interval '1 s' WHERE id = {WAITS}"),
    broken(
        "I11", "out_of_order", f"UPDATE contacts SET answered_at = received_at - interval '1 s' WHERE id = {CALL}"
    ),
    broken(
        "I12",
        "two_advisors_at_once",
        "DROP INDEX ux_relationships_current",
        without("relationships", "ex_relationships_overlap"),
        f"INSERT INTO relationships SELECT gen_random_uuid(), market_id, customer_id, {BEN}, starts_at, ends_at, "
        "channel, reason, ended_reason, NULL, NULL, expected_seconds FROM relationships LIMIT 1",
    ),
    broken(
        "I12",
        "overlapping_history",
        without("relationships", "ex_relationships_overlap"),
        f"INSERT INTO relationships SELECT gen_random_uuid(), market_id, customer_id, {BEN}, starts_at, {NOW}, "
        "channel, reason, 'changed', NULL, NULL, expected_seconds FROM relationships LIMIT 1",
    ),
    broken(
        "I13",
        "a_gap_between_two_advisors",
        f"UPDATE relationships SET ends_at = {NOW}, ended_reason = 'changed' WHERE advisor_id = {ANNA}",
    ),
    broken(
        "I14", "over_cap", without("books", "ck_books_cap"), f"UPDATE books SET cap_s = 1 WHERE advisor_id = {ANNA}"
    ),
    broken("I14", "load_is_not_the_sum", f"UPDATE books SET load_s = load_s + 1 WHERE advisor_id = {ANNA}"),
    broken(
        "I16",
        "two_owners",
        "DROP INDEX ux_direct_dial_numbers_number",
        "INSERT INTO markets SELECT 'ES', name, phone_region, time_zone, languages, opening_hours, NULL, NULL, 90 "
        "FROM markets",
        f"INSERT INTO direct_dial_numbers SELECT number, 'ES', kind, state, trunk, {BEN}, since "
        "FROM direct_dial_numbers WHERE state = 'assigned'",
    ),
    broken(
        "I16",
        "owner_and_state_differ",
        without("direct_dial_numbers", "ck_direct_dial_numbers_owner"),
        "UPDATE direct_dial_numbers SET advisor_id = NULL WHERE state = 'assigned'",
    ),
    broken(
        "I16",
        "rests_too_shortly",
        no_guard("direct_dial_numbers"),
        "UPDATE direct_dial_numbers SET state = 'quarantined', advisor_id = NULL, "
        "quarantined_until = since + interval '89 days' WHERE state = 'assigned'",
    ),
    broken("I17", "not_the_present_advisor", f"UPDATE contacts SET own_advisor_id = {CORA} WHERE id = {CALL}"),
    broken(
        "I17",
        "not_the_owner_of_the_number",
        f"UPDATE contacts SET own_by = 'number', own_advisor_id = {CORA}, customer_id = NULL, dialled_number = "
        f"(SELECT number FROM direct_dial_numbers WHERE state = 'assigned') WHERE id = {CALL}",
    ),
    broken("I18", "in_the_pool", "UPDATE direct_dial_numbers SET number = '+49900' || right(number, 6)"),
    broken("I18", "promised", "UPDATE callbacks SET number = '+49180' || right(number, 6)"),
    broken("I18", "dialled", "UPDATE callback_attempts SET number = '+49112'"),
    broken(
        "I19",
        "promise_gone",
        f"UPDATE contacts SET callback_id = gen_random_uuid() WHERE id = {CALL}",
    ),
    broken(
        "I19",
        "promise_gone",
        "ALTER TABLE callbacks DISABLE TRIGGER never_deleted",
        f"DELETE FROM callbacks WHERE id = {PROMISE}",
        "UPDATE contacts SET callback_id = NULL WHERE state = 'promised'",
    ),
    broken("I19", "nothing_promised", "UPDATE contacts SET callback_id = NULL WHERE state = 'promised'"),
    broken(
        "I20",
        "state_and_end_differ",
        without("callbacks", "ck_callbacks_final_reason"),
        f"UPDATE callbacks SET final_reason = 'reached' WHERE id = {PROMISE}",
    ),
    broken("I20", "ended_twice", *[event("callback", "cb_X", '{"state": "done"}')] * 2),
    broken(
        "I21",
        "nothing_planned",
        f"UPDATE callbacks SET next_action_at = {NOW} - interval '61 s' WHERE id = {PROMISE}",
    ),
    broken("I21", "stuck", no_guard("callbacks"), f"UPDATE callbacks SET state = 'missed' WHERE id = {PROMISE}"),
    broken("I21", "stuck", f"UPDATE callback_attempts SET ended_at = {NOW}, result = 'missed'"),
    broken("I21", "stuck", no_guard("callbacks"), f"UPDATE callbacks SET state = 'offered' WHERE id = {KEPT}"),
    broken(
        "I21",
        "overdue_while_somebody_idles",
        f"UPDATE callbacks SET state = 'due', since = since - interval '1 h' WHERE id = {PROMISE}",
        no_guard("presences"),
        f"UPDATE presences SET state = 'available', since = since - interval '1 h' WHERE advisor_id = {CORA}",
    ),
    broken("I21", "asked_for_too_long", question(f"{NOW} - interval '61 s'"), ASKED),
    broken("I21", "asked_beyond_its_promise", question(f"{NOW} + interval '1 h'")),
    broken(
        "I21",
        "absence_not_looked_at",
        f"INSERT INTO absences (id, advisor_id, starts_at, ends_at, kind, state, entered_at, replan_at) "
        f"SELECT gen_random_uuid(), {CORA}, {NOW} + interval '9 d', {NOW} + interval '10 d', 'other', 'cancelled', "
        f"{NOW}, {NOW} - interval '61 s'",
    ),
    broken("I22", "without_attempt", "UPDATE contacts SET switch_call_id = 'dial:x' WHERE direction = 'out'"),
    broken(
        "I22",
        "handed_out_before_it_was_committed",
        "UPDATE callback_attempts SET handed_at = committed_at - interval '1 s'",
    ),
    broken("I22", "dialled_without_being_handed_out", "UPDATE callback_attempts SET handed_at = NULL"),
    broken(
        "I22",
        "dialled_twice",
        "DROP INDEX ux_contacts_switch_call",
        "UPDATE contacts SET direction = 'out', switch_call_id = (SELECT 'dial:' || token FROM callback_attempts) ",
    ),
    broken(
        "I23",
        "two_attempts_at_once",
        "DROP INDEX ux_callback_attempts_open",
        "DROP INDEX ux_callback_attempts_number",
        attempt(ended="NULL", result="NULL"),
    ),
    broken(
        "I23",
        "number_dialled_twice_at_once",
        "DROP INDEX ux_callback_attempts_number",
        attempt(callback=PROMISE, ended="NULL", result="NULL"),
    ),
    broken("I23", "too_many_attempts", "UPDATE callbacks SET attempts = 5"),
    broken("I23", "too_soon_after_the_last", attempt(before="59 min")),
    broken(
        "I23",
        "before_its_window",
        f"UPDATE callbacks SET window_starts_at = {NOW} + interval '1 s', window_ends_at = {NOW} + interval '1 h' "
        f"WHERE id = {KEPT}",
    ),
    broken(
        "I24",
        "got_through_and_still_promised",
        f"UPDATE callbacks SET customer_id = (SELECT customer_id FROM contacts WHERE id = {CALL}), "
        f"created_at = created_at - interval '1 h' WHERE id = {PROMISE}",
    ),
    broken(
        "I25",
        "failure_kept",
        f"INSERT INTO stored_answers VALUES ('p', 'k', '', 503, '', '{{}}', {NOW})",
    ),
    broken(
        "I25",
        "two_answers",
        without("stored_answers", "stored_answers_pkey"),
        *[f"INSERT INTO stored_answers VALUES ('p', 'k', '', 200, '', '{{}}', {NOW})"] * 2,
    ),
    broken(
        "I26",
        "heard_twice",
        without("switch_events", "switch_events_pkey"),
        "INSERT INTO switch_events SELECT * FROM switch_events",
    ),
    broken("I26", "unknown_effect", "UPDATE switch_events SET effect = 'perhaps'"),
    broken("I27", "told_otherwise", f"UPDATE contacts SET state = 'wrapping' WHERE id = {CALL}"),
    broken("I27", "told_otherwise", *a_message("sent", NOW)),
    broken("I40", "sent_by_nobody", *a_message("sending", "NULL", f"{NOW} - interval '31 s'")),
    broken("I27", "told_otherwise", "DELETE FROM events WHERE type = 'offer.made'"),
    broken(
        "I27", "told_otherwise", f"UPDATE presences SET since = since + interval '1 s' WHERE advisor_id = {BEN}"
    ),
    broken("I29", "waits_behind_nothing", A_WEBHOOK, a_delivery("a", next_at="NULL")),
    broken("I29", "two_of_a_subject_at_once", A_WEBHOOK, a_delivery("a"), a_delivery("a")),
    broken("I29", "sent_by_nobody", A_WEBHOOK, a_delivery("a", next_at=f"{NOW} - interval '16 min'")),
    broken(
        "I29",
        "dead_without_reason",
        A_WEBHOOK,
        without("webhook_deliveries", "ck_webhook_deliveries_reason"),
        a_delivery("a", "dead", next_at="NULL", ended_at=NOW),
    ),
    broken("I32", "event_without_audit", "DELETE FROM audit WHERE action = 'offer.made'"),
    broken(
        "I32",
        "audit_without_event",
        f"INSERT INTO audit (epoch, at, actor, action, subject, event_id) VALUES (1, {NOW}, 'cli', 'x.y', 'x', 0)",
    ),
)
