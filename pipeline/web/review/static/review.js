// The review screen: one claim, its papers at the left, its values at the right, and the keys that belong to the whole.

import { Refused, say, t } from "../shell/shell.js";
import { Checks } from "./checks.js";
import { ClaimBar, forwardStep } from "./claim-bar.js";
import { desk } from "./desk.js";
import { Detail } from "./detail.js";
import { askFor, showKeys, showTable } from "./dialogs.js";
import { half, make } from "./elements.js";
import { FieldsView } from "./fields.js";
import { keys } from "./keys.js";
import { PageView } from "./page-view.js";
import { addressOf, picture } from "./pictures.js";
import { isSame, paperOf, valueAt, valuesOf } from "./places.js";
import { RowTable } from "./rows.js";

/** With so many doubtful values left, the next claim is fetched. */
const PREFETCH_AT = 2;
/** Milliseconds that what is said at the foot of the page stays at least; the next key after that takes it away. */
const TIME_TO_READ = 2500;
/** Of each paper, pages that are loaded before they are shown. */
const MOST_READY = 3;

const screen = document.getElementById("desk");
const part = (name) => screen.querySelector(name);

// Heard before all parts: they find the paper of a place at the right already when they are told of the place.
desk.addEventListener("focus", ({ detail: { document_id } }) => {
  const paper = paperOf(desk.record, document_id);
  if (!paper || shown?.document_id === document_id) return;
  show(paper);
  showTabs(desk.record);
});

new ClaimBar(part(".claim-bar"), desk);
const view = new PageView(part(".page"), desk);
const fields = new FieldsView(part(".fields"), desk, keys);
const rows = new RowTable(part(".rows"), desk, keys);
const checks = new Checks(part(".checks"), desk, override);
new Detail(part(".detail"), desk, (at) => fields.active?.pick(at), (kind) => fields.answer(kind));

let shown = null;

/** Show a paper's values at the right. */
function show(paper) {
  const isOther = shown?.document_id !== paper.document_id;
  shown = paper;
  fields.show(paper);
  rows.show(paper);
  if (isOther) part(".scroll").scrollTop = 0;
}

desk.addEventListener("record", ({ detail: { record, previous, opened } }) => {
  const paper = (!opened && shown && paperOf(record, shown.document_id)) || record.papers[0];
  if (paper && (paper !== shown || record.lease !== previous?.lease)) show(paper);
  if (record.papers !== previous?.papers || record.todo !== previous?.todo) showTabs(record);
  if (opened) makeReady(record.papers);
  if (record.todo.length <= PREFETCH_AT) prefetch();
});

desk.addEventListener("done", () => {
  const kept = forwardStep(desk.record);
  say(kept?.refused ? half(kept.refused) : t("疑点已全部看过，Ctrl+Enter 通过。"), kept?.refused ? "fail" : "");
  if (!kept?.refused || !checks.focusFirst()) part(".pass").focus();
});
desk.addEventListener("refused", ({ detail: { message, places } }) => {
  say(half(message), "fail");
  if (places.length) desk.focus(places[0], { by: "refused" });
});
desk.addEventListener("conflict", ({ detail: { places } }) => {
  say(t("此件已被他人修改：您填写的内容保留在原处，请核对 {count} 处。", { count: places.length }), "fail");
  if (places[0].path) desk.focus(places[0], { by: "conflict" });
});
desk.addEventListener("lease", async ({ detail: { idle } }) => {
  if (!idle) return;
  const again = await askFor(t("此件已退回队列"), { says: t("15 分钟没有操作。填写的内容已保存。"), button: t("继续处理") });
  if (again) await doing(() => desk.retake());
  else location.assign("/review");
});

function showTabs(record) {
  const tabs = record.papers.map((paper) => {
    const open = record.todo.filter((one) => one.document_id === paper.document_id).length;
    const isShown = paper.document_id === shown?.document_id;
    const sign = open ? make("span", { class: "count" }, `? ${open}`) : make("span", { class: "count fine" }, "✓");
    return make("button", { type: "button", role: "tab", tabindex: isShown ? "0" : "-1", "aria-selected": String(isShown), title: paper.file, onclick: () => openPaper(paper) }, paper.type_name || paper.title, " ", sign);
  });
  part(".papers").replaceChildren(...tabs);
}

/** Show a paper with its first doubtful value, else its first value, in focus. */
function openPaper(paper) {
  const doubtful = desk.record.todo.find((one) => one.document_id === paper.document_id);
  const first = valuesOf(paper)[0];
  const place = doubtful ?? (first && { document_id: paper.document_id, path: first.path });
  if (place) desk.focus(place, { by: "tabs" });
  else show(paper);
}

async function prefetch() {
  const record = await desk.prefetch();
  if (record?.papers[0]) makeReady(record.papers.slice(0, 1));
}

