"""What users of other systems complain about → the tests that keep it out of this one.

Where a test of its own room says it already, it is named here and not written twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

NAMED: Mapping[str, Sequence[str]] = {
    "an agent is reserved for ever": (
        "tests/contacts/test_calls.py::test_offer_nobody_speaks_of_ends_at_its_deadline",
        "tests/contacts/test_calls.py::test_switch_that_falls_silent_frees_the_advisor",
        "tests/faults/test_killed.py::test_killed_processes_lose_nothing_and_dial_nothing_twice",
    ),
    "a call is answered by two": (
        "tests/regressions/test_of_other_systems.py::test_phone_that_answers_too_late_does_not_get_the_call_as_well",
        "tests/races/test_one_advisor.py::test_an_offer_times_out_in_the_moment_it_is_answered",
        "tests/races/test_one_advisor.py::test_two_strangers_want_the_same_best_advisor",
    ),
    "the dispatcher dies while health says fine": (
        "tests/regressions/test_of_other_systems.py::test_dispatcher_that_hangs_or_dies_is_not_called_healthy",
        "tests/kit/test_loops.py::test_no_failure_ends_a_loop",
        "tests/kit/test_loops.py::test_the_supervisor_starts_again_what_somebody_else_has_ended",
    ),
    "a callback rings again after the customer got through": (
        "tests/contacts/test_promises.py::test_customer_who_gets_through_first_settles_the_promise",
        "tests/contacts/test_corners.py::test_customer_who_calls_while_their_phone_rings_is_not_called_again",
        "tests/races/test_one_promise.py::test_the_customer_gets_through_in_the_moment_the_promise_is_offered",
    ),
    "presence stays available when the browser closes": (
        "tests/regressions/test_of_other_systems.py::test_advisor_whose_browser_was_closed_is_offered_nothing",
        "tests/advisors/test_presence.py::test_who_is_not_heard_of_any_more_is_offline",
        "tests/advisors/test_presence.py::test_a_closed_browser_ends_neither_a_ringing_offer_nor_a_talk",
    ),
    "a retried webhook acts twice": (
        "tests/api/test_idempotency.py::test_repeat_gets_the_same_answer_byte_for_byte_and_has_no_second_effect",
        "tests/telephony/test_simulated.py::test_repeats_count_once",
        "tests/faults/test_lost_commit.py::test_what_was_committed_unheard_is_answered_to_the_repeat",
        "tests/properties/test_orders.py::test_any_order_and_any_repeats_lead_to_the_same_end",
    ),
    "a pool stays on the demoted primary": (
        "tests/regressions/test_of_other_systems.py::test_pool_leaves_a_server_that_became_read_only",
        "tests/faults/test_failover.py::test_failover_loses_nothing_acknowledged_and_writes_go_on_within_ten_seconds",
    ),
}
