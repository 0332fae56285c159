// A place is a paper and a path on it (`fields.total_amount`, `line_items[3].amount`); what of a record stands there.
// Records are never changed: a changed one shares all that stayed the same, so that `===` tells what to draw anew.

const CELL = /^(line_items|category_totals)\[(\d+)\]\.(.+)$/;

/** One text for a place, to be a key. */
export const keyOf = ({ document_id, path }) => `${document_id} ${path}`;

/** Whether two places are one. */
export const isSame = (one, other) => one?.document_id === other?.document_id && one?.path === other?.path;

/** `{table, row, column}` of a cell's path; null: the path is no cell's. */
export function cellOf(path) {
  const found = CELL.exec(path);
  return found && { table: found[1], row: Number(found[2]), column: found[3] };
}

/** The paper of that id, or undefined. */
export const paperOf = (record, document_id) => record.papers.find((paper) => paper.document_id === document_id);

/** The value at a place, or undefined. */
export function valueAt(record, { document_id, path }) {
  const paper = paperOf(record, document_id);
  const cell = cellOf(path);
  return cell ? paper?.[cell.table][cell.row]?.cells[cell.column] : paper?.fields.find((value) => value.path === path);
}

/** The record with other properties of the value at a place; the same record where there is no such value. */
export function withValue(record, place, properties) {
  const value = valueAt(record, place);
  if (!value) return record;
  const changed = { ...value, ...properties };
  const cell = cellOf(place.path);
  const inPaper = (paper) =>
    cell
      ? { ...paper, [cell.table]: paper[cell.table].map((row, n) => (n === cell.row ? { ...row, cells: { ...row.cells, [cell.column]: changed } } : row)) }
      : { ...paper, fields: paper.fields.map((one) => (one === value ? changed : one)) };
  return { ...record, papers: record.papers.map((paper) => (paper.document_id === place.document_id ? inPaper(paper) : paper)) };
}

/** All values of a paper in the order in which they are shown. */
export function valuesOf(paper) {
  const cells = [...paper.line_items, ...paper.category_totals].flatMap((row) => Object.values(row.cells));
  return [...paper.fields, ...cells];
}

/** `fresh`, in which everything that equals its part of `old` is that part itself. Both are JSON. */
export function shared(old, fresh) {
  if (old === fresh || typeof fresh !== "object" || fresh === null || typeof old !== "object" || old === null) return fresh;
  if (Array.isArray(old) !== Array.isArray(fresh)) return fresh;
  const names = Object.keys(fresh);
  let isSameAsOld = names.length === Object.keys(old).length;
  for (const name of names) {
    fresh[name] = shared(old[name], fresh[name]);
    if (fresh[name] !== old[name]) isSameAsOld = false;
  }
  return isSameAsOld ? old : fresh;
}
