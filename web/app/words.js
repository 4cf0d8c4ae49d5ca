// The page's words in two languages, and how times and shares are written in them.

export const LANGUAGES = ["de", "en"];
const KEPT = "durchwahl.language";

let language = "de";
let words = {};

export const spoken = () => language;

/** Load a language and keep the choice: the one named, else what was chosen before, else the browser's. */
export async function speak(wanted) {
  const asked = [wanted, kept(), ...navigator.languages.map((tag) => tag.slice(0, 2)), "en"];
  language = asked.find((tag) => LANGUAGES.includes(tag));
  const answer = await fetch(`/assets/words/${language}.json`);
  words = await answer.json();
  document.documentElement.lang = language;
  if (wanted) keep(language);
}

/** The words for a key, with `{name}` put in; `key_one` serves a count of 1. */
export function t(key, values = {}) {
  const found = (values.count === 1 && words[`${key}_one`]) || words[key] || key;
  return found.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const has = (key) => key in words;

const region = () => (language === "en" ? "en-GB" : language); // a wallboard has no room for "am" and "pm"

export const clock = (instant) =>
  new Date(instant).toLocaleTimeString(region(), { hour: "2-digit", minute: "2-digit" });

export const exactClock = (instant) => new Date(instant).toLocaleTimeString(region());

export const share = (part, whole) =>
  whole ? new Intl.NumberFormat(language, { style: "percent" }).format(part / whole) : "–";

/** Seconds as `0:42`, `12:07`, `1:02:30`. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // storage may be forbidden
  }
}

function keep(chosen) {
  try {
    localStorage.setItem(KEPT, chosen);
  } catch {
    // then it is asked for again the next time
  }
}
