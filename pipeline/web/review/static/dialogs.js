// Questions to the person: a reason, a choice, a list of keys. Dialogs of the browser: they keep the focus and Esc closes them.

import { t } from "../shell/shell.js";
import { make } from "./elements.js";

/**
 * Ask something.
 *
 * @param {string} title what is asked.
 * @param {{says?: string, choices?: {value: string, label: string}[], inputs?: {name: string, label: string, required?: boolean}[], button?: string}} of
 *   `choices` are picked with digits or arrows, `inputs` are lines of text.
 * @returns a promise of `{choice, [name]: text}`, or null where the person thought better of it.
 */
export function askFor(title, { says = "", choices = [], inputs = [], button = t("确定") } = {}) {
  const before = document.activeElement;
  const options = choices.map(({ value, label }, at) =>
    make("label", { class: "choice" }, make("input", { type: "radio", name: "choice", value, checked: at === 0, autofocus: at === 0 }), make("kbd", {}, String(at + 1)), make("span", {}, label)));
  const lines = inputs.map(({ name, label, required = true }, at) =>
    make("label", {}, label, make("input", { name, required, maxlength: 500, autocomplete: "off", autofocus: at === 0 && !choices.length })));
  const form = make("form", { method: "dialog" }, make("h2", {}, title), says ? make("p", {}, says) : null, ...options, ...lines,
    make("div", { class: "buttons" }, make("button", { class: "main", value: "yes", autofocus: !choices.length && !inputs.length }, button),
      make("button", { type: "button", onclick: () => dialog.close() }, t("取消"), " ", make("kbd", {}, "Esc"))));
  const dialog = make("dialog", { "aria-label": title }, form);
  form.addEventListener("keydown", (event) => {
    // Digits pick a choice; in a line of text they are digits.
    if (event.isComposing || event.target.matches("input:not([type=radio])")) return;
    const option = options[Number(event.key) - 1]?.querySelector("input");
    if (!option) return;
    event.preventDefault();
    option.checked = true;
    option.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const isAgreed = dialog.returnValue === "yes";
      const answers = isAgreed ? Object.fromEntries(new FormData(form)) : null;
      dialog.remove();
      before?.focus?.();
      resolve(answers);
    });
  });
}

/** Show the keys. @param {[string, {name: string, keys: string[]}[]][]} table as `Keys.table` has it. */
export function showKeys(table) {
  const before = document.activeElement;
  const groups = table.map(([group, rows]) =>
    make("section", {}, make("h3", {}, t(group)), make("dl", {}, ...rows.flatMap(({ name, keys }) => [make("dt", {}, ...shortened(keys)), make("dd", {}, t(name))]))));
  const dialog = make("dialog", { class: "keys", "aria-label": t("快捷键") },
    make("form", { method: "dialog" }, make("h2", {}, t("快捷键")), make("div", { class: "groups" }, ...groups),
      make("div", { class: "buttons" }, make("button", { class: "main", autofocus: true }, t("关闭"), " ", make("kbd", {}, "Esc")))));
  document.body.append(dialog);
  dialog.showModal();
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.();
  });
}

/** Show a table that one only reads. @param {string[]} heads @param {string[][]} rows */
export function showTable(title, heads, rows) {
  const before = document.activeElement;
  const dialog = make("dialog", { class: "wide", "aria-label": title },
    make("form", { method: "dialog" }, make("h2", {}, title),
      make("div", { class: "scroll", tabindex: "0" }, make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((one) => make("th", { scope: "col" }, one)))),
        make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((one) => make("td", {}, one))))))),
      make("div", { class: "buttons" }, make("button", { class: "main", autofocus: true }, t("关闭"), " ", make("kbd", {}, "Esc")))));
  document.body.append(dialog);
  dialog.showModal();
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.();
  });
}

/** `1 … 9` for a run of keys that do one thing. */
function shortened(keys) {
  const shown = keys.length > 2 ? [keys[0], "…", keys.at(-1)] : keys;
  return shown.flatMap((key, at) => (key === "…" ? [" … "] : [at && shown[at - 1] !== "…" ? " " : "", make("kbd", {}, key)]));
}
