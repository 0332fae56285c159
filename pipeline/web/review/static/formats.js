// What a value's text must look like: the rules of `pipeline/field_values.py` and `pipeline/corrections.py`, told while typing.
// The server asks them again; tests hold the two against each other.

import { t } from "../shell/shell.js";

const MONEY = /^-?[0-9]{1,16}(\.[0-9]{1,2})?$/;
const NUMBER = /^-?[0-9]{1,18}(\.[0-9]{1,18})?$/;
const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;
const NOT_PRINTABLE = /\p{C}|(?! )\p{Z}/u;
const LONGEST_TEXT = 2000;
const WITHOUT_END = "长期";
const DIGITS_OF_DAY = /^(\d{4})(\d\d)(\d\d)$/;

/** What is wrong with a text, in the page's language; empty where it can be a value.
 *  @param {{kind: string, name: string, choices: string[]}} value of which it is to be the text. */
export function faultOf(value, text) {
  if (!text || [...text].length > LONGEST_TEXT || NOT_PRINTABLE.test(text)) return t("应为 1–2000 个可打印字符");
  if (value.choices.length && !value.choices.includes(text)) return t("应为其中之一：{choices}", { choices: value.choices.join("、") });
  if (value.kind === "money" && !MONEY.test(text)) return t("应为金额，至多两位小数，如 203.65");
  if (value.kind === "count" && !NUMBER.test(text)) return t("应为数值，如 203.65");
  if (value.kind === "date" && !(value.name === "valid_to" && text === WITHOUT_END) && !isDay(text)) return t("应为日期 YYYY-MM-DD");
  return "";
}

function isDay(text) {
  const found = DAY.exec(text);
  if (!found) return false;
  const [year, month, day] = found.slice(1).map(Number);
  if (year < 1) return false;
  const made = new Date(0);
  made.setUTCFullYear(year, month - 1, day);
  return made.getUTCMonth() === month - 1 && made.getUTCDate() === day;
}

/** A typed text in the form in which values are kept. What an input method types full width is typed so by
 *  chance, a day may be typed as eight digits, an amount with commas; the input shows what becomes of it. */
export function spelled(value, text) {
  const trimmed = text.trim();
  if (value.kind === "money" || value.kind === "count") return trimmed.normalize("NFKC").replace(/(?<=\d),(?=\d{3}(?!\d))/g, "").replace("。", ".");
  if (value.kind === "date") return trimmed.normalize("NFKC").replace(DIGITS_OF_DAY, "$1-$2-$3");
  return trimmed;
}

/** What of a text from the page is meant for a value: the one number or day in it, else all of it. */
export function meantFor(value, text) {
  const pattern = { money: /-?\d[\d,]*(?:\.\d+)?/g, count: /-?\d+(?:\.\d+)?/g, date: /\d{4}[-年./]?\d{1,2}[-月./]?\d{1,2}/g }[value.kind];
  const found = pattern ? (text.normalize("NFKC").match(pattern) ?? []) : [];
  if (found.length !== 1) return text.trim();
  if (value.kind !== "date") return found[0].replaceAll(",", "");
  const [, year, month, day] = /(\d{4})\D?(\d{1,2})\D?(\d{1,2})/.exec(found[0]);
  return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}
