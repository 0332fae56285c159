// The claim on the desk: what of it is known, what a person does to it, and how that reaches the server.
//
// What is done shows at once and is sent in order; answers of the server replace what was shown. What was typed is
// never lost: it lies on this machine until the server has it (`typed.js`), and when the server is away it is sent
// again until it is back. A claim that another person changed meanwhile comes anew, and what was typed stays beside it.

import { ask, Refused } from "../shell/shell.js";
import { Lease } from "./lease.js";
import { cellOf, isSame, keyOf, shared, valueAt, withValue } from "./places.js";
import { Typed } from "./typed.js";

const AWAY = new Set([0, 502, 503, 504]);
/** Milliseconds until a server that is away is asked again; the last holds from then on. */
const TRY_AGAIN_AFTER = [500, 1000, 2000, 5000, 10000];
/** Milliseconds after a key until a draft is sent. */
const DRAFT_AFTER = 400;
/** Changes after which rows have other numbers. */
const MOVES_ROWS = new Set(["add_row", "delete_row", "split_row", "merge_rows"]);

/**
 * Events, each with its `detail`:
 * - "record" {record, previous, opened}: a new record; parts that stayed the same are the same objects. `opened`
 *   is true where another claim came.
 * - "focus" {document_id, path, by}: a place came into focus; `by` names who moved it: "keys", "fields", "rows", "page", "open".
 * - "done": the way through the doubtful values came to its end.
 * - "saving" {state}: "saved", "saving", or "away" while the server does not answer.
 * - "refused" {message, places}: the server does not take a change; its text became a draft.
 * - "conflict" {places}: another person changed the claim; what was typed for these places became drafts.
 * - "words" {text, page, box, document_id}: words were taken from the page for the value in focus.
 * - "lease" {lease, idle}: who has the claim changed; `idle` where nobody did anything for too long.
 */
export class Desk extends EventTarget {
  record = null;
  /** The place in focus, or null. */
  place = null;
  #known = null;
  #person = "";
  #outbox = [];
  #isSending = false;
  #wait = null;
  #fails = 0;
  #draftTimer = null;
  #draftsOnWay = Promise.resolve();
  /** What was typed here, by place, since the claim was opened; `#dirty` is what of it the server does not have yet. */
  #texts = new Map();
  #dirty = new Map();
  #typed = null;
  #at = 0;
  #trail = [];
  #since = performance.now();
  #conflicts = new Map();
  #prefetched = null;
  #lease;

