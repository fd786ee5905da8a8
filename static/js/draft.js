// The whole form as one object, in the shape of webapp.pages.form.Draft: collected, put back, and kept.
import { keepDraft, keptDraft } from "./draft_store.js";
import { showConfiguration } from "./configuration.js";
import { show } from "./events.js";
import { showVariables } from "./variables.js";
import { toast } from "./toast.js";

const form = document.getElementById("playground");
const TEXTS = ["runtime", "handler", "memory_mb", "timeout_s", "environment", "ephemeral_storage_mb"];
const SAVE_AFTER_MS = 300;

export class DraftKeeper {
  constructor(files, event) {
    this.files = files;
    this.event = event;
    this.isStarted = false;
    this.hasChanged = false;
    this.hasTold = false;
  }

  /** What is in the form now. */
  collect() {
    const { elements } = form;
    return {
      ...Object.fromEntries(TEXTS.map((name) => [name, elements[name].value])),
      architecture: elements.architecture.value,
      force_cold: elements.force_cold.checked,
      files: this.files.texts(),
      base_package: this.files.basePackage,
      deleted: [...this.files.deleted],
      event: this.event.text,
      open: this.files.open,
      event_title: document.getElementById("event-name").textContent,
      handler_typed: elements.handler.dataset.typed === "true",
    };
  }

  /** Put `draft` into the form; fields that it lacks stay as they are. */
  async apply(draft) {
    const { elements } = form;
    for (const name of TEXTS) if (name in draft) elements[name].value = draft[name];
    if (!elements.runtime.value) elements.runtime.selectedIndex = 0;
    if (draft.architecture) elements.architecture.value = draft.architecture;
    if ("force_cold" in draft) elements.force_cold.checked = draft.force_cold;
    elements.handler.dataset.typed = String(Boolean(draft.handler_typed));
    if ("event" in draft) {
      this.event.load(draft.event);
      show(draft.event_title || "Your own");
    }
    if (draft.files) await this.files.load(draft);
    showVariables();
    showConfiguration();
    document.body.dispatchEvent(new CustomEvent("playground:applied"));
    this.changed();
  }

  /** Put `draft` in place of what is there, and offer the way back to `before`. */
  async replace(draft, message, before = this.collect()) {
    await this.apply(draft);
    toast(message, { label: "Undo", run: () => this.apply(before) });
  }

  /** Begin with the right one of: what the server sent, and what this browser kept. */
  async start() {
    const kept = keptDraft();
    const isGiven = form.dataset.origin === "given";
    const [navigation] = performance.getEntriesByType("navigation");
    const isReturn = ["reload", "back_forward"].includes(navigation?.type) && kept?.page === location.href;
    if (kept && (!isGiven || isReturn)) {
      await this.apply(kept);
    } else if (kept && isGiven && differs(kept, this.collect())) {
      toast("What you had before is still there.", { label: "Bring it back", run: () => this.replace(kept, "Your earlier draft is back.") });
    }
    this.isStarted = true;
    addEventListener("pagehide", () => this.#save());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.#save());
  }

  /** To be called after every change of the form. */
  changed() {
    this.hasChanged = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#save(), SAVE_AFTER_MS);
  }

  #save() {
    clearTimeout(this.timer);
    if (!this.isStarted || !this.hasChanged) return;
    this.hasChanged = false;
    const kept = keepDraft({ ...this.collect(), page: location.href });
    if (!kept && !this.hasTold) toast("This is too large for the browser to keep: a reload would lose it.");
    this.hasTold = !kept;
  }
}

const differs = (one, other) =>
  JSON.stringify([one.files, one.event, one.base_package]) !== JSON.stringify([other.files, other.event, other.base_package]);
