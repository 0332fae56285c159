// What a change of whole rows would make of them, shown before it is made: Enter takes it, Esc leaves everything as it is.

import { t } from "../shell/shell.js";
import { asValue } from "./columns.js";
import { make } from "./elements.js";
import { faultOf, spelled } from "./formats.js";

/**
 * Show rows to be put right and taken.
 *
 * @param {string} title what becomes of them.
 * @param {object[]} columns of `columns.js`.
 * @param {Record<string, string>[]} rows texts by column.
 * @param {{says?: string, choices?: {value: string, label: string}[], focus?: [number, string]}} of `choices` are buttons,
 *   the first of which Enter takes; `focus` is the row and column where one begins to type.
 * @returns a promise of `{choice, rows}` with the texts as they are kept, or null where the person thought better of it.
 */
export function askForRows(title, columns, rows, { says = "", choices = [{ value: "yes", label: t("确定") }], focus = null } = {}) {
  const before = document.activeElement;
  const inputs = rows.map((row, at) =>
    columns.map((column) => make("input", { value: row[column.name] ?? "", "aria-label": t("第 {row} 行 {column}", { row: at + 1, column: t(column.label) }), autocomplete: "off", spellcheck: "false", class: column.kind === "text" ? "" : "num", autofocus: focus ? at === focus[0] && column.name === focus[1] : false })));
  const told = make("p", { class: "told fail", role: "alert", hidden: true });
  const body = make("tbody", {}, ...inputs.map((line, at) => make("tr", {}, make("th", { scope: "row" }, String(at + 1)), ...line.map((input) => make("td", {}, input)))));
  const buttons = choices.map(({ value, label }, at) => make("button", { class: at ? "" : "main", value, autofocus: !focus && at === 0 }, label, at ? null : " ", at ? null : make("kbd", {}, "Enter")));
  const form = make("form", { method: "dialog" }, make("h2", {}, title), says ? make("p", { class: "muted" }, says) : null,
    make("div", { class: "scroll" }, make("table", { class: "preview" }, make("thead", {}, make("tr", {}, make("th", {}, "#"), ...columns.map(({ kind, label }) => make("th", { scope: "col", class: kind === "text" ? "" : "num" }, t(label))))), body)),
    told, make("div", { class: "buttons" }, ...buttons, make("button", { type: "button", onclick: () => dialog.close() }, t("取消"), " ", make("kbd", {}, "Esc"))));
  const dialog = make("dialog", { class: "wide", "aria-label": title }, form);
  const check = () => {
    const faults = inputs.flatMap((line) => line.map((input, at) => {
      const value = asValue(columns[at]);
      const text = spelled(value, input.value);
      const fault = text ? faultOf(value, text) : "";
      input.setAttribute("aria-invalid", String(Boolean(fault)));
      return fault;
    })).filter(Boolean);
    told.hidden = !faults.length;
    told.textContent = faults.length ? `✕ ${t("{count} 格填写有误：{fault}", { count: faults.length, fault: faults[0] })}` : "";
    return !faults.length;
  };
  form.addEventListener("input", check);
  form.addEventListener("submit", (event) => check() || event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  check();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const made = inputs.map((line) => Object.fromEntries(line.map((input, at) => [columns[at].name, spelled(asValue(columns[at]), input.value)]).filter(([, text]) => text)));
      dialog.remove();
      before?.focus?.();
      resolve(dialog.returnValue ? { choice: dialog.returnValue, rows: made } : null);
    });
  });
}

/** One row of two that were read as one: numbers that stand twice are parted, a name at `caret`, else where it has a space. */
export function partedCells(row, columns, caret = null) {
  const parts = [{}, {}];
  for (const column of columns) {
    const cell = row.cells[column.name];
    if (!cell) continue;
    const halves = column.kind === "text" ? partedText(cell, column.name === "name" ? caret : null) : partedNumbers(cell);
    halves.forEach((text, at) => text && (parts[at][column.name] = text));
  }
  return parts;
}

function partedNumbers({ value, raw }) {
  const found = (raw ?? "").normalize("NFKC").match(/-?\d[\d,]*\.\d{2}(?=\d|\D|$)/g) ?? [];
  return found.length === 2 ? found.map((text) => text.replaceAll(",", "")) : [value ?? raw ?? "", ""];
}

function partedText({ value, raw }, caret) {
  const text = value ?? raw ?? "";
  if (caret) return [text.slice(0, caret), text.slice(caret)];
  const at = text.indexOf(" ");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** Several rows as one: names one behind another, of everything else the first that is there.
 *  @returns `{cells, isPlain}`; not plain where two rows say different things of one column. */
export function joinedCells(rows, columns) {
  let isPlain = true;
  const cells = {};
  for (const { name } of columns) {
    const texts = rows.map((row) => row.cells[name]?.value).filter(Boolean);
    if (!texts.length) continue;
    cells[name] = name === "name" ? texts.join("") : texts[0];
    if (name !== "name" && new Set(texts).size > 1) isPlain = false;
  }
  return { cells, isPlain };
}
