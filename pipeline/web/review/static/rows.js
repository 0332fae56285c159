// The line table: a paper's rows, edited in place by one floating input, with sums that follow each key.
//
// The input always lies over the cell in focus and holds its text, selected: typing replaces it, an input method composes
// into it from its first key on, and 300 rows need no 2,400 inputs. While nothing is typed arrows move from cell to cell;
// once something is, they move within the text.

import { ask, Refused, say, t } from "../shell/shell.js";
import { asValue, CATALOG, cellsOf, COLUMNS, headed } from "./columns.js";
import { half, make } from "./elements.js";
import { ByExample } from "./example.js";
import { faultOf, meantFor, spelled } from "./formats.js";
import { dayOf, Lookup } from "./lookup.js";
import { cellOf, keyOf, valueAt } from "./places.js";
import { balanceLine, balancesOf, closes } from "./row-balances.js";
import { cellsFilled, MOST_CHANGES, rowsAdded, rowsDeleted, rowsOverwritten } from "./row-changes.js";
import { RowGrid } from "./row-grid.js";
import { askForRows, joinedCells, partedCells } from "./rows-dialogs.js";

const GROUP = "明细表";

export class RowTable {
  #desk;
  #element;
  #grid = new RowGrid();
  #editor = make("input", { class: "cell-editor", autocomplete: "off", spellcheck: "false", "aria-describedby": "detail" });
  #title = make("h3");
  #sums = make("ul", { class: "sums", "aria-live": "off" });
  #offers = make("ul", { class: "offers" });
  #lookup;
  #example;
  #paper = null;
  #at = { line: 0, column: 0 };
  #span = 0;
  #frame = null;
  #isToBeSeen = false;
  #shown = "";
  #isIn = false;
  #fresh = null;
  #pending = new Map();
  #lesson = null;

  /** @param {HTMLElement} element takes the table. */
  constructor(element, desk, keys) {
    this.#desk = desk;
    this.#element = element;
    const box = make("div", { class: "line-box" }, this.#grid.element, this.#editor);
    element.append(make("header", { class: "rows-head" }, this.#title, button("加行", "Alt+N", () => this.#addRow()), button("按样例补全", "Alt+I", () => this.#byExample())), box, this.#sums, this.#offers);
    element.setAttribute("role", "region");
    element.setAttribute("aria-label", t("明细"));
    this.#lookup = new Lookup(this.#editor, (entry) => this.#choose(entry));
    this.#example = new ByExample(desk, { host: element, taken: (changes, count) => this.#do(changes, t("已按样例补入 {count} 行", { count })) });
    this.#listen();
    this.#addKeys(keys);
  }

  /** Whether the focus is in the table. */
  get isActive() {
    return document.activeElement === this.#editor;
  }

  /** Whether something was typed that is not confirmed. */
  get isChanged() {
    return this.isActive && this.#column !== CATALOG && this.#editor.value !== this.#shown;
  }

  /** The place in focus. */
  get place() {
    const { table, index } = this.#line;
    return { document_id: this.#paper.document_id, path: `${table}[${index}].${this.#column.name}` };
  }

  /** Show a paper's rows; what is shown already is patched row by row, and what is being typed stays. */
  show(paper) {
    const isOther = paper.document_id !== this.#paper?.document_id;
    const isAsking = this.isActive && this.#lookup.isOpen;
    const typed = !isOther && (this.isChanged || isAsking) ? this.#editor.value : null;
    this.#paper = paper;
    if (isOther) {
      this.#fresh = null;
      this.#pending.clear();
      this.#at = { line: 0, column: 0 };
      this.#lookup.close();
      this.#example.stop();
    }
    this.#render();
    const wantsRows = this.#grid.lines.length > 0 || LISTS.has(paper.document_type);
    this.#element.hidden = !wantsRows;
    if (!wantsRows || !this.#grid.lines.length) {
      this.#editor.hidden = true;
      return;
    }
    this.#editor.hidden = false;
    this.#at.line = Math.min(this.#at.line, this.#grid.lines.length - 1);
    this.#at.column = Math.min(this.#at.column, this.#grid.columns.length - 1);
    this.#place(typed);
  }

  /** Bring a cell into focus by its path. @returns whether it is one of the rows shown. */
  focusCell(path) {
    const cell = cellOf(path);
    const line = cell ? this.#grid.lines.findIndex(({ table, index, row }) => row && table === cell.table && index === cell.row) : -1;
    const column = this.#grid.columns.findIndex(({ name }) => name === cell?.column);
    if (line < 0 || column < 0) return false;
    this.#move(line, column, { isTold: false });
    this.#editor.focus({ preventScroll: true });
    return true;
  }

  get #line() {
    return this.#grid.lines[this.#at.line];
  }

  get #column() {
    return this.#grid.columns[this.#at.column];
  }

  get #value() {
    return valueAt(this.#desk.record, this.place);
  }

  // ---------------------------------------------------------------- showing

  #render() {
    const textOf = this.#textOf();
    this.#grid.show(this.#paper, this.#fresh, (line, name) => this.#onItsWay(line, name), ({ table, index, row }) => row && closes(textOf, table, index));
    const { line_items: rows, category_totals: totals } = this.#paper;
    this.#title.textContent = totals.length ? t("明细 {rows} 行，类别 {totals} 行", { rows: rows.length, totals: totals.length }) : t("明细 {rows} 行", { rows: rows.length });
    this.#tellSums(textOf);
    this.#offers.replaceChildren(...this.#paper.repairs.map((offer, at) => this.#offer(offer, at)));
  }

  #onItsWay({ table, index, row }, name) {
    if (!row) return this.#fresh.cells[name] ?? "";
    return this.#pending.get(`${table}[${index}].${name}`) ?? null;
  }

