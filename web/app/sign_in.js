// The door: address and password. Nothing is kept but the cookie, which scripts can't read.

import { languageSwitch } from "./board.js";
import { h } from "./render.js";
import { t } from "./words.js";

export function signInPage({ busy, failed }, actions) {
  const submit = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    actions.signIn(form.get("email"), form.get("password"));
  };
  return h(
    "main",
    { class: "door" },
    h(
      "form",
      { class: "card", onsubmit: submit, "aria-labelledby": "door-title" },
      h("img", { src: "/assets/icon.svg", alt: "", width: 44, height: 44 }),
      h("h1", { id: "door-title" }, "Durchwahl"),
      h("p", {}, t("door.what")),
      field(t("door.email"), "email", "username", failed),
      field(t("door.pass"), "password", "current-password", failed),
      failed && h("p", { class: "failed", role: "alert", id: "failed" }, t(`failed.${failed}`)),
      h("button", { class: "main", disabled: busy }, t(busy ? "door.busy" : "door.sign_in")),
      h("p", { class: "hint" }, t("door.hint")),
    ),
    languageSwitch(actions),
  );
}

/** `type` is the name of the field, too. */
function field(label, type, autocomplete, failed) {
  const attributes = { name: type, type, autocomplete, required: true };
  if (failed) Object.assign(attributes, { "aria-describedby": "failed", "aria-invalid": "true" });
  return h("label", {}, h("span", {}, label), h("input", attributes));
}
