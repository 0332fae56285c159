// All about the value in focus: its crop, its characters, other values that were read, what speaks for it, what rules say.
// The panel keeps its place and height, so that nothing jumps when the focus moves.

import { t } from "../shell/shell.js";
import { half, make } from "./elements.js";
import { ANSWERS } from "./fields.js";
import { addressOf, drawCrop, picture } from "./pictures.js";
import { cellOf, isSame, paperOf, valueAt } from "./places.js";
import { DOUBTFUL_CHARACTER, percent, signOf } from "./signs.js";

const CROP = { height: 54, width: 420 };
const MOST_CANDIDATES = 9;

/** The witness bar: what can speak for a value, in this order; an amount shows all, so that one sees what is wanting. */
const WITNESSES = {
  ocr: "识别",
  second_look: "再次识别",
  arithmetic: "算式",
  capitals: "大写",
  qr: "二维码",
  text_layer: "文本层",
  catalog: "目录",
  rendition: "另一份",
  person: "人工",
};

export class Detail {
  #desk;
  #element;
  #crop = make("canvas", { class: "crop", role: "img" });
  #value = null;
  #paper = null;
  #pick;
  #answer;

  /** @param {HTMLElement} element the panel. @param {(at: number) => void} pick takes candidate number `at` (from 0).
   *  @param {(kind: string) => void} answer says why there is no value. */
  constructor(element, desk, pick, answer) {
    this.#element = element;
    this.#desk = desk;
    this.#pick = pick;
    this.#answer = answer;
    desk.addEventListener("focus", () => this.#show());
    desk.addEventListener("record", ({ detail: { record, previous } }) => this.#show(record.checks !== previous?.checks));
  }

  #show(isChanged = false) {
    const { record, place } = this.#desk;
    const value = place && valueAt(record, place);
    const paper = place && paperOf(record, place.document_id);
    if (value === this.#value && paper === this.#paper && !isChanged) return;
    const isMoved = value?.box !== this.#value?.box || paper?.document_id !== this.#paper?.document_id;
    this.#value = value;
    this.#paper = paper;
    if (!value) {
      this.#element.replaceChildren(make("p", { class: "muted" }, t("选一个字段，这里会显示它的图像、候选值和佐证。")));
      return;
    }
    const parts = [this.#head(value), make("div", { class: "looks" }, this.#crop, characters(value)), this.#candidates(value), witnesses(value), this.#messages()];
    this.#element.replaceChildren(...parts.filter(Boolean));
    if (isMoved) this.#drawCrop(value, paper);
  }

  #head(value) {
    const { says, tone, number } = signOf(value);
    const where = value.page ? t("第 {page} 页", { page: value.page }) : t("票面上没有找到位置");
    return make("div", { class: "head" }, make("strong", {}, value.label), make("span", { class: `tag ${tone}` }, [says, number].filter(Boolean).join(" ")), make("span", { class: "muted" }, where), ...this.#answers());
  }

  /** What may be said in place of a value; the keys of the fields do the same. */
  #answers() {
    if (cellOf(this.#desk.place.path)) return [];
    return Object.entries(ANSWERS).map(([key, [kind, name]]) =>
      make("button", { type: "button", class: "quiet", tabindex: "-1", onmousedown: (event) => event.preventDefault(), onclick: () => this.#answer(kind) }, make("kbd", {}, key), ` ${t(name)}`));
  }

  #candidates(value) {
    const all = value.choices.length ? value.choices.map((text) => ({ value: text })) : value.candidates;
    if (!all.length) return null;
    const shown = all.slice(0, MOST_CANDIDATES).map(({ value: text, confidence }, at) =>
      make("li", {}, make("button", { type: "button", tabindex: "-1", onmousedown: (event) => event.preventDefault(), onclick: () => this.#pick(at) },
        make("kbd", {}, String(at + 1)), ` ${text} `, confidence === undefined ? null : make("small", { class: "muted" }, percent(confidence)))),
    );
    return make("ol", { class: "candidates", "aria-label": t("候选值") }, ...shown);
  }

  #messages() {
    const { record, place } = this.#desk;
    const failed = record.checks.filter((one) => one.outcome === "fail" && !one.overridden_by && one.places.some((at) => isSame(at, place)));
    if (!failed.length) return null;
    return make("ul", { class: "messages" }, ...failed.map(({ message }) => make("li", {}, `! ${half(message)}`)));
  }

  async #drawCrop(value, paper) {
    const page = paper.pages.find((one) => one.number === value.page);
    this.#crop.hidden = !value.box || !page?.picture;
    if (this.#crop.hidden) return;
    this.#crop.setAttribute("aria-label", t("票面上“{label}”处的图像", { label: value.label }));
    const image = await picture(addressOf(page)).catch(() => null);
    if (image && this.#value?.box === value.box) drawCrop(this.#crop, image, value.box, CROP);
  }
}

/** The characters of a value, the doubtful ones with how sure they are. */
function characters(value) {
  const all = [...(value.value ?? "")];
  if (all.length !== value.characters.length || value.characters.every((one) => one >= DOUBTFUL_CHARACTER)) return null;
  const shown = all.map((character, at) => {
    const confidence = value.characters[at];
    if (confidence >= DOUBTFUL_CHARACTER) return make("span", {}, character);
    return make("span", { class: "doubt" }, character, make("sub", {}, percent(confidence)));
  });
  return make("span", { class: "characters", "aria-label": t("逐字把握") }, ...shown);
}

function witnesses(value) {
  const kinds = value.kind === "money" ? Object.keys(WITNESSES) : [...new Set(value.witnesses.map(({ kind }) => kind))];
  const shown = kinds.map((kind) => {
    const own = value.witnesses.filter((one) => one.kind === kind);
    const tone = !own.length ? "none" : own.every(({ agrees }) => agrees) ? "fine" : "fail";
    const sign = { none: "·", fine: "✓", fail: "✕" }[tone];
    const says = own.map((one) => half(one.says)).join("；") || t("没有");
    return make("li", { class: tone, title: says }, `${sign} ${t(WITNESSES[kind])}`, make("span", { class: "hidden" }, `：${says}`));
  });
  return make("ul", { class: "witnesses", "aria-label": t("佐证") }, ...shown);
}
