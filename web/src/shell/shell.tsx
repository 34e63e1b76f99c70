import { lazy, type ReactNode, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import type { Session } from "../api/session";
import { duration } from "../format/time";

import { Icon, type IconName, Mark } from "../ui/icons";
import { Menu } from "../ui/overlay";
import { useNow } from "../ui/time";
import { Toasts } from "../ui/toast";
import { Boundary } from "./boundary";
import { useAway } from "./live";
import { to } from "./location";
import "./shell.css";
import { setTheme, type Theme, useTheme } from "./theme";
import { useTypedAhead } from "./typed-ahead";

const loadPalette = () => import("./palette");
const Palette = lazy(loadPalette);

const PLACES: { href: string; name: string; icon: IconName }[] = [
  { href: to.catalogue, name: "Catalogue", icon: "catalogue" },
  { href: to.request, name: "Request", icon: "request" },
  { href: to.products, name: "Products", icon: "products" },
  { href: to.platform, name: "Platform", icon: "platform" },
];

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
export const PALETTE_KEYS = isMac ? "⌘K" : "Ctrl K";

export function Shell({
  session,
  onSignOut,
  children,
}: {
  session: Session;
  onSignOut: () => void;
  children: ReactNode;
}) {
  const [path] = useLocation();
  const [palette, setPalette] = useState(false);
  const closePalette = useCallback(() => setPalette(false), []);
  const ahead = useTypedAhead(palette, closePalette);
  useEffect(() => {
    // It is opened by keys, and has to be there when they are pressed.
    // Where the server is away just then, it is asked for once more when it is opened.
    const timer = setTimeout(() => loadPalette().catch(() => undefined), 2000);
    return () => clearTimeout(timer);
  }, []);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey) && !event.altKey) {
        event.preventDefault();
        setPalette((open) => !open);
        return;
      }
      const typing =
        event.target instanceof HTMLElement &&
        event.target.closest("input, textarea, [contenteditable=true]");
      if (event.key === "/" && !typing && !event.metaKey && !event.ctrlKey) {
        const search = main.current?.querySelector<HTMLInputElement>("input[type=search]");
        if (search) {
          event.preventDefault();
          search.focus();
          search.select();
        }
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  const here = (href: string) => path === href || path.startsWith(`${href}/`);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to content
      </a>
      <nav className="side" aria-label="Main">
        <Link href="/" className="side-brand" aria-label="Offtake, to the catalogue">
          <Mark />
          <span>Offtake</span>
        </Link>
        <button type="button" className="side-search" onClick={() => setPalette(true)}>
          <Icon name="search" />
          <span className="grow">Search</span>
          <kbd>{PALETTE_KEYS}</kbd>
        </button>
        <ul>
          {PLACES.map((place) => (
            <li key={place.href}>
              <Link
                href={place.href}
                className="side-place"
                aria-current={here(place.href) ? "page" : undefined}
              >
                <Icon name={place.icon} />
                <span>{place.name}</span>
              </Link>
            </li>
          ))}
        </ul>
        <div className="side-foot">
          <Account session={session} onSignOut={onSignOut} />
        </div>
      </nav>
      <div className="page">
        <AwayBanner />
        <main id="main" ref={main} tabIndex={-1}>
          <Boundary at={path}>{children}</Boundary>
        </main>
      </div>
      <button type="button" className="bar-search" aria-label="Search" onClick={() => setPalette(true)}>
        <Icon name="search" />
      </button>
      <Toasts />
      {palette && (
        <Suspense fallback={null}>
          <Palette ahead={ahead} onClose={closePalette} />
        </Suspense>
      )}
    </div>
  );
}

function Account({ session, onSignOut }: { session: Session; onSignOut: () => void }) {
  const theme = useTheme();
  const choices: { id: Theme; label: string; icon: IconName }[] = [
    { id: "system", label: "Theme of the system", icon: "system" },
    { id: "light", label: "Light theme", icon: "sun" },
    { id: "dark", label: "Dark theme", icon: "moon" },
  ];
  return (
    <Menu
      label="Account and theme"
      className="side-account"
      entries={[
        ...choices.map((choice) => ({
          id: choice.id,
          label: choice.label,
          icon: choice.icon,
          checked: theme === choice.id,
          action: () => setTheme(choice.id),
        })),
        "line",
        { id: "sign-out", label: "Sign out", icon: "leave", action: onSignOut },
      ]}
    >
      <span className="avatar" aria-hidden="true">
        {session.user.name.slice(0, 1).toUpperCase()}
      </span>
      <span className="grow truncate side-user">{session.user.name}</span>
      {session.version && <span className="side-version">{session.version}</span>}
      <span className="sr-only">Account and theme</span>
    </Menu>
  );
}

function AwayBanner() {
  const since = useAway();
  const now = useNow();
  if (!since) return <div role="alert" className="away-none" />;
  const seconds = Math.max(1, Math.floor((now.getTime() - since.getTime()) / 1000));
  return (
    <div role="alert" className="away">
      <span className="dot dot-moving" aria-hidden="true" />
      <span>
        <strong>The server has not answered</strong> for {duration(seconds * 1000)}. What you see is from
        before; drafts are kept, and it goes on by itself.
      </span>
    </div>
  );
}

/** The head that every page has: where it belongs, its name, its state, its actions. */
export function PageHead({
  title,
  parent,
  state,
  actions,
  children,
}: {
  title: ReactNode;
  parent?: { href: string; name: string };
  state?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className="page-head">
      <div className="page-head-line">
        <div className="page-head-title">
          {parent && (
            <>
              <Link href={parent.href} className="crumb">
                <Icon name="back" />
                <span>{parent.name}</span>
              </Link>
              <span className="crumb-sep" aria-hidden="true">
                /
              </span>
            </>
          )}
          <h1 className="truncate">{title}</h1>
          {state}
        </div>
        {actions && <div className="page-head-actions">{actions}</div>}
      </div>
      {children}
    </header>
  );
}

export function PageTabs({
  label,
  tabs,
  current,
}: {
  label: string;
  tabs: { id: string; name: string; href: string; count?: number | undefined; alert?: boolean }[];
  current: string;
}) {
  const row = useRef<HTMLElement>(null);
  const counts = tabs.map((tab) => tab.count).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab and other counts are another place
  useEffect(() => {
    const tab = row.current?.querySelector<HTMLElement>("[aria-current]");
    if (tab)
      row.current?.scrollTo({ left: tab.offsetLeft - (row.current.clientWidth - tab.offsetWidth) / 2 });
  }, [current, counts]);
  return (
    <nav ref={row} aria-label={label} className="tabs">
      {tabs.map((tab) => (
        <Link
          key={tab.id}
          href={tab.href}
          className="tab"
          aria-current={tab.id === current ? "page" : undefined}
        >
          {tab.name}
          {tab.count !== undefined && tab.count > 0 && (
            <span className={`tab-count${tab.alert ? " tab-count-alert" : ""}`}>{tab.count}</span>
          )}
        </Link>
      ))}
    </nav>
  );
}

/** The document's title while a page is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Offtake` : "Offtake";
  }, [title]);
}
