import { type ReactNode, useId } from "react";

interface Props {
  title: ReactNode;
  extra?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Card({ title, extra, className = "", children }: Props) {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {extra}
      </header>
      {children}
    </section>
  );
}
