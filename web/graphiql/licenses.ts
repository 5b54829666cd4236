import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";

import type { Plugin } from "vite";

/** Packages published without their licence file, and the package of the same authors and terms that has it. */
const LICENSE_OF: Record<string, string> = {
  "@graphiql/plugin-doc-explorer": "graphiql",
  "@graphiql/plugin-explorer": "graphiql",
  "@graphiql/plugin-history": "graphiql",
  "react-compiler-runtime": "react",
  "react-remove-scroll-bar": "react-remove-scroll",
};

const LICENSE_FILE = /^(licen[cs]e|notice|third-?party-?notices)/i;
const RULE = "=".repeat(80);

/** Folder of the package that owns a bundled module; nothing for our own modules and virtual ones. */
function packageFolder(moduleId: string): string | undefined {
  const file = moduleId.split("?")[0]!.replaceAll("\0", "");
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.replaceAll(sep, "/"))?.[0];
}

function licenseTexts(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => LICENSE_FILE.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n").trim());
}

function entry(folder: string, folders: Map<string, string>): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = licenseTexts(folder);
  if (texts.length === 0) {
    const relative = folders.get(LICENSE_OF[name] ?? "");
    if (!relative) {
      throw new Error(`${name} ${version} is bundled and has no licence file: name its terms in licenses.ts`);
    }
    texts.push(...licenseTexts(relative));
  }
  return [RULE, `${name} ${version} (${license})`, RULE, "", texts.join("\n\n"), ""].join("\n");
}

/**
 * Writes LICENSES.txt: the licence files of every package that a module of the page or of its workers comes from.
 * Fails the build for a package whose licence text is not at hand.
 */
export function licenses(): { page: Plugin; worker: () => Plugin } {
  const folders = new Set<string>();

  const collect: Plugin["generateBundle"] = function () {
    for (const id of this.getModuleIds()) {
      const folder = packageFolder(id);
      if (folder) folders.add(folder);
    }
  };

  return {
    worker: () => ({ name: "collect-worker-licenses", generateBundle: collect }),
    page: {
      name: "licenses",
      generateBundle(...args) {
        collect.apply(this, args);
        const byName = new Map([...folders].map((folder) => [folder.split("/node_modules/").at(-1)!, folder]));
        // A set: the same version may be installed at several places.
        const entries = new Set([...folders].map((folder) => entry(folder, byName)));
        const source = [...entries].sort().join("\n");
        this.emitFile({ type: "asset", fileName: "LICENSES.txt", source });
      },
    },
  };
}
