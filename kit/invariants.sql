-- What must hold at every instant. Each block is one SELECT of what breaks it: (id, why), ids and codes only; no rows
-- is the good answer. `$now` is the instant asked about. `$since` is how far back histories are looked at; what is
-- true of the present (offers, presences, books) is always looked at as a whole.

-- I1: an advisor has at most one active phone contact
SELECT advisor_id AS id, 'two_active_contacts' AS why
FROM contacts
WHERE channel = 'phone' AND (state IN ('connected', 'wrapping') OR (state = 'offered' AND direction = 'out'))
GROUP BY advisor_id
HAVING count(*) > 1
UNION ALL
-- chat and email stay within the advisor's capacity, as it was when the place was taken
SELECT s.advisor_id, 'over_capacity'
FROM channel_slots s
JOIN advisors a ON a.id = s.advisor_id
WHERE a.updated_at <= s.taken_at
  AND s.slot > CASE s.channel WHEN 'chat' THEN a.chat_capacity ELSE a.email_capacity END
UNION ALL
SELECT c.advisor_id, 'without_a_place'
FROM contacts c
WHERE c.channel <> 'phone' AND c.state IN ('offered', 'connected')
  AND NOT EXISTS (SELECT FROM channel_slots s WHERE s.contact_id = c.id AND s.advisor_id = c.advisor_id);

-- I2: an advisor has at most one open phone offer
SELECT advisor_id AS id, 'two_open_offers' AS why
FROM offers
WHERE state = 'open' AND channel = 'phone'
GROUP BY advisor_id
HAVING count(*) > 1;

-- I3: a contact, and a promise, has at most one open offer
SELECT coalesce(contact_id, callback_id) AS id, 'two_open_offers' AS why
FROM offers
WHERE state = 'open'
GROUP BY contact_id, callback_id
HAVING count(*) > 1;

-- I4: no offer went to somebody who was then absent, gone, not available, or without the market, language or skill
WITH made AS (
    SELECT o.id, o.advisor_id, o.channel, o.made_at, o.market_id, a.leaving_at, a.updated_at, a.languages,
           CASE o.channel WHEN 'phone' THEN a.phone_capacity WHEN 'chat' THEN a.chat_capacity ELSE a.email_capacity END
               AS capacity,
           c.language, c.needs, cb.owner_state, cb.language AS callback_language, cb.advisor_id AS owner_id,
           coalesce(p.rules -> 'routing', '{}') AS rules,
           greatest(0, extract(epoch FROM o.made_at - c.waiting_since)) AS waited_s
    FROM offers o
    JOIN advisors a ON a.id = o.advisor_id
    LEFT JOIN contacts c ON c.id = o.contact_id AND c.market_id = o.market_id
    LEFT JOIN callbacks cb ON cb.id = o.callback_id AND cb.market_id = o.market_id
    LEFT JOIN LATERAL (
        SELECT rules FROM policies
        WHERE market_id = o.market_id AND valid_from <= o.made_at
        ORDER BY valid_from DESC, version DESC LIMIT 1
    ) p ON true
    WHERE o.made_at >= $since
), asked AS (
    SELECT made.*,
           coalesce((rules ->> 'language_relax_after_s')::int, 2000000000) AS language_relaxes_s,
           CASE WHEN rules ? 'skill_waived_after_s' THEN coalesce((rules ->> 'skill_waived_after_s')::int, 2000000000)
                ELSE 240 END AS skill_waived_s,
           coalesce((rules ->> 'skill_relax_after_s')::int, 60) AS skill_relaxes_s,
           coalesce((rules ->> 'skill_relax_step_s')::int, 60) AS step_s
    FROM made
), told AS (
    SELECT id, advisor_id, data -> 'presence' ->> 'state' AS state, (data -> 'presence' ->> 'since')::timestamptz AS since,
           lag(data -> 'presence' ->> 'state') OVER (PARTITION BY advisor_id ORDER BY id) AS before
    FROM events
    WHERE at >= $since AND data ? 'presence'
)
SELECT m.id, 'absent' AS why
FROM asked m
WHERE EXISTS (
    SELECT FROM absences ab
    WHERE ab.advisor_id = m.advisor_id AND ab.state = 'approved' AND ab.entered_at < m.made_at
      AND ab.starts_at <= m.made_at AND m.made_at < ab.ends_at
)
UNION ALL
SELECT id, 'gone' FROM asked WHERE leaving_at <= made_at
UNION ALL
SELECT id, 'no_capacity' FROM asked WHERE capacity = 0 AND updated_at <= made_at
UNION ALL
SELECT m.id, 'not_available'
FROM asked m
WHERE m.channel = 'phone' AND NOT EXISTS (
    SELECT FROM told t
    WHERE t.advisor_id = m.advisor_id AND t.state = 'offered' AND t.since = m.made_at
      AND coalesce(t.before, 'available') = 'available'
)
UNION ALL
SELECT m.id, 'doing_something_else'
FROM asked m
JOIN told t ON t.advisor_id = m.advisor_id AND t.state <> 'available' AND t.since < m.made_at
WHERE m.channel <> 'phone' AND NOT EXISTS (
    SELECT FROM told later
    WHERE later.advisor_id = t.advisor_id AND later.id > t.id AND later.since <= m.made_at
)
UNION ALL
SELECT m.id, 'other_market'
FROM asked m
WHERE NOT EXISTS (
    SELECT FROM advisor_markets am WHERE am.advisor_id = m.advisor_id AND am.market_id = m.market_id
)
UNION ALL
SELECT id, 'other_language'
FROM asked
WHERE coalesce(waited_s, 0) < language_relaxes_s
  AND NOT coalesce(language, CASE WHEN owner_id IS DISTINCT FROM advisor_id THEN callback_language END,
                   languages[1]) = ANY (languages)
