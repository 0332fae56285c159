// One table of keys: what a key does, when it does, how it is called; the same table is shown under `?`.
// Nothing fires while an input method composes: its Enter, digits and Tab are its own.

/** A key as the table names it: `Enter`, `Shift+Enter`, `Alt+R`, `Ctrl+Z`, `F2`, `?`, `7`. Letters and digits
 *  with Alt or Ctrl are told by their place on the keyboard, for Alt types other characters on some of them. */
export function nameOf(event) {
  const isCommand = event.altKey || event.ctrlKey || event.metaKey;
  const place = /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code);
  const plain = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const key = isCommand && place ? place[1] : plain;
  // Shift is in the character already where it types one.
  const shift = event.shiftKey && (isCommand || key.length > 1) ? "Shift+" : "";
  return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + shift + key;
}

/** Whether a key belongs to an input method. Safari ends a composition before the Enter that ended it comes:
 *  then only the code 229 tells. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

export class Keys {
  #bindings = [];
  #held = null;

  /** @param {EventTarget} target where keys are listened for. */
  constructor(target = document) {
    target.addEventListener("keydown", (event) => this.#down(event));
    target.addEventListener("keyup", (event) => this.#up(event));
    window.addEventListener("blur", () => this.#letGo());
  }

  /**
   * Add a key. Of several bindings of one key the first whose `when` holds is run; one added by a part of the
   * screen says in `when` that the focus is in that part.
   *
   * @param {{key: string, name: string, group?: string, when?: (event: KeyboardEvent) => boolean,
   *   run: (event: KeyboardEvent) => void, up?: () => void, repeats?: boolean, inDialogs?: boolean}} binding
   *   `name` is the sentence of the list, in Chinese; a key without a name is not listed. `up` is run when a
   *   held key is let go. Held keys do nothing again unless they `repeats`.
   */
  add(binding) {
    this.#bindings.push({ group: "", when: () => true, repeats: false, inDialogs: false, ...binding });
  }

  /** What is listed: `[group, [{key, name}]]`, keys that do one thing in one row. */
  get table() {
    const groups = new Map();
    for (const { key, name, group } of this.#bindings) {
      if (!name) continue;
      if (!groups.has(group)) groups.set(group, new Map());
      const rows = groups.get(group);
      rows.set(name, [...(rows.get(name) ?? []), key]);
    }
    return [...groups].map(([group, rows]) => [group, [...rows].map(([name, all]) => ({ name, keys: all }))]);
  }

  #down(event) {
    if (isComposing(event) || event.defaultPrevented) return;
    const key = nameOf(event);
    const isInDialog = Boolean(event.target.closest?.("dialog"));
    const found = this.#bindings.find((one) => one.key === key && (!isInDialog || one.inDialogs) && one.when(event));
    if (!found) return;
    event.preventDefault();
    if (event.repeat && !found.repeats) return;
    if (found.up) this.#held = { found, code: event.code };
    found.run(event);
  }

  #up(event) {
    // Alt let go before the letter ends the holding too.
    if (this.#held && (event.code === this.#held.code || event.key === "Alt")) this.#letGo();
  }

  #letGo() {
    const held = this.#held;
    this.#held = null;
    held?.found.up();
  }
}

export const keys = new Keys();
