// Something that a person sets going and waits for: whether it is under way, and how it failed last.
import { useState } from "react";

/** `onDone` is called when an action has succeeded. */
export function useAction(onDone?: () => void) {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const run = async (action: () => Promise<void>) => {
    setPending(true);
    setError(undefined);
    try {
      await action();
      onDone?.();
    } catch (failure) {
      setError(failure);
    } finally {
      setPending(false);
    }
  };
  return { pending, error, run, forget: () => setError(undefined) };
}