UNION ALL
SELECT m.id, 'lacks_skill'
FROM asked m, jsonb_each_text(m.needs) AS need (skill, level)
WHERE coalesce(m.waited_s, 0) < m.skill_waived_s
  AND NOT EXISTS (
    SELECT FROM advisor_skills s
    WHERE s.advisor_id = m.advisor_id AND s.skill = need.skill AND (s.valid_until IS NULL OR s.valid_until > m.made_at)
      AND s.level >= greatest(1, need.level::int - CASE
          WHEN coalesce(m.waited_s, 0) < m.skill_relaxes_s THEN 0
          ELSE 1 + floor((m.waited_s - m.skill_relaxes_s) / m.step_s) END)
);

-- I5: no open offer outlives its deadline by more than 2 s
SELECT id, 'overdue' AS why FROM offers WHERE state = 'open' AND deadline_at < $now - interval '2 s';

-- I6: only legal state transitions, and final states absorb
WITH guards AS (
    SELECT tgrelid::regclass::text AS guarded, string_to_array(encode(tgargs, 'escape'), '\000') AS pairs
    FROM pg_trigger
    WHERE tgname = 'legal_transition' AND tgenabled <> 'D'
), nouns (noun, guarded) AS (
    VALUES ('presence', 'presences'), ('contact', 'contacts'), ('offer', 'offers'), ('callback', 'callbacks')
), told AS (
    SELECT e.subject, n.guarded, e.data -> n.noun ->> 'state' AS state,
           lag(e.data -> n.noun ->> 'state') OVER (PARTITION BY e.subject, n.noun ORDER BY e.id) AS before
    FROM events e
    JOIN nouns n ON e.data ? n.noun
    WHERE e.at >= $since
)
SELECT n.guarded AS id, 'unguarded' AS why
FROM nouns n
WHERE NOT EXISTS (SELECT FROM guards g WHERE g.guarded = n.guarded)
UNION ALL
SELECT t.subject, t.before || '>' || t.state
FROM told t
JOIN guards g ON g.guarded = t.guarded
WHERE t.before <> t.state AND NOT (t.before || '>' || t.state) = ANY (g.pairs);

