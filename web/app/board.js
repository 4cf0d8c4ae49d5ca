// The board: headline, desk groups, calls, promises, feed. Pure: from the state to descriptions of elements.

import { customer } from "./feed.js";
import { h } from "./render.js";
import { shape } from "./shapes.js";
import { clock, duration, exactClock, LANGUAGES, share, spoken, t } from "./words.js";

const WAITING = new Set(["identifying", "choosing", "waiting"]);
const CALLS = ["waiting", "choosing", "identifying", "offered", "connected"]; // as they are ordered
const MOST_PROMISES = 8;
const LONG_MS = 60_000;

export function board(state, actions) {
  return [
    header(state, actions),
    h(
      "main",
      { class: "board", "data-state": state.link },
      headline(state),
      h("div", { class: "wide" }, groups(state)),
      h("div", { class: "narrow" }, calls(state), promises(state), feed(state)),
    ),
  ];
}

export function languageSwitch(actions) {
  const one = (tag) => {
    const attributes = { type: "button", lang: tag, "aria-pressed": String(tag === spoken()) };
    return h("button", { ...attributes, onclick: () => actions.speak(tag) }, tag.toUpperCase());
  };
  return h("div", { class: "languages", role: "group", "aria-label": t("language") }, LANGUAGES.map(one));
}

function header(state, actions) {
  const icon = h("img", { src: "/assets/icon.svg", alt: "", width: 28, height: 28 });
  return h(
    "header",
    { class: "top" },
    h("h1", { class: "brand" }, icon, h("span", {}, "Durchwahl")),
    link(state),
    languageSwitch(actions),
    h("span", { class: "me" }, state.me.name),
    h("button", { type: "button", class: "plain", onclick: actions.signOut }, t("sign_out")),
  );
}

/** Whether what is shown is true now, and how old it is if not. */
function link({ link: status, heardAt }) {
  const values = { clock: heardAt ? exactClock(heardAt) : "–" };
  return h("span", { class: `link ${status}` }, h("span", { class: "dot" }), t(`link.${status}`, values));
}

// Headline

function headline({ view, figures, now, ready }) {
  const contacts = [...view.contacts.values()].filter(({ direction }) => direction === "in");
  const waiting = contacts.filter(({ state }) => WAITING.has(state));
  const longest = Math.max(0, ...waiting.map((contact) => now - Date.parse(contact.age_at)));
  const talking = contacts.filter(({ state }) => state === "connected").length;
  const presences = [...view.presences.values()];
  const there = presences.filter(isThere).length;
  const { calls, callbacks } = figures ?? {};
  return h(
    "dl",
    { class: "headline" },
    figure("waiting_now", ready, () => [waiting.length, { count: talking }]),
    figure("longest_wait", ready, () => [duration(longest / 1000)], longest > LONG_MS),
    figure("available", ready, () => [presences.filter(isFree).length, { count: there }]),
    figure("own_share", calls, () => [share(calls.own, calls.known), { count: calls.known }]),
    figure(
      "kept",
      callbacks,
      () => [callbacks.kept, { count: callbacks.late + callbacks.overdue }],
      callbacks?.overdue > 0,
    ),
  );
}

const isFree = ({ state }) => state === "available";
const isThere = ({ state }) => state !== "offline";

/** A figure with what stands beside it, or a dash while it isn't known. */
function figure(name, known, tell, warns = false) {
  const [value, beside] = known ? tell() : ["–", null];
  return h(
    "div",
    { class: warns ? "figure warn" : "figure" },
    h("dt", {}, t(`figure.${name}`)),
    h("dd", {}, h("strong", {}, String(value)), beside && h("span", {}, t(`beside.${name}`, beside))),
  );
}

// Desk groups

function groups({ view, names, now, ready }) {
  const byGroup = new Map();
  for (const presence of view.presences.values()) {
    const id = presence.group ?? "";
    byGroup.set(id, [...(byGroup.get(id) ?? []), presence]);
  }
  if (!ready || !byGroup.size) return h("section", { class: "card empty" }, t(ready ? "nobody" : "loading"));
  return [...byGroup]
    .map(([id, presences]) => ({ id, presences, name: names.groups[id]?.name ?? t("no_group") }))
    .sort((one, other) => one.name.localeCompare(other.name))
    .map((one) => group(one, names, now));
}

