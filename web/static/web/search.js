// The search of the bar suggests repositories while one types; without this it is a form like any other.
"use strict";

(() => {
  const PAUSE = 200; // milliseconds without a key
  let waiting = 0;

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches(".find input[type=search]")) return;
    clearTimeout(waiting);
    const text = field.value.trim();
    if (!text || text.includes("#")) return;
    waiting = setTimeout(() => {
      const address = `${field.form.action}?q=${encodeURIComponent(text)}`;
      htmx.ajax("GET", address, { target: "#suggestions", swap: "innerHTML" }).catch(() => {}); // then none are suggested
    }, PAUSE);
  });
})();
