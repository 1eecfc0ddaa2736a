// Keys for those who use the pages all day, and menus that close when one goes elsewhere. Everything works without.
"use strict";

(() => {
  const CHORD = 1500; // milliseconds between g and the letter that follows
  let chord = 0;

  const typing = (element) => element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  function openShortcuts() {
    const dialog = document.getElementById("shortcuts");
    if (dialog && !dialog.open) dialog.showModal();
  }

  function search() {
    const field = document.querySelector(".search-page input[type=search], .find input[type=search]");
    if (field && field.checkVisibility()) {
      field.focus();
      field.select();
    } else {
      document.querySelector("a.to-search")?.click();
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus();
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    const second = Date.now() - chord < CHORD;
    chord = 0;
    if (second && /^[a-z]$/.test(event.key)) {
      const link = document.querySelector(`.menu a[data-key="${event.key}"]`);
      if (link) {
        event.preventDefault();
        location.assign(link.href);
      }
    } else if (event.key === "g") {
      chord = Date.now();
    } else if (event.key === "/") {
      event.preventDefault();
      search();
    } else if (event.key === "?") {
      event.preventDefault();
      openShortcuts();
    }
  });

  // An open menu closes on Escape and on a click elsewhere.
  function closeMenus(except) {
    document.querySelectorAll("details.submenu[open]").forEach((menu) => {
      if (menu === except) return;
      const inside = menu.contains(document.activeElement);
      menu.open = false;
      if (inside && !except) menu.querySelector("summary").focus();
    });
  }
  document.addEventListener("click", (event) => {
    const menu = event.target.closest("details.submenu");
    if (!menu) closeMenus();
    if (event.target.closest("[data-opens=shortcuts]")) {
      closeMenus();
      openShortcuts();
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-opens=shortcuts]").forEach((button) => { button.hidden = false; });
  });
})();
