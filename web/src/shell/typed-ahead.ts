// What is typed right after the keys that open something whose code is still on its way: it is not lost, nor does it go
// to what lies beneath.
import { useCallback, useEffect, useRef } from "react";

export interface TypedAhead {
  /** What was typed until now. */
  text: () => string;
  /** It is there, and takes the keys itself. */
  shown: () => void;
}

export function useTypedAhead(open: boolean, onClose: () => void): TypedAhead {
  const typed = useRef("");
  const waiting = useRef(false);
  useEffect(() => {
    typed.current = "";
    waiting.current = open;
    if (!open) return;
    const onKey = (event: KeyboardEvent) => {
      if (!waiting.current || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") onClose();
      else if (event.key === "Backspace") typed.current = typed.current.slice(0, -1);
      else if (event.key.length === 1) typed.current += event.key;
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, [open, onClose]);
  const text = useCallback(() => typed.current, []);
  const shown = useCallback(() => {
    waiting.current = false;
  }, []);
  return { text, shown };
}
