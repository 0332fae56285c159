// Whose desk a claim is on. It is taken when it opens, prolonged while somebody works on it, and goes back to the
// queue by itself when nobody does anything.

import { ask, Refused } from "../shell/shell.js";

/** Milliseconds without a key or a click after which a claim goes back. */
const IDLE = 15 * 60 * 1000;
/** Milliseconds between two prolongings. */
const PROLONG = 60 * 1000;

export class Lease {
  #claim = null;
  #touched = 0;
  #timer = null;
  #told;

  /** @param {(lease: object, idle: boolean) => void} told is told whose the claim is whenever that may have changed. */
  constructor(told) {
    this.#told = told;
  }

  /** Take a claim, or learn who has it. `takeOver`: from whoever has it, which is a supervisor's. */
  async take(claim_id, takeOver = false) {
    this.forget();
    this.#claim = claim_id;
    this.touch();
    this.#timer = setInterval(() => this.#tick(), PROLONG);
    await this.#prolong(takeOver);
  }

  /** Somebody did something. */
  touch() {
    this.#touched = Date.now();
  }

  /** No longer prolong; what was taken runs out by itself or was passed on. */
  forget() {
    clearInterval(this.#timer);
    this.#claim = null;
  }

  /** Give the claim back to the queue. */
  async letGo() {
    const claim = this.#claim;
    this.forget();
    if (claim) await ask("DELETE", `/api/review/claims/${claim}/lease`);
  }

  async #tick() {
    if (Date.now() - this.#touched < IDLE) {
      await this.#prolong();
      return;
    }
    try {
      await this.letGo();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // It runs out by itself: the server counts the same minutes.
    }
    this.#told({ holder: null, mine: false, until: null }, true);
  }

  async #prolong(takeOver = false) {
    const claim = this.#claim;
    try {
      const lease = await ask("POST", `/api/review/claims/${claim}/lease`, { take_over: takeOver });
      if (this.#claim === claim) this.#told(lease, false);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // Away: asked again in a minute. Held by another: the claim says by whom when it comes anew.
      const { holder, until } = error.problem ?? {};
      if (holder && this.#claim === claim) this.#told({ holder, mine: false, until }, false);
    }
  }
}