/** Load the pages of papers before they are shown; one that cannot be loaded is told when it is shown. */
function makeReady(papers) {
  for (const page of papers.flatMap(({ pages }) => pages.slice(0, MOST_READY))) {
    const address = addressOf(page);
    if (address) picture(address).catch(() => {});
  }
}

/** Do something that the server may refuse, and say why where it does. */
async function doing(what) {
  try {
    return await what();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.status ? half(error.message) : t("服务器没有应答，请稍后再试。"), "fail");
    return null;
  }
}

async function override(check) {
  const answers = await askFor(t("放行：{name}", { name: check.name }), { says: half(check.message), inputs: [{ name: "reason", label: t("理由") }], button: t("放行") });
  if (answers) await doing(() => desk.override(check.key, answers.reason));
}

/** Take the step that brings the claim on; a claim that is not ready leads to what keeps it. */
async function pass() {
  if (fields.active?.isChanged && !fields.active.confirm()) return;
  if (rows.isChanged) {
    say(t("还有填写未确认，请按 Enter 确认。"), "fail");
    return;
  }
  const typed = fields.unconfirmed;
  if (typed) {
    say(t("还有填写未确认，请按 Enter 确认。"), "fail");
    desk.focus(typed, { by: "pass" });
    return;
  }
  await desk.settled();
  const step = forwardStep(desk.record);
  if (!step) return;
  if (step.refused) {
    say(half(step.refused), "fail");
    desk.next();
    return;
  }
  await take(step);
}

async function take(step) {
  let reason = "";
  if (step.wants_reason) {
    const answers = await askFor(t(step.label), { inputs: [{ name: "reason", label: t("理由") }] });
    if (!answers) return;
    reason = answers.reason;
  }
  await leaving(() => desk.step(step.event, reason), t("已办理：{step}", { step: t(step.label) }));
}

/** Do something after which the claim is no longer on this desk, and open the next one. */
async function leaving(what, says) {
  const isDone = await doing(async () => {
    await what();
    return true;
  });
  if (!isDone) return;
  say(says);
  const isNext = await doing(() => desk.openNext());
  if (!isNext) {
    location.assign("/review");
    return;
  }
  history.pushState(null, "", `/review/${encodeURIComponent(desk.record.claim_id)}`);
  begin();
}

/** Where work on a claim begins. */
function begin() {
  const [first] = desk.record.todo;
  if (first) desk.focus(first, { by: "open" });
  else desk.next();
}

async function chooseStep() {
  const { steps } = desk.record;
  const can = steps.filter((one) => !one.refused);
  const cannot = steps.filter((one) => one.refused).map((one) => `${t(one.label)}：${half(one.refused)}`);
  if (!can.length) return say(cannot.join("；") || t("没有下一步"), "fail");
  const answers = await askFor(t("办理"), { choices: can.map(({ event, label }) => ({ value: event, label: t(label) })), says: cannot.join("；") });
  if (!answers) return undefined;
  return take(can.find(({ event }) => event === answers.choice));
}

const DAYS = { 1: "明天", 3: "三天后", 7: "一周后" };

async function postpone() {
  const choices = Object.entries(DAYS).map(([days, label]) => ({ value: days, label: t(label) }));
  const answers = await askFor(t("搁置"), { choices, inputs: [{ name: "reason", label: t("理由") }] });
  if (!answers) return;
  const until = new Date();
  until.setDate(until.getDate() + Number(answers.choice));
  until.setHours(8, 0, 0, 0);
  await leaving(() => desk.postpone(until.toISOString(), answers.reason), t("已搁置"));
}

async function sendTo() {
  const people = await doing(() => desk.colleagues());
  if (!people) return;
  if (!people.length) {
    say(t("没有其他复核人员。"), "fail");
    return;
  }
  const choices = people.map(({ name, shown_as }) => ({ value: name, label: shown_as }));
  const answers = await askFor(t("交给"), { choices, inputs: [{ name: "reason", label: t("理由") }] });
  if (answers) await leaving(() => desk.assign(answers.choice, answers.reason), t("已交给 {who}", { who: answers.choice }));
}

/** Take a claim from whoever has it. */
async function takeOver() {
  const answers = await askFor(t("从 {who} 接手此件？", { who: desk.record.lease.holder }), { button: t("接手") });
  if (answers) await doing(() => desk.retake({ takeOver: true }));
}

/** Take the last change back and show where it was. */
async function undo() {
  const before = desk.record;
  const after = await doing(() => desk.undo());
  if (!after) return;
  const place = firstDifference(before, desk.record);
  say(t("已撤销"));
  if (place) desk.focus(place, { by: "undo" });
}

function firstDifference(before, after) {
  for (const paper of after.papers) {
    const old = paperOf(before, paper.document_id);
    if (paper === old) continue;
    const values = new Map(old ? valuesOf(old).map((value) => [value.path, value]) : []);
    const changed = valuesOf(paper).find((value) => values.get(value.path)?.value !== value.value);
    if (changed) return { document_id: paper.document_id, path: changed.path };
  }
  return null;
}

