// The sheets to choose from: search narrows them down, arrow keys walk through them.

/** Have the sheet `id` searched and walked through. */
export function startPicker(id) {
  const sheet = document.getElementById(id);
  const search = sheet.querySelector("[data-search]");
  search.addEventListener("input", () => narrow(sheet, search.value));
  sheet.addEventListener("beforetoggle", (event) => {
    if (event.newState !== "open") return;
    search.value = "";
    narrow(sheet, "");
  });
  sheet.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault(); // a search field would only be emptied
      sheet.hidePopover();
    }
    if (event.key === "Enter" && event.target === search) {
      event.preventDefault(); // or it would run the function
      shown(sheet)[0]?.click();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const choices = shown(sheet);
    const at = choices.indexOf(document.activeElement);
    const next = event.key === "ArrowDown" ? at + 1 : at - 1;
    (next < 0 ? search : choices[Math.min(next, choices.length - 1)])?.focus();
  });
}

const shown = (sheet) => [...sheet.querySelectorAll(".choice")].filter((choice) => choice.offsetParent !== null);

function narrow(sheet, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const group of sheet.querySelectorAll("[data-group]")) {
    let inGroup = 0;
    for (const choice of group.querySelectorAll(".choice")) {
      const fits = words.every((word) => choice.dataset.words.includes(word));
      choice.closest("li").hidden = !fits;
      inGroup += fits;
    }
    group.hidden = !inGroup;
    found += inGroup;
  }
  sheet.querySelector("[data-nothing]").hidden = found > 0;
}
