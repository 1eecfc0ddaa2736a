// The page of a build: the state in the tab, the room for steps and log, and actions in a dialog.
"use strict";

(() => {
  const live = () => document.getElementById("live");

  // The tab says the state, also while the page lives.
  function tellState() {
    const state = live();
    if (!state || !state.dataset.icon) return;
    const end = document.title.split(" | ").slice(1).join(" | ");
    document.title = `${state.dataset.title} | ${end}`;
    document.querySelectorAll("link[rel~='icon']").forEach((link) => { link.href = state.dataset.icon; });
  }

  // Steps and log fill what the window leaves them.
  function makeRoom() {
    const bench = document.querySelector(".workbench");
    if (!bench) return;
    const place = bench.getBoundingClientRect();
    const below = document.documentElement.scrollHeight - scrollY - place.bottom;
    const around = place.top + scrollY + Math.min(Math.max(below, 12), 64);
    bench.style.setProperty("--room", `${Math.floor(innerHeight - around)}px`);
  }

  function showChosen() {
    const graph = document.querySelector(".graph");
    const box = graph?.querySelector("[aria-current]");
    if (box) {
      const [inner, outer] = [box.getBoundingClientRect(), graph.getBoundingClientRect()];
      graph.scrollLeft += Math.max(inner.right - outer.right + 40, 0);
      graph.scrollTop += Math.max(inner.bottom - outer.bottom + 8, 0);
    }
    const side = document.querySelector(".side");
    const chosen = side?.querySelector(".steps a[aria-current]");
    if (!chosen) return;
    const below = chosen.getBoundingClientRect().bottom - side.getBoundingClientRect().bottom;
    if (below > 0) side.scrollTop += below + side.clientHeight / 3;
  }

  // An action is asked about in a dialog; its page does the same where this fails.
  const dialog = () => document.getElementById("ask");
  let opener = "", clicks = 0;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const ask = dialog();
    if (ask?.contains(link) && link.pathname === ask.dataset.build) {
      event.preventDefault();
      ask.close();
    } else if (ask && link.matches("[data-ask]")) {
      event.preventDefault();
      open(link, ask);
    }
  });

  async function open(link, ask) {
    opener = link.id;
    const box = ask.firstElementChild, click = ++clicks;
    const overtaken = () => click !== clicks; // whoever has asked for something else does not get this in its place
    try {
      const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const content = page.getElementById("content");
      if (overtaken()) return;
      if (!content || answer.redirected || answer.headers.has("HX-Refresh")) throw new Error("not the page of an action");
      content.querySelector("nav:has(> .breadcrumbs)")?.remove(); // the page behind has its own
      box.replaceChildren(...content.childNodes);
    } catch {
      if (!overtaken()) location.assign(link.href);
      return;
    }
    box.querySelectorAll("form:not([action])").forEach((form) => { form.action = link.href; });
    const title = box.querySelector("h1");
    if (title) {
      title.id = "ask-title";
      ask.setAttribute("aria-labelledby", title.id);
    }
    if (!ask.open) ask.showModal();
    (box.querySelector("form.confirm .default") || title || ask).focus();
  }
  document.addEventListener("close", (event) => {
    if (event.target !== dialog()) return;
    event.target.firstElementChild.replaceChildren();
    document.getElementById(opener)?.focus();
  }, true);

  // Nothing is renewed behind an open dialog: the end of the build would take it away.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (dialog()?.open) event.preventDefault();
  });

  document.addEventListener("DOMContentLoaded", () => { tellState(); makeRoom(); showChosen(); });
  document.addEventListener("htmx:afterSettle", () => { tellState(); makeRoom(); });
  addEventListener("resize", makeRoom);
  document.addEventListener("toggle", (event) => { if (!event.target.closest(".side")) makeRoom(); }, true);
})();
