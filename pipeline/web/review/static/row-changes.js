// What is done to whole rows, as changes for the desk (`pipeline/review/records.py`, Change).

/** Made in one go at most, as the server takes them (`pipeline/review/changes.py`, MOST_CHANGES). */
export const MOST_CHANGES = 2000;

/** Rows put in before row `at`, one behind the other. */
export const rowsAdded = (document_id, table, at, rows) => rows.map((cells, n) => ({ do: "add_row", document_id, table, row: at + n, cells }));

/** Rows taken out: the last first, so that the others keep their numbers. */
export const rowsDeleted = (document_id, table, indexes) => [...indexes].sort((a, b) => b - a).map((row) => ({ do: "delete_row", document_id, table, row }));

/** One value said of a column in several rows. */
export const cellsFilled = (document_id, lines, column, text) =>
  lines.map(({ table, index }) => ({ do: "answer", document_id, path: `${table}[${index}].${column}`, kind: "value", text }));

/** Rows laid over those of a table from row `at` on; what reaches beyond the last is added. `count` is how many there are. */
export function rowsOverwritten(document_id, table, at, count, rows) {
  const answers = rows.slice(0, count - at).flatMap((cells, n) =>
    Object.entries(cells).map(([name, text]) => ({ do: "answer", document_id, path: `${table}[${at + n}].${name}`, kind: "value", text })));
  return [...answers, ...rowsAdded(document_id, table, count, rows.slice(Math.max(0, count - at)))];
}
