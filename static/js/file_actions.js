// New, rename, delete: the buttons over the editor, and the dialog that asks for a name.
import { toast } from "./toast.js";

const dialog = document.getElementById("file-dialog");
const field = document.getElementById("file-path");
const problem = document.getElementById("file-path-error");
const byId = (id) => document.getElementById(id);

export function startFileActions(files, keeper) {
  let accept = () => {};

  function ask(title, button, path, then) {
    byId("file-dialog-title").textContent = title;
    byId("file-dialog-ok").textContent = button;
    field.value = path;
    problem.textContent = "";
    accept = then;
    dialog.showModal();
    field.focus();
    field.setSelectionRange(path.lastIndexOf("/") + 1, Math.max(path.lastIndexOf("."), 0) || path.length);
  }

  byId("file-dialog-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const path = field.value.trim();
    problem.textContent = problemOf(path, files.paths());
    field.setAttribute("aria-invalid", String(Boolean(problem.textContent)));
    if (problem.textContent) return field.focus();
    dialog.close();
    accept(path);
  });
  byId("file-dialog-cancel").addEventListener("click", () => dialog.close());

  byId("file-new").addEventListener("click", () => ask("New file", "Add", "", (path) => files.add(path)));
  byId("file-rename").addEventListener("click", () => {
    const from = files.open;
    ask("Rename the file", "Rename", from, (to) => to !== from && files.rename(from, to));
  });
  byId("file-delete").addEventListener("click", async () => {
    const path = files.open;
    const before = keeper.collect();
    await files.remove(path);
    toast(`Deleted ${path}.`, { label: "Undo", run: () => keeper.apply(before) });
  });
}

function problemOf(path, taken) {
  if (!path || path.endsWith("/")) return "A file needs a name, such as helpers.py.";
  if (path.startsWith("/") || path.includes("\\") || path.split("/").some((part) => part === "" || part === "." || part === "..")) {
    return "Write the name relative to the package, such as lib/helpers.py.";
  }
  if (path !== field.defaultValue && taken.includes(path)) return `There is a file ${path} already.`;
  return "";
}
