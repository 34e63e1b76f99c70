import { type ReactNode, type Ref, useId } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Label } from "react-aria-components/Label";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { Select as AriaSelect, SelectValue } from "react-aria-components/Select";
import "./field.css";
import { Icon } from "./icons";

export function TextField({
  label,
  value,
  onChange,
  hint,
  error,
  placeholder,
  mono,
  type = "text",
  hideLabel,
  autoFocus,
  autoComplete = "off",
  disabled,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  error?: string | undefined;
  placeholder?: string;
  mono?: boolean;
  type?: "text" | "password" | "number";
  hideLabel?: boolean;
  autoFocus?: boolean;
  autoComplete?: string;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id} className={hideLabel ? "sr-only" : "field-label"}>
        {label}
      </label>
      <input
        id={id}
        className={`input${mono ? " mono" : ""}`}
        type={type}
        value={value}
        placeholder={placeholder}
        autoComplete={autoComplete}
        spellCheck={false}
        disabled={disabled}
        // biome-ignore lint/a11y/noAutofocus: only of a page or dialog that is about this field
        autoFocus={autoFocus}
        aria-invalid={error ? true : undefined}
        aria-describedby={error || hint ? `${id}-more` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {(error || hint) && (
        <div id={`${id}-more`} className={error ? "field-error" : "field-hint"}>
          {error ?? hint}
        </div>
      )}
    </div>
  );
}

export function SearchField({
  label,
  value,
  onChange,
  placeholder,
  inputRef,
  onKeyDown,
  large,
  controls,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  inputRef?: Ref<HTMLInputElement>;
  onKeyDown?: (event: React.KeyboardEvent<HTMLInputElement>) => void;
  large?: boolean;
  controls?: string | undefined;
}) {
  return (
    <div className={`search${large ? " search-large" : ""}`}>
      <Icon name="search" />
      <input
        ref={inputRef}
        type="search"
        aria-label={label}
        aria-controls={controls}
        value={value}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && value !== "") {
            event.preventDefault();
            onChange("");
            return;
          }
          onKeyDown?.(event);
        }}
      />
      {value !== "" && (
        <button type="button" className="search-clear" aria-label="Clear search" onClick={() => onChange("")}>
          <Icon name="close" size={12} />
        </button>
      )}
    </div>
  );
}

export interface Option {
  id: string;
  label: string;
  detail?: ReactNode;
  disabled?: boolean;
}

export function Select({
  label,
  value,
  onChange,
  options,
  hideLabel,
  small,
  placeholder = "Choose",
  disabled,
}: {
  label: string;
  value: string | null;
  onChange: (id: string) => void;
  options: readonly Option[];
  hideLabel?: boolean;
  small?: boolean;
  placeholder?: string;
  disabled?: boolean;
}) {
  return (
    <AriaSelect
      className="field"
      selectedKey={value}
      onSelectionChange={(key) => {
        if (key !== null) onChange(String(key));
      }}
      placeholder={placeholder}
      isDisabled={disabled ?? false}
      aria-label={hideLabel ? label : undefined}
    >
      {!hideLabel && <Label className="field-label">{label}</Label>}
      <AriaButton className={`select${small ? " select-small" : ""}`}>
        <SelectValue className="select-value truncate">
          {({ selectedText, isPlaceholder }) =>
            isPlaceholder ? <span className="dim">{placeholder}</span> : selectedText
          }
        </SelectValue>
        <Icon name="updown" size={14} />
      </AriaButton>
      <Popover className="popover" offset={4}>
        <ListBox className="listbox" items={options}>
          {(option) => (
            <ListBoxItem
              id={option.id}
              textValue={option.label}
              className="option"
              isDisabled={option.disabled ?? false}
            >
              {({ isSelected }) => (
                <>
                  <span className="option-check">{isSelected && <Icon name="check" size={14} />}</span>
                  <span className="grow">
                    <span className="option-label">{option.label}</span>
                    {option.detail && <span className="option-detail">{option.detail}</span>}
                  </span>
                </>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

export function Checkbox({
  checked,
  indeterminate,
  onChange,
  children,
  disabled,
  label,
}: {
  checked: boolean;
  indeterminate?: boolean;
  onChange: (checked: boolean) => void;
  children?: ReactNode;
  disabled?: boolean;
  label?: string;
}) {
  return (
    <label className={`check${disabled ? " check-disabled" : ""}`}>
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        aria-label={label}
        ref={(input) => {
          if (input) input.indeterminate = indeterminate ?? false;
        }}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span className="check-box" aria-hidden="true">
        <Icon name="check" size={12} />
      </span>
      {children}
    </label>
  );
}

/** One of a few, all of them seen. */
export function Segments<T extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: readonly { id: T; label: ReactNode; name?: string }[];
}) {
  const group = useId();
  return (
    <div role="radiogroup" aria-label={label} className="segments">
      {options.map((option) => (
        <label key={option.id} className="segment">
          <input
            type="radio"
            name={group}
            value={option.id}
            checked={option.id === value}
            aria-label={option.name}
            onChange={() => onChange(option.id)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </div>
  );
}
