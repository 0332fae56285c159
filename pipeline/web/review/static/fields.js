// The values of one paper at the right: each with its label, its sign, and the crop of the page beside the input.

import { say, t } from "../shell/shell.js";
import { make } from "./elements.js";
import { faultOf, meantFor, spelled } from "./formats.js";
import { addressOf, drawCrop, picture } from "./pictures.js";
import { cellOf, isSame } from "./places.js";
import { signOf } from "./signs.js";

/** CSS pixels that a crop beside an input takes. */
const CROP = { height: 26, width: 240 };

/** What may be said in place of a value, by key. */
export const ANSWERS = { F2: ["illegible", "无法辨认"], F3: ["not_present", "票面上没有"], F4: ["not_applicable", "不适用"] };

export class FieldsView {
  #element;
  #desk;
  #paper = null;
  #rows = new Map();
  #more = make("button", { type: "button", class: "link more", "aria-expanded": "false", onclick: () => this.#unfold() });
  #isUnfolded = false;

  /** @param {HTMLElement} element takes the rows. */
  constructor(element, desk, keys) {
    this.#element = element;
    this.#desk = desk;
    desk.addEventListener("focus", ({ detail }) => this.#focused(detail));
    desk.addEventListener("words", ({ detail }) => this.active?.takeWords(detail.text));
    for (const type of ["conflict", "refused"]) desk.addEventListener(type, () => this.#rows.forEach((row) => row.refresh()));
    this.#addKeys(keys);
  }

  /** The row in whose input the focus is, or undefined. */
  get active() {
    return [...this.#rows.values()].find((row) => row.input === document.activeElement);
  }

  /** Show the values of a paper; what is shown already is changed in place. */
  show(paper) {
    if (this.#paper?.document_id !== paper.document_id) {
      this.#rows.clear();
      this.#element.replaceChildren(this.#more);
      this.#isUnfolded = false;
    }
    this.#paper = paper;
    for (const value of paper.fields) {
      const row = this.#rows.get(value.path);
      if (row) row.update(value, paper);
      else this.#rows.set(value.path, this.#made(value, paper));
    }
    const paths = new Set(paper.fields.map(({ path }) => path));
    for (const [path, row] of this.#rows) {
      if (paths.has(path)) continue;
      row.element.remove();
      this.#rows.delete(path);
    }
    this.#fold();
  }

  /** Values that nobody looks for and nothing was read of lie folded; one that was shown stays where it is. */
  #fold() {
    let folded = 0;
    for (const row of this.#rows.values()) {
      const isBare = row.isBare && !row.wasShown && !this.#isUnfolded;
      row.element.hidden = isBare;
      if (isBare) folded += 1;
      else row.wasShown = true;
    }
    this.#more.hidden = !folded;
    this.#more.replaceChildren(t("还有 {count} 项票面上未读到", { count: folded }), " ", make("kbd", {}, "Alt+M"));
  }

  #unfold() {
    if (this.#more.hidden) return;
    this.#isUnfolded = true;
    const first = [...this.#rows.values()].find((row) => row.element.hidden);
    this.#fold();
    first?.focus();
  }

  /** What was typed and is not confirmed: the first such place of this paper, or undefined. */
  get unconfirmed() {
    const row = [...this.#rows.values()].find((one) => one.isChanged);
    return row && row.place;
  }

  /** Say why the value in focus is none, and go on. */
  answer(kind) {
    if (this.active?.answer(kind)) this.#desk.next();
  }

  #made(value, paper) {
    const row = new FieldRow(this.#desk, value, paper);
    this.#more.before(row.element);
    return row;
  }

  #focused({ document_id, path, by }) {
    this.#rows.forEach((row) => row.element.classList.toggle("here", row.value.path === path && this.#paper.document_id === document_id));
    if (by === "fields" || cellOf(path)) return;
    const row = this.#rows.get(path);
    if (!row) return;
    row.element.hidden = false;
    row.wasShown = true;
    row.focus();
  }

  #addKeys(keys) {
    const inField = () => this.active !== undefined;
    const group = "字段";
    const add = (key, name, run, when = inField, more = {}) => keys.add({ key, name, group, when, run, ...more });
    add("Enter", "确认，到下一处疑点", () => this.active.confirm() && this.#desk.next());
    add("Shift+Enter", "回到上一处", () => this.#desk.previous());
    for (const digit of "123456789") {
      const at = Number(digit) - 1;
      add(digit, "选用第几个候选值（接着输入则仍是数字）", () => this.active.pick(at, digit), () => this.active?.mayPick(at));
      add(`Alt+${digit}`, "选用候选值（随时）", () => this.active.pick(at));
    }
    for (const [key, [kind, name]] of Object.entries(ANSWERS)) add(key, name, () => this.answer(kind));
    keys.add({ key: "Alt+M", name: "显示未读到的字段", group, run: () => this.#unfold() });
    add("Escape", "恢复原值", () => this.active.restore(), () => this.active?.isChanged);
  }
}

let made = 0;

class FieldRow {
  /** Whether it was shown once: it is not folded away again. */
  wasShown = false;
  #desk;
  #fault = "";
  #literal = null;
  #shown = "";
  #crop;
  #cropped = "";
  #sign;
  #label;

  constructor(desk, value, paper) {
    this.#desk = desk;
    made += 1;
    const id = `value-${made}`;
    this.input = make("input", { id, autocomplete: "off", spellcheck: "false", "aria-describedby": `${id}-sign detail` });
    this.#sign = make("output", { id: `${id}-sign`, class: "sign", for: id });
    this.#crop = make("canvas", { class: "crop", "aria-hidden": "true" });
    this.#label = make("label", { for: id });
    this.element = make("div", { class: "field" }, this.#label, this.input, this.#sign, this.#crop);
    this.input.addEventListener("focus", () => this.#focused());
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("beforeinput", (event) => this.#beforeTyping(event));
    this.input.addEventListener("keydown", (event) => this.#leaving(event));
    this.#crop.addEventListener("click", () => this.input.focus());
    this.update(value, paper);
  }

  /** Whether nothing was read and nobody need look. */
  get isBare() {
    const { value, doubts, answered, required } = this.value;
    return value === null && !doubts.length && !answered && !required && !this.isChanged;
  }

  get place() {
    return { document_id: this.paper.document_id, path: this.value.path };
  }

  /** Whether something was typed that is not confirmed. */
  get isChanged() {
    return this.input.value !== (this.value.value ?? "");
  }

  /** Show a value; what is being typed stays. */
  update(value, paper) {
    const isOther = value !== this.value;
    const wasTyped = this.value !== undefined && this.input.value !== this.#shown;
    this.value = value;
    this.paper = paper;
    if (isOther) {
      this.#label.textContent = value.label;
      this.element.dataset.path = value.path;
      this.input.readOnly = value.masked;
      this.input.inputMode = value.kind === "money" || value.kind === "count" ? "decimal" : "text";
      this.input.classList.toggle("num", value.kind === "money" || value.kind === "count");
      if (value.required) this.input.setAttribute("aria-required", "true");
      if (!wasTyped) this.#put(this.#desk.draftOf(this.place) ?? value.value ?? "");
    }
    this.input.readOnly = value.masked || this.#desk.isOthers;
    this.refresh();
    this.#drawCrop();
  }

  /** Draw the sign anew. */
  refresh() {
    const { value } = this;
    const typed = this.isChanged ? this.input.value : null;
    this.#fault = typed ? faultOf(value, spelled(value, typed)) : "";
    const { sign, tone, says, number } = signOf(value, { typed, fault: this.#fault, conflict: this.#desk.conflictAt(this.place) });
    this.#sign.replaceChildren(make("span", { "aria-hidden": "true" }, sign), make("span", { class: "number" }, number), make("span", { class: "hidden" }, says));
    this.element.dataset.tone = tone;
    this.input.setAttribute("aria-invalid", String(Boolean(this.#fault)));
    this.element.classList.toggle("doubtful", value.doubts.length > 0);
  }

  /** Bring the input into focus with its text selected. */
  focus() {
    this.input.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** Say that the value is what the input holds. @returns whether it was taken, so that one may go on. */
  confirm() {
    const { value } = this;
    if (this.input.readOnly) return true;
    const text = spelled(value, this.input.value);
    this.#literal = null;
    if (!text) {
      if (!this.isChanged && !value.doubts.length) return true;
      say(t("这里没有内容：请填写，或按 F3 表示票面上没有。"), "fail");
      return false;
    }
    const fault = faultOf(value, text);
    if (fault) {
      say(`${value.label}：${fault}`, "fail");
      this.input.select();
      return false;
    }
    if (text === value.value && (value.answered || !value.doubts.length)) {
      this.#put(text);
      return true;
    }
    this.#shown = text;
    this.input.value = text;
    this.#send("value", text);
    return true;
  }

  /** Say why there is no value. @returns whether that was taken. */
  answer(kind) {
    if (this.input.readOnly) return false;
    this.#put("");
    this.#send(kind);
    return true;
  }

  /** Whether a digit picks a candidate: the value is in doubt, and nothing was typed yet. */
  mayPick(at) {
    const isUntouched = this.input.value === this.#shown || this.#literal !== null;
    const isSelected = this.input.selectionEnd - this.input.selectionStart === this.input.value.length;
    return this.value.doubts.length > 0 && isUntouched && isSelected && this.#literal === null && this.candidates[at] !== undefined && !this.input.readOnly;
  }

  /** The values that digits pick. */
  get candidates() {
    return this.value.choices.length ? this.value.choices : this.value.candidates.map((one) => one.value);
  }

  /** Put a candidate into the input. `literal` is the digit that picked it: whoever goes on typing meant the digit. */
  pick(at, literal = null) {
    const text = this.candidates[at];
    if (text === undefined || this.input.readOnly) return;
    this.input.value = text;
    this.input.select();
    this.#literal = literal;
    this.#noteDraft();
  }

  /** Put the value back that was there before anything was typed. */
  restore() {
    this.input.value = this.value.value ?? "";
    this.input.select();
    this.#literal = null;
    this.#noteDraft();
    this.#shown = this.input.value;
  }

  /** Words of the page for this value: in place of what is there, behind it where something was taken or typed already. */
  takeWords(text) {
    if (this.input.readOnly) return;
    const taken = meantFor(this.value, text);
    const isFirst = this.input.value === this.#shown || this.value.kind !== "text";
    this.input.value = isFirst ? taken : this.input.value + taken;
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    this.#noteDraft();
  }

  #send(kind, text) {
    // What goes wrong is told by the desk's events, to everybody who shows the value.
    this.#desk.answer(this.place, kind, text).catch(() => {});
  }

  #put(text) {
    this.#shown = text;
    this.input.value = text;
    if (document.activeElement === this.input) this.input.select();
  }

  #focused() {
    this.input.select();
    this.#literal = null;
    if (!isSame(this.#desk.place, this.place)) this.#desk.focus(this.place, { by: "fields" });
  }

  #beforeTyping(event) {
    if (this.#literal === null) return;
    if (event.inputType === "insertText") {
      this.input.value = this.#literal;
      this.input.setSelectionRange(1, 1);
    }
    this.#literal = null;
  }

  #typed() {
    this.#literal = null;
    this.#noteDraft();
  }

  #noteDraft() {
    this.#desk.draft(this.place, this.isChanged ? this.input.value : null);
    this.refresh();
    this.input.dispatchEvent(new CustomEvent("typed", { bubbles: true }));
  }

  /** Tab goes on in the order of the paper, and what was typed counts. */
  #leaving(event) {
    if (event.key !== "Tab" || event.isComposing || event.keyCode === 229 || !this.isChanged || this.#fault || !this.input.value) return;
    this.confirm();
  }

  async #drawCrop() {
    const { page: number, box } = this.value;
    const page = this.paper.pages.find((one) => one.number === number);
    const address = page ? addressOf(page) : "";
    const key = box && address ? `${address} ${box}` : "";
    if (key === this.#cropped) return;
    this.#cropped = key;
    this.#crop.hidden = !key;
    if (!key) return;
    const image = await picture(address).catch(() => null);
    if (image && key === this.#cropped) drawCrop(this.#crop, image, box, CROP);
  }
}
