// The lines of a log that is followed over several readings. Each reading begins at the first line of the newest file,
// so that one after a break says most of it again; which lines those are shows by their order alone.

// FNV-1a; what a line says is needed no more once it is shown.
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

export class LogLines {
  // Of all that was said, or of what the newest file has of it.
  private said: number[] = [];
  private rest = "";
  // While it is not known yet whether a reading repeats: its lines, those of them that may be new, and the places in
  // what was said from which it may have begun.
  private again: { read: number[]; held: string[]; places: number[] | undefined } | undefined;

  /** The new lines in a piece of the text. */
  take(piece: string): string[] {
    const parts = (this.rest + piece).split("\n");
    this.rest = parts.pop() ?? "";
    return parts.filter((part) => part !== "").flatMap((line) => this.line(line));
  }

  /** What comes next is another reading. */
  restart(): void {
    this.rest = "";
    if (this.said.length > 0) this.again = { read: [], held: [], places: undefined };
  }

  private line(text: string): string[] {
    const hash = hashOf(text);
    const again = this.again;
    if (!again) {
      this.said.push(hash);
      return [text];
    }
    const at = again.read.length;
    again.read.push(hash);
    again.held.push(text);
    const places =
      again.places?.filter((place) => this.said[place + at] === hash) ??
      this.said.flatMap((each, place) => (each === hash ? [place] : []));
    // From here on this place has nothing to repeat; an earlier one still may.
    const open = places.filter((place) => place + at + 1 < this.said.length);
    if (open.length < places.length) again.held = [];
    again.places = open;
    if (open.length > 0) return [];
    this.said = again.read;
    this.again = undefined;
    return again.held;
  }
}
