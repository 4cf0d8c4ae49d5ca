// The board: headline, desk groups, calls, promises, feed. Pure: from the state to descriptions of elements.

import { customer } from "./feed.js";
import { h } from "./render.js";
import { shape } from "./shapes.js";
import { clock, duration, exactClock, LANGUAGES, share, spoken, t } from "./words.js";

const WAITING = new Set(["identifying", "choosing", "waiting"]);
const ORDER = ["waiting", "choosing", "identifying", "offered", "connected"];
const PRESENCES = ["available", "offered", "in_contact", "wrap_up", "break", "meeting", "training", "not_responding", "offline"];
const AT_WORK = new Set(PRESENCES.filter((state) => state !== "offline"));
const MOST_PROMISES = 8;

export function board(state, actions) {
  return [
    header(state, actions),
    h(
      "main",
      { class: "board", "data-state": state.link },
      headline(state),
      h(
        "div",
        { class: "columns" },
        h("div", { class: "wide" }, groups(state)),
        h("div", { class: "narrow" }, calls(state), promises(state), feed(state)),
      ),
    ),
  ];
}

export const languageSwitch = (actions) =>
  h(
    "div",
    { class: "languages", role: "group", "aria-label": t("language") },
    LANGUAGES.map((tag) =>
      h("button", { type: "button", lang: tag, "aria-pressed": String(tag === spoken()), onclick: () => actions.speak(tag) }, tag.toUpperCase()),
    ),
  );

function header(state, actions) {
  return h(
    "header",
    { class: "top" },
    h("span", { class: "brand" }, h("img", { src: "/assets/icon.svg", alt: "", width: 28, height: 28 }), h("span", {}, "Durchwahl")),
    link(state),
    languageSwitch(actions),
    h("span", { class: "me" }, state.me.name),
    h("button", { type: "button", class: "plain", onclick: actions.signOut }, t("sign_out")),
  );
}

/** Whether what is shown is true now, and how old it is if not. */
function link(state) {
  const values = { clock: state.heardAt ? exactClock(state.heardAt) : "–" };
  return h("span", { class: `link ${state.link}` }, h("span", { class: "dot", "aria-hidden": "true" }), t(`link.${state.link}`, values));
}

function headline({ view, figures, now, ready }) {
  const contacts = [...view.contacts.values()].filter((contact) => contact.direction === "in");
  const waiting = contacts.filter((contact) => WAITING.has(contact.state));
  const longest = Math.max(0, ...waiting.map((contact) => now - Date.parse(contact.age_at)));
  const presences = [...view.presences.values()];
  const count = (states) => presences.filter((presence) => states.has(presence.state)).length;
  const { calls, callbacks } = figures ?? {};
  return h(
    "dl",
    { class: "headline" },
    figure("waiting_now", ready ? waiting.length : "–", ready ? t("figure.talking", { count: contacts.filter(({ state }) => state === "connected").length }) : ""),
    figure("longest_wait", ready ? duration(longest / 1000) : "–", "", longest > 60_000 ? "warn" : ""),
    figure("available", ready ? count(new Set(["available"])) : "–", ready ? t("figure.of_at_work", { count: count(AT_WORK) }) : ""),
    figure("own_share", calls ? share(calls.own, calls.known) : "–", calls ? t("figure.of_answered", { count: calls.known }) : ""),
    figure("kept", callbacks ? callbacks.kept : "–", callbacks ? t("figure.late", { count: callbacks.late + callbacks.overdue }) : "", callbacks?.overdue ? "warn" : ""),
  );
}

const figure = (name, value, beside, mood = "") =>
  h("div", { class: `figure ${mood}` }, h("dt", {}, t(`figure.${name}`)), h("dd", {}, h("strong", {}, String(value)), h("span", {}, beside)));

function groups(state) {
  const { view, names, ready } = state;
  if (!ready) return h("section", { class: "card empty" }, t("loading"));
  const byGroup = Map.groupBy([...view.presences.values()], (presence) => presence.group ?? "");
  const known = [...byGroup.keys()].sort((a, b) => groupName(names, a).localeCompare(groupName(names, b)));
  if (!known.length) return h("section", { class: "card empty" }, t("nobody"));
  return known.map((id) => group(id, byGroup.get(id), state));
}

const groupName = (names, id) => names.groups[id]?.name ?? t("no_group");

