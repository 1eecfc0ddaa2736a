// A button that copies a text shown once. Without JavaScript the text is selected by hand.
"use strict";

document.querySelectorAll("button[data-copies]").forEach((button) => {
  const text = document.getElementById(button.dataset.copies);
  const said = button.textContent;
  button.hidden = false;

  function select() {
    const range = document.createRange();
    range.selectNodeContents(text);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }

  button.addEventListener("click", async () => {
    select();
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch {  // browsers give the clipboard to pages on https and localhost only
      if (!document.execCommand("copy")) return;
    }
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = said; }, 3000);
  });
});
