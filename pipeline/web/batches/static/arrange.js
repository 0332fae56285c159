// Pages put in order by hand: turned, moved, split into files and merged, by keys or with the mouse. Nothing is
// changed on the server before it is asked for; each step can be undone.

import { ask, Refused, say, t } from "../shell/shell.js";

const QUARTER = 90;
const WHOLE = 0;
/** Stands in `data-page` of a file whose pages nobody knows. */

const desk = document.getElementById("files-of");
const form = document.getElementById("apply");
const button = document.getElementById("arrange");
const before = desk.cloneNode(true);
const undo = [];
let dragged = null;

const files = () => [...desk.querySelectorAll(".file")];
const tiles = () => [...desk.querySelectorAll(".tile")];
const pagesOf = (file) => [...file.querySelectorAll(".tile")];

button.addEventListener("click", () => (desk.classList.contains("arranging") ? leave() : begin()));
document.getElementById("leave").addEventListener("click", leave);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  apply();
});

function begin() {
  desk.classList.add("arranging");
  button.setAttribute("aria-expanded", "true");
  document.getElementById("keys").hidden = false;
  for (const file of files()) {
    if (pagesOf(file).length === 0 && file.dataset.file) addWhole(file);
  }
  dress();
  tiles()[0]?.focus();
  tell();
}

function leave() {
  desk.classList.remove("arranging");
  button.setAttribute("aria-expanded", "false");
  document.getElementById("keys").hidden = true;
  form.hidden = true;
  undo.length = 0;
  desk.replaceChildren(...before.cloneNode(true).childNodes);
  button.focus();
}

/** Give tiles what arranging needs; tiles are made anew by undoing. */
function dress() {
  for (const tile of tiles()) {
    tile.tabIndex = 0;
    tile.draggable = true;
    const file = tile.closest(".file");
    tile.dataset.from ??= file.dataset.file;
    if (!tile.querySelector(".acts")) tile.append(acts());
    turn(tile, 0);
  }
}

function acts() {
  const made = document.createElement("div");
  made.className = "acts";
  for (const [does, sign, name] of [["turn", "↻", t("右转 90°")], ["split", "✂", t("从此页拆成新文件")], ["merge", "⤴", t("并入前一文件")]]) {
    const one = document.createElement("button");
    one.type = "button";
    one.textContent = sign;
    one.title = name;
    one.setAttribute("aria-label", name);
    one.dataset.does = does;
    one.tabIndex = -1; // each has a key of its own
    made.append(one);
  }
  return made;
}

/** A file whose pages nobody knows stands for itself. */
function addWhole(file) {
  const tile = document.createElement("li");
  tile.className = "tile";
  tile.dataset.page = WHOLE;
  const paper = document.createElement("div");
  paper.className = "paper";
  const blank = document.createElement("span");
  blank.className = "blank";
  blank.textContent = t("整份文件");
  paper.append(blank);
  tile.append(paper);
  file.querySelector(".tiles").append(tile);
}

// ---------------------------------------------------------------- what can be done

/** Do something that can be undone; `keep` is focused afterwards. */
function step(change, keep) {
  const state = [...desk.children].map((child) => child.cloneNode(true));
  const place = tiles().indexOf(keep);
  if (change() === false) return;
  undo.push([state, place]);
  for (const file of files()) {
    if (pagesOf(file).length === 0) file.remove();
  }
  keep.focus();
  tell();
}

function back() {
  const last = undo.pop();
  if (!last) return;
  const [state, place] = last;
  desk.replaceChildren(...state);
  dress();
  tiles()[place]?.focus();
  tell();
}

function turn(tile, further) {
  const degrees = (Number(tile.dataset.degrees ?? 0) + further) % (4 * QUARTER);
  tile.dataset.degrees = degrees;
  const picture = tile.querySelector("img");
  if (picture) picture.style.transform = degrees ? `rotate(${degrees}deg) scale(${degrees % (2 * QUARTER) ? 0.75 : 1})` : "";
}

