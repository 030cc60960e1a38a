// The search box works without this file: its results page is the list. It adds suggestions while somebody types: a list of
// links under the box, reached by the arrow keys, with how many there are said politely.
document.querySelectorAll("form[data-suggest]").forEach((form) => {
  const input = form.querySelector("input[name=q]");
  const said = document.createElement("p");
  said.className = "cp-hidden";
  said.setAttribute("role", "status");
  input.parentElement.after(said);
  let list = null, chosen = -1, asked = "", timer = 0, request = null;

  const close = () => {
    if (list) list.remove();
    list = null;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-controls");
    input.removeAttribute("aria-activedescendant");
  };

  const choose = (place) => {
    const options = [...list.children];
    chosen = (place + options.length) % options.length;
    options.forEach((option, n) => option.setAttribute("aria-selected", String(n === chosen)));
    options[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[chosen].id);
  };

  const show = (html) => {
    const found = new DOMParser().parseFromString(html, "text/html");
    close();
    list = found.querySelector("[role=listbox]");
    said.textContent = found.querySelector("p")?.textContent ?? "";
    if (!list) return;
    list.id = "suggestions";
    input.after(list);
    input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-controls", list.id);
  };

  const ask = () => {
    const q = input.value.trim();
    if (q === asked) return;
    asked = q;
    request?.abort();
    if (q.length < 2) {
      said.textContent = "";
      close();
      return;
    }
    request = new AbortController();
    fetch(`${form.dataset.suggest}?${new URLSearchParams({ q })}`, { signal: request.signal })
      .then((answer) => (answer.ok ? answer.text() : ""))
      .then(show, () => {});
  };

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing) timer = setTimeout(ask, 200);
  });
  input.addEventListener("compositionend", ask);
  input.addEventListener("keydown", (event) => {
    if (!list || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      list.children[chosen].click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
});
