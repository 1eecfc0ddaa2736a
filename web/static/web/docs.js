"use strict";
// The page to try the API. The token stays in this page's memory and goes to edrone only.
SwaggerUIBundle({
  url: document.getElementById("api").dataset.schema,
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
});

// Swagger UI makes fields and buttons without a name, a name that is not the one shown, and examples that only a mouse scrolls.
const api = document.getElementById("api");
new MutationObserver(() => {
  for (const select of api.querySelectorAll("select:not([aria-label])")) {
    const parameter = select.closest("tr")?.querySelector(".parameter__name");
    select.setAttribute("aria-label", parameter ? parameter.textContent : "Media type");
  }
  api.querySelectorAll("textarea:not([aria-label])").forEach((field) => field.setAttribute("aria-label", "Request body"));
  api.querySelectorAll(".close-modal:not([aria-label])").forEach((button) => button.setAttribute("aria-label", "Close"));
  api.querySelectorAll(".modal-btn[aria-label]").forEach((button) => button.removeAttribute("aria-label"));
  api.querySelectorAll("pre.microlight:not([tabindex])").forEach((example) => { example.tabIndex = 0; });
}).observe(api, { childList: true, subtree: true });

// Swagger UI knows a class for the dark theme; it follows the theme of the page.
const system = matchMedia("(prefers-color-scheme: dark)");
function followTheme() {
  const chosen = document.documentElement.dataset.theme;
  document.documentElement.classList.toggle("dark-mode", chosen === "dark" || (chosen !== "light" && system.matches));
}
new MutationObserver(followTheme).observe(document.documentElement, { attributeFilter: ["data-theme"] });
system.addEventListener("change", followTheme);
followTheme();
