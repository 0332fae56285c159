// The page at the left: it moves and zooms to the value in focus and draws that value's box alone.
// Words of the page have no elements: what is under the pointer is found by their boxes when it is pressed.

import { Refused, ask, say, t } from "../shell/shell.js";
import { addressOf, picture } from "./pictures.js";
import { isSame, paperOf, valueAt } from "./places.js";

/** CSS pixels: a line of print as high as this is read with ease; zooming to a box makes it so. */
const LINE_HEIGHT = 24;
/** A box within these heights (CSS pixels) is legible: the page is moved and not zoomed anew. */
const LEGIBLE = [18, 60];
/** Of the view, what stays free on each side of a box that was moved to. */
const FREE = 0.12;
const MOST_ZOOM = 6;
const ZOOM_STEP = 1.25;
/** CSS pixels that a key moves the page. */
const PAN_STEP = 120;
/** CSS pixels that a pointer moves before it draws a lasso; less is a click. */
const CLICK = 4;

export class PageView {
  #desk;
  #view;
  #sheet;
  #image;
  #layer;
  #told;
  #title;
  #paper = null;
  #number = 0;
  #scale = 1;
  #x = 0;
  #y = 0;
  #words = new Map();
  #isPeeled = false;
  #shown = "";
  #ready = Promise.resolve(false);

