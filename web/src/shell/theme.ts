import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const KEY = "offtake.theme";
const listeners = new Set<() => void>();
const system = window.matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", () => {
  for (const listener of listeners) listener();
});

function chosen(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

export function setTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // It holds for this page then.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, chosen);
}

/** What is shown: for what draws on a canvas and cannot ask the style sheet. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, () => {
    const theme = chosen();
    return theme === "system" ? system.matches : theme === "dark";
  });
}
