// What rules say of the claim, and what is missing; a failed check leads to the values that it names.

import { t } from "../shell/shell.js";
import { half, make } from "./elements.js";
import { valueAt } from "./places.js";

export class Checks {
  #desk;
  #element;
  #override;

  /** @param {HTMLElement} element takes the list. @param {(check: object) => void} override asks for a reason and lets a check be. */
  constructor(element, desk, override) {
    this.#element = element;
    this.#desk = desk;
    this.#override = override;
    desk.addEventListener("record", ({ detail: { record, previous } }) => {
      if (record.checks !== previous?.checks || record.missing_materials !== previous?.missing_materials) this.#show(record);
    });
  }

  /** The failed checks that nobody has let be, blocking ones first. */
  get open() {
    const failed = this.#desk.record.checks.filter((one) => one.outcome === "fail" && !one.overridden_by);
    return failed.sort((one, other) => Number(other.severity === "block") - Number(one.severity === "block"));
  }

  /** Bring the first open check into focus. @returns whether there is one that keeps the claim. */
  focusFirst() {
    const button = this.#element.querySelector("button");
    button?.focus();
    return Boolean(button);
  }

  #show(record) {
    const focused = this.#element.contains(document.activeElement) ? document.activeElement.dataset.check : undefined;
    const open = this.open;
    const overridden = record.checks.filter((one) => one.overridden_by);
    const passed = record.checks.filter((one) => one.outcome === "pass").length;
    const silent = record.checks.filter((one) => one.outcome === "unknown").length;
    const counts = [passed && t("{count} 项通过", { count: passed }), silent && t("{count} 项无从判断", { count: silent })];
    const summary = counts.filter(Boolean).join(" · ");
    this.#element.replaceChildren(
      make("h3", {}, t("校验"), " ", make("span", { class: "muted" }, summary)),
      make("ul", {}, ...open.map((one) => this.#row(one)), ...overridden.map(overriddenRow), ...record.missing_materials.map(missingRow)),
    );
    if (focused !== undefined) this.#element.querySelector(`[data-check="${Number(focused)}"]`)?.focus();
  }

  #row(check) {
    const isBlock = check.severity === "block";
    const place = check.places.find((one) => valueAt(this.#desk.record, one));
    return make("li", { class: isBlock ? "fail" : "doubt" },
      make("span", { class: "sign" }, isBlock ? "✕" : "!", make("span", { class: "hidden" }, isBlock ? t("须解决") : t("请留意"))),
      make("span", { class: "says" }, make("strong", {}, check.name), " ", half(check.message)),
      place ? make("button", { type: "button", class: "link", "data-check": check.key, onclick: () => this.#desk.focus(place, { by: "checks" }) }, t("查看")) : null,
      check.may_override ? make("button", { type: "button", class: "link", "data-override": check.key, onclick: () => this.#override(check) }, t("放行…")) : null);
  }
}

const overriddenRow = (check) =>
  make("li", { class: "fine" }, make("span", { class: "sign" }, "✓"),
    make("span", { class: "says" }, make("strong", {}, check.name), " ", t("{who} 已放行：{reason}", { who: check.overridden_by, reason: check.override_reason ?? "" })));

const missingRow = (material) =>
  make("li", { class: "doubt" }, make("span", { class: "sign" }, "○"), make("span", { class: "says" }, make("strong", {}, t("缺材料")), " ", half(material)));
