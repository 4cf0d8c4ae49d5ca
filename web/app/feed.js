// What has just happened, in plain words. Only what somebody who looks in would want to know.

import { clock, has, t } from "./words.js";

const AWAY = ["break", "meeting", "training", "offline", "not_responding"];
const ICONS = {
  choosing: "meeting",
  waiting: "late",
  connected: "in_contact",
  abandoned: "offline",
  lost_signal: "not_responding",
};

/** Customers are told apart by the end of their id; the page knows nothing else of them. */
export const customer = (id) => (id ? t("customer", { id: id.slice(-4) }) : t("stranger"));

/** `{ icon, text }` for an event, or null. `before` is the thing as it was; `name(id)` an advisor's name. */
export function told({ data: { contact, callback, presence } }, before, name) {
  if (contact) return contactTold(contact, before, name);
  if (callback) return callbackTold(callback, before, name);
  return presence ? presenceTold(presence, before, name) : null;
}

function contactTold(contact, before, name) {
  const { state, choice, advisor, own_advisor: own } = contact;
  const said = before?.state === state || (state === "choosing" && (choice === "callback" || !own));
  if (said) return null;
  const values = { who: name(advisor), own: name(own), customer: customer(contact.customer) };
  const word = state === "connected" ? `connected${withWhom(contact)}` : state;
  return sentence(`feed.contact.${word}`, ICONS[state], values);
}

function withWhom({ direction, advisor, own_advisor: own }) {
  if (direction === "out") return "_back";
  if (!own) return "";
  return own === advisor ? "_own" : "_for";
}

function callbackTold(callback, before, name) {
  const { state, window, attempts, advisor, owner_state: by } = callback;
  if (before?.state === state && before.window[0] === window[0]) return null;
  const word = state === "scheduled" && attempts > 0 ? "again" : state;
  const who = by === "own" ? name(advisor) : t("group");
  const [from, until] = window.map(clock);
  const values = { who, customer: customer(callback.customer), from, until };
  return sentence(`feed.callback.${word}`, state === "done" ? "kept" : "late", values);
}

function presenceTold({ advisor, state }, before, name) {
  if (!before || before.state === state) return null;
  const back = state === "available" && AWAY.includes(before.state);
  if (!back && !AWAY.includes(state)) return null;
  return sentence(`feed.presence.${back ? "back" : state}`, state, { who: name(advisor) });
}

const sentence = (key, icon, values) => (has(key) ? { icon, text: t(key, values) } : null);
