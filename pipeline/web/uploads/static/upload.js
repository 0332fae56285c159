// The upload desk's page: photos go out as they are taken, what is wrong with them is shown, and what was read.

import { Refused, say, t } from "../shell/shell.js";
import { ask, follow, send, token } from "./client.js";

const RECENT = "baoxiao-uploads";
const MOST_RECENT = 8;
const WAIT_SECONDS = 3; // before what met no answer is sent again
const LARGEST_SHOWN = 15 * 1024 * 1024; // bytes of a photo that is fetched again only to be shown
const LEAST_SHOWN = 0.2; // of a photo's width, around a place that is marked
const PICTURE = /\.(jpe?g|png|webp|gif|bmp)$/i;
const TONE = { accept: "fine", warn: "doubt", retake: "fail" };
const SIGN = { fine: "✓", doubt: "!", fail: "✕" };
const HIDDEN = "****"; // of a person, and not for whoever asks
const AMOUNTS = new Set(["total_amount", "fund_payment", "cash_payment", "account_payment"]);

const at = (id) => document.getElementById(id);
const desk = at("desk");
const english = document.documentElement.lang.startsWith("en");

let upload = desk.dataset.upload || "";
let record = null; // as the server told it last
let result = null;
let outgoing = []; // { files, way, share, key, told, to } on their way, first in first out
let sending = false;
let stop = () => {};
const pictures = new Map(); // name|size → { url, width, height } of a photo; before it has a place, |size

/** Our half of a message that says it in Chinese and then in English. */
function half(message) {
  const [chinese, ...rest] = (message ?? "").split(" / ");
  return english && rest.length ? rest.join(" / ") : chinese;
}

function make(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

// ---------------------------------------------------------------- what was sent from here before

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(RECENT)) ?? [];
  } catch {
    return [];
  }
}

function remember(id, isOpen) {
  const others = remembered().filter((one) => one.id !== id);
  const at = remembered().find((one) => one.id === id)?.at ?? new Date().toISOString();
  localStorage.setItem(RECENT, JSON.stringify([{ id, at, isOpen }, ...others].slice(0, MOST_RECENT)));
}

function showRecent() {
  const others = remembered().filter((one) => one.id !== upload);
  at("recent").hidden = !others.length;
  at("recent-list").replaceChildren(
    ...others.map((one) =>
      make("li", {}, make("a", { href: `/upload/${one.id}`, textContent: one.id }), ` · ${new Date(one.at).toLocaleString(document.documentElement.lang)}${one.isOpen ? ` · ${t("待提交")}` : ""}`),
    ),
  );
}

// ---------------------------------------------------------------- sending

/** Put files in the line; `to` is where they go: nothing for a new photo, else what they take the place of. */
function enqueue(files, to = {}) {
  for (const file of files) {
    outgoing.push({ file, to, share: 0, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, told: "" });
    remembering(file);
  }
  draw();
  pump();
}

function remembering(file) {
  if (PICTURE.test(file.name) || file.type.startsWith("image/")) keepPicture(`|${file.size}`, file);
}

/** Keep a photo to be shown, once the browser has looked at it; what it cannot show is shown by its ending. */
async function keepPicture(key, blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  try {
    await image.decode();
  } catch {
    return;
  }
  pictures.set(key, { url: image.src, width: image.naturalWidth, height: image.naturalHeight });
  draw();
}

function pictureOf(file) {
  return pictures.get(`${file.name}|${file.size}`) ?? pictures.get(`|${file.size}`);
}

async function pump() {
  if (sending) return;
  sending = true;
  while (outgoing.length) {
    const one = outgoing[0];
    try {
      await sendOne(one);
      outgoing.shift();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status && error.status !== 503) {
        say(half(error.message), "fail");
        outgoing.shift();
      } else {
        one.told = error.status ? t("上传的人较多，稍候自动继续…") : t("没有网络，稍候自动继续…");
        draw();
        await new Promise((resolve) => setTimeout(resolve, (error.after || WAIT_SECONDS) * 1000));
        one.told = "";
      }
    }
    draw();
  }
  sending = false;
}

async function sendOne(one) {
  const onProgress = (share) => {
    one.share = share;
    draw();
  };
  let method = "POST";
  let path = `/uploads/${upload}/files`;
  let fields = {};
  if (!upload) {
    path = "/uploads";
    fields = { hold: "1", for_claim: at("for_claim")?.value.trim(), reference: at("reference")?.value.trim() };
  } else if (one.to.closeUpOf) {
    path = `/uploads/${upload}/pages/${one.to.closeUpOf.file}/${one.to.closeUpOf.page}/close-up`;
  } else if (one.to.inPlaceOf) {
    method = "PUT";
    path = `/uploads/${upload}/files/${one.to.inPlaceOf}`;
  }
  const answer = await send(method, path, [one.file], fields, upload ? "" : one.key, onProgress);
  if (!upload) {
    upload = answer.upload;
    history.replaceState(null, "", `/upload/${upload}`);
  }
  remember(upload, true);
  result = null;
  take(await ask("GET", `/uploads/${upload}`));
  watch();
}

