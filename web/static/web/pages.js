// Small helps for the pages; each works without them, less comfortably.
"use strict";

(() => {
  const language = document.documentElement.lang || "en";
  const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
  const day = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" });
  const dayOfAnotherYear = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const hour = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "narrow" });
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

  // Times in the reader's zone: within a week as "5m ago", else the day, or exactly; the exact one on hover.
  function tell(time) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) return;
    const seconds = (moment - Date.now()) / 1000;
    const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) || ["second", 1];
    const near = Math.abs(seconds) < 7 * 86400;
    const text = "exactly" in time.dataset ? hour.format(moment) : near ? relative.format(Math.trunc(seconds / size), unit) : (moment.getFullYear() === new Date().getFullYear() ? day : dayOfAnotherYear).format(moment);
    if (time.textContent !== text) time.textContent = text;
    time.title = exact.format(moment);
  }
  const tellAll = (root) => root.querySelectorAll("time[datetime]").forEach(tell);

  document.addEventListener("DOMContentLoaded", () => tellAll(document));
  document.addEventListener("htmx:afterSettle", (event) => tellAll(event.target));
  setInterval(() => tellAll(document), 5000);

  // Pressed twice is sent once (and the server would do it once all the same).
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[method=post]") || event.defaultPrevented) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[method=post]").forEach((form) => delete form.dataset.sent));

  // The way back shows the filters of its address: a browser fills them in as they were sent, above rows of another list.
  addEventListener("pageshow", (event) => {
    if (!event.persisted && performance.getEntriesByType("navigation")[0]?.type !== "back_forward") return;
    document.querySelectorAll("form[method=get]").forEach((form) => form.reset());
  });

  // Where a form was answered with a page (a confirmation, a mistake), going back or reloading opens the form
  // instead of the browser's question whether to send it again.
  history.replaceState(history.state, "", location.href);

  // What is renewed keeps what the reader opened or closed, how far it was scrolled, and the focus. htmx gives the focus back
  // only to what has an id; all else is found again by what it is: the same among those alike, within what has one.
  const toggled = new Set();
  let before = [];
  document.addEventListener("click", (event) => {
    const details = event.target.closest("summary")?.parentElement;
    if (details) toggled.add(details);
  });
  function alike(element, within) {
    const same = (other) => ["href", "name", "aria-label"].every((name) => other.getAttribute(name) === element.getAttribute(name));
    return [...within?.querySelectorAll(element.tagName) ?? []].filter(same);
  }
  function wayTo(element) {
    const near = element.closest("[id]");
    if (near === element) return () => document.getElementById(near.id);
    const place = alike(element, near).indexOf(element);
    return () => alike(element, document.getElementById(near.id))[place];
  }
  document.addEventListener("htmx:beforeSwap", () => {
    const focused = document.activeElement;
    const kept = new Set([...toggled, ...document.querySelectorAll("[role=region]"), focused]);
    before = [...kept].filter((element) => element.closest("[id]")).map((element) => ({
      element, find: wayTo(element), open: element.open, left: element.scrollLeft, top: element.scrollTop, focused: element === focused,
    }));
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const { element, find, open, left, top, focused } of before) {
      const renewed = !element.isConnected && find();
      if (!renewed) continue;
      if (toggled.delete(element)) {
        toggled.add(renewed);
        renewed.open = open;
      }
      renewed.scrollTo(left, top);
      if (focused && document.activeElement === document.body) renewed.focus({ preventScroll: true });
    }
    before = [];
  });

  // What a reader asked for and did not get is loaded as a page, which says why; what a page asks for by itself is asked again.
  for (const failed of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(failed, ({ detail: { requestConfig, pathInfo } }) => {
      if (requestConfig.verb === "get" && requestConfig.triggeringEvent) location.assign(pathInfo.finalRequestPath);
    });
  }

  // Where nothing can be renewed, because edrone or the network is away, the page says so.
  document.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => {
    const stale = document.getElementById("stale");
    stale.textContent = xhr.status && xhr.status < 500 ? "" : stale.dataset.text;
  });

  // Nobody looks: nothing is asked again.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.requestConfig.verb === "get") event.preventDefault();
  });
})();
