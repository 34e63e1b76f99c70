// The address is the state: what a page shows is in its path and query, so that it reopens as it was.
import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";

export function useQuery(): URLSearchParams {
  const search = useSearch();
  return useMemo(() => new URLSearchParams(search), [search]);
}

/** Changes members of the query in place; an empty value takes one away. Typing makes no history. */
export function useSetQuery(): (
  changes: Record<string, string | readonly string[] | undefined>,
  options?: { push?: boolean },
) => void {
  const [path, navigate] = useLocation();
  return useCallback(
    (changes, options) => {
      const query = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(changes)) {
        query.delete(name);
        if (typeof value === "string") {
          if (value !== "") query.set(name, value);
        } else for (const one of value ?? []) query.append(name, one);
      }
      const text = query.toString();
      navigate(text ? `${path}?${text}` : path, { replace: !options?.push });
    },
    [path, navigate],
  );
}

export const to = {
  catalogue: "/catalogue",
  dataset: (ns: string, name: string) => `/catalogue/${encodeURIComponent(ns)}/${encodeURIComponent(name)}`,
  products: "/products",
  product: (ns: string, name: string, tab?: string) =>
    `/products/${encodeURIComponent(ns)}/${encodeURIComponent(name)}${tab ? `/${tab}` : ""}`,
  request: "/request",
  requestFrom: (ns: string, name: string) => `/request?dataset=${encodeURIComponent(`${ns}/${name}`)}`,
  requestEdit: (ns: string, name: string) => `/request?product=${encodeURIComponent(`${ns}/${name}`)}`,
  platform: "/platform",
  subject: (subject: string) => `/platform/registry/${encodeURIComponent(subject)}`,
};
