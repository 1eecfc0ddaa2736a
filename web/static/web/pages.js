// Small helps for the pages; each works without them, less comfortably.
"use strict";

(() => {
  const language = document.documentElement.lang || "en";
  const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
  const short = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

  // Times in the reader's zone: within a week as "5 minutes ago", the exact one on hover.
  function tell(time) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) return;
    const seconds = (moment - Date.now()) / 1000;
    const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) || ["second", 1];
    const near = Math.abs(seconds) < 7 * 86400;
    const text = near ? relative.format(Math.trunc(seconds / size), unit) : short.format(moment);
    if (time.textContent !== text) time.textContent = text;
    time.title = exact.format(moment);
  }
  const tellAll = (root) => root.querySelectorAll("time[datetime]").forEach(tell);

  // A link to a line, #L12, opens the folded part of the log that holds it.
  function showLine() {
    const found = /^#L(\d{1,9})$/.exec(location.hash);
    document.querySelectorAll(".line.chosen").forEach((line) => line.classList.remove("chosen"));
    if (!found) return;
    const line = document.getElementById(`L${found[1]}`);
    if (line) {
      line.classList.add("chosen");
      line.scrollIntoView({ block: "center" });
      return;
    }
    const number = Number(found[1]);
    for (const part of document.querySelectorAll("details[data-first]")) {
      if (Number(part.dataset.first) > number || number > Number(part.dataset.last)) continue;
      for (let box = part; box; box = box.parentElement.closest("details")) box.open = true;
    }
  }

  // The page of a build shows another step later: a link to a line names the step.
  function nameStep(root) {
    const log = document.querySelector("#log[data-step]");
    if (log) root.querySelectorAll(".line > a").forEach((link) => { link.href = log.dataset.step + link.hash; });
  }

  document.addEventListener("DOMContentLoaded", () => { tellAll(document); nameStep(document); showLine(); });
  document.addEventListener("htmx:afterSettle", (event) => {
    tellAll(event.target);
    nameStep(event.target.closest("#log") || document);
    if (event.target.closest("details[data-first]") || event.target.id === "log") showLine();
  });
  addEventListener("hashchange", showLine);
  setInterval(() => tellAll(document), 5000);

  // Pressed twice is sent once (and the server would do it once all the same).
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.confirm")) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => document.querySelectorAll("form.confirm").forEach((form) => delete form.dataset.sent));

  // Nobody looks: nothing is asked again.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.requestConfig.verb === "get") event.preventDefault();
  });

  // A log that grows stays at its end while the reader is there.
  let atEnd = false;
  document.addEventListener("htmx:beforeSwap", () => {
    atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 40;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (atEnd && event.target.closest(".growing")) scrollTo(0, document.documentElement.scrollHeight);
  });
})();
