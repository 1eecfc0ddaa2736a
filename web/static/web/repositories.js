// The menus of a repository close when the reader looks elsewhere; each works without this.
"use strict";

(() => {
  const open = () => document.querySelectorAll(".repo-menu[open]");

  document.addEventListener("click", (event) => {
    open().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    if (event.target.matches("input.copied")) event.target.select();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    open().forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });
})();
