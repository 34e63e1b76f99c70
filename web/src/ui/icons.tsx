// Icons on a 16-pixel grid, drawn with one line of 1.5. Decoration: what they mean stands beside them or is the name of
// their button.
const PATHS = {
  catalogue: "M2.75 3.75h10.5M2.75 8h10.5M2.75 12.25h6.5",
  request: "M8 3.25v9.5M3.25 8h9.5",
  products: "M8 2.25 13.5 5v6L8 13.75 2.5 11V5L8 2.25ZM2.75 5.1 8 7.75l5.25-2.65M8 7.75v5.75",
  platform: "M2.75 3.25h10.5v3.5H2.75zM2.75 9.25h10.5v3.5H2.75zM5 5h.01M5 11h.01",
  search: "M7.25 12a4.75 4.75 0 1 0 0-9.5 4.75 4.75 0 0 0 0 9.5ZM10.75 10.75l2.75 2.75",
  sun: "M8 10.75a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5ZM8 1.75v1M8 13.25v1M1.75 8h1M13.25 8h1M3.6 3.6l.7.7M11.7 11.7l.7.7M3.6 12.4l.7-.7M11.7 4.3l.7-.7",
  moon: "M13.25 9.5A5.5 5.5 0 0 1 6.5 2.75a5.5 5.5 0 1 0 6.75 6.75Z",
  system: "M2.25 3.25h11.5v7.5H2.25zM6 13.25h4M8 10.75v2.5",
  copy: "M5.75 5.75h7.5v7.5h-7.5zM3.5 10.25h-.75v-7.5h7.5v.75",
  check: "m3.25 8.5 3.25 3.25 6.5-7",
  close: "m4 4 8 8M12 4l-8 8",
  right: "m6.25 3.75 4.25 4.25-4.25 4.25",
  down: "m3.75 6 4.25 4.25L12.25 6",
  updown: "m5 6.25 3-3 3 3M5 9.75l3 3 3-3",
  pause: "M5.75 3.5v9M10.25 3.5v9",
  play: "M5 3.25v9.5L12.5 8 5 3.25Z",
  trash: "M2.75 4.25h10.5M6 4V2.75h4V4M4.25 4.5l.5 8.75h6.5l.5-8.75",
  edit: "m10.25 3.25 2.5 2.5-7 7H3.25v-2.5l7-7Z",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  warn: "M8 2.75 14 13H2L8 2.75ZM8 6.75v3M8 11.5h.01",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.5V11M8 5.25h.01",
  table: "M2.75 3.25h10.5v9.5H2.75zM2.75 6.5h10.5M6.5 6.5v6.25",
  key: "M5.5 9.75a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5ZM8.25 7h5.25M11.5 7v2.25",
  link: "M6.75 9.25a2.5 2.5 0 0 0 3.5 0l2.25-2.25a2.5 2.5 0 0 0-3.5-3.5L8.25 4.25M9.25 6.75a2.5 2.5 0 0 0-3.5 0L3.5 9a2.5 2.5 0 0 0 3.5 3.5l.75-.75",
  lock: "M3.75 7.25h8.5v6h-8.5zM5.5 7V5.25a2.5 2.5 0 0 1 5 0V7",
  leave: "M6.25 2.75h-3.5v10.5h3.5M10 5l3 3-3 3M13 8H6",
  refresh: "M13 8a5 5 0 1 1-1.5-3.55L13.25 6M13.25 2.75V6H10",
  download: "M8 2.75v7M4.75 7 8 10.25 11.25 7M2.75 13.25h10.5",
  external: "M6.5 3.25H3.25v9.5h9.5V9.5M9.5 2.75h3.75V6.5M13 3 7.5 8.5",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
  store:
    "M8 6.25c2.9 0 5.25-.8 5.25-1.75S10.9 2.75 8 2.75s-5.25.8-5.25 1.75S5.1 6.25 8 6.25ZM2.75 4.5v7c0 .95 2.35 1.75 5.25 1.75s5.25-.8 5.25-1.75v-7M2.75 8c0 .95 2.35 1.75 5.25 1.75S13.25 8.95 13.25 8",
  target:
    "M8 13.75A5.75 5.75 0 1 0 8 2.25a5.75 5.75 0 0 0 0 11.5ZM8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  columns: "M2.75 3.25h10.5v9.5H2.75zM6.25 3.25v9.5M9.75 3.25v9.5",
  eye: "M1.75 8S4 3.75 8 3.75 14.25 8 14.25 8 12 12.25 8 12.25 1.75 8 1.75 8ZM8 9.75a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5Z",
  up: "m3.75 10 4.25-4.25L12.25 10",
  back: "M9.75 3.75 5.5 8l4.25 4.25",
  history: "M2.75 8A5.25 5.25 0 1 0 4.3 4.25L2.75 5.75M2.75 2.75v3h3M8 5.25V8l2 1.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 2.2 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className="icon"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" className="mark">
      <rect width="24" height="24" rx="6" />
      <path d="M5 8.5h14M5 12h5.2c3.3 0 3.3 6 6.6 6H19" />
    </svg>
  );
}