-- I7: nobody is busy without an offer, a contact or a wrap-up that ends; nobody with one is free
SELECT p.advisor_id AS id, 'offered_without_offer' AS why
FROM presences p
WHERE p.state = 'offered'
  AND NOT EXISTS (SELECT FROM offers o WHERE o.advisor_id = p.advisor_id AND o.state = 'open' AND o.channel = 'phone')
UNION ALL
SELECT p.advisor_id, 'in_contact_without_contact'
FROM presences p
WHERE p.state = 'in_contact'
  AND NOT EXISTS (
    SELECT FROM contacts c
    WHERE c.advisor_id = p.advisor_id AND c.channel = 'phone'
      AND (c.state = 'connected' OR (c.state = 'offered' AND c.direction = 'out'))
)
UNION ALL
SELECT p.advisor_id, 'endless_wrap_up'
FROM presences p
WHERE p.state = 'wrap_up' AND (p.deadline_at IS NULL OR p.deadline_at < $now - interval '30 s')
UNION ALL
SELECT o.advisor_id, 'free_with_offer'
FROM offers o
JOIN presences p ON p.advisor_id = o.advisor_id
WHERE o.state = 'open' AND o.channel = 'phone' AND p.state <> 'offered'
UNION ALL
SELECT c.advisor_id, 'free_with_contact'
FROM contacts c
JOIN presences p ON p.advisor_id = c.advisor_id
WHERE c.channel = 'phone' AND c.state = 'connected' AND p.state <> 'in_contact'
UNION ALL
SELECT c.advisor_id, 'free_with_wrap_up'
FROM contacts c
JOIN presences p ON p.advisor_id = c.advisor_id
WHERE c.channel = 'phone' AND c.state = 'wrapping' AND p.state <> 'wrap_up'
UNION ALL
SELECT s.advisor_id, 'place_without_contact'
FROM channel_slots s
WHERE NOT EXISTS (
    SELECT FROM contacts c
    WHERE c.id = s.contact_id AND c.advisor_id = s.advisor_id AND c.channel = s.channel
      AND c.state IN ('offered', 'connected')
);

-- I8: no call stays active for 4 h, nor after the switch has been silent for its market's limit (90 s)
SELECT c.id, 'too_long' AS why
FROM contacts c
WHERE c.channel = 'phone' AND c.state = 'connected' AND c.answered_at < $now - interval '4 h 2 s'
UNION ALL
SELECT c.id, 'silent'
FROM contacts c
WHERE c.channel = 'phone'
  AND c.state IN ('received', 'identifying', 'offered', 'choosing', 'waiting', 'connected')
  AND c.last_signal_at < $now - interval '2 s' - interval '1 s' * coalesce((
    SELECT (p.rules ->> 'silence_end_s')::int FROM policies p
    WHERE p.market_id = c.market_id AND p.valid_from <= $now
    ORDER BY p.valid_from DESC, p.version DESC LIMIT 1), 90);

