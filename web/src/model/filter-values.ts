// Comparisons that a form offers: which of them fit a type, how many values each takes, and what a new one begins with.
import type { Operator } from "../api/builder";

const EVERY: Operator[] = ["=", "<>", "In", "NotIn", "IsNull", "IsNotNull"];
const ORDERED: Operator[] = ["<", "<=", ">", ">=", "Between", "NotBetween"];
const NUMBER = /^(smallint|int|integer|bigint|numeric|decimal|real|double|float)/;
const TEXT = /^(text|varchar|char)/;

/** Of several values: only whether there is one can be asked. */
const holdsOthers = (type: string) => type.endsWith("[]") || /^(record|jsonb?)\b/.test(type);

/** Operators that make sense for a type. */
export function operatorsFor(type: string): Operator[] {
  if (holdsOthers(type)) return ["IsNotNull", "IsNull"];
  if (type === "boolean") return ["=", "<>", "IsNull", "IsNotNull"];
  return TEXT.test(type) ? [...EVERY, "Like", "NotLike", ...ORDERED] : [...EVERY, ...ORDERED];
}

/** How many values an operator takes; Infinity: a list. */
export function arity(operator: Operator): number {
  if (operator === "IsNull" || operator === "IsNotNull") return 0;
  if (operator === "Between" || operator === "NotBetween") return 2;
  return operator === "In" || operator === "NotIn" ? Number.POSITIVE_INFINITY : 1;
}

/** A value that every column of the type could have; undefined where there is none that says nothing. */
function blankOf(type: string): string | undefined {
  if (type === "boolean") return "true";
  if (NUMBER.test(type)) return "0";
  if (TEXT.test(type)) return "";
  if (type === "date") return new Date().toISOString().slice(0, 10);
  if (type.startsWith("timestamp")) return `${new Date().toISOString().slice(0, 10)} 00:00:00+00`;
  if (type.startsWith("time")) return "00:00:00";
  if (type === "interval") return "1 day";
  if (type === "uuid") return "00000000-0000-0000-0000-000000000000";
  return undefined;
}

/** Values that fit another operator: as many of them as it takes. */
export function refit(values: readonly string[], operator: Operator, type: string): string[] {
  const wanted = arity(operator);
  if (wanted === 0) return [];
  const first = values[0] ?? blankOf(type) ?? "";
  if (wanted === 2) return [first, values[1] ?? first];
  if (wanted === 1) return [first];
  return values.length > 0 ? [...values] : [first];
}

/** What a filter on such a column begins with. */
export function firstOperator(type: string): Operator {
  return operatorsFor(type).includes("=") && blankOf(type) !== undefined ? "=" : "IsNotNull";
}
