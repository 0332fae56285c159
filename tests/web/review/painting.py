"""How long it takes from a key, or from a click, until the screen is painted, measured in the browser."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from playwright.sync_api import Page

WATCH = """() => {
  if (window.painted) { window.painted.length = 0; return; }
  window.painted = [];
  const done = new MessageChannel();
  const begun = [];
  // A message that is posted from the frame's callback arrives when the frame was laid out and painted.
  done.port1.onmessage = () => {
    for (const at of begun.splice(0)) window.painted.push(performance.now() - at);
  };
  document.addEventListener("keydown", (event) => {
    if (["Alt", "Control", "Shift"].includes(event.key)) return;
    begun.push(event.timeStamp);
    requestAnimationFrame(() => done.port2.postMessage(0));
  }, { capture: true });
}"""


def key_times(page: Page, keys: Iterable[str]) -> list[float]:
    """Milliseconds from each key to the paint that shows what it did.

    Each key is pressed when the one before was painted, as fast as that goes.
    """
    page.evaluate(WATCH)
    for count, key in enumerate(keys, start=1):
        page.keyboard.press(key)
        page.wait_for_function("count => window.painted.length >= count", arg=count)
    times: list[float] = page.evaluate("window.painted")
    return times


OPEN = """async () => {
  const review = document.querySelector('script[src*="/review.js"]').src;
  const { desk } = await import(review.replace("review.js", "desk.js"));
  await desk.prefetch();
  const begun = performance.now();
  await desk.openNext();
  await new Promise((done) => requestAnimationFrame(() => {
    const painted = new MessageChannel();
    painted.port1.onmessage = done;
    painted.port2.postMessage(0);
  }));
  return performance.now() - begun;
}"""


def opening_time(page: Page) -> float:
    """Milliseconds until the next claim, which was fetched before, stands on the screen."""
    taken: float = page.evaluate(OPEN)
    return taken


BYTES = """() => performance.getEntries()
  .filter((one) => one.transferSize !== undefined && !one.name.includes(".webp"))
  .reduce((sum, one) => sum + one.transferSize, 0)"""


def bytes_loaded(page: Page) -> int:
    """Bytes that came over the wire for a page, pictures of papers left out."""
    loaded: int = page.evaluate(BYTES)
    return loaded


def percentile(times: list[float], share: float) -> float:
    """The time that so many of the times do not pass (nearest rank).

    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5), percentile([4.0, 1.0, 3.0, 2.0], 0.95)
    (2.0, 4.0)
    """
    return sorted(times)[ceil(share * len(times)) - 1]
