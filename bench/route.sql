-- One routed call as the service writes it: what pgbench runs beside it (bench/route.py).
\set n random(1, :customers)
BEGIN;
SELECT v.version, known_call.id, d.market_id, d.kind, who.sharing, cu.id AS customer_id, cu.languages, cu.tier,
  cu.products, r.advisor_id, p.state, p.since, p.idle_since, p.lease_until, p.deadline_at
FROM unnest(ARRAY['b-' || :client_id::text || '-' || random()::text], ARRAY['+49' || (15200000000 + :n::bigint)::text],
            ARRAY['+4930' || (2000000 + 1 + :n::bigint % :advisors::bigint)::text])
     WITH ORDINALITY AS c(call_id, caller, dialled, n)
CROSS JOIN directory_version v
LEFT JOIN contacts known_call ON known_call.switch_call_id = c.call_id
LEFT JOIN direct_dial_numbers d ON d.number = c.dialled
LEFT JOIN LATERAL (SELECT customer_id, market_id, count(*) OVER () AS sharing FROM customer_phones
                   WHERE number = c.caller LIMIT 1) who ON true
LEFT JOIN customers cu ON cu.id = who.customer_id AND cu.market_id = who.market_id AND who.sharing = 1
LEFT JOIN relationships r ON r.customer_id = cu.id AND r.market_id = cu.market_id AND r.ends_at IS NULL
LEFT JOIN presences p ON p.advisor_id = r.advisor_id;
WITH free AS MATERIALIZED (
  SELECT advisor_id FROM presences WHERE advisor_id = ANY(ARRAY[pid('a', 1 + :n::bigint % :advisors::bigint)])
    AND state = 'available' AND lease_until > '2026-01-01' ORDER BY advisor_id FOR UPDATE)
UPDATE presences p SET state = 'offered', since = '2026-01-02', reason = NULL, next_state = NULL,
  next_reason = NULL, deadline_at = NULL FROM free WHERE p.advisor_id = free.advisor_id RETURNING p.*;
WITH made AS (SELECT gen_random_uuid() AS contact, gen_random_uuid() AS offer, gen_random_uuid() AS decision),
w AS (INSERT INTO contacts (id, market_id, channel, direction, switch_call_id, state, since, received_at, age_at,
      customer_id, caller_number, dialled_number, language, needs, priority, own_advisor_id, own_by, desk_group_id,
      advisor_id, choices_asked, tried, last_signal_at, first_offered_at)
  SELECT contact, 'DE', 'phone', 'in', contact::text, 'offered', '2026-01-02', '2026-01-02', '2026-01-02',
      pid('c', :n::bigint), '+49' || (15200000000 + :n::bigint)::text, '+4930' || (2000000 + 1 + :n::bigint % :advisors::bigint)::text, 'de',
      '{"hosting": 2}', 0, pid('a', 1 + :n::bigint % :advisors::bigint), 'relationship', pid('6', 1),
      pid('a', 1 + :n::bigint % :advisors::bigint), 0, '{}', '2026-01-02', '2026-01-02' FROM made),
o AS (INSERT INTO offers (id, market_id, channel, contact_id, advisor_id, state, made_at, deadline_at, decision_id)
  SELECT offer, 'DE', 'phone', contact, pid('a', 1 + :n::bigint % :advisors::bigint), 'open', '2026-01-02', '2026-01-03', decision
  FROM made WHERE NOT EXISTS (SELECT 1 FROM offers WHERE advisor_id = pid('a', 1 + :n::bigint % :advisors::bigint)
                              AND state = 'open' AND channel = 'phone') ON CONFLICT DO NOTHING)
INSERT INTO decisions (id, at, market_id, kind, subject, chosen, policy, data)
  SELECT decision, '2026-01-02', 'DE', 'route', contact::text, pid('a', 1 + :n::bigint % :advisors::bigint), 'DE/0',
    '{"plan": "offer", "because": [{"code": "own_advisor_free"}], "candidates": [], "removed": [],
      "removed_by": {}, "runner_up": null, "would_change": []}' FROM made;
WITH told AS (
INSERT INTO events (at, type, subject, market_id, desk_group_id, advisor_id, data)
  SELECT '2026-01-02', t, 'con_' || :n::bigint, 'DE', pid('6', 1), pid('a', 1 + :n::bigint % :advisors::bigint),
    jsonb_build_object('contact', jsonb_build_object('id', 'con_' || :n::bigint, 'state', 'offered', 'since', '2026-01-02',
      'channel', 'phone', 'direction', 'in', 'market', 'DE', 'customer', 'cus_' || :n::bigint, 'own_advisor', 'adv_' || :n::bigint,
      'advisor', 'adv_' || :n::bigint, 'group', 'grp_' || :n::bigint, 'choice', NULL, 'age_at', '2026-01-02', 'language', 'de'))
  FROM unnest(ARRAY['presence.changed', 'contact.offered', 'offer.made']) t
  RETURNING id, at, xid, type, subject, market_id, data)
INSERT INTO audit (epoch, xid, at, actor, request_id, action, subject, market_id, event_id, digest)
  SELECT (SELECT max(epoch) FROM event_epoch), xid, at, 'key_bench', 'req_bench', type, subject, market_id, id,
    sha256(convert_to(data::text, 'UTF8')) FROM told;
COMMIT;
