// Looking a row up in the lists as one types: by name, other names, code, or initials of the pinyin (阿莫西林: amxl).
// A combobox of ARIA: the focus stays in the input, and the list below it says which entry a key would take.

import { ask, Refused, t } from "../shell/shell.js";
import { make } from "./elements.js";

const CLASS_TONES = { 甲: "fine", 乙: "doubt", 丙: "fail" };
/** CSS pixels between the list and its input, and the edge of the window. */
const GAP = 4;
const EDGE = 8;
const KINDS = { drug: "药品", service: "诊疗", facility: "设施", consumable: "耗材" };

export class Lookup {
  #input;
  #list = make("ul", { class: "entries", role: "listbox", id: "catalog-entries", "aria-label": t("目录条目"), hidden: true });
  #choose;
  #entries = [];
  #at = 0;
  #day = null;
  #asked = null;

  /**
   * @param {HTMLInputElement} input what is typed into.
   * @param {(entry: object) => void} choose takes the entry that a person chose.
   */
  constructor(input, choose) {
    this.#input = input;
    this.#choose = choose;
    input.after(this.#list);
  }

  /** Whether entries are shown that a key could take. */
  get isOpen() {
    return !this.#list.hidden;
  }

  /** Have the server make its index ready, before anything is typed. */
  prepare() {
    // A server that is away is told of by the first question that a person asks.
    ask("GET", "/api/catalog").catch(() => {});
  }

  /** Ask for what is typed. @param {string|null} day of treatment (ISO 8601): whose lists are asked. */
  async open(typed, day) {
    this.#day = day;
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    if (!typed.trim()) {
      this.close();
      return;
    }
    const query = new URLSearchParams({ q: typed.slice(0, 100), ...(day ? { day } : {}) });
    try {
      const { entries } = await ask("GET", `/api/catalog?${query}`, undefined, { signal: asked.signal });
      if (!asked.signal.aborted) this.#show(entries);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Refused)) throw error;
      this.#tell(t("目录暂时查不到，请稍后再试。"));
    }
  }

  close() {
    this.#asked?.abort();
    this.#entries = [];
    this.#list.hidden = true;
    this.#list.replaceChildren();
    for (const name of ["role", "aria-expanded", "aria-controls", "aria-autocomplete", "aria-activedescendant"]) this.#input.removeAttribute(name);
  }

  /** To another entry. */
  move(step) {
    if (!this.#entries.length) return;
    this.#at = (this.#at + step + this.#entries.length) % this.#entries.length;
    this.#mark();
  }

  /** Take the marked entry. @returns whether there was one. */
  take(at = this.#at) {
    const entry = this.#entries[at];
    if (!entry) return false;
    this.close();
    this.#choose(entry);
    return true;
  }

  #show(entries) {
    this.#entries = entries;
    this.#at = 0;
    if (!entries.length) {
      this.#tell(t("目录中没有相近的条目"));
      return;
    }
    this.#list.replaceChildren(...entries.map((entry, at) => this.#option(entry, at)));
    this.#reveal();
    this.#mark();
  }

  #tell(sentence) {
    this.#entries = [];
    this.#list.replaceChildren(make("li", { class: "muted none", role: "option", "aria-disabled": "true" }, sentence));
    this.#reveal();
  }

  /** Show the list below the input, or above it where there is more room. */
  #reveal() {
    this.#list.hidden = false;
    const { left, top, bottom } = this.#input.getBoundingClientRect();
    const { offsetWidth, offsetHeight, style } = this.#list;
    const isBelow = bottom + offsetHeight + EDGE <= innerHeight || top < innerHeight / 2;
    style.left = `${Math.max(EDGE, Math.min(left, innerWidth - offsetWidth - EDGE))}px`;
    style.top = `${isBelow ? bottom + GAP : Math.max(EDGE, top - offsetHeight - GAP)}px`;
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": this.#list.id, "aria-autocomplete": "list" })) this.#input.setAttribute(name, value);
  }

  #option(entry, at) {
    const level = entry.reimbursement_class;
    const price = entry.price !== null ? `¥${entry.price}${entry.unit ? `/${entry.unit}` : ""}` : "";
    const details = [entry.form, entry.specification, entry.more ? t("等 {count} 种规格", { count: entry.more + 1 }) : "", entry.payment_standard || price].filter(Boolean).join(" · ");
    return make("li", { role: "option", id: `catalog-entry-${at}`, title: [entry.source, entry.price_basis, entry.restriction].filter(Boolean).join("\n"), onmousedown: (event) => event.preventDefault(), onclick: () => this.take(at) },
      make("span", { class: `tag ${CLASS_TONES[level] ?? ""}` }, level ?? t(KINDS[entry.kind])),
      make("span", { class: "what" }, make("strong", {}, entry.name), entry.called ? make("span", { class: "muted" }, ` ← ${entry.called}`) : null, make("small", { class: "muted" }, details)),
      make("code", {}, entry.code || t("无编码")));
  }

  #mark() {
    [...this.#list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.#at)));
    this.#input.setAttribute("aria-activedescendant", `catalog-entry-${this.#at}`);
    this.#list.children[this.#at].scrollIntoView({ block: "nearest" });
  }
}

const DAYS = ["visit_date", "discharge_date", "period_end", "issue_date"];

/** The day whose lists hold for a paper, as `Document.treatment_date` tells it; null where none was read. */
export function dayOf(paper) {
  return DAYS.map((name) => paper.fields.find((value) => value.name === name)?.value).find(Boolean) ?? null;
}
