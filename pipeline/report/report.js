"use strict";
(() => {
  const messages = JSON.parse(document.getElementById("messages").textContent);
  const root = document.documentElement;
  let side = 0; // 0 Chinese, 1 English

  const say = (key, values) => {
    let text = messages[key][side];
    for (const [name, value] of Object.entries(values || {})) text = text.split(`{${name}}`).join(String(value));
    return text;
  };
  const values = (element) => (element.dataset.a ? JSON.parse(element.dataset.a) : null);
  const translate = (part) => {
    for (const element of part.querySelectorAll("[data-t]")) element.textContent = say(element.dataset.t, values(element));
    for (const element of part.querySelectorAll("[data-ta]")) {
      for (const pair of element.dataset.ta.split(" ")) {
        const [name, key] = pair.split(":");
        element.setAttribute(name, say(key));
      }
    }
  };
  const setLanguage = (wanted) => {
    side = wanted;
    root.lang = side ? "en" : "zh-CN";
    translate(document);
    document.title = document.title.replace(/^[^·]*?( ·|$)/, say("title") + "$1");
  };
  const stored = () => { try { return localStorage.getItem("baoxiao-language"); } catch { return null; } };
  const store = (name) => { try { localStorage.setItem("baoxiao-language", name); } catch { /* a file may have no storage */ } };

  // Details are laid out when they are opened for the first time.
  const fill = (card) => {
    const template = card.querySelector(":scope > template");
    if (!template) return;
    const part = template.content.cloneNode(true);
    template.remove();
    card.append(part);
    if (side) translate(card);
    const first = card.querySelector("tr:not(.fine) th .spot");
    if (first) choose(card, first.dataset.path, null);
  };

  const showPage = (card, number) => {
    for (const page of card.querySelectorAll("figure.page")) page.hidden = page.dataset.page !== number;
    for (const tab of card.querySelectorAll(".tabs button")) tab.setAttribute("aria-pressed", String(tab.dataset.page === number));
  };
  // The chosen place, drawn larger from the picture that is there already.
  const lookCloser = async (card, mark, spot) => {
    const closer = card.querySelector(".closer");
    const picture = mark?.closest("figure").querySelector("img");
    closer.hidden = !picture;
    if (!picture) return;
    const row = spot?.closest("tr");
    const [name, value] = closer.querySelectorAll("figcaption > *");
    name.replaceChildren(...[...(row?.querySelector("th") || row?.querySelector(".spot") || mark).childNodes].map((node) => node.cloneNode(true)));
    value.textContent = row?.querySelector(".value")?.firstChild?.textContent || (spot && spot !== row.querySelector(".spot") ? spot.lastChild.textContent : "");
    for (const button of name.querySelectorAll("button")) button.replaceWith(...button.childNodes);
    try { await picture.decode(); } catch { return; }
    const canvas = closer.querySelector("canvas");
    const share = (side) => parseFloat(mark.style[side]) / 100;
    const width = picture.naturalWidth, height = picture.naturalHeight;
    const [w, h] = [share("width") * width, share("height") * height];
    const scale = Math.min(canvas.width / (w * 1.5), canvas.height / (h * 2.6), (canvas.width / width) * 2.4);
    const within = (start, shown, whole) => Math.max(0, Math.min(start, whole - shown));
    const x = within(share("left") * width + w / 2 - canvas.width / scale / 2, canvas.width / scale, width);
    const y = within(share("top") * height + h / 2 - canvas.height / scale / 2, canvas.height / scale, height);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, x, y, canvas.width / scale, canvas.height / scale, 0, 0, canvas.width, canvas.height);
    pen.strokeStyle = "#17618d";
    pen.lineWidth = 4;
    pen.strokeRect((share("left") * width - x) * scale - 8, (share("top") * height - y) * scale - 8, w * scale + 16, h * scale + 16);
  };
  // The box of a field that nobody doubts is drawn when the field is chosen.
  const draw = (card, spot) => {
    const page = spot && [...card.querySelectorAll("figure.page")].find((figure) => figure.dataset.page === spot.dataset.at);
    if (!page?.querySelector("img")) return null;
    const mark = document.createElement("button");
    mark.type = "button";
    mark.className = "mark fine";
    mark.style.cssText = spot.dataset.box;
    mark.dataset.path = spot.dataset.path;
    mark.setAttribute("aria-label", spot.textContent);
    page.append(mark);
    return mark;
  };
  const choose = (card, path, from) => {
    for (const element of card.querySelectorAll(".on")) element.classList.remove("on");
    for (const button of card.querySelectorAll(".spot[aria-pressed=true]")) button.setAttribute("aria-pressed", "false");
    const spot = [...card.querySelectorAll(".spot")].find((element) => element.dataset.path === path);
    const mark = [...card.querySelectorAll(".mark")].find((element) => element.dataset.path === path) || draw(card, spot);
    if (spot) {
      spot.setAttribute("aria-pressed", "true");
      spot.closest("tr").classList.add("on");
    }
    if (mark) {
      showPage(card, mark.closest("figure").dataset.page);
      mark.classList.add("on");
    }
    lookCloser(card, mark, spot);
    const other = from === spot ? mark : spot;
    if (other && from) other.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("toggle", (event) => { if (event.target.open) fill(event.target); }, true);
  document.addEventListener("click", (event) => {
    const card = event.target.closest(".card");
    if (!card) return;
    const tab = event.target.closest(".tabs button");
    if (tab) return showPage(card, tab.dataset.page);
    const zoom = event.target.closest(".zoom");
    if (zoom) {
      const wide = card.querySelector(".body").classList.toggle("wide");
      zoom.setAttribute("aria-pressed", String(wide));
      zoom.firstElementChild.dataset.t = wide ? "shrink" : "zoom";
      return translate(zoom.parentElement);
    }
    const mark = event.target.closest(".mark");
    if (mark) return choose(card, mark.dataset.path, mark);
    const spot = event.target.closest(".spot") || event.target.closest("tr")?.querySelector(".spot");
    if (spot && !String(getSelection())) choose(card, spot.dataset.path, spot);
  });
  document.getElementById("print").addEventListener("click", () => print());
  document.getElementById("language").addEventListener("click", () => {
    setLanguage(1 - side);
    store(side ? "en" : "zh");
  });

  const filter = document.getElementById("filter");
  filter?.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    let shown = 0;
    for (const card of document.querySelectorAll("#review > .card")) {
      card.hidden = !card.querySelector("summary").textContent.toLowerCase().includes(wanted);
      shown += !card.hidden;
    }
    document.getElementById("no-match").hidden = shown > 0;
  });

  const follow = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.hidden = false;
      target.open = true;
      fill(target);
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", follow);

  for (const card of document.querySelectorAll("details.card[open]")) fill(card);
  const asked = new URLSearchParams(location.search).get("lang") || stored();
  if (asked === "en") setLanguage(1);
  follow();
})();
