// Takes a picture of pages in both themes at several widths, and runs axe on each; violations end it with 1.
//
//   node scripts/look.mjs --url http://127.0.0.1:7071 --out pictures [--widths 360,1280,2560] [--themes light,dark]
//        [--secret code=…|token=…] [--draft product.yaml] [--full] PATH[@NAME]…
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: "string", default: "http://127.0.0.1:7071" },
    out: { type: "string", default: "pictures" },
    widths: { type: "string", default: "360,1280,2560" },
    themes: { type: "string", default: "light,dark" },
    secret: { type: "string" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    wait: { type: "string", default: "700" },
    press: { type: "string" },
    click: { type: "string", multiple: true },
    draft: { type: "string" },
    full: { type: "boolean", default: false },
  },
});

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const heights = { 360: 780, 1280: 900, 2560: 1300 };
mkdirSync(values.out, { recursive: true });

const browser = await chromium.launch({
  executablePath: values.chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
let found = 0;
try {
  for (const theme of values.themes.split(",")) {
    for (const width of values.widths.split(",").map(Number)) {
      const context = await browser.newContext({
        viewport: { width, height: heights[width] ?? 900 },
        colorScheme: theme,
        reducedMotion: "reduce",
      });
      const page = await context.newPage();
      page.on("console", (message) => {
        if (message.type() === "error") console.log(`console ${theme} ${width}: ${message.text()}`);
      });
      page.on("pageerror", (error) => console.log(`error ${theme} ${width}: ${error.message}`));
      if (values.secret) {
        await page.goto(`${values.url}/sign-in#${values.secret}`);
        await page.waitForTimeout(500);
      }
      if (values.draft) {
        // A request that somebody has begun.
        const text = readFileSync(values.draft, "utf8");
        await page.evaluate((draft) => localStorage.setItem("offtake.draft.new", draft), text);
      }
      for (const wanted of positionals) {
        const cut = wanted.lastIndexOf("@");
        const path = cut < 0 ? wanted : wanted.slice(0, cut);
        const name =
          cut < 0 ? path.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "") : wanted.slice(cut + 1);
        await page.goto(values.url + path);
        await page.waitForTimeout(Number(values.wait));
        for (const selector of values.click ?? []) {
          await page.click(selector, { timeout: 4000 });
          await page.waitForTimeout(400);
        }
        if (values.press) {
          await page.keyboard.press(values.press);
          await page.waitForTimeout(500);
        }
        await page.screenshot({ path: `${values.out}/${name}-${width}-${theme}.png`, fullPage: values.full });
        await page.evaluate(axe);
        const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        for (const violation of result.violations) {
          found += 1;
          console.log(`axe ${name} ${width} ${theme}: ${violation.id}: ${violation.help}`);
          for (const node of violation.nodes.slice(0, 3)) {
            console.log(
              `    ${node.target.join(" ")}  ${node.failureSummary?.split("\n").slice(1, 2).join(" ")}`,
            );
          }
        }
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (wide > 0) console.log(`${name} ${width} ${theme}: ${wide} pixels wider than the window`);
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
}
console.log(found === 0 ? "axe: no violation" : `axe: ${found} violations`);
process.exit(found === 0 ? 0 : 1);