function group({ id, presences, name }, names, now) {
  const counts = {
    free: presences.filter(isFree).length,
    there: presences.filter(isThere).length,
    count: presences.length,
  };
  const lead = names.groups[id]?.lead;
  const people = presences
    .map((presence) => ({ ...presence, name: nameOf(names, presence.advisor) }))
    .sort((one, other) => one.name.localeCompare(other.name));
  const photo = ({ advisor }) => names.advisors[advisor]?.photo_url;
  return h(
    "section",
    { class: "card", key: id, "aria-labelledby": id },
    h(
      "h2",
      { id },
      h("span", {}, name, lead && h("small", {}, t("led_by", { who: nameOf(names, lead) }))),
      h("small", {}, t("group_line", counts)),
    ),
    h("ul", { class: "tiles" }, people.map((person) => tile(person, photo(person), now))),
  );
}

export const nameOf = (names, id) => names.advisors[id]?.name ?? (id ? t("somebody") : "");

function tile({ advisor, name, state, since, next_state: next }, photo, now) {
  const face = photo
    ? h("img", { class: "face", src: photo, alt: "", width: 34, height: 34 })
    : h("span", { class: "face", "aria-hidden": "true" }, initials(name));
  return h(
    "li",
    { class: `tile ${state}`, key: advisor, "data-advisor": advisor, "data-presence": state },
    face,
    h(
      "div",
      { class: "who" },
      h("span", { class: "name", title: name }, name),
      h(
        "span",
        { class: "presence" },
        shape(state),
        h("span", { class: "word" }, t(`presence.${state}`)),
        h("time", {}, duration((now - Date.parse(since)) / 1000)),
      ),
      next && h("span", { class: "next" }, t("next", { presence: t(`presence.${next}`) })),
    ),
  );
}

const initials = (name) => name.split(" ", 2).map((word) => word[0]).join("");

// Calls, promises, feed: rows of the same make

function calls({ view, names, now, ready }) {
  const open = [...view.contacts.values()]
    .filter(({ state }) => CALLS.includes(state))
    .sort((a, b) => CALLS.indexOf(a.state) - CALLS.indexOf(b.state) || a.age_at.localeCompare(b.age_at));
  const rows = open.map((contact) => {
    const { id, state, answered_at: answered, age_at: age, customer: who } = contact;
    const icon = { connected: "in_contact", offered: "offered" }[state] ?? "late";
    const since = duration((now - Date.parse((state === "connected" && answered) || age)) / 1000);
    return row(id, icon, customer(who), withWhom(contact, names), since);
  });
  return list("calls", rows, ready);
}

function withWhom({ state, direction, advisor, own_advisor: own, choice }, names) {
  let word = direction === "out" ? `call.back_${state}` : `call.${state}`;
  if (word === "call.connected" && own && own !== advisor) word = "call.connected_for";
  if (word === "call.choosing" && !own) word = "call.choosing_any";
  if (word === "call.waiting" && choice === "hold") word = "call.holding";
  return t(word, { who: nameOf(names, advisor), own: nameOf(names, own) });
}

function promises({ view, names, now, kept, ready }) {
  const open = [...view.callbacks.values()].sort((a, b) => a.window[0].localeCompare(b.window[0]));
  const keeper = ({ owner_state: by, advisor }) => (by === "own" ? nameOf(names, advisor) : t("group"));
  const shown = open.slice(0, MOST_PROMISES).map((callback) => {
    const late = Date.parse(callback.window[1]) < now;
    const text = `${keeper(callback)} · ${t(`callback.${late ? "overdue" : callback.state}`)}`;
    const window = callback.window.map(clock).join("–");
    return row(callback.id, late ? "not_responding" : "late", window, text, shortly(callback.customer));
  });
  const done = kept.map((callback) => {
    const text = `${keeper(callback)} · ${t("callback.done")}`;
    return row(`kept-${callback.id}`, "kept", clock(callback.since), text, shortly(callback.customer));
  });
  const more = open.length > MOST_PROMISES && t("more", { count: open.length - MOST_PROMISES });
  return list("promises", [...done, ...shown], ready, more);
}

const shortly = (id) => id?.slice(-4) ?? "";

function feed({ feed: told, ready }) {
  const rows = told.map(({ id, at, icon, text }) => row(id, icon, null, text, clock(at)));
  return list("feed", rows, ready);
}

/** Nothing of it is read out by itself: the status line sums it up now and then. */
function list(name, rows, ready, more = null) {
  const empty = h("p", { class: "empty" }, t(ready ? `${name}_none` : "loading"));
  return h(
    "section",
    { class: `card list ${name}`, "aria-labelledby": `${name}-title` },
    h("h2", { id: `${name}-title` }, t(name)),
    rows.length ? h("ol", { class: "rows", tabindex: 0, "aria-labelledby": `${name}-title` }, rows) : empty,
    more && h("p", { class: "more" }, more),
  );
}

function row(key, icon, first, second, last) {
  const text = h("span", { class: "text" }, first && h("b", {}, first), h("span", {}, second));
  return h("li", { key }, shape(icon), text, h("span", { class: "last" }, last));
}
