// The first page: who signs in sees live what is happening. State here, what is seen in `board.js`.

import * as api from "./api.js";
import { board, nameOf } from "./board.js";
import { told } from "./feed.js";
import { NOUNS, View } from "./fold.js";
import { render } from "./render.js";
import { signInPage } from "./sign_in.js";
import { Stream } from "./stream.js";
import { duration, speak, t } from "./words.js";

const FIGURES_MS = 10_000;
const NEWS_MS = 30_000;
const MOST_NEWS = 40;
const MOST_KEPT = 3;
const EVERYTHING = ["supervisor", "admin"];

const page = document.getElementById("app");
const news = document.getElementById("news");
const state = { me: null, busy: false, failed: null };
let stream = null;
let drawing = false;

const actions = {
  speak: async (language) => {
    await speak(language);
    draw();
  },
  signIn: async (email, password) => {
    Object.assign(state, { busy: true, failed: null });
    draw();
    try {
      await begin(await api.signIn(email, password));
    } catch (problem) {
      state.failed = { 401: "wrong", 403: "forbidden", 422: "wrong", 429: "too_many" }[problem.status] ?? "away";
    }
    state.busy = false;
    draw();
  },
  signOut: async () => {
    stop();
    await api.signOut().catch(() => null);
    draw();
  },
};

function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const frozen = state.link === "offline" && state.heardAt; // time that nobody has heard of does not pass
    state.now = (frozen || Date.now()) + (state.ahead ?? 0);
    render(page, state.me ? board(state, actions) : signInPage(state, actions));
  });
}

/** Somebody is signed in: look up the names, then listen. */
async function begin(me) {
  const names = await api.directory();
  const empty = { view: new View(), feed: [], kept: [], figures: null, ready: false, heardAt: null };
  Object.assign(state, { me, names, link: "connecting", ...empty });
  stream = new Stream(topicsOf(me, names), api.ticket, hear, tell);
  stream.connect();
  count();
}

function stop(failed = null) {
  stream?.end();
  stream = null;
  Object.assign(state, { me: null, failed });
}

/** What this role may listen to: everything, or the desk groups one belongs to or leads. */
function topicsOf(me, names) {
  if (EVERYTHING.includes(me.role)) return ["all"];
  const led = Object.keys(names.groups).filter((id) => names.groups[id].lead === me.advisor_id);
  const own = names.advisors[me.advisor_id]?.group;
  const groups = new Set(own ? [own, ...led] : led);
  return groups.size ? [...groups].map((id) => `desk:${id}`) : ["me"];
}

function hear(message) {
  state.heardAt = Date.now();
  if (message.type === "heartbeat") state.ahead = Date.parse(message.at) - Date.now();
  if (message.type === "snapshot") {
    Object.assign(state, { view: new View(message.topics, message.data), ready: true });
  }
  if (message.type === "event") happened(message.event);
  draw();
}

function happened(event) {
  const [noun] = Object.keys(NOUNS).filter((name) => name in event.data);
  if (!noun) return;
  const { shelf, key } = NOUNS[noun];
  const thing = event.data[noun];
  const before = state.view[shelf].get(thing[key]);
  state.view.apply(event);
  const line = told(event, before, (id) => nameOf(state.names, id));
  if (line) state.feed = [{ id: event.id, at: event.time, ...line }, ...state.feed].slice(0, MOST_NEWS);
  if (noun === "callback" && thing.state === "done") state.kept = [thing, ...state.kept].slice(0, MOST_KEPT);
  if (noun === "presence" && !(thing.advisor in state.names.advisors)) lookUp();
}

async function lookUp() {
  state.names = await api.directory().catch(() => state.names);
  draw();
}

function tell(status) {
  if (status === "over" || status === "forbidden") stop(status === "over" ? "over" : "forbidden");
  else if (state.link !== status) {
    state.link = status;
    if (status === "offline") say(t("news.offline"));
    else if (state.lost) say(t("news.back"));
    state.lost = status === "offline";
  }
  draw();
}

/** For those who listen to the page: a summary now and then, not every change. */
function say(text) {
  news.textContent = text;
}

function sayHowItIs() {
  if (!state.me || !state.ready || state.link !== "live" || document.hidden) return;
  const waiting = [...state.view.contacts.values()].filter((contact) => contact.state === "waiting");
  const longest = Math.max(0, ...waiting.map((contact) => state.now - Date.parse(contact.age_at)));
  say(t("news.waiting", { count: waiting.length, longest: duration(longest / 1000) }));
}

async function count() {
  if (!state.me || document.hidden) return;
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  state.figures = await api.figures(midnight).catch(() => state.figures);
  draw();
}

async function start() {
  await speak();
  try {
    await begin(await api.whoAmI());
  } catch {
    state.me = null; // nobody is signed in yet
  }
  draw();
  setInterval(draw, 1000);
  setInterval(count, FIGURES_MS);
  setInterval(sayHowItIs, NEWS_MS);
}

start();
