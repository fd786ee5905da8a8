// Light or dark before anything is drawn: what was chosen last, else what the system prefers.
// A classic script in <head>, so that no page ever flashes in the wrong colours.
(() => {
  const KEY = "playground-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");

  const chosen = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is switched off: the theme is not remembered, and that is all
    }
  };

  const show = () => {
    const dark = (chosen() ?? (system.matches ? "dark" : "light")) === "dark";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    document.getElementById("theme-toggle")?.setAttribute("aria-pressed", String(dark));
  };

  const toggle = () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, next);
    } catch {
      document.documentElement.dataset.theme = next;
      return;
    }
    show();
  };

  document.documentElement.classList.add("has-script");
  show();
  system.addEventListener("change", show);
  addEventListener("storage", (event) => event.key === KEY && show());
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme-toggle");
    button.hidden = false;
    button.addEventListener("click", toggle);
    show();
  });
})();