-- I9: nobody waits more than 3 s while an advisor idles who is let in at once and wanted as they are
WITH idle AS (
    SELECT p.advisor_id, a.languages, m.desk_group_id
    FROM presences p
    JOIN advisors a ON a.id = p.advisor_id
    LEFT JOIN desk_group_members m ON m.advisor_id = p.advisor_id
    WHERE p.state = 'available' AND p.since < $now - interval '3 s' AND p.lease_until > $now
      AND a.phone_capacity > 0 AND (a.leaving_at IS NULL OR a.leaving_at > $now)
      AND NOT EXISTS (
        SELECT FROM absences ab
        WHERE ab.advisor_id = p.advisor_id AND ab.state = 'approved' AND ab.starts_at <= $now AND $now < ab.ends_at
    )
)
SELECT c.id, 'waits_while_somebody_idles' AS why
FROM contacts c
LEFT JOIN desk_group_members own ON own.advisor_id = c.own_advisor_id
LEFT JOIN general_groups g ON g.market_id = c.market_id
WHERE c.state = 'waiting' AND c.channel = 'phone' AND c.hung_up_at IS NULL
  AND c.since < $now - interval '3 s' AND c.last_signal_at > $now - interval '30 s'
  AND EXISTS (
    SELECT FROM idle i
    JOIN advisor_markets am ON am.advisor_id = i.advisor_id AND am.market_id = c.market_id
    WHERE NOT i.advisor_id = ANY (c.tried)
      AND c.language = ANY (i.languages)
      AND (i.advisor_id = c.own_advisor_id OR (
        c.choice IS DISTINCT FROM 'hold' AND i.desk_group_id = coalesce(own.desk_group_id, g.desk_group_id)))
      AND NOT EXISTS (
        SELECT FROM jsonb_each_text(c.needs) AS need (skill, level)
        WHERE NOT EXISTS (
            SELECT FROM advisor_skills s
            WHERE s.advisor_id = i.advisor_id AND s.skill = need.skill AND s.level >= need.level::int
              AND (s.valid_until IS NULL OR s.valid_until > $now)
        )
    )
);

-- I10: the age by which a contact is ordered never changes
SELECT subject AS id, 'age_changed' AS why
FROM events
WHERE at >= $since AND data ? 'contact'
GROUP BY subject
HAVING count(DISTINCT data -> 'contact' ->> 'age_at') > 1
UNION ALL
SELECT id::text, 'older_than_itself' FROM contacts WHERE received_at >= $since AND age_at < received_at;

-- I11: received, offered, answered and ended follow each other
SELECT id, 'out_of_order' AS why
FROM contacts
WHERE received_at >= $since
  AND (first_offered_at < received_at OR answered_at < first_offered_at OR ended_at < answered_at
       OR ended_at < received_at OR (answered_at IS NOT NULL AND first_offered_at IS NULL));

-- I12: a customer has at most one current advisor, and history never overlaps
WITH touched AS (
    SELECT customer_id FROM relationships WHERE starts_at >= $since OR ends_at >= $since
), told AS (
    SELECT r.customer_id, r.starts_at,
           max(coalesce(r.ends_at, 'infinity')) OVER (
               PARTITION BY r.customer_id ORDER BY r.starts_at, r.ends_at NULLS LAST
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ) AS until
    FROM relationships r
    WHERE r.customer_id IN (SELECT customer_id FROM touched)
)
SELECT customer_id AS id, 'overlapping_history' AS why FROM told WHERE starts_at < until
UNION ALL
SELECT customer_id, 'two_advisors_at_once'
FROM relationships
WHERE ends_at IS NULL
GROUP BY customer_id
HAVING count(*) > 1;

-- I13: between two advisors nobody is without one
SELECT r.customer_id AS id, 'a_gap_between_two_advisors' AS why
FROM relationships r
WHERE r.ends_at >= $since AND r.ended_reason IN ('changed', 'handed_over', 'advisor_left', 'rebalanced', 'undone', 'lent', 'given_back')
  AND NOT EXISTS (
    SELECT FROM relationships n
    WHERE n.customer_id = r.customer_id AND n.market_id = r.market_id AND n.starts_at = r.ends_at AND n.id <> r.id
);

-- I14: no book is fuller than its cap unless that is flagged, and its load is the sum of its relationships
SELECT advisor_id AS id, 'over_cap' AS why FROM books WHERE load_s > cap_s AND NOT over_cap
UNION ALL
SELECT b.advisor_id, 'load_is_not_the_sum'
FROM books b
LEFT JOIN (
    SELECT advisor_id, sum(expected_seconds) AS load_s FROM relationships WHERE ends_at IS NULL GROUP BY advisor_id
) r USING (advisor_id)
WHERE b.load_s <> coalesce(r.load_s, 0);

