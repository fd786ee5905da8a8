// Where JSON goes wrong, in the words of webapp/pages/event_json.py. Browsers' own messages have no position, or differ.

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;

class Wrong extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

/** What is wrong with `text`: {line, column, from, message}, or null where it is JSON. */
export function checkJson(text) {
  if (!text.trim()) return { line: 1, column: 1, from: 0, message: "The event is empty. An event is JSON; the smallest object is {}." };
  try {
    JSON.parse(text);
    return null;
  } catch {
    // it says too little; the reader below finds the place
  }
  try {
    const end = space(text, value(text, space(text, 0), 0));
    if (end < text.length) throw new Wrong("something follows the end of the JSON", end);
    return null;
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    const before = text.slice(0, error.at);
    const line = before.split("\n").length;
    const column = error.at - before.lastIndexOf("\n");
    const message = `Could not parse request body into json: line ${line}, column ${column}: ${error.message}.`;
    return { line, column, from: error.at, message };
  }
}

function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

const space = (text, at) => at + match(SPACE, text, at).length;

function value(text, at, depth) {
  if (depth > 2000) throw new Wrong("it is nested too deeply", at);
  if (text[at] === "{") return members(text, at, depth, "}", member);
  if (text[at] === "[") return members(text, at, depth, "]", value);
  if (text[at] === '"') return string(text, at);
  const plain = match(LITERAL, text, at) ?? match(NUMBER, text, at);
  if (!plain) throw new Wrong("a value is missing", at);
  return at + plain.length;
}

function members(text, start, depth, close, one) {
  let at = space(text, start + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    at = space(text, one(text, at, depth + 1));
    if (text[at] === close) return at + 1;
    if (text[at] !== ",") throw new Wrong("a comma or a closing bracket is missing", at);
    const comma = at;
    at = space(text, at + 1);
    if (text[at] === close) throw new Wrong("the comma before a closing bracket is one too many", comma);
  }
}

function member(text, at, depth) {
  if (text[at] !== '"') throw new Wrong("a key in double quotes is missing", at);
  const colon = space(text, string(text, at));
  if (text[colon] !== ":") throw new Wrong("a colon is missing after the key", colon);
  return value(text, space(text, colon + 1), depth);
}

function string(text, start) {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') return at + 1;
    if (character < " ") throw new Wrong("a string holds a line break or a tab", at);
    if (character === "\\") {
      if (!/^\\(["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(at, at + 6))) {
        throw new Wrong("a string holds a backslash that escapes nothing", at);
      }
      at += 1;
    }
  }
  throw new Wrong("a string is not closed", start);
}
