// Uploads by button and by drag and drop. htmx sends the file; this looks at it first and takes the answer in.
import { setError } from "./errors.js";
import { toast } from "./toast.js";

const input = document.getElementById("upload");
const label = document.getElementById("upload-label");
const zone = document.getElementById("drop-zone");
const MAX_BYTES = Number(input.dataset.maxBytes);

export function startUpload(keeper) {
  let before = null;

  input.addEventListener("htmx:beforeRequest", (event) => {
    const [file] = input.files;
    const problem = file && problemOf(file);
    if (!file || problem) {
      event.preventDefault();
      if (problem) setError("upload", problem);
      input.value = "";
      return;
    }
    before = keeper.collect();
    setError("upload", "");
    label.textContent = "Uploading…";
  });

  input.addEventListener("htmx:xhr:progress", (event) => {
    const { loaded, total, lengthComputable } = event.detail;
    if (lengthComputable && loaded < total) label.textContent = `Uploading ${Math.round((100 * loaded) / total)}%`;
  });

  input.addEventListener("htmx:afterRequest", async (event) => {
    label.textContent = "Upload";
    const name = input.files[0]?.name ?? "The file";
    input.value = ""; // or a run would send it again
    if (!event.detail.xhr.status) return setError("upload", `${name} could not be sent: the connection broke off.`);
    if (!event.detail.successful) return;
    await keeper.apply(uploaded(document.getElementById("file-tree")));
    const undone = before;
    toast(`${name} is uploaded.`, { label: "Undo", run: () => keeper.apply(undone) });
  });

  zone.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.add("is-drop-target");
  });
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("is-drop-target");
  });
  zone.addEventListener("drop", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    zone.classList.remove("is-drop-target");
    if (event.dataTransfer.files.length > 1) return setError("upload", "Drop one file: a .zip of several, or a single source file.");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, { capture: true }); // ahead of the editor, which would insert the file's text
}

function problemOf(file) {
  const mb = MAX_BYTES / 1024 / 1024;
  if (file.size > MAX_BYTES) {
    return `${file.name} has ${(file.size / 1024 / 1024).toFixed(0)} MB; a deployment package may have ${mb} MB zipped.`;
  }
  return file.size ? "" : `${file.name} is empty.`;
}

// The tree comes with the text of the file to open, and with the handler and runtime that were found.
function uploaded(tree) {
  const opened = [...tree.querySelectorAll("[data-opened]")];
  const files = Object.fromEntries(opened.map((field) => [field.dataset.opened, field.value]));
  for (const field of opened) field.remove();
  const { basePackage, handler, runtime, open } = tree.dataset;
  return { files, base_package: basePackage, deleted: [], handler, runtime, open };
}
