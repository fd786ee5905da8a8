// A run from the click on: an answer that is late, a server that is gone, and the live view of a run that goes on
// (templates/partials/running.html), whose result takes its place at the end.

const LATE_MS = 150; // an answer later than this is seen to be awaited
const TICK_MS = 100;
const MAX_LINES = 2000; // in the live view; the result has them all
const MAX_CHUNK_TEXT = 200_000; // characters
const RETRY_MS = 1500;
const MAX_RETRIES = 20;

const result = document.getElementById("result");

/** One running element: listens to its stream until the result is there or the element has left the page. */
class LiveRun {
  constructor(element) {
    this.element = element;
    this.began = performance.now() - Number(element.dataset.elapsedMs);
    this.lines = [];
    this.text = "";
    this.chunkLength = 0;
    this.retries = 0;
    this.frame = 0;
    this.ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#listen();
  }

  #listen() {
    this.source = new EventSource(this.element.dataset.stream);
    this.source.addEventListener("open", () => this.#listens());
    this.source.addEventListener("log", (event) => this.#later(() => this.lines.push(event.data)));
    this.source.addEventListener("chunk", (event) => this.#later(() => (this.text += event.data)));
    this.source.addEventListener("result", (event) => this.#end(event.data));
    this.source.addEventListener("error", () => this.#lost());
  }

  /** Many events are drawn as one: a flood of log lines must not freeze the page. */
  #later(add) {
    add();
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.#draw();
    });
  }

  #draw() {
    if (this.lines.length) {
      const log = this.#show("log").querySelector("[data-log]");
      const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      log.insertAdjacentHTML("beforeend", this.lines.slice(-MAX_LINES).join(""));
      this.lines = [];
      while (log.children.length > MAX_LINES) log.firstElementChild.remove();
      if (atEnd) log.scrollTop = log.scrollHeight;
      this.element.querySelector("[data-running-words]").textContent = "Running your code. Its log lines appear as it writes them.";
    }
    if (this.text && this.chunkLength < MAX_CHUNK_TEXT) {
      this.chunkLength += this.text.length;
      this.#show("response").querySelector("[data-chunks]").append(this.text);
    }
    this.text = "";
  }

  #show(part) {
    const section = this.element.querySelector(`[data-running-${part}]`);
    section.hidden = false;
    return section;
  }

  #tick() {
    if (!this.element.isConnected) return this.#close();
    const seconds = (performance.now() - this.began) / 1000;
    this.element.querySelector("[data-elapsed]").textContent = `${seconds.toFixed(1)} s`;
  }

  #say(words) {
    const place = this.element.querySelector("[data-running-words]");
    if (words) this.words ??= place.textContent;
    if (words || this.words) place.textContent = words || this.words;
    if (!words) this.words = null;
  }

  #listens() {
    this.retries = 0;
    this.#say("");
  }

  #lost() {
    this.#say("The connection to the playground broke. Trying again…");
    if (this.source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    this.retries += 1;
    if (this.retries <= MAX_RETRIES) setTimeout(() => this.element.isConnected && this.#listen(), RETRY_MS);
    else this.#giveUp();
  }

  #giveUp() {
    this.#close();
    this.#say("The playground does not tell how this run went on (does this browser keep its cookies?). Run it again.");
    this.element.querySelector(".spinner").remove();
  }

  #end(html) {
    this.#close();
    if (!this.element.isConnected) return;
    const target = this.element.parentElement;
    const hadFocus = this.element.contains(document.activeElement);
    htmx.swap(target, html, { swapStyle: "innerHTML" });
    if (hadFocus) target.querySelector(".result-status")?.focus(); // Stop, which had it, is gone
    document.body.dispatchEvent(new CustomEvent("runs-changed"));
  }

  #close() {
    clearInterval(this.ticker);
    cancelAnimationFrame(this.frame);
    this.source.close();
  }
}

const seen = new WeakSet();

function watch() {
  const element = result?.querySelector("[data-running]");
  if (!element || seen.has(element)) return;
  seen.add(element);
  new LiveRun(element);
}

/** On a phone, and below a long event, the result is out of sight. */
function bringIntoView() {
  const card = result.closest(".card") ?? result;
  const top = card.getBoundingClientRect().top;
  if (top < 0 || top > window.innerHeight - 200) card.scrollIntoView({ block: "start", behavior: "smooth" });
}

function sayUnreachable() {
  const notice = document.createElement("div");
  notice.className = "notice notice-error";
  notice.textContent = "The playground can't be reached. Is it still running? Nothing you typed is lost: run again when it is back.";
  result.replaceChildren(notice);
}

if (result) {
  let late = 0;
  const form = document.getElementById("playground");
  const isRun = (event) => event.detail.elt === form && event.detail.target === result;
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (isRun(event)) late = setTimeout(() => result.classList.add("is-waiting"), LATE_MS);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (!isRun(event)) return;
    clearTimeout(late);
    result.classList.remove("is-waiting");
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(name, (event) => isRun(event) && sayUnreachable());
  }
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== result) return;
    watch();
    bringIntoView();
  });
  watch();
}
