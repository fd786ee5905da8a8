// Choosing, saving, deleting and laying out events.
import { setError } from "./errors.js";
import { toast } from "./toast.js";

const form = document.getElementById("playground");
const title = document.getElementById("event-name");
const sheet = document.getElementById("event-picker");
const HTMX = { "HX-Request": "true" };

export function startEvents(event, changed) {
  sheet.addEventListener("click", (click) => {
    const choice = click.target.closest("[data-sample], [data-saved]");
    const bin = click.target.closest("[data-delete]");
    if (choice) {
      click.preventDefault();
      choose(event, choice, changed);
    } else if (bin) {
      click.preventDefault();
      remove(bin);
    }
  });

  document.getElementById("event-format").addEventListener("click", async (click) => {
    click.preventDefault();
    if (!event.check()) return event.editor.view.focus();
    const body = new FormData();
    body.set("event", event.text);
    const answer = await fetch("/events/format", { method: "POST", body, headers: HTMX });
    if (answer.ok) event.replace(await answer.text());
  });

  const name = form.elements.event_name;
  const save = document.getElementById("event-save-button");
  name.addEventListener("keydown", (key) => {
    if (key.key !== "Enter") return;
    key.preventDefault();
    save.click();
  });
  document.getElementById("event-save").addEventListener("beforetoggle", (toggle) => {
    if (toggle.newState === "open") name.value = title.dataset.own ?? "";
  });
  save.addEventListener("click", async (click) => {
    click.preventDefault();
    const saved = name.value.trim();
    if (!saved) return name.focus();
    document.getElementById("event-save").hidePopover();
    if (!event.check()) return event.editor.view.focus();
    await htmx.ajax("POST", "/events", { source: save, target: "#saved-events", swap: "outerHTML", values: { event_name: saved, event: event.text } });
    if (document.getElementById("error-event").textContent.trim()) return;
    show(saved, true);
    toast(`Saved as “${saved}”.`);
    changed();
  });
}

/** The event was typed into: it is no longer the one that was chosen. */
export function eventWasEdited() {
  if (title.dataset.edited === "true") return;
  title.dataset.edited = "true";
  title.textContent = title.dataset.chosen ? `${title.dataset.chosen}, edited` : "Your own";
}

/** The chosen event's name, as the picker's button shows it. */
export function show(name, isOwn = false) {
  title.textContent = name;
  title.dataset.chosen = name.replace(/, edited$/, "");
  title.dataset.edited = String(title.dataset.chosen !== name);
  title.dataset.own = isOwn ? name : "";
}

async function choose(event, choice, changed) {
  const before = { text: event.text, title: title.textContent };
  const path = choice.dataset.sample ? `/events/sample/${choice.dataset.sample}` : `/events/saved/${choice.dataset.saved}`;
  const answer = await fetch(path, { headers: HTMX });
  sheet.hidePopover();
  if (!answer.ok) return setError("event", "This event is no longer there. Choose another.");
  event.load(await answer.text());
  show(choice.dataset.title, Boolean(choice.dataset.saved));
  changed();
  if (before.title.endsWith(", edited")) {
    toast("The edited event was replaced.", {
      label: "Undo",
      run: () => {
        event.load(before.text);
        show(before.title);
        changed();
      },
    });
  }
}

async function remove(bin) {
  const name = bin.closest("li").querySelector(".choice-title").textContent;
  await htmx.ajax("POST", `/events/saved/${bin.dataset.delete}/delete`, { source: bin, target: "#saved-events", swap: "outerHTML", values: {} });
  toast(`Deleted “${name.trim()}”.`);
  sheet.querySelector("[data-search]").focus();
}
