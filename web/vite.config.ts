import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { budget } from "./build/budget.ts";
import { themeScript } from "./build/theme-script.ts";

const server = process.env.OFFTAKE_URL ?? "http://127.0.0.1:7070";
const token = process.env.OFFTAKE_TOKEN;

// The server checks Host and Origin; behind the proxy both are its own. With OFFTAKE_TOKEN nobody need sign in.
const proxied = {
  target: server,
  changeOrigin: true,
  headers: { origin: server, ...(token ? { authorization: `Bearer ${token}` } : {}) },
};

export default defineConfig({
  plugins: [react(), themeScript(), budget(180)],
  html: { cspNonce: "OFFTAKE_CSP_NONCE" },
  server: {
    port: 7071,
    proxy: Object.fromEntries(
      ["/apis", "/api", "/offtake", "/registry", "/readyz"].map((path) => [path, proxied]),
    ),
  },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1200,
  },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
