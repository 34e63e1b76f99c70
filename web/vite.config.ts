import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// A classic script in the head, so that the chosen theme is there before the first paint. It is a file of its own
// because the content security policy admits no inline script.
function themeScript(): Plugin {
  const source = readFileSync(new URL("./src/theme/first-paint.js", import.meta.url), "utf8");
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

const server = process.env.OFFTAKE_URL ?? "http://127.0.0.1:7070";
const token = process.env.OFFTAKE_TOKEN;

// The server checks Host and Origin; behind the proxy both are its own.
function proxied() {
  return {
    target: server,
    changeOrigin: true,
    headers: {
      origin: server,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
  };
}

export default defineConfig({
  plugins: [react(), themeScript()],
  server: {
    port: 7071,
    proxy: {
      "/apis": proxied(),
      "/api": proxied(),
      "/offtake": proxied(),
      "/registry": proxied(),
      "/version": proxied(),
      "/readyz": proxied(),
    },
  },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1200,
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
