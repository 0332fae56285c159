// The columns of charged rows: how they are called, how they are typed, by which headings a spreadsheet names them.

import { t } from "../shell/shell.js";

/** The columns in the order of the table; `always` are shown on every list, others where a row has one. */
export const COLUMNS = [
  { name: "name", label: "名称", kind: "text", always: true, heading: /^(?!.*(?:编码|代码|类别)).*(?:名称|项目|品名|药品)/ },
  { name: "specification", label: "规格", kind: "text", heading: /规格|型号|剂型/ },
  { name: "unit", label: "单位", kind: "text", heading: /单位/ },
  { name: "quantity", label: "数量", kind: "count", always: true, heading: /数量|次数|总量/ },
  { name: "unit_price", label: "单价", kind: "count", always: true, heading: /单价|价格/ },
  { name: "amount", label: "金额", kind: "money", always: true, heading: /^(?!.*(?:自付|自费|医保|统筹)).*(?:金额|总价|费用$|小计|合计)/ },
  { name: "category", label: "类别", kind: "text", heading: /费用类别|类别|分类|费别/ },
  { name: "insurance_class", label: "医保", kind: "text", heading: /等级|甲乙|医保|自付类型/ },
];
/** What a row stands for in the lists: a column of its own, filled by looking it up. */
export const CATALOG = { name: "catalog", label: "目录", kind: "catalog", always: true };
/** Fewer headings than this may be a row of words. */
const FEWEST_HEADINGS = 2;

/** What is asked of a typed text of a column, as of a value. */
export const asValue = ({ name, kind, label }) => ({ name, kind, label: t(label), choices: [] });

/** Lines of a spreadsheet's clipboard: cells parted by tabs; a cell in quotes may hold tabs and line breaks. */
export function cellsOf(text) {
  const lines = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^\t\r\n]*))(\t|\r\n|\r|\n|$)/gy;
  for (let found = cell.exec(text); found; found = cell.exec(text)) {
    const [whole, quoted, plain, end] = found;
    if (!whole && lines.at(-1).length === 0) break;
    lines.at(-1).push((quoted?.replaceAll('""', '"') ?? plain).replace(/\s+/g, " ").trim());
    if (end === "") break;
    if (end !== "\t") lines.push([]);
  }
  return lines.filter((line) => line.some(Boolean));
}

/** The columns that a line of headings names, in its order, null for those not known; null: the line is no heading. */
export function headed(line) {
  const taken = new Set();
  const columns = line.map((text) => {
    const column = COLUMNS.find(({ name, heading }) => !taken.has(name) && heading.test(text));
    if (column) taken.add(column.name);
    return column ?? null;
  });
  return taken.size >= FEWEST_HEADINGS && line.every((text) => !/^-?\d+(\.\d+)?$/.test(text)) ? columns : null;
}
