// What the upload desk asks of the server: who asks, sending with progress, following. No page, no state of its own.

import { Refused } from "../shell/shell.js";

const TOKEN = "baoxiao-token";
const AGAIN_MS = 2000;

/** The claimant's token: it comes behind `#` in a link, which no server sees, and leaves the address at once. */
function tokenOfLink() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found) {
    sessionStorage.setItem(TOKEN, found);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(TOKEN);
}
export const token = tokenOfLink();

function headers() {
  const own = { Accept: "application/json", "X-CSRF-Token": document.querySelector('meta[name="csrf"]').content };
  if (token) own.Authorization = `Bearer ${token}`;
  return own;
}

/** Ask the API; the JSON of the answer, or the whole answer where `raw` is set. Throws `Refused`. */
export async function ask(method, path, raw = false, extra = {}) {
  let response;
  try {
    response = await fetch(path, { method, headers: { ...headers(), ...extra } });
  } catch {
    throw new Refused(0);
  }
  if (!response.ok) throw new Refused(response.status, await response.json().catch(() => null));
  return raw ? response : response.json();
}

/** Send files with fields; `onProgress` is told the share (0–1) that is sent. Resolves to the answer, throws `Refused`; `after` says when to try again. */
export function send(method, path, files, fields, key, onProgress) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value) body.append(name, value);
  for (const file of files) body.append("file", file, file.name || "image.jpg");
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    if (key) request.setRequestHeader("Idempotency-Key", key);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(new Refused(0));
    request.onload = () => {
      let content = null;
      try {
        content = JSON.parse(request.responseText);
      } catch {
        // An answer that is not ours; its status says enough.
      }
      if (request.status >= 200 && request.status < 300) return resolve(content);
      const refused = new Refused(request.status, content);
      refused.after = Number(request.getResponseHeader("Retry-After")) || 0;
      reject(refused);
    };
    request.send(body);
  });
}

/** Follow an upload until it is read: `told` gets each state. An event stream read by hand, because EventSource sends no token. Returns what ends it. */
export function follow(upload, told) {
  const ended = new AbortController();
  let seen = "";
  const listen = async () => {
    const extra = seen ? { "Last-Event-ID": seen } : {};
    const response = await fetch(`/uploads/${upload}/events`, { headers: { ...headers(), ...extra }, signal: ended.signal });
    if (!response.ok) throw new Refused(response.status);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const lines = block.split("\n");
        const of = (name) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join("\n");
        seen = of("id") || seen;
        if (of("event") === "upload" && told(JSON.parse(of("data")))) return ended.abort();
      }
    }
  };
  (async () => {
    while (!ended.signal.aborted) {
      try {
        await listen();
      } catch (error) {
        if (error instanceof Refused && error.status && error.status < 500) return;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  })();
  return () => ended.abort();
}
