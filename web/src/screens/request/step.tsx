import { type ReactNode, useId } from "react";

export function Step({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className="step-card" aria-labelledby={id}>
      <header className="step-head">
        <h2 id={id}>{title}</h2>
        {aside && <div className="step-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}
