// What was typed and has not reached the server, kept on this machine: the second line while the server is away.
// It is gone as soon as the server has it, and only the person who typed it finds it.

const PREFIX = "baoxiao.typed";
const NOTHING = { outbox: [], drafts: [] };

export class Typed {
  #key;

  /** Of a person (account name) and a claim. */
  constructor(person, claim_id) {
    this.#key = `${PREFIX}:${person}:${claim_id}`;
  }

  /** `{outbox: [{changes, why, version}], drafts: [{document_id, path, text}]}` as it was saved last. */
  load() {
    const kept = localStorage.getItem(this.#key);
    return kept ? JSON.parse(kept) : NOTHING;
  }

  /** Keep this, or nothing where nothing waits. */
  save(waiting) {
    if (waiting.outbox.length || waiting.drafts.length) localStorage.setItem(this.#key, JSON.stringify(waiting));
    else localStorage.removeItem(this.#key);
  }
}
