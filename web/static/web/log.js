// The log of a step: lines that are not on the page yet, search, errors, following, links to lines.
"use strict";

(() => {
  const log = () => document.getElementById("log");
  const box = () => document.querySelector("#log > .log");
  const growing = () => document.querySelector("#log > .growing");
  const numberOf = (line) => Number(line.id.slice(1));
  const button = (name) => document.querySelector(`.log-tools [data-do="${name}"]`);

  // Lines: `show` brings one onto the page, from the gap that it is in; one after the other, since each changes the gaps.
  let shown = Promise.resolve();
  function show(number, options) {
    shown = shown.then(() => bring(number, options));
    return shown;
  }
  async function bring(number, { current = true } = {}) {
    let line = document.getElementById(`L${number}`);
    if (!line) {
      const gap = [...document.querySelectorAll("#log .gap")].find(
        ({ dataset }) => Number(dataset.first) <= number && number <= Number(dataset.last));
      if (!gap) return null;
      const { first, last } = gap.dataset;
      await fill(gap, `${log().dataset.lines}${number}/?within=${first}-${last}`);
      line = document.getElementById(`L${number}`);
    }
    if (!line) return null;
    if (current) {
      document.querySelectorAll("#log .line.current").forEach((other) => other.classList.remove("current"));
      line.classList.add("current");
    }
    bringIntoView(line);
    return line;
  }

  async function ask(url, headers = {}) {
    const answer = await fetch(url, { headers: { "HX-Request": "true", ...headers } });
    if (answer.ok && answer.headers.has("HX-Refresh")) location.reload(); // the session has ended
    if (!answer.ok || answer.headers.has("HX-Refresh")) throw new Error(String(answer.status));
    return answer;
  }
  async function fill(gap, url) {
    let text;
    try {
      text = await (await ask(url)).text();
    } catch { // the gap stays
      found().textContent = found().dataset.failed;
      return;
    }
    const lines = document.createElement("template");
    lines.innerHTML = text;
    const gaps = lines.content.querySelectorAll(".gap");
    gap.replaceWith(lines.content);
    gaps.forEach((one) => htmx.process(one));
    nameStep();
    markChosen();
  }

  // Only the log scrolls, so that what stands above it stays.
  function bringIntoView(line) {
    const place = box();
    const middle = line.getBoundingClientRect().top - place.getBoundingClientRect().top - place.clientHeight / 2;
    place.scrollTop += middle;
    if (place.getBoundingClientRect().top > innerHeight - 80) place.scrollIntoView({ block: "nearest" });
  }

  // Links to lines: #L12 and #L12-L20.
  function chosen() {
    const named = /^#L(\d{1,9})(?:-L(\d{1,9}))?$/.exec(location.hash);
    if (!named) return null;
    const [first, last] = [Number(named[1]), Number(named[2] || named[1])];
    return [Math.min(first, last), Math.max(first, last)];
  }
  function markChosen() {
    document.querySelectorAll(".log .line.chosen").forEach((line) => line.classList.remove("chosen"));
    const range = chosen();
    if (!range) return;
    document.querySelectorAll("#log .line").forEach((line) => {
      line.classList.toggle("chosen", range[0] <= numberOf(line) && numberOf(line) <= range[1]);
    });
  }
  async function showChosen() {
    markChosen();
    const range = chosen();
    if (!range || !box()) return null;
    log().classList.add("open");
    setFollow(false);
    const line = await show(range[0], { current: false });
    markChosen();
    return line;
  }

  // The page of a build shows another step later: a link to a line names the step.
  function nameStep() {
    const step = log()?.dataset.step;
    if (step) log().querySelectorAll(".line > a").forEach((link) => { link.href = step + link.hash; });
  }

  function select(event) {
    const link = event.target.closest("#log .line > a");
    if (!link || event.button || event.ctrlKey || event.metaKey) return;
    const range = chosen();
    const number = numberOf(link.parentElement);
    if (!event.shiftKey && location.pathname !== new URL(link.href).pathname) return; // its address names the step: go there
    event.preventDefault();
    const from = event.shiftKey && range ? range[0] : number;
    const hash = from === number ? `#L${number}` : `#L${Math.min(from, number)}-L${Math.max(from, number)}`;
    history.pushState(null, "", log().dataset.step + hash);
    log().classList.add("open");
    markChosen();
  }

  // Search and errors: the server looks through the whole log and answers with the numbers of the lines.
  const search = { asked: "", url: "", lines: [], said: "", stale: false };
  const found = () => document.querySelector(".log-tools .found");
  async function find(query) {
    const url = `${document.querySelector(".log-tools .log-find").action}?${new URLSearchParams(query)}`;
    search.asked = url;
    if (url === search.url && !search.stale) return search.lines;
    const overtaken = () => url !== search.asked; // by the next search
    try {
      const { lines, said } = await (await ask(url, { Accept: "application/json" })).json();
      if (overtaken()) return [];
      Object.assign(search, { url, lines, said, stale: false });
      found().textContent = said;
    } catch {
      if (overtaken()) return [];
      Object.assign(search, { url: "", lines: [] });
      found().textContent = found().dataset.failed;
    }
    document.querySelector(".log-tools .steps-through").hidden = !search.lines.length;
    markMatches();
    return search.lines;
  }
  function markMatches() {
    const numbers = new Set(search.lines);
    document.querySelectorAll("#log > .log .line").forEach((line) => line.classList.toggle("match", numbers.has(numberOf(line))));
  }
  function place() {
    const line = document.querySelector("#log .line.current");
    return line ? numberOf(line) : null;
  }
  async function go(lines, direction) {
    if (!lines.length) return;
    setFollow(false);
    const at = place();
    const before = lines.filter((number) => at !== null && number < at);
    const after = lines.filter((number) => at === null || number > at);
    const next = direction > 0 ? (after[0] ?? lines[0]) : (before[before.length - 1] ?? lines[lines.length - 1]);
    if (!await show(next)) return;
    markMatches();
    found().textContent = `${lines.indexOf(next) + 1} / ${lines.length} · ${search.said}`;
  }
  const ofField = () => ({ q: document.querySelector(".log-tools .log-find input").value });

  // Following, and how lines are shown; the latter is remembered.
  function setFollow(on) { button("follow")?.setAttribute("aria-pressed", String(on)); }
  const follows = () => button("follow")?.getAttribute("aria-pressed") === "true";
  const toEnd = () => { const place_ = box(); if (place_) place_.scrollTop = place_.scrollHeight; };
  const ways = { wrap: "unwrapped", times: "timeless" };
  function remembered(name) { try { return localStorage.getItem(`edrone-log-${name}`) !== "no"; } catch { return true; } }
  function setWay(name, on) {
    log().classList.toggle(ways[name], !on);
    button(name)?.setAttribute("aria-pressed", String(on));
    try { localStorage.setItem(`edrone-log-${name}`, on ? "yes" : "no"); } catch { /* then not remembered */ }
  }

  async function copyLink(pressed) {
    const range = chosen();
    const hash = range ? location.hash : place() ? `#L${place()}` : "#log";
    const link = new URL(log().dataset.step + hash, location.href).href;
    try {
      await navigator.clipboard.writeText(link);
    } catch { // not allowed, or no https
      const field = document.createElement("textarea");
      field.value = link;
      log().append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    pressed.dataset.label ??= pressed.textContent;
    pressed.textContent = pressed.dataset.done;
    setTimeout(() => { pressed.textContent = pressed.dataset.label; }, 1500);
  }

  const deeds = {
    previous: async () => go(await find(ofField()), -1),
    next: async () => go(await find(ofField()), 1),
    error: async () => go(await find({ errors: "1" }), 1),
    top: async () => { setFollow(false); await show(Number(log().dataset.first), { current: false }) || (box().scrollTop = 0); },
    end: toEnd,
    follow: () => { setFollow(!follows()); if (follows()) toEnd(); },
    wrap: () => setWay("wrap", log().classList.contains("unwrapped")),
    times: () => setWay("times", log().classList.contains("timeless")),
    copy: copyLink,
  };
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-do]");
    if (pressed) deeds[pressed.dataset.do](pressed);
    else if (event.target.closest("#log .back")) log().classList.remove("open");
    else select(event);
  });
  document.addEventListener("submit", async (event) => {
    if (!event.target.closest(".log-tools")) return;
    event.preventDefault();
    const query = ofField();
    if (query.q) await go(await find(query), 1);
  });

  function begin() {
    if (!log()) return;
    document.querySelectorAll(".log-tools .needs-script").forEach((tools) => { tools.hidden = false; });
    if (!box()) return;
    Object.keys(ways).forEach((name) => { if (!remembered(name)) setWay(name, false); });
    nameStep();
    showChosen().then((line) => line || toStart());
  }
  let started = 0; // how far the page scrolled the log by itself
  function toStart() {
    if (location.hash === "#log") log().classList.add("open"); // on a phone it scrolls only once it is there, and :target comes late
    toEnd();
    const errors = document.querySelectorAll("#log[data-failed] .line[data-error]");
    if (errors.length && !growing()) bringIntoView(errors[errors.length - 1]);
    started = box()?.scrollTop ?? 0;
  }
  document.addEventListener("DOMContentLoaded", begin);
  addEventListener("hashchange", () => {
    log()?.classList.remove("open"); // the way back leads to the steps
    if (location.hash === "#log" && box()) toStart();
    else showChosen();
  });

  // A reader who scrolls up does not want to be taken to the end; who is there, does.
  document.addEventListener("scroll", (event) => {
    if (event.target === growing()) setFollow(event.target.scrollTop + event.target.clientHeight >= event.target.scrollHeight - 40);
  }, true);

  // As a step or the build ends, the page is asked for anew. Whoever reads further up by then finds the same step and place again.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const place_ = box();
    if (!event.detail.xhr.getResponseHeader("HX-Refresh") || !place_ || follows() || place_.scrollTop === started) return;
    const { top, height } = place_.getBoundingClientRect();
    const line = [...document.querySelectorAll("#log .line")].find((one) => one.getBoundingClientRect().bottom > top + height / 2);
    if (line && place_.scrollTop + place_.clientHeight < place_.scrollHeight - 40) {
      history.replaceState(history.state, "", log().dataset.step + (chosen() ? location.hash : `#${line.id}`));
    }
  });

  let followed = false;
  document.addEventListener("htmx:beforeSwap", () => { followed = follows(); });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "log") begin();
    if (!event.target.closest("#log")) return;
    nameStep();
    markChosen();
    if (growing()?.contains(event.target)) {
      search.stale = true;
      if (followed) { toEnd(); setFollow(true); }
    }
    markMatches();
  });
})();
