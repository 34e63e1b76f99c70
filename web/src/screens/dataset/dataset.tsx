export default function Dataset(_: Record<string, unknown>) {
  return null;
}