-- I16: a number has one owner at a time, and rests 90 days (or its market's rule) before the next
SELECT number AS id, 'two_owners' AS why
FROM direct_dial_numbers
WHERE state IN ('assigned', 'redirected')
GROUP BY number
HAVING count(*) > 1
UNION ALL
SELECT d.number, 'owner_and_state_differ'
FROM direct_dial_numbers d
WHERE (d.state IN ('assigned', 'redirected')) <> (d.advisor_id IS NOT NULL)
UNION ALL
SELECT d.number, 'rests_too_shortly'
FROM direct_dial_numbers d
JOIN markets m ON m.id = d.market_id
WHERE d.state = 'quarantined'
  AND (d.quarantined_until IS NULL
       OR d.quarantined_until < d.since + greatest(90, m.number_quarantine_days) * interval '1 day');

-- I17: a known customer reaches the present advisor whatever was dialled; a stranger only the number's present owner
SELECT c.id, 'not_the_present_advisor' AS why
FROM contacts c
JOIN relationships r ON r.customer_id = c.customer_id AND r.market_id = c.market_id
WHERE c.direction = 'in' AND c.received_at >= $since
  AND r.starts_at <= c.received_at AND (r.ends_at IS NULL OR r.ends_at > coalesce(c.ended_at, $now))
  AND (c.own_advisor_id IS DISTINCT FROM r.advisor_id OR c.own_by IS DISTINCT FROM 'relationship')
UNION ALL
SELECT c.id, 'not_the_owner_of_the_number'
FROM contacts c
JOIN direct_dial_numbers d ON d.number = c.dialled_number
WHERE c.direction = 'in' AND c.own_by = 'number' AND c.received_at >= $since AND d.since <= c.received_at
  AND (d.state <> 'assigned' OR d.advisor_id <> c.own_advisor_id);

-- I18: no premium, shared-cost or emergency number is in a pool or dialled (by their beginnings; the edge knows all)
WITH kept AS (
    SELECT number, number AS id, 'in_the_pool' AS why FROM direct_dial_numbers
    UNION ALL
    SELECT number, id::text, 'promised' FROM callbacks WHERE final_at IS NULL OR final_at >= $since
    UNION ALL
    SELECT number, token::text, 'dialled' FROM callback_attempts WHERE committed_at >= $since
)
SELECT CASE why WHEN 'in_the_pool' THEN md5(number) ELSE id END AS id, why
FROM kept
WHERE number !~ '^\+[1-9][0-9]{4,14}$'
   OR number ~ '^\+(49(900|180|13[78]|118|11[02567])|43(9[03]|1[12])|41(90|11[278])|44(9|87)|34(80[3678]|90[567]|112)|33(89|112)|1(900|976)|87[08]|88[1238]|979)';

-- I19: every promise that was acknowledged exists
SELECT c.id::text AS id, 'promise_gone' AS why
FROM contacts c
WHERE c.callback_id IS NOT NULL AND c.received_at >= $since
  AND NOT EXISTS (SELECT FROM callbacks cb WHERE cb.id = c.callback_id)
UNION ALL
SELECT c.id::text, 'nothing_promised'
FROM contacts c
WHERE c.state = 'promised' AND c.callback_id IS NULL AND c.received_at >= $since
UNION ALL
SELECT DISTINCT e.subject, 'promise_gone'
FROM events e
WHERE e.at >= $since AND e.data ? 'callback'
  AND e.subject NOT IN (
    SELECT 'cb_' || string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ',
           substring(B'00' || ('x' || translate(cb.id::text, '-', ''))::bit(128) FROM 5 * i + 1 FOR 5)::bit(5)::int + 1,
           1), '' ORDER BY i)
    FROM callbacks cb, generate_series(0, 25) AS i
    GROUP BY cb.id
);

