// A shape for every presence, so that nobody has to tell them apart by colour.

import { h } from "./render.js";

const PATHS = {
  available: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z",
  offered:
    "M8 1.5 9.5 3v1.1A4.5 4.5 0 0 1 12.5 8.4V11l1.5 2H2l1.5-2V8.4A4.5 4.5 0 0 1 6.5 4.1V3Z" +
    "M6.3 14h3.4a1.7 1.7 0 0 1-3.4 0Z",
  in_contact: "M2 3h12v8.5H8.5L5 14.5v-3H2Z",
  wrap_up: "M10.8 1.7l3.5 3.5-8.3 8.3-4.3.8.8-4.3Z",
  break: "M3.5 2.5h3v11h-3Zm6 0h3v11h-3Z",
  meeting: "M8 1.5 14.5 8 8 14.5 1.5 8Z",
  training: "M8 2 15 14H1Z",
  not_responding: "M6.5 1.5h3l-.5 8.5H7Zm1.5 10a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3Z",
  offline: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 2.2a3.8 3.8 0 1 1 0 7.6 3.8 3.8 0 0 1 0-7.6Z",
  kept: "M6.3 13.5 1.5 8.7l1.9-1.9 2.9 2.9 6.3-6.4 1.9 1.9Z",
  late: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm-1 3h2v3.1l2.3 2.3-1.4 1.4L7 8.4Z",
};

export const shape = (name) =>
  h("svg", { class: `shape ${name}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, h("path", { d: PATHS[name] }));