  constructor() {
    super();
    this.#lease = new Lease((lease, idle) => this.#leased(lease, idle));
    addEventListener("online", () => this.#again());
    addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => document.hidden && this.#sendDrafts({ keepalive: true }));
  }

  /** Put a claim on the desk, with what of it was typed here and did not reach the server. */
  open(record, person = this.#person) {
    this.#person = person;
    this.#typed = new Typed(person, record.claim_id);
    this.#outbox = [];
    this.#texts.clear();
    this.#dirty.clear();
    this.#conflicts.clear();
    this.#at = 0;
    this.#trail = [];
    this.place = null;
    this.#known = record;
    const kept = this.#typed.load();
    for (const { document_id, path, text } of kept.drafts) this.draft({ document_id, path }, text);
    this.#show({ opened: true });
    this.#lease.take(record.claim_id);
    for (const { changes, version, why } of kept.outbox) this.#put(changes, why, version).promise.catch(() => {});
  }

  /** Whether another person has the claim on their desk: it can be looked at and not changed. */
  get isOthers() {
    const { holder, mine } = this.record.lease;
    return holder !== null && !mine;
  }

  /** The text typed for a place and not confirmed, or null. */
  draftOf(place) {
    const typed = this.#texts.get(keyOf(place));
    return typed ? typed.text : (valueAt(this.record, place)?.draft ?? null);
  }

  /** What another person made of a place for which something was typed here; undefined where nobody did. */
  conflictAt(place) {
    return this.#conflicts.get(keyOf(place));
  }

  /** Change the claim; what changed shows at once. @returns a promise of the record as the server has it. */
  change(changes, { why } = {}) {
    const seconds = Math.round((performance.now() - this.#since) / 100) / 10;
    const timed = changes.map((one) => (one.do === "answer" && one.seconds === undefined ? { ...one, seconds } : one));
    for (const one of changes) {
      if (MOVES_ROWS.has(one.do)) this.#dropCells(one.document_id);
      if (!one.path) continue;
      this.#conflicts.delete(keyOf(one));
      this.#dirty.delete(keyOf(one));
      this.#texts.set(keyOf(one), { document_id: one.document_id, path: one.path, text: null });
    }
    const sent = this.#put(timed, why).promise;
    this.#since = performance.now();
    return sent;
  }

  /** What was typed into cells and not confirmed has no place any more when rows move. */
  #dropCells(document_id) {
    for (const typed of this.#texts.values()) {
      if (typed.text !== null && typed.document_id === document_id && cellOf(typed.path)) this.draft(typed, null);
    }
  }

  /** Say what stands at a place: `kind` "value" with its text, "illegible", "not_present", "not_applicable". */
  answer(place, kind, text) {
    return this.change([{ do: "answer", document_id: place.document_id, path: place.path, kind, ...(kind === "value" ? { text } : {}) }]);
  }

  /** Take back what this person changed last. */
  undo() {
    return this.#ask("POST", "undo", { version: this.#known.version });
  }

  /** Let a failed check be, with a reason. */
  override(key, reason) {
    return this.#ask("POST", "override", { key, reason, version: this.#known.version });
  }

  /** Ask one of the claim's own addresses once all changes are through; a record in the answer is shown. */
  async #ask(method, what, body) {
    await this.settled();
    const { claim_id } = this.record;
    const answer = await ask(method, `/api/review/claims/${claim_id}/${what}`, body);
    if (answer?.papers && answer.claim_id === this.record.claim_id) this.#arrived(answer);
    return answer;
  }

  /** Take a step in the life of the claim. */
  step(event, reason = "") {
    return this.#ask("POST", "step", { event, reason, version: this.#known.version });
  }

  /** Lay the claim aside until a time (ISO 8601). */
  postpone(until, reason) {
    return this.#ask("POST", "postpone", { until, reason });
  }

  /** Send the claim to a person. */
  assign(to, reason) {
    return this.#ask("POST", "assign", { to, reason });
  }

  /** Who changed what, when. */
  audit() {
    return ask("GET", `/api/review/claims/${this.record.claim_id}/audit`);
  }

  /** The record once more from the server. */
  async reload() {
    const fresh = await ask("GET", `/api/review/claims/${this.record.claim_id}`);
    if (fresh.claim_id === this.record.claim_id) this.#arrived(fresh);
  }

  /** When everything that was done is with the server. */
  async settled() {
    while (this.#outbox.length) await this.#outbox.at(-1).promise.catch(() => {});
  }

  /** Keep what is being typed for a place; null: nothing of it is left. */
  draft(place, text) {
    const typed = { document_id: place.document_id, path: place.path, text };
    this.#texts.set(keyOf(place), typed);
    this.#dirty.set(keyOf(place), typed);
    this.#keep();
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => this.#sendDrafts(), DRAFT_AFTER);
  }

  /** A person did something: the claim stays on their desk. */
  touch() {
    this.#lease.touch();
  }

  /** Take the claim again after it went back; as a supervisor also from whoever has it. */
  retake({ takeOver = false } = {}) {
    return this.#lease.take(this.record.claim_id, takeOver);
  }

  /** To whom a claim can be sent: `[{name, shown_as, role}]`. */
  colleagues() {
    return ask("GET", "/api/review/people");
  }

  /** Words of the page for the value in focus. */
  take(words) {
    this.#tell("words", words);
  }

  /** Bring a place into focus. */
  focus({ document_id, path }, { by } = { by: "keys" }) {
    if (!isSame(this.place, { document_id, path })) this.#since = performance.now();
    this.place = { document_id, path };
    const at = this.record.todo.findIndex((one) => isSame(one, this.place));
    if (at >= 0) this.#at = at;
    this.#tell("focus", { document_id, path, by });
  }

  /** To the next doubtful value that nobody has answered; where none is left: "done". */
  next() {
    const { todo } = this.record;
    const here = todo.findIndex((one) => isSame(one, this.place));
    // What stood behind a place that was answered has moved up to where it stood.
    const from = here >= 0 ? here + 1 : this.#at;
    const way = [...todo.slice(from), ...todo.slice(0, from)];
    const place = way.find((one) => this.#wants(one) && !isSame(one, this.place));
    if (place) {
      if (this.place) this.#trail.push(this.place);
      this.focus(place, { by: "keys" });
    } else if (here < 0 || !this.#wants(this.place)) {
      this.#tell("done");
    }
  }

  /** Back to where `next` came from; at the beginning to the doubtful value before. */
  previous() {
    const { todo } = this.record;
    const place = this.#trail.pop() ?? todo.at(this.#at - 1);
    if (place) this.focus(place, { by: "keys" });
  }

  /** Fetch the claim that comes after this one, so that it opens at once. @returns a promise of its record, or null. */
  prefetch() {
    // What cannot be fetched now is asked for when it is wanted.
    this.#prefetched ??= this.#nextRecord().catch(() => null);
    return this.#prefetched;
  }

  async #nextRecord() {
    const { claim_id } = await ask("GET", `/api/review/next?but_not=${encodeURIComponent(this.record.claim_id)}`);
    return claim_id && ask("GET", `/api/review/claims/${claim_id}`);
  }

  /** Put the next claim on the desk. @returns whether there was one. */
  async openNext() {
    const fetched = await this.prefetch();
    this.#prefetched = null;
    const record = fetched ?? (await this.#nextRecord());
    if (!record) return false;
    await this.#sendDrafts();
    this.#lease.forget();
    this.open(record);
    // It was fetched a while ago: somebody may have changed it since.
    if (fetched) this.reload().catch((error) => this.#expectRefused(error));
    return true;
  }

  #expectRefused(error) {
    if (!(error instanceof Refused)) throw error;
  }

  /** Let the claim go back to the queue. */
  async letGo() {
    await this.#sendDrafts();
    await this.#lease.letGo();
  }

  #wants(place) {
    const value = valueAt(this.record, place);
    return value !== undefined && value.answered === null;
  }

  #put(changes, why, version = null) {
    const entry = { changes, why, version };
    entry.promise = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
    this.#outbox.push(entry);
    this.#keep();
    this.#show();
    this.#send();
    return entry;
  }

  async #send() {
    if (this.#isSending || !this.#outbox.length) return;
    this.#isSending = true;
    const { claim_id } = this.record;
    this.#tell("saving", { state: this.#fails ? "away" : "saving" });
    while (this.#outbox.length) {
      // A draft that comes behind the answer that it became would stand there again.
      await this.#draftsOnWay.catch(() => {});
      const entry = this.#outbox[0];
      entry.version ??= this.#known.version;
      this.#keep();
      const body = { version: entry.version, changes: entry.changes, ...(entry.why ? { why: entry.why } : {}) };
      try {
        const fresh = await ask("POST", `/api/review/claims/${claim_id}/changes`, body);
        if (claim_id !== this.record.claim_id) break;
        this.#fails = 0;
        this.#outbox.shift();
        this.#arrived(fresh);
        entry.resolve(fresh);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (AWAY.has(error.status)) {
          this.#isSending = false;
          this.#away();
          return;
        }
        await this.#turnedDown(entry, error);
      }
    }
    this.#isSending = false;
    this.#keep();
    if (!this.#dirty.size) this.#tell("saving", { state: "saved" });
  }

  #away() {
    const wait = TRY_AGAIN_AFTER[Math.min(this.#fails, TRY_AGAIN_AFTER.length - 1)];
    this.#fails += 1;
    this.#tell("saving", { state: "away" });
    clearTimeout(this.#wait);
    this.#wait = setTimeout(() => this.#again(), wait);
  }

  #again() {
    if (!this.record) return;
    this.#send();
    if (this.#dirty.size) this.#sendDrafts();
  }

  /** The server does not take a change. Where the claim moved on, all that waits was made of an old state. */
  async #turnedDown(entry, error) {
    let fresh = null;
    if (error.status === 409) {
      fresh = await ask("GET", `/api/review/claims/${this.record.claim_id}`).catch(() => null);
    }
    const isStale = fresh !== null && fresh.version !== entry.version;
    const lost = isStale ? this.#outbox.splice(0) : [this.#outbox.shift()];
    if (fresh) this.#known = shared(this.#known, fresh);
    const places = [];
    for (const one of lost.flatMap(({ changes }) => changes)) {
      if (one.do !== "answer") {
        if (isStale) places.push(one);
        continue;
      }
      const now = valueAt(this.#known, one);
      // An answer that was lost on its way back: the change is there.
      if (isStale && now?.answered && (one.kind === "value" ? now.value === one.text : now.answered === one.kind)) continue;
      if (one.kind === "value") this.draft(one, one.text);
      if (isStale) this.#conflicts.set(keyOf(one), now?.value ?? null);
      places.push(one);
    }
    this.#show();
    if (isStale && places.length) this.#tell("conflict", { places });
    if (!isStale) this.#tell("refused", { message: error.message, places });
    for (const one of lost) {
      if (isStale && !places.length) one.resolve(this.record);
      else one.reject(error);
    }
  }

  #arrived(fresh) {
    this.#known = shared(this.#known, fresh);
    this.#show();
  }

  /** What the server said, with what is on its way to it and what was typed laid upon: an answer of the server may
   *  be older than a draft that it has. */
  #show({ opened = false } = {}) {
    const previous = opened ? null : this.record;
    let record = this.#known;
    for (const one of this.#outbox.flatMap(({ changes }) => changes)) record = laidUpon(record, one);
    for (const typed of this.#texts.values()) {
      const value = valueAt(record, typed);
      if (value && value.draft !== typed.text) record = withValue(record, typed, { draft: typed.text });
    }
    this.record = record;
    this.#tell("record", { record, previous, opened });
  }

  async #sendDrafts(options = {}) {
    clearTimeout(this.#draftTimer);
    if (!this.record || !this.#dirty.size) return;
    const { claim_id } = this.record;
    const sent = [...this.#dirty.values()];
    this.#draftsOnWay = ask("PUT", `/api/review/claims/${claim_id}/drafts`, { drafts: sent }, options);
    try {
      await this.#draftsOnWay;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (AWAY.has(error.status)) this.#away();
      return;
    }
    if (claim_id !== this.record.claim_id) return;
    for (const one of sent) {
      // What was typed since then is sent by the next call.
      if (this.#dirty.get(keyOf(one)) === one) this.#dirty.delete(keyOf(one));
    }
    this.#fails = 0;
    this.#keep();
    this.#show();
    if (!this.#outbox.length) this.#tell("saving", { state: "saved" });
  }

  #keep() {
    this.#typed?.save({
      outbox: this.#outbox.map(({ changes, why, version }) => ({ changes, why, version })),
      drafts: [...this.#dirty.values()],
    });
  }

  #leave() {
    if (!this.record) return;
    this.#keep();
    this.#sendDrafts({ keepalive: true });
  }

  #leased(lease, idle) {
    if (!this.record) return;
    this.#known = { ...this.#known, lease };
    this.#show();
    this.#tell("lease", { lease, idle });
  }

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** The record as it looks until the server has said what becomes of a change. Only answers are shown ahead:
 *  what becomes of rows, sums and checks is the server's to say. */
function laidUpon(record, change) {
  if (change.do !== "answer") return record;
  const changed = withValue(record, change, {
    value: change.kind === "value" ? change.text : null,
    answered: change.kind,
    status: change.kind === "value" ? "accepted" : change.kind === "illegible" ? "review" : "missing",
    doubts: [],
    characters: [],
    witnesses: [],
    draft: null,
  });
  return { ...changed, todo: changed.todo.filter((one) => !isSame(one, change)) };
}

export const desk = new Desk();
