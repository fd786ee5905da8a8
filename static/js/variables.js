// Environment variables as rows of key and value. What is sent is the field of lines beneath them, KEY=value each.

const field = document.getElementById("environment");
const rows = document.getElementById("variable-rows");
const template = document.getElementById("variable-row");
const addButton = document.getElementById("variable-add");

/** Show the rows in place of the lines. */
export function startVariables() {
  field.hidden = true;
  rows.hidden = false;
  addButton.hidden = false;
  showVariables();
  addButton.addEventListener("click", () => {
    append("", "").querySelector("[data-variable=key]").focus();
  });
  rows.addEventListener("input", write);
  rows.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-variable=remove]");
    if (!remove) return;
    const row = remove.closest("li");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    write();
    field.dispatchEvent(new Event("change", { bubbles: true }));
    (next?.querySelector("input") ?? addButton).focus();
  });
}

/** Draw the rows anew from the field. */
export function showVariables() {
  rows.replaceChildren();
  for (const line of field.value.split("\n")) {
    if (!line.trim()) continue;
    const [, key, value] = line.match(/^([^=]*)=?(.*)$/s);
    append(key.trim(), unquoted(value));
  }
}

function append(key, value) {
  const row = template.content.firstElementChild.cloneNode(true);
  row.querySelector("[data-variable=key]").value = key;
  row.querySelector("[data-variable=value]").value = value;
  rows.append(row);
  return row;
}

function write() {
  const lines = [];
  for (const row of rows.children) {
    const key = row.querySelector("[data-variable=key]").value.trim();
    const value = row.querySelector("[data-variable=value]").value;
    if (key || value) lines.push(`${key}=${quoted(value)}`);
  }
  field.value = lines.join("\n");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// The rule of webapp/pages/configuration.py: a value that looks quoted is written quoted, and so reads back the same.
const quoted = (value) => (value.startsWith('"') || /[\r\n]/.test(value) ? JSON.stringify(value) : value);

function unquoted(text) {
  if (!text.startsWith('"')) return text;
  try {
    const value = JSON.parse(text);
    return typeof value === "string" ? value : text;
  } catch {
    return text;
  }
}
