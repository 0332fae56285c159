// Exact numbers for live sums: money in whole fen, other numbers as digits with their places. Nothing is a float.

const NUMBER = /^(-?)(\d{1,18})(?:\.(\d{1,18}))?$/;
const FEN_PLACES = 2;
/** Fen by which quantity × price may miss an amount: prices are printed rounded (`validators/sums.py`, ROUNDING). */
const ROUNDING = 1n;

/** `{units, places}` of a published number, `units` a BigInt without the point; null: the text is none. */
export function exact(text) {
  const found = NUMBER.exec(text ?? "");
  if (!found) return null;
  const [, sign, whole, decimals = ""] = found;
  return { units: BigInt(`${sign}${whole}${decimals}`), places: decimals.length };
}

/** Whole fen of an amount; null: the text is no amount of at most two places. */
export function fenOf(text) {
  const number = exact(text);
  if (!number || number.places > FEN_PLACES) return null;
  return number.units * 10n ** BigInt(FEN_PLACES - number.places);
}

/** An amount of fen as it is published: `203.65`. */
export function yuan(fen) {
  const digits = String(fen < 0n ? -fen : fen).padStart(FEN_PLACES + 1, "0");
  return `${fen < 0n ? "-" : ""}${digits.slice(0, -FEN_PLACES)}.${digits.slice(-FEN_PLACES)}`;
}

/** Whether quantity × price is the amount, give or take a fen; null where one of the three is no number. */
export function isProduct(quantity, price, amount) {
  const [count, each, whole] = [exact(quantity), exact(price), exact(amount)];
  if (!count || !each || !whole) return null;
  const places = Math.max(count.places + each.places, whole.places, FEN_PLACES);
  const product = count.units * each.units * 10n ** BigInt(places - count.places - each.places);
  const off = product - whole.units * 10n ** BigInt(places - whole.places);
  return (off < 0n ? -off : off) <= ROUNDING * 10n ** BigInt(places - FEN_PLACES);
}
