import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import { Tooltip, TooltipTrigger } from "react-aria-components/Tooltip";
import { Link } from "wouter";
import "./button.css";
import { Icon, type IconName } from "./icons";

type Variant = "primary" | "default" | "ghost" | "danger";

interface Look {
  variant?: Variant;
  small?: boolean;
  icon?: IconName;
}

function classes({ variant = "default", small }: Look, extra = ""): string {
  return `button button-${variant}${small ? " button-small" : ""} ${extra}`.trim();
}

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "children" | "style">, Look {
  children: ReactNode;
  /** In work: shown as such, and not pressable again. */
  pending?: boolean;
}

export function Button({ variant, small, icon, pending, children, ...rest }: ButtonProps) {
  return (
    <AriaButton
      {...rest}
      isPending={pending ?? false}
      className={classes({ variant: variant ?? "default", small: small ?? false })}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
      {pending && <span className="spinner" aria-hidden="true" />}
    </AriaButton>
  );
}

export function LinkButton({
  href,
  variant,
  small,
  icon,
  children,
}: Look & { href: string; children: ReactNode }) {
  return (
    <Link href={href} className={classes({ variant: variant ?? "default", small: small ?? false })}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </Link>
  );
}

/** A button that shows only its icon; its name is told by a tooltip and to screen readers. */
export function IconButton({
  icon,
  label,
  small,
  ...rest
}: Omit<AriaButtonProps, "className" | "children" | "style"> & {
  icon: IconName;
  label: string;
  small?: boolean;
}) {
  return (
    <Hint text={label}>
      <AriaButton
        {...rest}
        aria-label={label}
        className={classes({ variant: "ghost", small: small ?? false }, "button-icon")}
      >
        <Icon name={icon} />
      </AriaButton>
    </Hint>
  );
}

/** A tooltip for something that can have focus. */
export function Hint({ text, children }: { text: ReactNode; children: ReactNode }) {
  return (
    <TooltipTrigger delay={500} closeDelay={60}>
      {children}
      <Tooltip className="tooltip" offset={6}>
        {text}
      </Tooltip>
    </TooltipTrigger>
  );
}
