// The tabs of "The same from your terminal" (templates/partials/commands.html), wherever and whenever they appear.
// The keys are those of the ARIA Authoring Practices' tabs: arrows, Home and End.

const KEPT = "playground-commands-tab";

function start(root) {
  if (root.dataset.tabs === "on") return;
  root.dataset.tabs = "on";
  const list = root.querySelector("[role=tablist]");
  const tabs = [...list.querySelectorAll("[role=tab]")];
  list.hidden = false;
  for (const tab of tabs) panelOf(tab).setAttribute("role", "tabpanel");
  select(tabs.find((tab) => tab.id === kept()) ?? tabs[0]);
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length];
    choose(tab);
    tab.focus();
  });

  function choose(tab) {
    select(tab);
    try {
      localStorage.setItem(KEPT, tab.id);
    } catch {
      // storage is switched off: the choice is not remembered
    }
  }

  function select(chosen) {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panelOf(tab).hidden = !isChosen;
    }
  }
}

const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function enhance() {
  for (const root of document.querySelectorAll("[data-tabs]")) start(root);
}
document.addEventListener("htmx:load", enhance);
enhance();
