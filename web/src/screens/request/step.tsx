import { type ReactNode, type Ref, useId } from "react";

export function Step({
  title,
  aside,
  children,
  ref,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  ref?: Ref<HTMLElement>;
}) {
  const id = useId();
  return (
    <section className="step-card" aria-labelledby={id} ref={ref}>
      <header className="step-head">
        <h2 id={id}>{title}</h2>
        {aside && <div className="step-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}
