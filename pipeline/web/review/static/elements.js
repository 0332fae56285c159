// Elements made by script. Texts are set as texts: nothing that a paper, a file's name or a person says is ever markup.

/** An element: `make("button", {class: "main", type: "button"}, "确认")`; children are texts or elements, null ones are left out. */
export function make(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((one) => one !== null && one !== undefined));
  return made;
}

const isEnglish = document.documentElement.lang.startsWith("en");

/** The half of a sentence that the server tells in both languages (`中文 / English`) in the page's language. */
export function half(sentence) {
  const at = sentence.indexOf(" / ");
  if (at < 0) return sentence;
  return isEnglish ? sentence.slice(at + 3) : sentence.slice(0, at);
}
