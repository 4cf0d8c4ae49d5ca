// What has just happened, in plain words. Only what somebody who looks in would want to know.

import { clock, has, t } from "./words.js";

const AWAY = new Set(["break", "meeting", "training", "offline", "not_responding"]);

/** Customers are told apart by the end of their id; the page knows nothing else of them. */
export const customer = (id) => (id ? t("customer", { id: id.slice(-4) }) : t("stranger"));

/** `{ icon, text }` for an event, or null. `before` is the thing as it was; `name(id)` an advisor's name. */
export function told(event, before, name) {
  const { contact, callback, presence } = event.data;
  if (contact) return contactTold(contact, before, name);
  if (callback) return callbackTold(callback, before, name);
  return presence ? presenceTold(presence, before, name) : null;
}

function contactTold(contact, before, name) {
  if (before?.state === contact.state) return null;
  const own = contact.own_advisor && contact.advisor === contact.own_advisor;
  let word = contact.state;
  if (word === "connected") word += contact.direction === "out" ? "_back" : own ? "_own" : contact.own_advisor ? "_for" : "";
  if (word === "choosing" && contact.choice === "callback") return null;
  if (word === "offered" && contact.direction === "out") return null;
  return sentence(`feed.contact.${word}`, contact.state, {
    who: name(contact.advisor),
    own: name(contact.own_advisor),
    customer: customer(contact.customer),
  });
}

function callbackTold(callback, before, name) {
  if (before?.state === callback.state && before.window[0] === callback.window[0]) return null;
  const again = callback.state === "scheduled" && callback.attempts > 0;
  return sentence(`feed.callback.${again ? "again" : callback.state}`, callback.state === "done" ? "kept" : "late", {
    who: callback.owner_state === "own" ? name(callback.advisor) : t("group"),
    customer: customer(callback.customer),
    from: clock(callback.window[0]),
    until: clock(callback.window[1]),
  });
}

function presenceTold(presence, before, name) {
  if (!before || before.state === presence.state) return null;
  const who = name(presence.advisor);
  if (presence.state === "available") return AWAY.has(before.state) ? sentence("feed.presence.back", "available", { who }) : null;
  return AWAY.has(presence.state) ? sentence(`feed.presence.${presence.state}`, presence.state, { who }) : null;
}

const ICONS = {
  offered: "offered",
  choosing: "meeting",
  waiting: "late",
  connected: "in_contact",
  promised: "late",
  abandoned: "offline",
  lost_signal: "not_responding",
};

function sentence(key, icon, values) {
  return has(key) ? { icon: ICONS[icon] ?? icon, text: t(key, values) } : null;
}
