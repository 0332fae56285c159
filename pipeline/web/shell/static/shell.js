// What all pages share: requests carry the token against forgery, and what goes wrong is said.

const token = document.querySelector('meta[name="csrf"]').content;

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = token;
});

/** A refused or failed request; `status` 0: no answer came. `problem` is the problem document (RFC 9457), where there is one. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? `HTTP ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

/** Ask our own API; the JSON of the answer. Throws `Refused`. */
export async function ask(method, path, body, options = {}) {
  const headers = { "X-CSRF-Token": token, Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0);
  }
  if (response.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  const text = await response.text();
  const content = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Refused(response.status, content);
  return content;
}

/** Say something at the foot of the page, and to those who cannot see it. */
export function say(text, tone = "") {
  const said = document.getElementById("said");
  said.textContent = text;
  said.className = tone;
}

/** What this page's scripts say in the page's language; the key is the Chinese sentence, `{name}` is filled in. */
const sentences = JSON.parse(document.getElementById("sentences")?.textContent ?? "{}");
export function t(sentence, values = {}) {
  const said = sentences[sentence] ?? sentence;
  return said.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}
