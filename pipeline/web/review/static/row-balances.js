// The sums of a list, told at once while one types: rows ↔ total, categories ↔ total, rows ↔ their category, and in each
// row quantity × price ↔ amount. Other sums (payments, words) are told by the server and shown as it told them.

import { t } from "../shell/shell.js";
import { make } from "./elements.js";
import { fenOf, isProduct, yuan } from "./exact.js";

/** Rules of sums that are told here; on VAT invoices rows add up to the amount before tax, which the server knows. */
const TOLD_HERE = new Set(["V-2", "V-3"]);
const VAT = "vat_invoice";
/** Of categories that all close so many are told, so that one sees that they were looked at. */
const MOST_CLOSED = 2;

/** Sum of amounts in fen, of those that are amounts; null: there is none. */
function sum(texts) {
  const known = texts.map(fenOf).filter((one) => one !== null);
  return known.length ? known.reduce((whole, one) => whole + one, 0n) : null;
}

/**
 * The sums of a paper with what is being typed.
 *
 * @param {object} paper the paper.
 * @param {(table: string, index: number, column: string) => string} textOf what stands in a cell now.
 * @returns `{label, left, right, difference, closes}` of each; amounts as texts, null where unknown.
 */
export function balancesOf(paper, textOf) {
  const isVat = paper.document_type === VAT;
  const told = paper.balances.filter(({ rule }) => isVat || !TOLD_HERE.has(rule));
  if (isVat) return told;
  const column = (table, name) => paper[table].map((row) => textOf(table, row.index, name));
  const total = paper.fields.find(({ name }) => name === "total_amount")?.value ?? null;
  const rows = sum(column("line_items", "amount"));
  const categories = sum(column("category_totals", "amount"));
  const made = [];
  if (rows !== null && total !== null) made.push(balance(t("明细合计 ↔ 票面合计"), rows, fenOf(total)));
  if (categories !== null && total !== null) made.push(balance(t("类别合计 ↔ 票面合计"), categories, fenOf(total)));
  const each = byCategory(paper, textOf);
  const open = each.filter(({ closes }) => !closes);
  return [...made, ...open, ...each.filter(({ closes }) => closes).slice(0, open.length ? 0 : MOST_CLOSED), ...told];
}

function byCategory(paper, textOf) {
  const heads = new Map();
  for (const { index } of paper.category_totals) {
    const name = textOf("category_totals", index, "category") || textOf("category_totals", index, "name");
    const amount = fenOf(textOf("category_totals", index, "amount"));
    if (name && amount !== null) heads.set(name, (heads.get(name) ?? 0n) + amount);
  }
  const rows = new Map();
  for (const { index } of paper.line_items) {
    const name = textOf("line_items", index, "category");
    const amount = fenOf(textOf("line_items", index, "amount"));
    if (heads.has(name) && amount !== null) rows.set(name, (rows.get(name) ?? 0n) + amount);
  }
  return [...rows].map(([name, amount]) => balance(t("{category}：明细 ↔ 类别", { category: name }), amount, heads.get(name)));
}

function balance(label, left, right) {
  const isKnown = left !== null && right !== null;
  return { label, left: left === null ? null : yuan(left), right: right === null ? null : yuan(right), difference: isKnown ? yuan(left - right) : null, closes: isKnown ? left === right : null };
}

/** Whether a row's quantity × price is its amount; null where one of the three is not there. */
export const closes = (textOf, table, index) => isProduct(...["quantity", "unit_price", "amount"].map((name) => textOf(table, index, name)));

/** A sum as a line of the list. */
export function balanceLine({ label, left, right, difference, closes: isClosed }) {
  const [tone, sign] = isClosed === null ? ["none", "·"] : isClosed ? ["fine", "✓"] : ["fail", "≠"];
  const off = isClosed === false && difference !== null ? make("strong", {}, t("差 {difference}", { difference })) : null;
  return make("li", { class: tone }, make("span", { class: "sign" }, sign), make("span", { class: "says" }, label), make("span", { class: "num" }, left ?? "—"), make("span", { class: "muted" }, "↔"), make("span", { class: "num" }, right ?? "—"), off);
}
