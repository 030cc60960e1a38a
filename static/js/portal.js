// The pages work without this file. It adds one convenience: a button that copies a unified code as its 18 characters.
document.querySelectorAll("[data-copy]").forEach((shown) => {
  if (!navigator.clipboard) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "cp-copy";
  button.textContent = shown.dataset.copy;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(shown.textContent).then(() => {
      button.textContent = shown.dataset.copied;
      setTimeout(() => { button.textContent = shown.dataset.copy; }, 2000);
    }, () => {});
  });
  shown.after(button);
});