-- I20: a promise ends once, with a reason
SELECT id::text AS id, 'state_and_end_differ' AS why
FROM callbacks
WHERE (state IN ('cancelled', 'done', 'failed', 'merged', 'settled')) <> (final_reason IS NOT NULL)
   OR (final_reason IS NULL) <> (final_at IS NULL)
UNION ALL
SELECT subject, 'ended_twice'
FROM events
WHERE at >= $since AND data -> 'callback' ->> 'state' IN ('cancelled', 'done', 'failed', 'merged', 'settled')
GROUP BY subject
HAVING count(*) > 1;

-- I21: every open promise has its next action, is asked about in time, and isn't overdue by 60 s while somebody is free
SELECT cb.id, 'nothing_planned' AS why
FROM callbacks cb
WHERE cb.state IN ('scheduled', 'due')
  AND (cb.next_action_at IS NULL OR cb.next_action_at < $now - interval '60 s')
UNION ALL
SELECT cb.id, 'stuck'
FROM callbacks cb
WHERE cb.state IN ('requested', 'missed')
   OR (cb.state IN ('offered', 'dialling')
       AND NOT EXISTS (SELECT FROM callback_attempts a WHERE a.callback_id = cb.id AND a.ended_at IS NULL))
   OR (cb.state = 'offered'
       AND NOT EXISTS (SELECT FROM offers o WHERE o.callback_id = cb.id AND o.state = 'open'))
UNION ALL
SELECT cb.id, 'overdue_while_somebody_idles'
FROM callbacks cb
WHERE cb.state = 'due' AND cb.since < $now - interval '60 s'
  AND NOT EXISTS (SELECT FROM callback_attempts a WHERE a.number = cb.number AND a.ended_at IS NULL)
  AND EXISTS (
    SELECT FROM presences p
    JOIN advisors a ON a.id = p.advisor_id
    JOIN advisor_markets am ON am.advisor_id = p.advisor_id AND am.market_id = cb.market_id
    LEFT JOIN desk_group_members m ON m.advisor_id = p.advisor_id
    WHERE p.state = 'available' AND p.since < $now - interval '60 s' AND p.lease_until > $now
      AND a.phone_capacity > 0 AND (a.leaving_at IS NULL OR a.leaving_at > $now)
      AND CASE cb.owner_state WHEN 'own' THEN p.advisor_id = cb.advisor_id
          ELSE m.desk_group_id = cb.desk_group_id AND cb.language = ANY (a.languages) END
      AND NOT EXISTS (
        SELECT FROM absences ab
        WHERE ab.advisor_id = p.advisor_id AND ab.state = 'approved' AND ab.starts_at <= $now AND $now < ab.ends_at
    )
)
UNION ALL
SELECT ab.id, 'absence_not_looked_at' FROM absences ab WHERE ab.replan_at < $now - interval '60 s'
UNION ALL
SELECT q.callback_id, 'asked_for_too_long'
FROM callback_questions q
WHERE q.state = 'open' AND q.answer_until < $now - interval '60 s'
UNION ALL
SELECT q.callback_id, 'asked_beyond_its_promise'
FROM callback_questions q
JOIN callbacks cb ON cb.id = q.callback_id AND cb.market_id = q.market_id
WHERE q.state = 'open'
  AND (cb.question_id IS DISTINCT FROM q.id OR cb.state <> 'scheduled' OR q.answer_until > cb.window_starts_at);

-- I22: every dial carries the token of an attempt committed before it, and each token is dialled once
SELECT c.id, 'without_attempt' AS why
FROM contacts c
WHERE c.direction = 'out' AND c.received_at >= $since
  AND NOT EXISTS (
    SELECT FROM callback_attempts a
    WHERE 'dial:' || a.token = c.switch_call_id AND a.committed_at <= c.received_at AND a.callback_id = c.callback_id
)
UNION ALL
SELECT token, 'handed_out_before_it_was_committed' FROM callback_attempts WHERE handed_at < committed_at
UNION ALL
SELECT a.token, 'dialled_without_being_handed_out'
FROM callback_attempts a
JOIN contacts c ON c.switch_call_id = 'dial:' || a.token
WHERE a.handed_at IS NULL AND a.committed_at >= $since
UNION ALL
SELECT min(id::text)::uuid, 'dialled_twice'
FROM contacts
WHERE direction = 'out' AND received_at >= $since
GROUP BY switch_call_id
HAVING count(*) > 1;