  /** @param {HTMLElement} element with a `.view` holding `.sheet` (an `img` and an `svg`), `.told` and `.page-title`. */
  constructor(element, desk) {
    this.#desk = desk;
    this.#view = element.querySelector(".view");
    this.#sheet = element.querySelector(".sheet");
    this.#image = this.#sheet.querySelector("img");
    this.#layer = this.#sheet.querySelector("svg");
    this.#told = element.querySelector(".told");
    this.#title = element.querySelector(".page-title");
    desk.addEventListener("record", ({ detail }) => this.#record(detail));
    desk.addEventListener("focus", ({ detail }) => this.#goTo(detail));
    new ResizeObserver(() => this.#clamp()).observe(this.#view);
    this.#listen();
  }

  get #page() {
    return this.#paper?.pages.find((page) => page.number === this.#number);
  }

  /** Show a page of a paper. @returns whether its picture is there; false too where another page was asked for meanwhile. */
  async show(paper, number) {
    const isOther = this.#paper?.document_id !== paper.document_id || this.#number !== number;
    this.#paper = paper;
    this.#number = number;
    const page = this.#page;
    const address = page ? addressOf(page, { isPeeled: this.#isPeeled }) : "";
    const at = paper.pages.findIndex((one) => one.number === number) + 1;
    const count = paper.pages.length;
    this.#title.textContent = [paper.type_name || paper.title, ...(count > 1 ? [`${at} / ${count}`] : []), paper.file].join(" · ");
    if (isOther) this.#mark(null);
    if (address !== this.#shown) {
      this.#shown = address;
      this.#ready = this.#load(address, isOther);
    }
    return (await this.#ready) && address === this.#shown;
  }

  async #load(address, isOther) {
    this.#sheet.hidden = !address;
    this.#tell(address ? "" : t("这一页没有图像。"));
    if (!address) return false;
    let ready;
    try {
      ready = await picture(address);
    } catch (error) {
      if (error.name !== "EncodingError") throw error;
      if (address === this.#shown) this.#tell(t("图像暂时取不到，请稍后再试。"));
      return false;
    }
    if (address !== this.#shown) return false;
    this.#image.src = ready.src;
    this.#sheet.style.width = `${ready.naturalWidth}px`;
    this.#sheet.style.height = `${ready.naturalHeight}px`;
    if (isOther) this.fit();
    else this.#clamp();
    return true;
  }

  #tell(sentence) {
    this.#told.hidden = !sentence;
    this.#told.textContent = sentence;
  }

  /** The whole page, or the part of it that the paper is, as large as the view. */
  fit() {
    const [x0, y0, x1, y1] = this.#paper?.region ?? [0, 0, 1, 1];
    const { clientWidth, clientHeight } = this.#view;
    const [width, height] = this.#size();
    this.#move(false, Math.min(clientWidth / ((x1 - x0) * width), clientHeight / ((y1 - y0) * height)));
    this.#centre([x0, y0, x1, y1]);
  }

  /** Zoom by steps, towards a point of the view (CSS pixels), else its middle. */
  zoom(steps, x = this.#view.clientWidth / 2, y = this.#view.clientHeight / 2) {
    const before = this.#scale;
    const [width, height] = this.#size();
    const least = Math.min(this.#view.clientWidth / width, this.#view.clientHeight / height) / 2;
    this.#scale = Math.min(MOST_ZOOM, Math.max(least, before * ZOOM_STEP ** steps));
    const factor = this.#scale / before;
    this.#x = x - (x - this.#x) * factor;
    this.#y = y - (y - this.#y) * factor;
    this.#clamp();
  }

  /** Move the page by steps of a key. */
  pan(right, down) {
    this.#sheet.classList.remove("moving");
    this.#x -= right * PAN_STEP;
    this.#y -= down * PAN_STEP;
    this.#clamp();
  }

  /** To another page of the paper; behind the last comes the next paper. */
  turnPage(step) {
    const { papers } = this.#desk.record;
    const all = papers.flatMap((paper) => paper.pages.map((page) => ({ paper, page })));
    const at = all.findIndex(({ paper, page }) => paper.document_id === this.#paper?.document_id && page.number === this.#number);
    const other = all[at + step];
    if (other) this.show(other.paper, other.page.number);
  }

  /** Turn the page by a quarter to the right, for everybody. */
  async rotate() {
    if (!this.#page?.picture) return;
    await ask("POST", `/pages/${this.#paper.document_id}/${this.#number}/turn`, { degrees: 90 });
    await this.#desk.reload();
  }

  /** Take the seal off, or lay it on again. */
  peel(isPeeled) {
    this.#isPeeled = isPeeled;
    if (!this.#page?.peeled) return;
    this.show(this.#paper, this.#number);
  }

  #record({ record, opened }) {
    if (opened) {
      this.#paper = null;
      this.#shown = "";
    }
    const paper = this.#paper ? paperOf(record, this.#paper.document_id) : record.papers[0];
    if (!paper || paper === this.#paper) return;
    this.show(paper, opened ? (paper.pages[0]?.number ?? 0) : this.#number);
  }

  /** To the page of a value and to its box there; to the first page of its paper where nobody knows the page. */
  async #goTo(place) {
    const paper = paperOf(this.#desk.record, place.document_id);
    if (!paper) return;
    const value = valueAt(this.#desk.record, place);
    const isHere = this.#paper?.document_id === paper.document_id;
    const number = value?.page ?? (isHere ? this.#number : (paper.pages[0]?.number ?? 0));
    if (!(await this.show(paper, number)) || !isSame(place, this.#desk.place)) return;
    const box = value?.page === number ? value.box : null;
    if (box) this.#look(box);
    this.#mark(box);
  }

  /** Bring a box into view, zoomed so that it can be read; a box that can be read where it is stays there. */
  #look([x0, y0, x1, y1]) {
    const { clientWidth, clientHeight } = this.#view;
    const [width, height] = this.#size();
    const high = (y1 - y0) * height;
    const wide = (x1 - x0) * width;
    const isLegible = high * this.#scale >= LEGIBLE[0] && high * this.#scale <= LEGIBLE[1] && wide * this.#scale <= clientWidth * (1 - 2 * FREE);
    const left = this.#x + x0 * width * this.#scale;
    const top = this.#y + y0 * height * this.#scale;
    const isInView =
      left >= clientWidth * FREE && left + wide * this.#scale <= clientWidth * (1 - FREE) && top >= clientHeight * FREE && top + high * this.#scale <= clientHeight * (1 - FREE);
    if (isLegible && isInView) return;
    const whole = clientWidth / width;
    const wanted = isLegible ? this.#scale : Math.min(LINE_HEIGHT / Math.max(high, 1), (clientWidth * (1 - 2 * FREE)) / Math.max(wide, 1));
    this.#move(true, Math.min(MOST_ZOOM, Math.max(whole, wanted)));
    this.#centre([x0, y0, x1, y1]);
  }

  #centre([x0, y0, x1, y1]) {
    const { clientWidth, clientHeight } = this.#view;
    const [width, height] = this.#size();
    this.#x = clientWidth / 2 - ((x0 + x1) / 2) * width * this.#scale;
    this.#y = clientHeight / 2 - ((y0 + y1) / 2) * height * this.#scale;
    this.#clamp();
  }

  #move(isSmooth, scale) {
    this.#sheet.classList.toggle("moving", isSmooth);
    this.#scale = scale;
  }

  #size() {
    return [parseFloat(this.#sheet.style.width) || 1, parseFloat(this.#sheet.style.height) || 1];
  }

  /** Keep the page in view and put it there: a small page stays in the middle, of a large one no edge leaves a gap. */
  #clamp() {
    const { clientWidth, clientHeight } = this.#view;
    const [width, height] = this.#size().map((one) => one * this.#scale);
    const within = (at, size, room) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, at)));
    this.#x = within(this.#x, width, clientWidth);
    this.#y = within(this.#y, height, clientHeight);
    this.#sheet.style.transform = `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
  }

  /** Draw one box, or none. */
  #mark(box) {
    this.#layer.replaceChildren();
    if (box) this.#layer.append(rectangle(box, "focused"));
  }

  async #wordsOf(page) {
    if (!page.words) return [];
    // Of a page that was turned they lie elsewhere.
    const key = `${page.words} ${page.turned}`;
    if (!this.#words.has(key)) this.#words.set(key, (await ask("GET", page.words)).words);
    return this.#words.get(key);
  }

  #listen() {
    const view = this.#view;
    let pressed = null;
    view.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.#sheet.classList.remove("moving");
        if (event.ctrlKey) {
          const { left, top } = view.getBoundingClientRect();
          this.zoom(event.deltaY < 0 ? 1 : -1, event.clientX - left, event.clientY - top);
        } else {
          this.#x -= event.deltaX;
          this.#y -= event.deltaY;
          this.#clamp();
        }
      },
      { passive: false },
    );
    view.addEventListener("pointerdown", (event) => {
      // The field that words are meant for keeps the focus.
      event.preventDefault();
      if (event.button > 1) return;
      this.#sheet.classList.remove("moving");
      pressed = { x: event.clientX, y: event.clientY, isPan: event.button === 1 || event.shiftKey, lasso: null };
      view.setPointerCapture(event.pointerId);
    });
    view.addEventListener("pointermove", (event) => {
      if (!pressed) return;
      if (pressed.isPan) {
        this.#x += event.movementX;
        this.#y += event.movementY;
        this.#clamp();
        return;
      }
      if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < CLICK && !pressed.lasso) return;
      pressed.lasso ??= this.#layer.appendChild(rectangle([0, 0, 0, 0], "lasso"));
      place(pressed.lasso, this.#between(pressed, { x: event.clientX, y: event.clientY }));
    });
    view.addEventListener("pointercancel", () => {
      pressed?.lasso?.remove();
      pressed = null;
    });
    view.addEventListener("pointerup", (event) => {
      if (!pressed || pressed.isPan) {
        pressed = null;
        return;
      }
      pressed.lasso?.remove();
      const area = this.#between(pressed, { x: event.clientX, y: event.clientY });
      pressed = null;
      this.#takeWords(area);
    });
    view.addEventListener("dblclick", () => this.fit());
  }

  /** The box between two points of the screen, in fractions of the page. */
  #between(one, other) {
    const { left, top } = this.#view.getBoundingClientRect();
    const [width, height] = this.#size();
    const across = [one.x, other.x].map((x) => (x - left - this.#x) / (width * this.#scale)).sort((a, b) => a - b);
    const down = [one.y, other.y].map((y) => (y - top - this.#y) / (height * this.#scale)).sort((a, b) => a - b);
    return [across[0], down[0], across[1], down[1]];
  }

  async #takeWords(area) {
    const page = this.#page;
    if (!page) return;
    let words;
    try {
      words = await this.#wordsOf(page);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(t("这一页的文字暂时取不到。"), "fail");
      return;
    }
    const touched = words.filter(([, x0, y0, x1, y1]) => x0 < area[2] && x1 > area[0] && y0 < area[3] && y1 > area[1]);
    if (!touched.length) return;
    const edge = (choose, at) => choose(...touched.map((word) => word[at]));
    const box = [edge(Math.min, 1), edge(Math.min, 2), edge(Math.max, 3), edge(Math.max, 4)];
    this.#mark(box);
    this.#desk.take({ text: joined(inReadingOrder(touched).map(([text]) => text)), page: page.number, box, document_id: this.#paper.document_id });
  }
}

const SVG = "http://www.w3.org/2000/svg";

function rectangle(box, name) {
  const made = document.createElementNS(SVG, "rect");
  made.setAttribute("class", name);
  place(made, box);
  return made;
}

function place(element, [x0, y0, x1, y1]) {
  for (const [name, value] of Object.entries({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 })) element.setAttribute(name, value);
}

/** Lines from top to bottom, in each from left to right: words whose middles differ by less than half their height are one line. */
function inReadingOrder(words) {
  const lines = [];
  for (const word of [...words].sort((a, b) => a[2] + a[4] - b[2] - b[4])) {
    const middle = (word[2] + word[4]) / 2;
    const line = lines.at(-1);
    if (line && middle - line.middle < (word[4] - word[2]) / 2) line.words.push(word);
    else lines.push({ middle, words: [word] });
  }
  return lines.flatMap((line) => line.words.sort((a, b) => a[1] - b[1]));
}

/** Words as one text: Chinese without gaps, Latin words apart. */
function joined(texts) {
  return texts.reduce((whole, text) => whole + (/[\w.]$/.test(whole) && /^[\w.]/.test(text) ? " " : "") + text, "");
}
