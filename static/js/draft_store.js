// Keeps what is in the form through a reload, a crash or a closed tab. Each tab has its own draft; a new tab starts
// with the last one.

const KEY = "playground-draft";

/** The draft kept last, or null. */
export function keptDraft() {
  for (const name of ["sessionStorage", "localStorage"]) {
    try {
      const text = window[name].getItem(KEY);
      if (text) return JSON.parse(text);
    } catch {
      // storage is switched off, or holds what another version wrote
    }
  }
  return null;
}

/** Keep `draft`; false where the browser has no room for it. */
export function keepDraft(draft) {
  const text = JSON.stringify(draft);
  let kept = false;
  for (const name of ["sessionStorage", "localStorage"]) {
    try {
      window[name].setItem(KEY, text);
      kept = true;
    } catch {
      // full, or switched off; the other one may still do
    }
  }
  return kept;
}
