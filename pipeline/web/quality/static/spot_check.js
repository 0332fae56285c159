// A spot check by keyboard: Enter sends what is typed, one key each for what cannot be read and what is not there.

const form = document.getElementById("check");
const KEYS = { F2: "illegible", F3: "not_present" };

if (form) {
  const shown = performance.now();
  const text = form.elements.text;
  text.focus();
  text.select();

  function send(kind) {
    form.elements.kind.value = kind;
    form.elements.seconds.value = ((performance.now() - shown) / 1000).toFixed(1);
  }

  form.addEventListener("submit", (event) => {
    if (form.elements.kind.value === "value" && !text.value.trim()) {
      event.preventDefault();
      text.focus();
      return;
    }
    send(form.elements.kind.value);
  });
  for (const button of form.querySelectorAll("[data-kind]")) {
    button.addEventListener("click", () => {
      send(button.dataset.kind);
      form.submit();
    });
  }
  document.addEventListener("keydown", (event) => {
    // While an input method composes, keys are its own.
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
    const kind = KEYS[event.key];
    if (!kind || event.repeat) return;
    event.preventDefault();
    send(kind);
    form.submit();
  });
}
