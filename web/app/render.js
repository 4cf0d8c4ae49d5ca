// A small render layer: `h` describes elements, `render` makes the page look like the description. What is there
// already is kept (by key, else by place and tag), so that focus, scrolling and transitions survive.

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = new Set(["svg", "path", "circle", "rect"]);

/** Describe an element. Attributes that begin with `on` are listeners; false and null leave an attribute out. */
export function h(tag, attributes = {}, ...children) {
  const listed = children.flat(Infinity).filter((child) => child != null && child !== false);
  return { tag, attributes, children: listed.map((child) => (typeof child === "object" ? child : String(child))) };
}

/** Make the children of `parent` look like the descriptions. */
export function render(parent, ...descriptions) {
  patch(parent, descriptions.flat(Infinity).filter(Boolean));
}

function patch(parent, wanted) {
  const keyed = new Map([...parent.childNodes].filter((node) => node.key != null).map((node) => [node.key, node]));
  let place = parent.firstChild;
  for (const description of wanted) {
    const key = description.attributes?.key ?? null;
    let node = key === null ? place : keyed.get(key);
    if (!fits(node, description, key)) node = made(description, key);
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    update(node, description);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function fits(node, description, key) {
  if (!node) return false;
  if (typeof description === "string") return node.nodeType === Node.TEXT_NODE;
  return node.nodeType === Node.ELEMENT_NODE && node.localName === description.tag && (node.key ?? null) === key;
}

function made(description, key) {
  if (typeof description === "string") return document.createTextNode(description);
  const shape = SHAPES.has(description.tag);
  const node = shape ? document.createElementNS(SVG, description.tag) : document.createElement(description.tag);
  node.key = key;
  node.shown = {};
  return node;
}

function update(node, description) {
  if (typeof description === "string") {
    if (node.data !== description) node.data = description;
    return;
  }
  const { attributes, children } = description;
  for (const name of new Set([...Object.keys(node.shown), ...Object.keys(attributes)])) {
    if (name !== "key") set(node, name, attributes[name], node.shown[name]);
  }
  node.shown = attributes;
  patch(node, children);
}

function set(node, name, value, before) {
  if (value === before) return;
  if (name.startsWith("on")) node[name] = value ?? null;
  else if (value == null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}
