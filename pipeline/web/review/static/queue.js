// The queue by keyboard: n, or Enter where nothing has the focus, takes the next claim.

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  const busy = event.target.closest("input, select, textarea, button, a");
  if ((event.key === "n" && !event.target.closest("input, select, textarea")) || (event.key === "Enter" && !busy)) {
    event.preventDefault();
    document.getElementById("next").click();
  }
});
