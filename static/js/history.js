// The list of runs: times as this browser's clock tells them, and which run is the one on the page.

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function refresh() {
  const today = new Date().toDateString();
  for (const element of document.querySelectorAll("time.history-time")) {
    const at = new Date(element.dateTime);
    element.textContent = (at.toDateString() === today ? time : day).format(at);
  }
  const open = document.querySelector("#result [data-ended], #result [data-running]");
  const id = open?.dataset.ended ?? open?.dataset.running;
  for (const link of document.querySelectorAll(".history-run")) {
    if (link.dataset.run === id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("htmx:load", refresh);
refresh();
