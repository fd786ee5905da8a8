// Starters, and what a change of runtime means for code that nobody has touched yet.
import { toast } from "./toast.js";

const form = document.getElementById("playground");
const sheet = document.getElementById("starter-picker");
const runtime = form.elements.runtime;
const familyNow = () => runtime.selectedOptions[0]?.dataset.family ?? "";
const fingerprint = (draft) => JSON.stringify([draft.files, draft.base_package, draft.deleted]);

export function startStarters(keeper) {
  let pristine = form.dataset.origin === "default" ? fingerprint(keeper.collect()) : "";
  let before = { family: familyNow(), runtime: runtime.value };
  const remember = () => (before = { family: familyNow(), runtime: runtime.value });

  async function load(link, changes = {}) {
    const answer = await fetch(`/starters/${link.dataset.starter}?runtime=${encodeURIComponent(runtime.value)}`);
    if (!answer.ok) return location.assign(link.href);
    await keeper.replace(await answer.json(), `Starter: ${link.dataset.title}.`, { ...keeper.collect(), ...changes });
    pristine = fingerprint(keeper.collect());
  }

  // A draft was put in place of another, such as by Undo: its runtime is no change of the person's.
  document.body.addEventListener("playground:applied", remember);

  sheet.addEventListener("click", (event) => {
    const link = event.target.closest("[data-starter]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    sheet.hidePopover();
    load(link);
  });

  runtime.addEventListener("change", () => {
    const { family, runtime: previous } = before;
    remember();
    const link = sheet.querySelector(`[data-family="${before.family}"]`);
    if (before.family === family || !link) return;
    if (fingerprint(keeper.collect()) === pristine) {
      load(link, { runtime: previous });
    } else {
      toast("Your code is as it was.", { label: `Load the starter “${link.dataset.title}”`, run: () => load(link) });
    }
  });
}
