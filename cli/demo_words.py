"""What the demo says once it runs: where to look, who may sign in, and three commands to try."""

from __future__ import annotations

from cli.demo_access import Access

COMMANDS = (
    (
        "A new customer, and the personal advisor for them",
        r"""CARD=$(curl -sS "$DURCHWAHL_URL/v1/customers/K-1001/advisor" \
  -H "Authorization: Bearer $CONTROL_CENTER_KEY" -H "Content-Type: application/json" \
  -H "Idempotency-Key: readme-1" -d '{"channel": "control_center", "customer":
      {"market": "DE", "phones": ["089 99998-017"], "products": ["managed-server"]}}')
echo "$CARD"
""",
    ),
    (
        "The customer dials the number, and hears of an absence",
        r"""CALL="by-hand-$(date +%s)"
curl -sS "$DURCHWAHL_URL/v1/telephony/calls" -H "Authorization: Bearer $TELEPHONY_KEY" \
  --data-urlencode "call_id=$CALL" --data-urlencode "from=089 99998-017" \
  --data-urlencode "to=$(echo "$CARD" | sed -E 's/.*"direct_dial":"([^"]+)".*/\1/')"
""",
    ),
    (
        "The customer presses 2: the own advisor shall call back",
        r"""curl -sS "$DURCHWAHL_URL/v1/telephony/calls/$CALL/events" -H "Authorization: Bearer $TELEPHONY_KEY" \
  --data "event_id=e-1&type=digits&leg=caller&digits=2"
""",
    ),
)
"""Title and what is typed in a shell, as in README.md; variables come from `durchwahl demo-env`."""

READY = "Durchwahl runs"
"""How the first line begins, for whoever waits for it."""


def ready(access: Access, advisors: int, customers: int, file: str) -> str:
    """The whole text, ready for a terminal of 100 columns."""
    return "\n".join(
        [
            "",
            f"{READY} with a demo company: {advisors} advisors, {customers} customers. Ctrl-C ends it.",
            "",
            f"  Look     {access.url}/",
            *_sign_ins(access),
            f"  Keys     telephony       {access.telephony_key}",
            f"           control center  {access.control_center_key}",
            f"           all of this is in {file}",
            "",
            'Three commands to try in a second terminal, after  eval "$(./run durchwahl demo-env)"',
            *_commands(),
            "",
        ]
    )


def _sign_ins(access: Access) -> list[str]:
    width = max(len(one.email) for one in access.sign_ins)
    return [
        f"  {'' if place else 'Sign in':8} {one.email:{width}}  {one.password}  {one.role}"
        for place, one in enumerate(access.sign_ins)
    ]


def _commands() -> list[str]:
    return [
        line
        for number, (title, typed) in enumerate(COMMANDS, start=1)
        for line in ("", f"{number}. {title}", "", *(f"   {part}" for part in typed.splitlines()))
    ]
