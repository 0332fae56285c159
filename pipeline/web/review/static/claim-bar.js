// The line above a claim: whose it is, what hangs on it, who has it, and whether everything is with the server.

import { t } from "../shell/shell.js";
import { half, make } from "./elements.js";

const SAVING = { saved: ["✓", "fine", "已保存"], saving: ["…", "none", "正在保存"], away: ["⚠", "doubt", "服务器没有应答，填写内容已存在本机，会自动重发"] };

export class ClaimBar {
  #facts;
  #saving;
  #left;
  #pass;
  #desk;

  /** @param {HTMLElement} element with `.facts`, `.saving`, `.left` and the button `.pass`. */
  constructor(element, desk) {
    this.#desk = desk;
    this.#facts = element.querySelector(".facts");
    this.#saving = element.querySelector(".saving");
    this.#left = element.querySelector(".left");
    this.#pass = element.querySelector(".pass");
    desk.addEventListener("record", ({ detail }) => this.#show(detail.record));
    desk.addEventListener("saving", ({ detail }) => this.#say(detail.state));
    this.#say("saved");
  }

  #say(state) {
    const [sign, tone, says] = SAVING[state];
    const text = `${sign} ${t(says)}`;
    if (this.#saving.textContent === text) return;
    this.#saving.className = `saving tag ${tone}`;
    this.#saving.textContent = text;
  }

  #show(record) {
    const { person } = record;
    document.title = [person.name, record.claim_id].filter(Boolean).join(" · ");
    const facts = [
      record.urgent ? tag("fail", `! ${t("加急")}`) : null,
      make("strong", {}, person.name ?? "—"),
      make("span", {}, record.hospital ?? "—"),
      make("span", { class: "muted" }, record.visit),
      record.payout ? make("span", {}, t("预计支付 {range}", { range: range(record.payout) })) : null,
      make("span", { class: "muted" }, t("存疑金额 {risk}", { risk: record.risk })),
      record.settle_by ? make("span", { class: "muted" }, t("{day} 前办结", { day: record.settle_by.slice(0, 10) })) : null,
      tag("", half(record.state_name)),
      record.blind ? tag("doubt", t("复审：不显示初审的答案")) : null,
      record.assigned_to ? tag("", t("交给 {who}", { who: record.assigned_to })) : null,
      this.#desk.isOthers ? tag("doubt", t("{who} 正在处理，只能查看", { who: record.lease.holder })) : null,
    ];
    this.#facts.replaceChildren(...facts.filter(Boolean));
    const left = record.todo.length;
    this.#left.textContent = left ? t("还有 {count} 处", { count: left }) : t("全部看过");
    const step = forwardStep(record);
    this.#pass.textContent = step ? t(step.label) : t("没有下一步");
    this.#pass.disabled = !step;
    this.#pass.classList.toggle("main", Boolean(step) && !step.refused && !left);
    this.#pass.title = step?.refused ? half(step.refused) : "";
  }
}

/** The steps that bring a claim on, in the order in which they are offered. */
const FORWARD = ["enter", "pass_first", "pass_second"];

/** The step that brings the claim on: the first that can be taken, else the first that there is, or undefined. */
export function forwardStep(record) {
  const steps = FORWARD.flatMap((event) => record.steps.filter((one) => one.event === event));
  return steps.find((one) => !one.refused) ?? steps[0];
}

const tag = (tone, text) => make("span", { class: `tag ${tone}` }, text);

/** `120.00` or `120.00–180.00` of what may be paid. */
function range(payout) {
  const { low, high } = payout;
  return low === high ? low : `${low}–${high}`;
}
