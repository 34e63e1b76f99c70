import { useEffect, useRef, useState } from "react";
import { Button, IconButton } from "./button";
import "./copy.css";
import { Breakable } from "./display";

function useCopy(text: string): [boolean, () => void] {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => {
        setCopied(true);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => setCopied(false), 1600);
      },
      () => setCopied(false),
    );
  };
  return [copied, copy];
}

export function CopyIcon({ text, label }: { text: string; label: string }) {
  const [copied, copy] = useCopy(text);
  return (
    <IconButton small icon={copied ? "check" : "copy"} label={copied ? "Copied" : label} onPress={copy} />
  );
}

export function CopyButton({ text, children }: { text: string; children: string }) {
  const [copied, copy] = useCopy(text);
  return (
    <Button small icon={copied ? "check" : "copy"} onPress={copy}>
      {copied ? "Copied" : children}
    </Button>
  );
}

/** A text to be taken elsewhere: a command, a snippet, an address. */
export function Code({ text, label, oneLine }: { text: string; label: string; oneLine?: boolean }) {
  return (
    <figure className={`code${oneLine ? " code-line" : ""}`} aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <pre tabIndex={0}>
        <Breakable text={text} />
      </pre>
      <CopyIcon text={text} label={`Copy ${label}`} />
    </figure>
  );
}
