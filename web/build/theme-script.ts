import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

// A classic script in the head, so that the chosen theme is there before the first paint. It is a file of its own
// because the content security policy admits no inline script.
export function themeScript(): Plugin {
  const source = readFileSync(new URL("../src/theme/first-paint.js", import.meta.url), "utf8");
  const hash = createHash("sha256").update(source).digest("base64url").slice(0, 8);
  const fileName = `assets/theme-${hash}.js`;
  let serving = false;
  return {
    name: "offtake-theme-script",
    configResolved(config) {
      serving = config.command === "serve";
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName, source });
    },
    transformIndexHtml() {
      const src = serving ? "/src/theme/first-paint.js" : `/${fileName}`;
      return [{ tag: "script", attrs: { src }, injectTo: "head" }];
    },
  };
}