function split(tile) {
  const file = tile.closest(".file");
  const behind = pagesOf(file).slice(pagesOf(file).indexOf(tile));
  if (behind.length === pagesOf(file).length) return false;
  const made = file.cloneNode(true);
  made.dataset.name = freeName(file.dataset.name);
  made.setAttribute("aria-label", made.dataset.name);
  made.querySelector(".name").textContent = made.dataset.name;
  made.querySelector(".tiles").replaceChildren(...behind);
  for (const old of made.querySelectorAll(".original, .file-head form, .file-head .muted")) old.remove();
  file.after(made);
}

function merge(tile) {
  const file = tile.closest(".file");
  const into = files()[files().indexOf(file) - 1];
  if (!into) return false;
  into.querySelector(".tiles").append(...pagesOf(file));
}

function move(tile, by) {
  const all = tiles();
  const other = all[all.indexOf(tile) + by];
  if (!other) return false;
  if (by > 0) other.after(tile);
  else other.before(tile);
}

/** `stack.pdf`, `stack (2).pdf` …: a name that no file has yet. */
function freeName(name) {
  const taken = new Set(files().map((file) => file.dataset.name));
  const [, stem, ending] = /^(.*?)((?:\.[^./]*)?)$/.exec(name);
  let number = 2;
  while (taken.has(`${stem} (${number})${ending}`)) number += 1;
  return `${stem} (${number})${ending}`;
}

const DOES = { turn: (tile) => turn(tile, QUARTER), split, merge };

// ---------------------------------------------------------------- keys and mouse

desk.addEventListener("keydown", (event) => {
  const tile = event.target.closest?.(".arranging .tile");
  if (!tile || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const does = { r: "turn", s: "split", m: "merge" }[event.key.toLowerCase()];
  if (sideways && event.shiftKey) step(() => move(tile, sideways), tile);
  else if (sideways) tiles()[tiles().indexOf(tile) + sideways]?.focus();
  else if (does) step(() => DOES[does](tile), tile);
  else if (event.key.toLowerCase() === "u") back();
  else return;
  event.preventDefault();
});

desk.addEventListener("click", (event) => {
  const does = event.target.closest(".acts button")?.dataset.does;
  const tile = event.target.closest(".arranging .tile");
  if (does) step(() => DOES[does](tile), tile);
  else tile?.focus();
});

desk.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".arranging .tile");
  if (!dragged) return;
  dragged.classList.add("moving");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");
});
desk.addEventListener("dragover", (event) => {
  const target = event.target.closest?.(".tile, .file");
  if (!dragged || !target) return;
  event.preventDefault();
  clearDrop();
  target.classList.add("drop-before");
});
desk.addEventListener("drop", (event) => {
  const tile = event.target.closest?.(".tile");
  const file = event.target.closest?.(".file");
  if (!dragged || !file || tile === dragged) return;
  event.preventDefault();
  const moved = dragged;
  moved.classList.remove("moving");
  clearDrop();
  step(() => (tile ? tile.before(moved) : file.querySelector(".tiles").append(moved)), moved);
});
desk.addEventListener("dragend", () => {
  dragged?.classList.remove("moving");
  dragged = null;
  clearDrop();
});
function clearDrop() {
  for (const one of desk.querySelectorAll(".drop-before")) one.classList.remove("drop-before");
}

// ---------------------------------------------------------------- what is asked for

function plan() {
  return files().map((file) => ({
    name: file.dataset.name,
    pages: pagesOf(file).map((tile) => ({ file: tile.dataset.from, page: Number(tile.dataset.page), degrees: Number(tile.dataset.degrees) })),
  }));
}

function tell() {
  form.hidden = undo.length === 0;
  document.getElementById("changes").textContent = t("已调整 {steps} 步，共 {files} 个文件、{pages} 页。原件保持不变，另存为一次新的接收。", {
    steps: undo.length,
    files: files().length,
    pages: tiles().length,
  });
}

async function apply() {
  const [submit] = form.querySelectorAll("button");
  submit.disabled = true;
  try {
    const wanted = { files: plan(), reason: form.elements.reason.value, withdraw: form.elements.withdraw.checked };
    const made = await ask("POST", `/batches/${desk.dataset.submission}/arrange`, wanted);
    location.assign(`/batches/${made.submission_id}`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.status === 0 ? t("服务没有应答，请稍后再试。") : error.message, "fail");
    submit.disabled = false;
  }
}