async function showHistory() {
  const audit = await doing(() => desk.audit());
  if (!audit) return;
  const heads = [t("时间"), t("谁"), t("何处"), t("原值"), t("新值"), t("用时（秒）")];
  const changes = audit.changes.map((one) => ({ ...one, where: labelOf(one) }));
  const decisions = audit.decisions.map((one) => ({ ...one, where: one.label, new: one.reason }));
  const lines = [...changes, ...decisions].sort((one, other) => one.at.localeCompare(other.at));
  showTable(t("修改记录"), heads, lines.map(({ at, who, where, old, new: now, seconds }) => [timeOf(at), who, where, old, now, seconds].map((cell) => String(cell ?? ""))));
}

/** What a place of the audit is called; a row by its path. */
function labelOf({ document_id, path }) {
  const paper = paperOf(desk.record, document_id);
  const label = valueAt(desk.record, { document_id, path })?.label;
  return [paper?.type_name, label && path.startsWith("fields.") ? label : path].filter(Boolean).join(" · ");
}

/** A moment (ISO 8601) in this machine's time zone: `2026-03-02 10:30:05`. */
function timeOf(moment) {
  const at = new Date(moment);
  const two = (number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function otherPaper(step) {
  const { papers } = desk.record;
  const at = papers.findIndex((one) => one.document_id === shown?.document_id);
  const paper = papers[at + step];
  if (paper) openPaper(paper);
}

const isTyping = (event) => event.target.matches?.("input, textarea, [contenteditable]");
const isTouched = () => Boolean(fields.active?.isChanged);
const add = (group, key, name, run, more = {}) => keys.add({ group, key, name, run, ...more });

add("此件", "Ctrl+Enter", "通过，打开下一件", pass);
add("此件", "Alt+E", "办理（通过、退回……）", chooseStep);
add("此件", "Alt+P", "搁置", postpone);
add("此件", "Alt+S", "交给某人", sendTo);
if (screen.dataset.role === "supervisor") add("此件", "Alt+W", "接手他人正在处理的件", takeOver, { when: () => desk.isOthers });
add("此件", "Ctrl+Z", "撤销上一次确认", undo, { when: (event) => !isTyping(event) || (fields.active && !isTouched()) });
add("此件", "Alt+G", "到第一处疑点", () => desk.record.todo[0] && desk.focus(desk.record.todo[0], { by: "keys" }));
add("此件", "Alt+C", "到未通过的校验", () => checks.focusFirst());
add("此件", "Alt+O", "放行此处的校验", () => {
  const check = checks.open.find((one) => one.may_override && (!desk.place || one.places.some((at) => isSame(at, desk.place)))) ?? checks.open.find((one) => one.may_override);
  if (check) override(check);
});
add("此件", "Alt+A", "修改记录", showHistory);
add("此件", "?", "快捷键", () => showKeys(keys.table), { when: (event) => !isTyping(event) || (fields.active && !isTouched() && !isWords()) });
add("此件", "Alt+/", "快捷键", () => showKeys(keys.table));
add("票面", "PageDown", "下一页", () => view.turnPage(1));
add("票面", "PageUp", "上一页", () => view.turnPage(-1));
add("票面", "Alt+PageDown", "下一张票据", () => otherPaper(1));
add("票面", "Alt+PageUp", "上一张票据", () => otherPaper(-1));
add("票面", "Alt+R", "旋转", () => doing(() => view.rotate()));
add("票面", "Alt+L", "按住：揭去印章", () => view.peel(true), { up: () => view.peel(false) });
add("票面", "Alt+=", "放大", () => view.zoom(1), { repeats: true });
add("票面", "Alt+-", "缩小", () => view.zoom(-1), { repeats: true });
add("票面", "Alt+0", "整页", () => view.fit());
for (const [key, right, down] of [["U", 0, -1], ["J", 0, 1], ["H", -1, 0], ["K", 1, 0]]) add("票面", `Alt+${key}`, "移动页面（上 下 左 右）", () => view.pan(right, down), { repeats: true });

/** Whether the value in focus holds words, in which a question mark may stand. */
function isWords() {
  return ["text", "names"].includes(fields.active?.value.kind);
}

part(".pass").addEventListener("click", pass);
part(".help").addEventListener("click", () => showKeys(keys.table));
let said = 0;
new MutationObserver(() => { said = performance.now(); }).observe(document.getElementById("said"), { childList: true });
for (const type of ["keydown", "pointerdown"]) {
  document.addEventListener(type, () => {
    desk.touch();
    if (performance.now() - said > TIME_TO_READ) say("");
  }, { capture: true, passive: true });
}
addEventListener("popstate", () => location.reload());

desk.open(JSON.parse(document.getElementById("record").textContent), screen.dataset.person);
begin();
