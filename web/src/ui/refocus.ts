// Where the keyboard goes when the control that it was on is gone: not to the top of the page.
import { type RefObject, useEffect, useRef } from "react";

/** Once `drawn` has changed on the page, and only where nothing has the focus: to the first of the wanted that is there. */
export function useRefocus(scope: RefObject<Element | null>, drawn: unknown): (...wanted: string[]) => void {
  const wish = useRef<string[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn is what it waits for
  useEffect(() => {
    const wanted = wish.current;
    wish.current = [];
    const at = document.activeElement;
    if (at !== null && at !== document.body) return;
    for (const selector of wanted) {
      const found = scope.current?.querySelector<HTMLElement>(`${selector}:not([disabled])`);
      if (!found) continue;
      found.focus();
      return;
    }
  }, [scope, drawn]);
  return (...wanted) => {
    wish.current = wanted;
  };
}

/** Of a list whose item at `index` goes: the same control of the one that is there then, else of the one before it. */
export function neighbours(index: number, control: string): string[] {
  return [`li:nth-of-type(${index + 1}) ${control}`, `li:nth-of-type(${Math.max(index, 1)}) ${control}`];
}
