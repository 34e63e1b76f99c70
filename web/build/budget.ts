import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

// Fails the build when what the browser loads before the first screen (the entry and all that it imports statically)
// is above the budget, or when index.html holds what the content security policy refuses.
export function budget(kibibytes: number): Plugin {
  return {
    name: "offtake-budget",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const initial = new Set<string>();
        const collect = (fileName: string) => {
          const file = bundle[fileName];
          if (file?.type !== "chunk" || initial.has(fileName)) return;
          initial.add(fileName);
          for (const imported of file.imports) collect(imported);
        };
        for (const file of Object.values(bundle))
          if (file.type === "chunk" && file.isEntry) collect(file.fileName);
        let total = 0;
        for (const fileName of initial) {
          const file = bundle[fileName];
          if (file?.type === "chunk") total += gzipSync(file.code, { level: 9 }).length;
        }
        const said = `${(total / 1024).toFixed(1)} KiB of script before the first screen, gzipped (at most ${kibibytes})`;
        if (total > kibibytes * 1024) {
          this.error(`${said}: load what the first screen does not need with import()`);
        }
        this.info(said);
        const html = bundle["index.html"];
        if (
          html?.type === "asset" &&
          /<script(?![^>]+src=)|<style|\s(on\w+|style)=/.test(String(html.source))
        ) {
          this.error("index.html holds inline script or style, which the content security policy refuses");
        }
      },
    },
  };
}
