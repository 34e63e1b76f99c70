export default function Platform(_: Record<string, unknown>) {
  return null;
}
