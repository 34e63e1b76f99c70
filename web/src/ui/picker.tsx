// A dialog that is one search field and what it finds: chosen by mouse, or by arrows and Enter.
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { Icon, type IconName } from "./icons";
import "./picker.css";

export interface PickerEntry {
  id: string;
  group?: string;
  title: ReactNode;
  detail?: ReactNode;
  icon: IconName;
  tone?: string | undefined;
  disabled?: boolean;
  run: () => void;
}

export function Picker({
  label,
  placeholder,
  text,
  onText,
  entries,
  settled = true,
  none,
  onClose,
}: {
  label: string;
  placeholder: string;
  text: string;
  onText: (text: string) => void;
  entries: readonly PickerEntry[];
  /** They are those of the text; what was found for an earlier one is not chosen by Enter. */
  settled?: boolean;
  /** Said where nothing is found. */
  none: ReactNode;
  onClose: () => void;
}) {
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const active = Math.max(0, Math.min(at, entries.length - 1));
  useEffect(() => {
    list.current?.querySelector(`[data-index="${active}"]`)?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const run = (entry: PickerEntry | undefined) => {
    if (entry && !entry.disabled) entry.run();
  };
  // Enter before the answer is there means the first of the answer.
  const [entered, setEntered] = useState(false);
  useEffect(() => {
    if (!entered || !settled) return;
    setEntered(false);
    run(entries[active]);
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && entries.length > 0) {
      event.preventDefault();
      setAt((active + step + entries.length) % entries.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (settled) run(entries[active]);
      else setEntered(true);
    }
  };
  return (
    <ModalOverlay className="scrim" isOpen onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="dialog picker">
        <AriaDialog aria-label={label} className="picker-inner">
          <div className="picker-input">
            <Icon name="search" />
            <input
              // biome-ignore lint/a11y/noAutofocus: the dialog is this field
              autoFocus
              role="combobox"
              aria-expanded={entries.length > 0}
              aria-controls={`${id}-list`}
              aria-activedescendant={entries.length > 0 ? `${id}-${active}` : undefined}
              aria-label={label}
              placeholder={placeholder}
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(event) => {
                onText(event.target.value);
                setAt(0);
                setEntered(false);
              }}
              onKeyDown={onKeyDown}
            />
            <kbd>Esc</kbd>
          </div>
          {entries.length === 0 && (
            <p className="picker-none" role="status">
              {none}
            </p>
          )}
          <div ref={list} id={`${id}-list`} role="listbox" aria-label="Results" className="picker-list">
            {entries.map((entry, index) => (
              <div key={entry.id} role="presentation">
                {entry.group && entries[index - 1]?.group !== entry.group && (
                  <div role="presentation" className="picker-group">
                    {entry.group}
                  </div>
                )}
                {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the field, which has the focus */}
                <div
                  id={`${id}-${index}`}
                  data-index={index}
                  role="option"
                  tabIndex={-1}
                  aria-selected={index === active}
                  aria-disabled={entry.disabled}
                  className="picker-entry"
                  onMouseMove={() => setAt(index)}
                  onClick={() => run(entry)}
                >
                  <Icon name={entry.icon} />
                  <span className="picker-title truncate">{entry.title}</span>
                  {entry.detail && <span className="dim truncate grow">{entry.detail}</span>}
                  {entry.tone && <span className={`dot tone-${entry.tone}`} aria-hidden="true" />}
                </div>
              </div>
            ))}
          </div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
