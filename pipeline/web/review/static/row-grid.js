// The rows of a paper as a table. Rows are made once and patched row by row: a list of 300 rows costs nothing while one types.

import { t } from "../shell/shell.js";
import { CATALOG, COLUMNS } from "./columns.js";
import { make } from "./elements.js";
import { DOUBTFUL_CHARACTER, signOf } from "./signs.js";

export const TABLES = ["line_items", "category_totals"];
const MATCHES = { matched: { sign: "✓", tone: "fine" }, ambiguous: { sign: "?", tone: "doubt" }, unmatched: { sign: "○", tone: "none" } };

export class RowGrid {
  /** The columns that are shown. */
  columns = [];
  /** `{table, index, row}` of each line, in order; `row` is null for one that is not kept yet. */
  lines = [];
  element = make("table", { class: "line-table", "aria-label": t("明细") });
  #head = make("thead");
  #bodies = Object.fromEntries(TABLES.map((name) => [name, make("tbody", { "data-table": name })]));
  #columnNames = "";

  constructor() {
    this.element.append(this.#head, ...Object.values(this.#bodies));
  }

  /**
   * Show the rows of a paper.
   *
   * @param {object} paper the paper.
   * @param {{table: string, index: number, cells: Record<string, string>}|null} fresh a row that is not kept yet, before `index`.
   * @param {(line: object, column: string) => string|null} pending what is on its way for a cell, null: nothing is.
   * @param {(line: object) => boolean|null} closes whether a row's product is its amount.
   */
  show(paper, fresh, pending, closes) {
    const rows = TABLES.flatMap((table) => paper[table]);
    const columns = [...COLUMNS.filter(({ name, always }) => always || rows.some((row) => row.cells[name])), CATALOG];
    const names = columns.map(({ name }) => name).join();
    this.columns = columns;
    if (names !== this.#columnNames) {
      this.#columnNames = names;
      this.#head.replaceChildren(make("tr", {}, make("th", { scope: "col", class: "n" }, "#"), ...columns.map(({ name, label }) => make("th", { scope: "col", class: name }, t(label)))));
      Object.values(this.#bodies).forEach((body) => body.replaceChildren());
    }
    this.lines = TABLES.flatMap((table) => {
      const lines = paper[table].map((row, index) => ({ table, index, row }));
      if (fresh?.table === table) lines.splice(fresh.index, 0, { table, index: fresh.index, row: null });
      return lines;
    });
    for (const table of TABLES) this.#patch(table, fresh, pending, closes);
  }

  #patch(table, fresh, pending, closes) {
    const body = this.#bodies[table];
    const lines = this.lines.filter((line) => line.table === table);
    while (body.children.length > lines.length) body.lastChild.remove();
    lines.forEach((line, at) => {
      let tr = body.children[at];
      const texts = this.columns.map(({ name }) => pending(line, name));
      const state = [line.row, closes(line), ...texts];
      if (tr && state.length === tr.state.length && state.every((one, n) => one === tr.state[n])) return;
      if (!tr) body.append((tr = make("tr")));
      tr.state = state;
      this.#fill(tr, line, at, texts, closes(line));
    });
  }

  #fill(tr, line, at, texts, isClosed) {
    tr.className = line.row ? "" : "fresh";
    tr.classList.toggle("torn", isClosed === false);
    const head = make("th", { scope: "row", class: "n" }, line.row ? String(at + 1) : "＋", isClosed === false ? make("span", { class: "sign", title: t("数量 × 单价 ≠ 金额") }, " ≠") : null);
    const cells = this.columns.map((column, n) => (column === CATALOG ? entryCell(line.row) : valueCell(line, column, texts[n])));
    tr.replaceChildren(head, ...cells);
  }

  /** The element of a cell: line and column by number. */
  cellAt(line, column) {
    const { table } = this.lines[line];
    const before = this.lines.findIndex((one) => one.table === table);
    return this.#bodies[table].children[line - before]?.children[column + 1];
  }

  /** Line and column of what was pressed, or null. */
  placeOf(target) {
    const td = target.closest("td");
    const tr = td?.parentElement;
    if (!tr) return null;
    const before = this.lines.findIndex(({ table }) => table === tr.parentElement.dataset.table);
    return { line: before + tr.sectionRowIndex, column: td.cellIndex - 1 };
  }

  /** Mark a row as one whose numbers do not go together, or as one that does. */
  setTorn(line, isTorn) {
    const tr = this.cellAt(line, 0)?.parentElement;
    tr?.classList.toggle("torn", isTorn);
  }

  /** Show which lines are chosen together. */
  choose(from, to) {
    this.element.querySelectorAll("tr.chosen").forEach((tr) => tr.classList.remove("chosen"));
    for (let at = from; at <= to; at += 1) this.cellAt(at, 0)?.parentElement.classList.add("chosen");
  }
}

function valueCell(line, column, pending) {
  const value = line.row?.cells[column.name];
  const kind = column.kind === "text" ? column.name : "num";
  const path = `${line.table}[${line.index}].${column.name}`;
  if (pending !== null) return make("td", { class: kind, "data-path": path, "data-tone": "fine" }, pending);
  if (!value) return make("td", { class: kind, "data-path": path });
  const { sign, tone, says, number } = signOf(value, { typed: value.draft });
  const isWorthSaying = tone !== "fine" && tone !== "none";
  const td = make("td", { class: kind, "data-path": path, "data-tone": tone, title: isWorthSaying ? says : null }, ...characters(value, value.draft));
  if (isWorthSaying) td.append(make("span", { class: "sign" }, ` ${sign}`, make("span", { class: "number" }, number), make("span", { class: "hidden" }, says)));
  return td;
}

/** A value's text, its doubtful characters marked where they are known. */
function characters(value, draft) {
  const text = draft ?? value.value ?? value.raw ?? "";
  const all = [...text];
  if (draft !== null || all.length !== value.characters.length) return [text];
  return all.map((character, at) => (value.characters[at] < DOUBTFUL_CHARACTER ? make("mark", {}, character) : character));
}

function entryCell(row) {
  if (!row) return make("td", { class: "catalog" });
  const { status, reimbursement_class, name, code, why } = row.catalog;
  const { sign, tone } = MATCHES[status];
  const level = reimbursement_class ? make("span", { class: "level" }, reimbursement_class) : null;
  return make("td", { class: "catalog", "data-tone": tone, title: [name, code, why].filter(Boolean).join("\n") }, make("span", { class: "sign" }, sign), level, make("span", { class: "entry" }, name ?? t("未对上")));
}
