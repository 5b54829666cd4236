import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

import { licenses } from "./licenses.ts";

const { page, worker } = licenses();
const jsonc = fileURLToPath(new URL("src/jsonc.ts", import.meta.url));

// Names without a hash: the files are kept in git, where a rebuild should show as a change and not as a move.
const names = {
  entryFileNames: "[name].js",
  assetFileNames: "[name][extname]",
};

export default defineConfig({
  base: "./",
  plugins: [page],
  resolve: {
    alias: {
      // Both names lead to one plugin, which would otherwise be bundled twice.
      "prettier/parser-graphql": "prettier/plugins/graphql",
      "prettier/parser-babel": jsonc,
      "prettier/plugins/estree": jsonc,
    },
  },
  worker: {
    format: "iife",
    plugins: () => [worker()],
    rolldownOptions: { output: names },
  },
  build: {
    outDir: "../../gateway/static/graphiql",
    emptyOutDir: true,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 6000,
    rolldownOptions: {
      output: { ...names, codeSplitting: false },
      // React's "use client" and the like, in a hundred modules: they mean nothing in a browser.
      onLog: (level, log, handler) => log.code === "MODULE_LEVEL_DIRECTIVE" || handler(level, log),
    },
  },
});
