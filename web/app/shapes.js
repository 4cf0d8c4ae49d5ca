// A shape for every presence, so that nobody has to tell them apart by colour.

import { h } from "./render.js";

const PATHS = {
  available: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z",
  offered: "M8 1.500 9.500 3v1.100A4.500 4.500 0 0 1 12.500 8.400V11l1.500 2H2l1.500-2V8.400A4.500 4.500 0 0 1 6.500 4.100V3ZM6.300 14h3.400a1.700 1.700 0 0 1-3.400 0Z",
  in_contact: "M2 3h12v8.500H8.500L5 14.500v-3H2Z",
  wrap_up: "M10.800 1.700l3.500 3.500-8.300 8.300-4.300.8.8-4.300Z",
  break: "M3.500 2.500h3v11h-3Zm6 0h3v11h-3Z",
  meeting: "M8 1.500 14.500 8 8 14.500 1.500 8Z",
  training: "M8 2 15 14H1Z",
  not_responding: "M6.500 1.500h3l-.5 8.500H7Zm1.500 10a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3Z",
  offline: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 2.200a3.800 3.800 0 1 1 0 7.600 3.800 3.800 0 0 1 0-7.600Z",
  kept: "M6.300 13.500 1.500 8.700l1.900-1.900 2.900 2.900 6.300-6.400 1.900 1.900Z",
  late: "M8 1.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13Zm-1 3h2v3.100l2.300 2.300-1.400 1.400L7 8.400Z",
};

export const shape = (name) =>
  h("svg", { class: `shape ${name}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, h("path", { d: PATHS[name] }));