  /** What stands in each cell now, with what is being typed. */
  #textOf() {
    const rows = this.#paper;
    const here = this.isActive && this.#grid.lines.length && this.#column !== CATALOG ? this.place.path : null;
    return (table, index, name) => {
      const path = `${table}[${index}].${name}`;
      if (path === here && this.#line.row) return spelled(asValue(this.#column), this.#editor.value);
      return this.#pending.get(path) ?? rows[table][index]?.cells[name]?.value ?? "";
    };
  }

  #tellSums(textOf = this.#textOf()) {
    this.#sums.replaceChildren(...balancesOf(this.#paper, textOf).map(balanceLine));
  }

  #offer(offer, at) {
    const edits = offer.edits.map(({ path, old, new: fresh }) => {
      const cell = cellOf(path);
      const label = cell ? t("第 {row} 行", { row: cell.row + 1 }) : "";
      return `${label} ${old ?? "—"} → ${fresh ?? "—"}`.trim();
    });
    return make("li", {}, make("span", { class: "sign" }, "✚"), make("span", { class: "says" }, edits.join("；"), " ", make("small", { class: "muted" }, half(offer.why))), make("button", { type: "button", onclick: () => this.#repair(at) }, t("采用"), " ", at ? null : make("kbd", {}, "Alt+V")));
  }

  /** Lay the input over the cell in focus. @param {string|null} typed stays in it, where something is being typed. */
  #place(typed = null) {
    if (!this.#grid.cellAt(this.#at.line, this.#at.column)) return;
    this.#lay();
    this.#editor.classList.toggle("num", this.#column.kind === "money" || this.#column.kind === "count");
    this.#editor.readOnly = this.#desk.isOthers;
    this.#editor.dataset.path = this.place.path;
    this.#editor.setAttribute("aria-label", t("第 {row} 行 {column}", { row: this.#line.index + 1, column: t(this.#column.label) }));
    if (typed !== null) return;
    this.#shown = this.#column === CATALOG ? (this.#line.row?.catalog.name ?? "") : this.#textHere();
    this.#editor.value = (this.#column !== CATALOG && this.#line.row && this.#desk.draftOf(this.place)) || this.#shown;
    this.#isIn = false;
    this.#refresh();
    if (this.isActive) this.#editor.select();
  }

  /** Lay the input over its cell before the next paint: to measure is to lay out the table, and once a frame is enough. */
  #lay({ isToBeSeen = false } = {}) {
    this.#isToBeSeen ||= isToBeSeen;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      const cell = this.#grid.lines.length ? this.#grid.cellAt(this.#at.line, this.#at.column) : null;
      if (!cell) return;
      if (this.#isToBeSeen) cell.scrollIntoView({ block: "nearest", inline: "nearest" });
      this.#isToBeSeen = false;
      const { style } = this.#editor;
      [style.left, style.top, style.width, style.height] = [cell.offsetLeft, cell.offsetTop, cell.offsetWidth, cell.offsetHeight].map((one) => `${one}px`);
    });
  }

  #textHere() {
    const onItsWay = this.#onItsWay(this.#line, this.#column.name);
    return onItsWay ?? this.#line.row?.cells[this.#column.name]?.value ?? "";
  }

  /** Say beside the input what is wrong with its text. */
  #refresh() {
    const text = spelled(asValue(this.#column), this.#editor.value);
    const fault = this.#column !== CATALOG && this.isChanged && text ? faultOf(asValue(this.#column), text) : "";
    this.#editor.setAttribute("aria-invalid", String(Boolean(fault)));
    this.#editor.title = fault;
  }

  // ---------------------------------------------------------------- moving

  /** To a cell. What was typed in the one before counts. @returns whether one may go there. */
  #move(line, column, { isTold = true, span = 0 } = {}) {
    if (!this.#commit()) return false;
    this.#lookup.close();
    this.#at = { line: Math.max(0, Math.min(line, this.#grid.lines.length - 1)), column: Math.max(0, Math.min(column, this.#grid.columns.length - 1)) };
    this.#span = span;
    this.#grid.choose(...this.#chosen());
    this.#place();
    this.#lay({ isToBeSeen: true });
    if (isTold && this.#line.row) this.#desk.focus(this.#column === CATALOG || !this.#value ? this.#rowPlace() : this.place, { by: "rows" });
    return true;
  }

  /** Where the page shows the row of a cell that has no place of its own. */
  #rowPlace() {
    const { cells } = this.#line.row;
    const known = COLUMNS.map(({ name }) => cells[name]).find((value) => value?.box);
    return known ? { document_id: this.#paper.document_id, path: known.path } : this.place;
  }

  /** First and last of the lines chosen together. */
  #chosen() {
    const other = this.#at.line - this.#span;
    return [Math.min(other, this.#at.line), Math.max(other, this.#at.line)];
  }

  #tab(step) {
    const width = this.#grid.columns.length;
    const next = this.#at.line * width + this.#at.column + step;
    if (!this.#line.row && this.#at.column === width - 1 && step > 0) {
      this.#addRow();
      return;
    }
    this.#move(Math.floor(next / width), ((next % width) + width) % width);
  }

  #mayTab(step) {
    const next = this.#at.line * this.#grid.columns.length + this.#at.column + step;
    return this.isActive && next >= 0 && (next < this.#grid.lines.length * this.#grid.columns.length || !this.#line.row);
  }

  // ---------------------------------------------------------------- typing

  #listen() {
    const editor = this.#editor;
    editor.addEventListener("focus", () => this.#focused());
    editor.addEventListener("blur", () => this.#blurred());
    editor.addEventListener("input", () => this.#typed());
    editor.addEventListener("paste", (event) => this.#paste(event));
    editor.addEventListener("dblclick", () => this.#goIn());
    this.#grid.element.addEventListener("mousedown", (event) => {
      const place = this.#grid.placeOf(event.target);
      if (!place) return;
      event.preventDefault();
      if (this.#move(place.line, place.column)) editor.focus({ preventScroll: true });
    });
    this.#desk.addEventListener("focus", ({ detail }) => {
      if (detail.by === "rows" || detail.document_id !== this.#paper?.document_id || !cellOf(detail.path)) return;
      this.focusCell(detail.path);
    });
    this.#desk.addEventListener("words", ({ detail }) => {
      if (this.#example.isMarking) this.#example.mark(detail);
      else if (this.isActive && this.#column !== CATALOG) this.#put(meantFor(asValue(this.#column), detail.text));
    });
    new ResizeObserver(() => this.#lay()).observe(this.#grid.element);
  }

  #focused() {
    this.#editor.select();
    this.#lookup.prepare();
    if (!this.#grid.lines.length || !this.#line.row) return;
    const place = this.#column === CATALOG || !this.#value ? this.#rowPlace() : this.place;
    if (!this.#desk.place || keyOf(this.#desk.place) !== keyOf(place)) this.#desk.focus(place, { by: "rows" });
  }

  #blurred() {
    this.#lookup.close();
    this.#grid.choose(0, -1);
    // A dialog takes the focus and gives it back; what was typed waits meanwhile.
    if (!document.querySelector("dialog[open]") && this.#editor.value !== this.#shown && this.#column !== CATALOG) this.#commit();
  }

  #typed() {
    this.#isIn = true;
    if (this.#column === CATALOG) {
      this.#lookup.open(this.#editor.value, dayOf(this.#paper));
      return;
    }
    if (this.#line.row) this.#desk.draft(this.place, this.isChanged ? this.#editor.value : null);
    const textOf = this.#textOf();
    this.#grid.setTorn(this.#at.line, closes(textOf, this.#line.table, this.#line.index) === false);
    this.#tellSums(textOf);
    this.#refresh();
  }

  #put(text) {
    this.#editor.value = text;
    this.#typed();
  }

  #goIn() {
    this.#isIn = true;
    const { length } = this.#editor.value;
    this.#editor.setSelectionRange(length, length);
  }

  /**
   * Keep what was typed; what was not touched stays as it is.
   *
   * @param {{isMeant?: boolean}} of `isMeant`: the person says that the text is right, so that a doubt is settled too.
   * @returns whether one may go on: false where the text can be no value.
   */
  #commit({ isMeant = false } = {}) {
    if (!this.#grid.lines.length || this.#column === CATALOG || this.#editor.readOnly) return true;
    const value = this.#line.row?.cells[this.#column.name];
    const isDoubtful = Boolean(value?.doubts.length) && !value.answered;
    const isTouched = this.#editor.value !== this.#shown;
    if (!isTouched && !(isMeant && isDoubtful)) return true;
    const text = spelled(asValue(this.#column), this.#editor.value);
    if (!text) {
      if (!value) return this.#keep("");
      say(t("这里没有内容：请填写，或按 F3 表示票面上没有。"), "fail");
      return false;
    }
    const fault = faultOf(asValue(this.#column), text);
    if (fault) {
      say(`${t(this.#column.label)}：${fault}`, "fail");
      this.#editor.select();
      return false;
    }
    return this.#keep(text);
  }

  #keep(text) {
    this.#shown = text;
    this.#editor.value = text;
    const { table, index, row } = this.#line;
    const name = this.#column.name;
    if (!row && !this.#fresh.sent) {
      if (text) this.#begin(name, text);
      return true;
    }
    if (!text) {
      this.#desk.draft(this.place, null);
      return true;
    }
    if (!row) this.#fresh.cells[name] = text;
    const path = `${table}[${index}].${name}`;
    const isNew = !row?.cells[name];
    // Only answers about values that are there are shown ahead by the desk.
    if (isNew) this.#pending.set(path, text);
    const sent = this.#desk.answer({ document_id: this.#paper.document_id, path }, "value", text);
    sent.catch(() => {}).finally(() => {
      if (this.#pending.get(path) === text) this.#pending.delete(path);
      this.#render();
    });
    return true;
  }

  /** A new row is kept as soon as one of its cells is: from then on it is a row like any other. */
  #begin(name, text) {
    const fresh = this.#fresh;
    fresh.cells[name] = text;
    fresh.sent = true;
    const change = { do: "add_row", document_id: this.#paper.document_id, table: fresh.table, row: fresh.index, cells: { [name]: text } };
    this.#send([change]).finally(() => {
      if (this.#fresh === fresh) this.#fresh = null;
      this.show(this.#paper);
    });
  }

  /** Say that the value is what the input holds, and go on. */
  #enter() {
    if (this.#lookup.isOpen) {
      this.#lookup.take();
      return;
    }
    const isFresh = !this.#line.row;
    if (!this.#commit({ isMeant: true })) return;
    if (isFresh && this.#fresh?.sent) this.#addRow();
    else {
      this.#dropFresh();
      this.#desk.next();
    }
  }

  #escape() {
    if (this.#lookup.isOpen) this.#lookup.close();
    else if (!this.#line.row && !this.#fresh.sent) this.#dropFresh();
    this.#editor.value = this.#shown;
    this.#isIn = false;
    if (this.#column !== CATALOG && this.#line.row) this.#desk.draft(this.place, null);
    this.#render();
    this.#editor.select();
  }

  #answer(kind) {
    if (this.#column === CATALOG || !this.#line.row) return;
    this.#editor.value = this.#shown;
    this.#desk.answer(this.place, kind).catch(() => {});
    this.#desk.next();
  }

  // ---------------------------------------------------------------- whole rows

  /** Do something with rows, and say what was done. */
  async #do(changes, says) {
    if (await this.#send(changes)) say(says);
  }

  async #send(changes) {
    if (changes.length > MOST_CHANGES) {
      say(t("一次最多改 {count} 处，请分几次。", { count: MOST_CHANGES }), "fail");
      return false;
    }
    try {
      await this.#desk.change(changes);
      return true;
    } catch (error) {
      // What the server says against it is told by the desk.
      if (!(error instanceof Refused)) throw error;
      return false;
    }
  }

  #of(change) {
    return { document_id: this.#paper.document_id, table: this.#line?.table ?? "line_items", ...change };
  }

  #addRow() {
    if (this.#desk.isOthers || (this.#grid.lines.length && !this.#commit())) return;
    const line = this.#line;
    // A row that was just typed is on its way: the next one comes behind it.
    const index = line ? line.index + 1 : 0;
    this.#fresh = { table: line?.table ?? "line_items", index, cells: {}, sent: false };
    this.show(this.#paper);
    const at = this.#grid.lines.findIndex(({ row }) => !row);
    this.#move(at, 0, { isTold: false });
    this.#editor.focus();
  }

  #dropFresh() {
    if (!this.#fresh || this.#fresh.sent) return;
    this.#fresh = null;
    this.show(this.#paper);
  }

  #deleteRows() {
    const rows = this.#chosenRows();
    if (!rows.length) {
      this.#dropFresh();
      return;
    }
    this.#editor.value = this.#shown;
    const changes = rowsDeleted(this.#paper.document_id, this.#line.table, rows.map(({ index }) => index));
    this.#do(changes, t("已删除 {count} 行，Ctrl+Z 撤销", { count: rows.length }));
    this.#span = 0;
  }

  #chosenRows() {
    const [from, to] = this.#chosen();
    return this.#grid.lines.slice(from, to + 1).filter(({ row, table }) => row && table === this.#line.table);
  }

  async #splitRow() {
    const { row, index, table } = this.#line;
    if (!row) return;
    const caret = this.#isIn && this.#column.name === "name" ? this.#editor.selectionStart : null;
    const columns = this.#typable;
    const parts = partedCells(row, columns, caret);
    const lacking = columns.find(({ name }) => parts[0][name] && !parts[1][name]) ?? columns[0];
    const made = await askForRows(t("拆成两行"), columns, parts, { says: t("一行里读到了两行的内容，请核对两行各是什么。"), focus: [1, lacking.name] });
    if (made) this.#do([this.#of({ do: "split_row", table, row: index, rows: made.rows })], t("已拆成两行，Ctrl+Z 撤销"));
  }

  async #mergeRows() {
    const [from] = this.#chosen();
    const first = this.#grid.lines[from];
    const count = Math.max(2, this.#chosenRows().length);
    const rows = this.#grid.lines.slice(from, from + count).filter(({ row, table }) => row && table === first.table);
    if (rows.length < 2) return say(t("下面没有可以合并的行。"), "fail");
    const columns = this.#typable;
    const { cells, isPlain } = joinedCells(rows.map(({ row }) => row), columns);
    const made = isPlain ? { rows: [cells] } : await askForRows(t("合并成一行"), columns, [cells], { says: t("各行的数字不同，请核对合并后的一行。"), focus: [0, "amount"] });
    if (!made) return undefined;
    this.#span = 0;
    const change = this.#of({ do: "merge_rows", table: first.table, row: first.index, count: rows.length, cells: made.rows[0] });
    return this.#do([change], t("已合并 {count} 行，Ctrl+Z 撤销", { count: rows.length }));
  }

  /** Put the value of the first chosen row, else of the row above, into this column of the chosen rows. */
  #fillDown() {
    const [from, to] = this.#chosen();
    const source = this.#grid.lines[this.#span ? from : from - 1];
    if (!source?.row || this.#column === CATALOG) return;
    const text = source.row.cells[this.#column.name]?.value;
    if (!text) return;
    const targets = this.#grid.lines.slice(this.#span ? from + 1 : from, to + 1).filter(({ row }) => row);
    const changes = cellsFilled(this.#paper.document_id, targets, this.#column.name, text);
    this.#editor.value = this.#shown;
    this.#do(changes, t("已向下填充 {count} 格，Ctrl+Z 撤销", { count: changes.length }));
  }

  get #typable() {
    return this.#grid.columns.filter((column) => column !== CATALOG);
  }

  // ---------------------------------------------------------------- from a spreadsheet

  async #paste(event) {
    const text = event.clipboardData.getData("text/plain");
    if (!/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    const lines = cellsOf(text);
    const known = headed(lines[0] ?? []);
    const columns = known ?? this.#typable.slice(this.#at.column, this.#at.column + Math.max(...lines.map((line) => line.length)));
    const rows = (known ? lines.slice(1) : lines).map((line) => Object.fromEntries(line.map((cell, at) => [columns[at]?.name, cell]).filter(([name, cell]) => name && cell)));
    const shown = columns.filter(Boolean);
    if (!shown.length || !rows.length) return;
    const { table, index, row } = this.#line;
    const over = { value: "over", label: t("覆盖第 {from} 行起的 {count} 行", { from: index + 1, count: rows.length }) };
    const insert = { value: "insert", label: t("在下方插入 {count} 行", { count: rows.length }) };
    const says = known ? t("已按表头认出各列。") : t("没有表头：从“{column}”列起依次放入。", { column: t(shown[0].label) });
    const made = await askForRows(t("粘贴 {count} 行", { count: rows.length }), shown, rows, { says, choices: known ? [insert, over] : [over, insert] });
    if (!made) return;
    const whole = made.rows.filter((cells) => Object.keys(cells).length);
    const { document_id } = this.#paper;
    const changes = made.choice === "insert" ? rowsAdded(document_id, table, row ? index + 1 : index, whole) : rowsOverwritten(document_id, table, index, this.#paper[table].length, whole);
    this.#do(changes, t("已粘贴 {count} 行，Ctrl+Z 撤销", { count: whole.length }));
  }

  // ---------------------------------------------------------------- the lists, repairs, examples

  #lookUp() {
    const name = this.#line.row?.cells.name;
    const column = this.#grid.columns.indexOf(CATALOG);
    if (!name || !this.#move(this.#at.line, column)) return;
    this.#editor.value = name.value ?? name.raw ?? "";
    this.#editor.select();
    this.#lookup.open(this.#editor.value, dayOf(this.#paper));
  }

  async #choose(entry) {
    const { table, index, row } = this.#line;
    const printed = row.cells.name?.value;
    const { kind, name, form } = entry;
    this.#shown = this.#editor.value = name;
    this.#lesson = printed && printed !== name ? { printed, kind, name, form, document_id: this.#paper.document_id, line: index + 1, day: dayOf(this.#paper) } : null;
    const isKept = await this.#send([this.#of({ do: "choose_entry", table, row: index, text: entry.code || entry.name })]);
    if (isKept) say(this.#lesson ? t("已选“{name}”。Alt+T 提议以后“{printed}”都对到它。", { name, printed }) : t("已选“{name}”。", { name }));
    this.#desk.next();
  }

  async #teach() {
    const lesson = this.#lesson;
    if (!lesson) return;
    this.#lesson = null;
    try {
      await ask("POST", "/api/catalog/aliases", lesson);
      say(t("已提议“{printed}” → “{name}”，由另一人核准后生效。", lesson));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(half(error.message), "fail");
    }
  }

  #repair(at) {
    const offer = this.#paper.repairs[at];
    if (offer) this.#do([{ do: "repair", document_id: this.#paper.document_id, row: offer.index }], t("已采用，Ctrl+Z 撤销"));
  }

  #byExample() {
    this.#example.start(this.#paper, this.#grid.lines.length ? this.#line.row : null);
  }

  async #undo() {
    try {
      await this.#desk.undo();
      say(t("已撤销"));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(half(error.message), "fail");
    }
  }

  // ---------------------------------------------------------------- keys

  #addKeys(keys) {
    const here = () => this.isActive && !this.#example.isOpen;
    const over = () => here() && !this.#isIn;
    const add = (key, name, run, when = here, more = {}) => keys.add({ key, name, group: GROUP, when, run, ...more });
    const held = { repeats: true };
    add("Enter", "确认，到下一处疑点", () => this.#enter());
    add("Shift+Enter", "回到上一处", () => this.#commit() && this.#desk.previous());
    add("Tab", "下一格", () => this.#tab(1), () => here() && this.#mayTab(1), held);
    add("Shift+Tab", "上一格", () => this.#tab(-1), () => here() && this.#mayTab(-1), held);
    for (const [key, step] of [["ArrowDown", 1], ["ArrowUp", -1]]) {
      add(key, "上下左右一格；目录中选条目", () => (this.#lookup.isOpen ? this.#lookup.move(step) : this.#move(this.#at.line + step, this.#at.column)), here, held);
      add(`Shift+${key}`, "选多行", () => this.#move(this.#at.line + step, this.#at.column, { span: this.#span + step }), here, held);
    }
    for (const [key, step] of [["ArrowRight", 1], ["ArrowLeft", -1]]) add(key, "上下左右一格；目录中选条目", () => this.#move(this.#at.line, this.#at.column + step), over, held);
    add("Home", "行首、行尾", () => this.#move(this.#at.line, 0), over);
    add("End", "行首、行尾", () => this.#move(this.#at.line, this.#grid.columns.length - 1), over);
    add("Ctrl+Home", "第一行、最后一行", () => this.#move(0, this.#at.column));
    add("Ctrl+End", "第一行、最后一行", () => this.#move(this.#grid.lines.length - 1, this.#at.column));
    add("Alt+Enter", "在格内修改（接着原文）", () => this.#goIn());
    add("Escape", "恢复原值", () => this.#escape());
    for (const [key, name, kind] of [["F2", "无法辨认", "illegible"], ["F3", "票面上没有", "not_present"], ["F4", "不适用", "not_applicable"]]) add(key, name, () => this.#answer(kind));
    add("Ctrl+Z", "撤销上一次确认", () => this.#undo(), () => here() && !this.isChanged);
    for (const digit of "123456789") add(`Alt+${digit}`, "选用候选值", () => this.#pick(Number(digit) - 1));
    add("Alt+Q", "查目录（名称、编码、拼音首字母）", () => this.#lookUp());
    add("Ctrl+D", "向下填充", () => this.#fillDown());
    add("Ctrl+Delete", "删除行", () => this.#deleteRows());
    add("Alt+X", "把一行拆成两行", () => this.#splitRow());
    add("Alt+B", "与下一行合并", () => this.#mergeRows());
    const isShown = () => this.#paper !== null && !this.#element.hidden && !this.#example.isOpen;
    add("Alt+N", "在下方加行", () => this.#addRow(), isShown);
    add("Alt+V", "采用修复建议", () => this.#repair(0), isShown);
    add("Alt+T", "提议把印的名称记为别名", () => this.#teach(), () => this.#lesson !== null);
    add("Alt+I", "按样例补全其余行", () => this.#byExample(), isShown);
    add("Alt+Y", "到明细表", () => this.#editor.focus(), () => isShown() && this.#grid.lines.length > 0);
  }

  #pick(at) {
    const text = this.#value?.candidates[at]?.value;
    if (text !== undefined) this.#put(text);
  }
}

/** Types of papers that have rows even where reading found none. */
const LISTS = new Set(["itemized_bill", "outpatient_invoice", "inpatient_invoice", "vat_invoice", "settlement_sheet", "prescription"]);

function button(name, key, run) {
  return make("button", { type: "button", class: "link", tabindex: "-1", onclick: run }, t(name), " ", make("kbd", {}, key));
}