// ---------------------------------------------------------------- following

let watched = "";
function watch() {
  if (watched === upload) return;
  stop();
  watched = upload;
  stop = follow(upload, (state) => {
    take(state);
    return ["read", "failed"].includes(state.state);
  });
}

async function take(state) {
  const before = record;
  record = state;
  if (state.state !== "held") remember(upload, false);
  draw();
  const isNew = state.has_result && (!result || !before?.has_result || before.state !== state.state);
  if (isNew) {
    result = await ask("GET", `/uploads/${upload}/result`);
    draw();
  }
}

// ---------------------------------------------------------------- drawing

function draw() {
  const files = record?.files ?? [];
  const isHeld = !record || record.state === "held";
  at("take").hidden = !isHeld;
  if (at("about")) at("about").hidden = Boolean(upload);
  at("sheets").hidden = !files.length && !outgoing.length;
  at("count").textContent = files.length ? t("{n} 张", { n: files.length }) : "";
  const focused = document.activeElement?.dataset.key; // what is drawn anew would lose it
  at("list").replaceChildren(...files.map(sheet), ...outgoing.filter((one) => !one.to.inPlaceOf && !one.to.closeUpOf).map(onItsWay));
  if (focused) document.querySelector(`[data-key="${focused}"]`)?.focus();
  drawResult(isHeld);
  drawFollow(isHeld);
  drawSend(isHeld, files);
  const step = !files.length ? 0 : isHeld ? 1 : 2;
  document.querySelectorAll(".steps li").forEach((item, number) => {
    item.classList.toggle("done", number < step || (number === 2 && record?.state === "read"));
    if (number === step) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
  showRecent();
}

function onItsWay(one) {
  const said = one.told || t("正在上传 {n}%", { n: Math.round(one.share * 100) });
  return make("li", { className: "sheet" }, photo("", one.file.size, []),
    make("div", { className: "about" }, make("p", { className: "name", textContent: one.file.name || t("照片") }), make("p", { className: "muted", textContent: said }), make("progress", { value: one.share, max: 1, ariaLabel: said })));
}

function sheet(file) {
  const verdict = worst(file.quality);
  const busy = outgoing.find((one) => one.to.inPlaceOf === file.number || one.to.closeUpOf?.file === file.number);
  const isHeld = record.state === "held";
  const tone = file.quality && !busy ? TONE[verdict] : "";
  const words = busy ? busy.told || t("正在上传 {n}%", { n: Math.round(busy.share * 100) }) : !file.quality ? t("正在检查…") : { fine: t("清晰"), doubt: t("可用，重拍更好"), fail: t("看不清，请重拍") }[tone];
  const causes = (file.quality ?? []).flatMap((page) => page.causes.map((cause) => ({ ...cause, page: page.page ?? 1, isBad: page.verdict !== "accept" }))).filter((cause) => cause.isBad);
  const item = make("li", { className: `sheet ${tone}` }, photo(file.name, file.size, causes.filter((cause) => cause.page === 1), file.number),
    make("div", { className: "about" },
      make("div", { className: "head" }, make("p", { className: "name", textContent: `${file.number}. ${file.name}`, title: file.name }), make("span", { className: `tag ${tone}`, textContent: `${SIGN[tone] ?? "…"} ${words}` })),
      ...causes.map((cause, number) => causeOf(cause, number + 1, file)),
      ...file.close_ups.map((one) => closeUpOf(one, file)),
      isHeld ? acts(file, verdict, causes) : null));
  return item;
}

function worst(quality) {
  const verdicts = (quality ?? []).map((page) => page.verdict);
  return ["retake", "warn", "accept"].find((verdict) => verdicts.includes(verdict)) ?? "accept";
}

function photo(name, size, causes, number) {
  const box = make("div", { className: "photo" });
  const picture = pictureOf({ name, size });
  if (picture) box.append(make("img", { src: picture.url, alt: name || t("照片") }));
  else {
    box.append((name.split(".").pop() || "…").slice(0, 4).toUpperCase());
    if (number && PICTURE.test(name) && size < LARGEST_SHOWN) fetchPicture(name, size, number);
  }
  if (picture) causes.forEach((cause, place) => cause.box && box.append(mark(cause.box, place + 1)));
  return box;
}

const asked = new Set();
async function fetchPicture(name, size, number) {
  const key = `${name}|${size}`;
  if (asked.has(key)) return;
  asked.add(key);
  const response = await ask("GET", `/uploads/${upload}/files/${number}`, true);
  const type = `image/${name.split(".").pop().toLowerCase().replace("jpg", "jpeg")}`;
  await keepPicture(key, new Blob([await response.arrayBuffer()], { type }));
}

function mark([x0, y0, x1, y1], number) {
  const made = make("span", { className: "mark" }, make("b", { textContent: number }));
  Object.assign(made.style, { left: `${x0 * 100}%`, top: `${y0 * 100}%`, width: `${(x1 - x0) * 100}%`, height: `${(y1 - y0) * 100}%` });
  return made;
}

function causeOf(cause, number, file) {
  const picture = pictureOf(file);
  const isPart = cause.box && (cause.box[2] - cause.box[0] < 0.95 || cause.box[3] - cause.box[1] < 0.95);
  return make("div", { className: "cause" }, make("p", { textContent: `${number}. ${half(cause.message)}` }), picture && isPart && cause.page === 1 ? crop(picture, cause.box) : null);
}

function crop({ url, width, height }, [x0, y0, x1, y1]) {
  const made = make("div", { className: "crop", role: "img", ariaLabel: t("看不清的部分") });
  const wide = Math.min(1, Math.max(x1 - x0, LEAST_SHOWN));
  // Never taller than it is wide: what matters is to recognise the place.
  const high = Math.min(Math.max(y1 - y0, LEAST_SHOWN / 4), (wide * width) / height);
  const place = (from, share) => (share >= 1 ? 0 : (Math.min(from, 1 - share) / (1 - share)) * 100);
  const shown = { backgroundImage: `url("${url}")`, backgroundSize: `${100 / wide}% auto`, backgroundPosition: `${place(x0, wide)}% ${place(y0, high)}%` };
  Object.assign(made.style, shown, { aspectRatio: `${wide * width} / ${high * height}` });
  return made;
}

function closeUpOf(one, file) {
  const became = result?.close_ups.find((row) => row.file === file.name && row.page === one.page);
  const bad = worst(one.quality) === "retake" || (became && !became.merged);
  const said = became ? half(became.message) : one.quality ? half(one.quality[0]?.causes[0]?.message ?? "") || t("补拍清晰，正在并入") : t("补拍已收到，正在检查…");
  return make("p", { className: `told ${bad ? "doubt" : "fine"}`, textContent: `${bad ? "!" : "✓"} ${t("补拍")}：${said}` });
}

function acts(file, verdict, causes) {
  const row = make("div", { className: "acts" });
  const page = causes[0]?.page ?? 1;
  const isPart = causes.some((cause) => cause.box);
  if (verdict !== "accept" && isPart) row.append(picker(t("补拍这一部分"), "main", { closeUpOf: { file: file.number, page } }));
  if (verdict !== "accept" || !isPart) row.append(picker(t("重拍整张"), verdict === "accept" || isPart ? "" : "main", { inPlaceOf: file.number }));
  if (record.files.length > 1) {
    const button = make("button", { type: "button", className: "quiet", textContent: t("去掉"), ariaLabel: t("去掉第 {n} 张", { n: file.number }), onclick: () => without(file) });
    button.dataset.key = `without${file.number}`;
    row.append(button);
  }
  return row;
}

function picker(text, tone, to) {
  const input = make("input", { type: "file", accept: "image/*", className: "hidden" });
  input.setAttribute("capture", "environment");
  input.dataset.key = JSON.stringify(to).replace(/\W/g, "");
  input.addEventListener("change", () => input.files.length && enqueue([...input.files].slice(0, 1), to));
  return make("label", { className: `act ${tone}` }, input, text);
}

async function without(file) {
  try {
    result = null;
    take(await ask("DELETE", `/uploads/${upload}/files/${file.number}`));
  } catch (error) {
    say(half(error.message), "fail");
  }
}

function drawResult(isHeld) {
  const has = Boolean(upload) && (isHeld || result);
  at("said-of-it").hidden = !has;
  const reading = at("reading");
  const pages = record?.pages;
  reading.hidden = Boolean(result) || !has;
  reading.textContent = pages && pages.total && pages.done < pages.total ? t("正在识别，第 {n} 页，共 {m} 页…", { n: Math.min(pages.done + 1, pages.total), m: pages.total }) : t("正在识别，可以继续拍…");
  const lacks = [...new Set((result?.claims ?? []).flatMap((claim) => claim.missing_materials))];
  at("missing").replaceChildren(...(lacks.length ? [make("div", { className: "lacks" }, make("h3", { textContent: `! ${t("还缺材料")}` }), make("ul", {}, ...lacks.map((one) => make("li", { textContent: one.replace(/^M\d+ /, "") }))))] : []));
  at("papers").replaceChildren(...(result?.documents ?? []).map(paper), ...(result?.errors ?? []).map((one) => make("p", { className: "told fail", textContent: `✕ ${half(one.message)}` })));
}

function paper(one) {
  const shown = one.fields.filter((field) => field.value !== HIDDEN);
  const rows = shown.flatMap((field) => [
    make("dt", { textContent: english ? field.label_en : field.label }),
    make("dd", { className: [field.status === "review" ? "doubt" : "", AMOUNTS.has(field.name) ? "amount" : ""].join(" ").trim(), textContent: field.value, title: field.status === "review" ? t("不确定，将由人工核对") : "" }),
  ]);
  const doubts = shown.filter((field) => field.status === "review").length;
  const tag = doubts ? make("span", { className: "tag doubt", textContent: t("? {n} 项将人工核对", { n: doubts }) }) : make("span", { className: "tag fine", textContent: `✓ ${t("已读清")}` });
  return make("article", { className: "paper" }, make("h3", {}, english ? one.type_name_en : one.type_name, tag), make("dl", {}, ...rows));
}

function drawFollow(isHeld) {
  const box = at("follow");
  box.hidden = isHeld;
  if (isHeld) return;
  const { state, pages } = record;
  box.className = `card ${state === "read" ? "fine" : state === "failed" ? "fail" : ""}`;
  const sign = { read: "✓", failed: "✕" }[state] ?? "…";
  const said = { received: t("已提交，等待识别"), reading: t("已提交，正在识别"), read: t("已受理登记，以下是申请号"), failed: t("未能识别，工作人员会处理") }[state];
  const known = state === "read" && result && !result.claims.length ? t("已收到；没有能立案的票据，工作人员会查看") : said;
  const parts = [
    make("p", { className: "big" }, make("span", { textContent: sign, ariaHidden: "true" }), known),
    make("p", { className: "muted", textContent: t("上传编号 {id}，材料已保存，可以关闭本页。", { id: upload }) }),
    ["received", "reading"].includes(state) ? make("progress", pages?.total ? { value: pages.done, max: pages.total, ariaLabel: t("识别进度") } : { ariaLabel: t("识别进度") }) : null,
    ...(result?.claims ?? []).filter((claim) => claim.claim_id).map((claim) => make("div", { className: "claim" }, make("code", { textContent: claim.claim_id }), make("span", { className: "tag", textContent: english ? claim.state.replaceAll("_", " ") : claim.state_name }), claim.declared_amount ? make("span", { textContent: `¥ ${claim.declared_amount}` }) : null)),
    state === "failed" ? make("p", { className: "told fail", textContent: half(record.failure) }) : null,
    make("p", {}, make("a", { href: "/upload?new=1", textContent: t("再交一件") })),
  ];
  box.replaceChildren(...parts.filter((part) => part !== null));
}

function drawSend(isHeld, files) {
  at("send").hidden = !isHeld || !files.length;
  const bad = files.filter((file) => worst(file.quality) === "retake" && !file.close_ups.length).length;
  at("submit").disabled = outgoing.length > 0;
  at("send-hint").textContent = outgoing.length ? t("还有照片在上传…") : bad ? t("{n} 张看不清；重拍后人工核对更快，也可以直接提交", { n: bad }) : t("核对无误后提交");
}

// ---------------------------------------------------------------- from here on it runs

at("submit").addEventListener("click", async () => {
  at("submit").disabled = true;
  try {
    result = null;
    await take(await ask("POST", `/uploads/${upload}/submission`));
    say(t("已提交"));
    scrollTo(0, 0);
  } catch (error) {
    say(half(error.message), "fail");
    draw();
  }
});
for (const id of ["camera", "files"]) {
  at(id).addEventListener("change", (event) => {
    enqueue([...event.target.files]);
    event.target.value = "";
  });
}

async function begin() {
  if (!desk.dataset.person && !token) {
    at("stranger").hidden = false;
    return;
  }
  desk.hidden = false;
  const open = remembered().find((one) => one.isOpen);
  if (!upload && open && !new URLSearchParams(location.search).has("new")) upload = open.id;
  if (upload) {
    try {
      await take(await ask("GET", `/uploads/${upload}`));
      history.replaceState(null, "", `/upload/${upload}`);
      watch();
    } catch (error) {
      if (error.status !== 404) say(half(error.message), "fail");
      localStorage.setItem(RECENT, JSON.stringify(remembered().filter((one) => one.id !== upload)));
      upload = "";
      history.replaceState(null, "", "/upload");
    }
  }
  draw();
}
begin();