function group(id, presences, state) {
  const { names } = state;
  const free = presences.filter(({ state }) => state === "available").length;
  const there = presences.filter(({ state }) => AT_WORK.has(state)).length;
  const people = presences
    .map((presence) => ({ presence, name: nameOf(names, presence.advisor) }))
    .sort((a, b) => a.name.localeCompare(b.name));
  return h(
    "section",
    { class: "card", key: id, "aria-labelledby": id },
    h("h2", { id }, groupName(names, id), h("small", {}, t("group_line", { free, there, count: presences.length }))),
    h("ul", { class: "tiles" }, people.map((one) => tile(one, names.groups[id]?.lead, state))),
  );
}

export const nameOf = (names, id) => names.advisors[id]?.name ?? (id ? t("somebody") : "");

function tile({ presence, name }, lead, { names, now }) {
  const { advisor, state, since, next_state: next } = presence;
  const photo = names.advisors[advisor]?.photo_url;
  return h(
    "li",
    { class: `tile ${state}`, key: advisor, "data-advisor": advisor, "data-presence": state },
    photo ? h("img", { class: "face", src: photo, alt: "", width: 36, height: 36 }) : h("span", { class: "face", "aria-hidden": "true" }, initials(name)),
    h(
      "div",
      { class: "who" },
      h("span", { class: "name" }, name, advisor === lead && h("small", { class: "lead" }, t("lead"))),
      h("span", { class: "presence" }, shape(state), h("span", { class: "word" }, t(`presence.${state}`)), h("time", {}, duration((now - Date.parse(since)) / 1000))),
      next && h("span", { class: "next" }, t("next", { presence: t(`presence.${next}`) })),
    ),
  );
}

const initials = (name) => name.split(" ").map((word) => word[0]).slice(0, 2).join("");

function calls({ view, names, now, ready }) {
  const open = [...view.contacts.values()]
    .filter((contact) => ORDER.includes(contact.state))
    .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.age_at.localeCompare(b.age_at));
  return list("calls", ready && open.length, ready ? t("calls_none") : t("loading"), open.map((contact) => {
    const from = contact.state === "connected" ? contact.answered_at : contact.age_at;
    return row(contact.id, contact.state === "connected" ? "in_contact" : contact.state === "offered" ? "offered" : "late", customer(contact.customer), withWhom(contact, names), duration((now - Date.parse(from ?? contact.since)) / 1000));
  }));
}

function withWhom(contact, names) {
  const { state, direction, advisor, own_advisor: own, choice } = contact;
  const word = direction === "out" ? `call.back_${state}` : state === "connected" && own && own !== advisor ? "call.connected_for" : state === "waiting" && choice === "hold" ? "call.holding" : `call.${state}`;
  return t(word, { who: nameOf(names, advisor), own: nameOf(names, own) });
}

function promises({ view, names, now, kept, ready }) {
  const open = [...view.callbacks.values()].sort((a, b) => a.window[0].localeCompare(b.window[0]));
  const shown = open.slice(0, MOST_PROMISES).map((callback) => {
    const late = Date.parse(callback.window[1]) < now;
    const who = callback.owner_state === "own" ? nameOf(names, callback.advisor) : t("group");
    return row(callback.id, late ? "not_responding" : "late", `${clock(callback.window[0])}–${clock(callback.window[1])}`, `${who} · ${t(late ? "callback.overdue" : `callback.${callback.state}`)}`, customer(callback.customer));
  });
  const done = kept.map((callback) => row(`kept-${callback.id}`, "kept", clock(callback.since), `${nameOf(names, callback.advisor)} · ${t("callback.done")}`, customer(callback.customer)));
  const more = open.length > MOST_PROMISES ? t("more", { count: open.length - MOST_PROMISES }) : null;
  return list("promises", ready && shown.length + done.length, ready ? t("promises_none") : t("loading"), [...done, ...shown], more);
}

function feed({ feed: told, ready }) {
  return list("feed", told.length, ready ? t("feed_none") : t("loading"), told.map(({ id, at, icon, text }) => row(id, icon, text, "", clock(at))), null, "log");
}

function list(name, filled, empty, rows, more, role) {
  return h(
    "section",
    { class: `card list ${name}`, "aria-labelledby": `${name}-title` },
    h("h2", { id: `${name}-title` }, t(name)),
    filled ? h("ol", { class: "rows", role, "aria-live": role && "off" }, rows) : h("p", { class: "empty" }, empty),
    more && h("p", { class: "more" }, more),
  );
}

const row = (key, icon, first, second, last) =>
  h("li", { key }, shape(icon), h("span", { class: "text" }, h("b", {}, first), second && h("span", {}, second)), h("span", { class: "last" }, last));
