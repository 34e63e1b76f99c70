// What opens above the page: dialogs and menus.
import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Dialog as AriaDialog, Heading } from "react-aria-components/Dialog";
import { Menu as AriaMenu, MenuItem, MenuTrigger, Separator } from "react-aria-components/Menu";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { Popover } from "react-aria-components/Popover";
import { IconButton } from "./button";
import { Icon, type IconName } from "./icons";
import "./overlay.css";

export function Dialog({
  title,
  open,
  onClose,
  children,
  actions,
  wide,
}: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
}) {
  return (
    <ModalOverlay
      className="scrim"
      isOpen={open}
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      isDismissable
    >
      <Modal className={`dialog${wide ? " dialog-wide" : ""}`}>
        <AriaDialog className="dialog-inner">
          <header className="dialog-head">
            <Heading slot="title">{title}</Heading>
            <IconButton small icon="close" label="Close" onPress={onClose} />
          </header>
          <div className="dialog-body">{children}</div>
          {actions && <footer className="dialog-foot">{actions}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

export interface MenuEntry {
  id: string;
  label: string;
  icon?: IconName;
  danger?: boolean;
  disabled?: boolean;
  checked?: boolean;
  action(): void;
}

export function Menu({
  label,
  entries,
  icon = "more",
  children,
  className,
}: {
  label: string;
  entries: (MenuEntry | "line")[];
  icon?: IconName;
  children?: ReactNode;
  className?: string;
}) {
  return (
    <MenuTrigger>
      <AriaButton
        aria-label={children ? undefined : label}
        className={
          className ?? `button button-${children ? "default" : "ghost"}${children ? "" : " button-icon"}`
        }
      >
        {children ?? <Icon name={icon} />}
      </AriaButton>
      <Popover className="popover" placement="bottom end" offset={4}>
        <AriaMenu className="menu" aria-label={label}>
          {entries.map((entry, index) =>
            entry === "line" ? (
              <Separator key={index} className="menu-line" />
            ) : (
              <MenuItem
                key={entry.id}
                id={entry.id}
                onAction={entry.action}
                isDisabled={entry.disabled ?? false}
                className={`menu-item${entry.danger ? " menu-danger" : ""}`}
                textValue={entry.label}
              >
                {entry.icon && <Icon name={entry.icon} />}
                <span className="grow">{entry.label}</span>
                {entry.checked && <Icon name="check" size={14} />}
              </MenuItem>
            ),
          )}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
