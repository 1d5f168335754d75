// Finds the first syntax error of a JSON text, with its place and a sentence a person can act on.
//
// The browser's own messages differ, and some carry no position.

export interface JsonError {
  /** Offset in the text. */
  at: number;
  message: string;
}

/** Null when the text is valid JSON, or empty. */
export function jsonError(text: string): JsonError | null {
  if (text.trim() === "") return null;
  try {
    JSON.parse(text);
    return null;
  } catch {
    try {
      return new Reader(text).firstError();
    } catch {
      // Nested deeper than the stack.
      return { at: 0, message: "This is not valid JSON." };
    }
  }
}

const NUMBER = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;

class Reader {
  private at = 0;
  constructor(private readonly text: string) {}

  firstError(): JsonError {
    const error = this.value();
    if (error) return error;
    this.space();
    return this.error("Nothing may follow the end of the JSON value.");
  }

  private error(message: string, at = this.at): JsonError {
    return { at, message: at >= this.text.length ? `The text ends too early. ${message}` : message };
  }

  private space() {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at++;
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  private value(): JsonError | null {
    this.space();
    const start = this.at;
    const next = this.text[start];
    if (next === "{") return this.object();
    if (next === "[") return this.array();
    if (next === '"') return this.string();
    if (next === "'") return this.error("Strings stand in double quotes.");
    if (this.take(NUMBER)) {
      const follows = this.text[this.at] ?? " ";
      return /[\w.+-]/.test(follows) ? this.error("This number is not valid JSON.", start) : null;
    }
    const word = this.take(WORD);
    if (["true", "false", "null"].includes(word)) return null;
    if (word) return this.error(`"${word}" is no JSON value. Strings stand in double quotes.`, start);
    return this.error("A value is expected here.");
  }

  private string(): JsonError | null {
    const start = this.at++;
    for (;;) {
      const next = this.text[this.at];
      if (next === undefined || next === "\n") return this.error("This string has no closing quote.", start);
      if (next === '"') {
        this.at++;
        return null;
      }
      if (next < " ") return this.error("Control characters in a string are written as an escape, such as \\t.");
      if (next === "\\" && !/^\\(["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(this.text.slice(this.at, this.at + 6))) {
        return this.error("This escape is not valid JSON.");
      }
      this.at += next === "\\" ? 2 : 1;
    }
  }

  private object(): JsonError | null {
    this.at++;
    this.space();
    if (this.text[this.at] === "}") return this.close();
    let comma = this.at;
    for (;;) {
      this.space();
      if (this.text[this.at] === "}") return this.error("No comma may stand before the closing brace.", comma);
      if (this.text[this.at] !== '"') return this.error("A key in double quotes is expected here.");
      const key = this.string();
      if (key) return key;
      this.space();
      if (this.text[this.at] !== ":") return this.error("A colon is expected after the key.");
      this.at++;
      const value = this.value();
      if (value) return value;
      this.space();
      if (this.text[this.at] === "}") return this.close();
      if (this.text[this.at] !== ",") return this.error("A comma or a closing brace is expected here.");
      comma = this.at++;
    }
  }

  private array(): JsonError | null {
    this.at++;
    this.space();
    if (this.text[this.at] === "]") return this.close();
    let comma = this.at;
    for (;;) {
      this.space();
      if (this.text[this.at] === "]") return this.error("No comma may stand before the closing bracket.", comma);
      const value = this.value();
      if (value) return value;
      this.space();
      if (this.text[this.at] === "]") return this.close();
      if (this.text[this.at] !== ",") return this.error("A comma or a closing bracket is expected here.");
      comma = this.at++;
    }
  }

  private close(): null {
    this.at++;
    return null;
  }
}
