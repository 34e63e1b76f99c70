// Names of types as people read them: short, and without what a record holds.
export function shortType(type: string): string {
  return type
    .replace(/^record\(.*\)/s, "record")
    .replace(/^record\(.*$/s, "record")
    .replace("timestamp with time zone", "timestamptz")
    .replace("timestamp without time zone", "timestamp")
    .replace("double precision", "double");
}
