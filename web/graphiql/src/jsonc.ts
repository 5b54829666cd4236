import { applyEdits, format } from "jsonc-parser";
import type { Parser, Printer } from "prettier";

// Stands in for prettier's babel and estree (see vite.config.ts): 650 kB that GraphiQL asks for to indent JSON.

interface Formatted {
  text: string;
}

export const parsers: Record<"jsonc", Parser<Formatted>> = {
  jsonc: {
    astFormat: "formatted",
    parse: (text) => ({ text: applyEdits(text, format(text, undefined, { insertSpaces: true, tabSize: 2 })) }),
    locStart: () => 0,
    locEnd: (formatted) => formatted.text.length,
  },
};

export const printers: Record<"formatted", Printer<Formatted>> = {
  formatted: { print: (path) => path.node.text },
};