-- I23: one attempt at a time per promise and number; their number, spacing and the customer's window are kept
SELECT callback_id AS id, 'two_attempts_at_once' AS why
FROM callback_attempts
WHERE ended_at IS NULL
GROUP BY callback_id
HAVING count(*) > 1
UNION ALL
SELECT min(callback_id::text)::uuid, 'number_dialled_twice_at_once'
FROM callback_attempts
WHERE ended_at IS NULL
GROUP BY number
HAVING count(*) > 1
UNION ALL
SELECT cb.id, 'too_many_attempts'
FROM callbacks cb
WHERE cb.created_at >= $since AND cb.attempts > 1 + coalesce((
    SELECT (p.rules -> 'callback' ->> 'retries')::int FROM policies p
    WHERE p.market_id = cb.market_id AND p.valid_from <= $now
    ORDER BY p.valid_from DESC, p.version DESC LIMIT 1), 3)
UNION ALL
SELECT callback_id, 'too_soon_after_the_last'
FROM (
    SELECT callback_id, market_id, committed_at,
           lag(committed_at) OVER (PARTITION BY callback_id ORDER BY committed_at) AS before
    FROM callback_attempts
    WHERE result IS DISTINCT FROM 'not_taken' AND result IS DISTINCT FROM 'rescinded'
) a
WHERE committed_at >= $since AND committed_at < before + interval '1 min' * coalesce((
    SELECT (p.rules -> 'callback' ->> 'retry_minutes')::int FROM policies p
    WHERE p.market_id = a.market_id AND p.valid_from <= a.committed_at
    ORDER BY p.valid_from DESC, p.version DESC LIMIT 1), 60)
UNION ALL
SELECT cb.id, 'before_its_window'
FROM callback_attempts a
JOIN callbacks cb ON cb.id = a.callback_id AND cb.market_id = a.market_id
WHERE a.ended_at IS NULL AND a.committed_at < cb.window_starts_at;

-- I24: a promise is settled when the customer gets through on any channel first
SELECT cb.id, 'got_through_and_still_promised' AS why
FROM callbacks cb
JOIN contacts c ON c.customer_id = cb.customer_id AND c.market_id = cb.market_id
WHERE cb.state IN ('requested', 'scheduled', 'due', 'offered', 'missed')
  AND c.direction = 'in' AND c.answered_at > cb.created_at;

-- I25: what the server failed at is never kept as an answer
SELECT md5(principal || ' ' || key) AS id, 'failure_kept' AS why FROM stored_answers WHERE status >= 500
UNION ALL
SELECT md5(principal || ' ' || key), 'two_answers' FROM stored_answers GROUP BY principal, key HAVING count(*) > 1;

-- I26: an event of the switch takes effect once, and none is kept back from a call that goes on
SELECT call_id || ' ' || identity AS id, 'heard_twice' AS why
FROM switch_events
WHERE heard_at >= $since
GROUP BY call_id, identity
HAVING count(*) > 1
UNION ALL
SELECT call_id || ' ' || identity, 'unknown_effect'
FROM switch_events
WHERE heard_at >= $since AND effect NOT IN ('done', 'late', 'parked');

