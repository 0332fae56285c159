// The rest of a table by one of its rows: a person takes a right row, or marks its cells on the page, and what follows
// is shown before anything is taken. Enter takes all, Esc none.

import { ask, Refused, say, t } from "../shell/shell.js";
import { asValue, COLUMNS } from "./columns.js";
import { half, make } from "./elements.js";
import { faultOf } from "./formats.js";

/** The columns that a person is asked to mark, one after the other. */
const MARKED = ["name", "specification", "unit", "quantity", "unit_price", "amount"];

export class ByExample {
  #desk;
  #panel = make("section", { class: "by-example", role: "group", "aria-label": t("按样例补全"), tabindex: "-1", hidden: true });
  #taken;
  #paper = null;
  #marks = null;
  #rows = [];
  #before = null;

  /** @param {{host: HTMLElement, taken: (changes: object[], count: number) => void}} of `taken` gets what adds the rows. */
  constructor(desk, { host, taken }) {
    this.#desk = desk;
    this.#taken = taken;
    host.append(this.#panel);
    this.#panel.addEventListener("keydown", (event) => this.#key(event));
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  /** Whether words of the page are taken for cells of the example. */
  get isMarking() {
    return this.isOpen && this.#marks !== null;
  }

  /** Begin with a row that was read right, else with one to be marked on the page. */
  start(paper, row) {
    this.#paper = paper;
    this.#before = document.activeElement;
    const cells = Object.fromEntries(Object.entries(row?.cells ?? {}).filter(([, value]) => value.box && value.page === row.page).map(([name, value]) => [name, value.box]));
    if (cells.name && cells.amount) {
      this.#ask(row.page, cells);
    } else {
      this.#marks = { page: null, cells: {}, at: 0 };
      this.#tellMarks();
    }
  }

  stop() {
    if (!this.isOpen) return;
    this.#panel.hidden = true;
    this.#marks = null;
    this.#rows = [];
    this.#before?.focus();
  }

  /** A cell was marked on the page. */
  mark({ page, box, document_id }) {
    const marks = this.#marks;
    if (document_id !== this.#paper.document_id || (marks.page !== null && marks.page !== page)) {
      say(t("样例行的各格须在同一页上。"), "fail");
      return;
    }
    marks.page = page;
    marks.cells[MARKED[marks.at]] = box;
    this.#nextMark();
  }

  #nextMark() {
    this.#marks.at += 1;
    if (this.#marks.at < MARKED.length) this.#tellMarks();
    else this.#finishMarks();
  }

  #finishMarks() {
    const { page, cells } = this.#marks;
    if (!cells.name || !Object.keys(cells).some((name) => ["amount", "quantity", "unit_price"].includes(name))) {
      say(t("至少要框出名称和一个数字。"), "fail");
      this.#marks = { page: null, cells: {}, at: 0 };
      this.#tellMarks();
      return;
    }
    this.#marks = null;
    this.#ask(page, cells);
  }

  #tellMarks() {
    const { cells, at } = this.#marks;
    const steps = MARKED.map((name, n) => make("li", { class: n === at ? "here" : cells[name] ? "fine" : "muted", "aria-current": n === at ? "step" : null }, cells[name] ? "✓ " : "", t(COLUMNS.find((one) => one.name === name).label)));
    this.#show(make("h3", {}, t("在票面上框出一行作样例")), make("ol", { class: "steps" }, ...steps), make("p", { class: "muted" }, t("依次点或框出各格。"), " ", make("kbd", {}, "Tab"), ` ${t("没有这一列")} `, make("kbd", {}, "Enter"), ` ${t("已框完")} `, make("kbd", {}, "Esc"), ` ${t("取消")}`));
  }

  async #ask(page, cells) {
    const { document_id } = this.#paper;
    this.#show(make("p", { class: "muted" }, t("正在按样例读其余各行……")));
    try {
      const { rows } = await ask("POST", `/api/review/claims/${this.#desk.record.claim_id}/example`, { document_id, page, cells });
      if (this.isOpen) this.#preview(rows);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.stop();
      say(error.status ? half(error.message) : t("服务器没有应答，请稍后再试。"), "fail");
    }
  }

  #preview(rows) {
    this.#rows = rows.filter(({ known }) => known === null);
    const columns = COLUMNS.filter(({ name }) => rows.some((row) => row.cells[name]));
    const lines = rows.map((row) => make("tr", { class: row.known === null ? "ghost" : "muted" }, make("th", { scope: "row" }, row.known === null ? "＋" : "✓"), ...columns.map((column) => ghost(row.cells[column.name], column))));
    const count = this.#rows.length;
    const says = count ? t("按样例读到 {count} 行新的；已有的 {known} 行不动。", { count, known: rows.length - count }) : t("按样例没有读到新的行。");
    this.#show(make("h3", {}, says),
      make("div", { class: "scroll" }, make("table", { class: "preview" }, make("thead", {}, make("tr", {}, make("th", {}, ""), ...columns.map(({ kind, label }) => make("th", { scope: "col", class: kind === "text" ? "" : "num" }, t(label))))), make("tbody", {}, ...lines))),
      make("p", {}, count ? make("button", { type: "button", class: "main", onclick: () => this.#take() }, t("全部采用"), " ", make("kbd", {}, "Enter")) : null, " ", make("button", { type: "button", onclick: () => this.stop() }, t("一行不要"), " ", make("kbd", {}, "Esc"))));
  }

  /** Add the rows where they stand on the paper; what could not be read as a value is left to be typed. */
  #take() {
    const { document_id } = this.#paper;
    const changes = this.#rows.map(({ before, cells }, n) => ({ do: "add_row", document_id, table: "line_items", row: before + n, cells: Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell.value !== null).map(([name, cell]) => [name, cell.value])) })).filter((change) => Object.keys(change.cells).length);
    this.stop();
    if (changes.length) this.#taken(changes, changes.length);
  }

  #show(...children) {
    this.#panel.hidden = false;
    this.#panel.replaceChildren(...children);
    this.#panel.focus({ preventScroll: true });
    this.#panel.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229 || event.target.closest("button")) {
      if (event.key !== "Escape") return;
    }
    const run = { Escape: () => this.stop(), Enter: () => (this.#marks ? this.#finishMarks() : this.#rows.length && this.#take()), Tab: this.#marks && !event.shiftKey ? () => this.#nextMark() : null }[event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  }
}

function ghost(cell, column) {
  const isNumber = column.kind !== "text";
  if (!cell) return make("td", { class: isNumber ? "num" : "" });
  const isRead = cell.value !== null && !faultOf(asValue(column), cell.value);
  return make("td", { class: isNumber ? "num" : "", "data-tone": isRead ? "fine" : "fail" }, isRead ? cell.value : `✕ ${cell.text}`);
}
