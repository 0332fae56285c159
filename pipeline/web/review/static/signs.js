// How sure a value is, told three ways at once: a sign, a colour (by the name of a tone) and a number.

import { t } from "../shell/shell.js";

/** A character read less surely than this is marked. */
export const DOUBTFUL_CHARACTER = 0.9;

/** Answers that are no value. */
const WITHOUT_VALUE = { illegible: "无法辨认", not_present: "票面上没有", not_applicable: "不适用" };
const DOUBTS = {
  format: { sign: "✕", tone: "fail", says: "格式不对" },
  unsure: { sign: "?", tone: "doubt", says: "没有把握" },
  missing: { sign: "○", tone: "doubt", says: "应有而未读到" },
  rule: { sign: "!", tone: "fail", says: "校验未通过" },
};

/** A confidence as people read it: whole percents, and 99 for all that is not proven beyond doubt. */
export const percent = (confidence) => String(Math.min(99, Math.floor(confidence * 100)));

/** `{sign, tone, says, number}` of a value; `typed` is what a person typed and did not confirm, `fault` what is wrong with it. */
export function signOf(value, { typed = null, fault = "", conflict } = {}) {
  if (fault) return { sign: "✕", tone: "fail", says: fault, number: "" };
  if (conflict !== undefined) return { sign: "⇄", tone: "fail", says: t("他人已改为 {value}", { value: conflict ?? "—" }), number: "" };
  if (typed !== null) return { sign: "✎", tone: "doubt", says: t("已填写，未确认"), number: "" };
  if (value.answered) {
    const without = WITHOUT_VALUE[value.answered];
    return { sign: without ? "—" : "✓", tone: "fine", says: t(without ?? "已由人工确认"), number: t("人工") };
  }
  const number = value.value === null ? "" : percent(value.confidence);
  const doubt = DOUBTS[["format", "missing", "unsure", "rule"].find((one) => value.doubts.includes(one))];
  if (doubt) return { ...doubt, says: t(doubt.says), number };
  return value.value === null ? { sign: "", tone: "none", says: "", number: "" } : { sign: "✓", tone: "fine", says: t("可信"), number };
}