-- I27: what was told last of a thing is what it is; nobody is told that somebody new is offline
WITH things AS (
    SELECT 'presence' AS noun, 'adv' AS prefix, advisor_id AS id, state, since FROM presences WHERE since >= $since
    UNION ALL
    SELECT 'contact', 'con', id, state, since FROM contacts WHERE since >= $since
    UNION ALL
    SELECT 'callback', 'cb', id, state, since FROM callbacks WHERE since >= $since
    UNION ALL
    SELECT 'message', 'msg', id, state, NULL
    FROM messages WHERE (ended_at >= $since OR ended_at IS NULL) AND created_at >= $since
    UNION ALL
    SELECT 'offer', 'off', id, state, NULL FROM offers WHERE coalesce(decided_at, made_at) >= $since
), named AS (
    SELECT t.noun, t.state, t.since, t.prefix || '_' || string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ',
           substring(B'00' || ('x' || translate(t.id::text, '-', ''))::bit(128) FROM 5 * i + 1 FOR 5)::bit(5)::int + 1,
           1), '' ORDER BY i) AS subject
    FROM things t, generate_series(0, 25) AS i
    GROUP BY t.noun, t.prefix, t.id, t.state, t.since
), told AS (
    SELECT DISTINCT ON (e.subject, n.noun) e.subject, n.noun, e.data -> n.noun ->> 'state' AS state,
           (e.data -> n.noun ->> 'since')::timestamptz AS since
    FROM events e
    JOIN (VALUES ('presence'), ('contact'), ('callback'), ('offer'), ('message')) AS n (noun) ON e.data ? n.noun
    WHERE e.at >= $since
    ORDER BY e.subject, n.noun, e.id DESC
)
SELECT named.subject AS id, 'told_otherwise' AS why
FROM named
LEFT JOIN told USING (subject, noun)
WHERE (told.state IS DISTINCT FROM named.state OR told.since IS DISTINCT FROM named.since)
  AND NOT (noun = 'presence' AND named.state = 'offline' AND told.subject IS NULL);

-- I29: what goes out ends as delivered or dead with a reason: of each subject the first is due, and somebody sends it
SELECT d.id, 'waits_behind_nothing' AS why
FROM webhook_deliveries AS d
WHERE d.state = 'pending' AND d.next_at IS NULL AND NOT EXISTS (
    SELECT FROM webhook_deliveries AS h
    WHERE h.webhook_id = d.webhook_id AND h.subject = d.subject AND h.state = 'pending' AND h.next_at IS NOT NULL
)
UNION ALL
SELECT min(d.id::text)::uuid, 'two_of_a_subject_at_once'
FROM webhook_deliveries AS d
WHERE d.state = 'pending' AND d.next_at IS NOT NULL
GROUP BY d.webhook_id, d.subject
HAVING count(*) > 1
UNION ALL
SELECT d.id, 'sent_by_nobody'
FROM webhook_deliveries AS d
JOIN webhooks AS w ON w.id = d.webhook_id AND w.paused_at IS NULL AND w.removed_at IS NULL
WHERE d.state = 'pending' AND d.next_at < $now - interval '15 min'
UNION ALL
SELECT d.id, 'dead_without_reason' FROM webhook_deliveries AS d WHERE d.state = 'dead' AND d.reason IS NULL;

-- I32: every event has its row in the audit, written by the same transaction, and somebody's name stands on it
SELECT e.subject AS id, 'event_without_audit' AS why
FROM events e
WHERE e.at >= $since
  AND e.id >= coalesce((SELECT event_id FROM audit WHERE event_id IS NOT NULL ORDER BY epoch, xid, id LIMIT 1), 0)
  AND NOT EXISTS (
    SELECT FROM audit a WHERE a.event_id = e.id AND a.at = e.at AND a.xid = e.xid AND a.action = e.type
)
UNION ALL
SELECT a.subject, 'audit_without_event'
FROM audit a
WHERE a.at >= $since AND a.event_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM events e WHERE e.id = a.event_id AND e.at = a.at);

-- I40: nobody holds a message for longer than the lease of an attempt, and half a minute for whoever takes it over
SELECT id, 'sent_by_nobody' AS why FROM messages
WHERE state = 'sending' AND due_at < $now - interval '30 s';
