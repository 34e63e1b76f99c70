// Applying a whole definition without taking back what others did: only to the object that it began from.
import { type Answer, ApiError } from "../api/client";
import { applyProduct, type DataProduct, getProduct } from "../api/resources";
import { manifestOf, withValue } from "../model/manifest";

/** A product's definition as it was read: what an edit begins from. */
export interface Stored {
  uid: string;
  generation: number;
  text: string;
}

export function storedOf(product: DataProduct): Stored {
  const { uid, generation } = product.metadata;
  return { uid: uid ?? "", generation: generation ?? 0, text: manifestOf(product) };
}

type Origin = Pick<DataProduct["metadata"], "uid" | "generation">;

export function sameOrigin(a: Origin | undefined, b: Origin | undefined): boolean {
  return a?.uid === b?.uid && a?.generation === b?.generation;
}

/** Nothing was applied: what is there is not what the edit began from. */
export class Overtaken extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Overtaken";
  }
}

/** Another manager owns a field, which is another kind of conflict than an object that has changed. */
export function ownedByOthers(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.code === 409 &&
    error.causes.some((cause) => cause.reason === "FieldManagerConflict")
  );
}

const ATTEMPTS = 8;

/**
 * Server-side apply of `text`. Without `began` it makes a product, and there must be none of the name; with it, the
 * product has to be the one and of the generation that the edit began from. Else: Overtaken.
 */
export async function applyFrom(
  ns: string,
  name: string,
  text: string,
  began: Stored | undefined,
): Promise<Answer<DataProduct>> {
  for (let attempt = 1; ; attempt += 1) {
    const present = await getProduct(ns, name).catch((error) => {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    });
    if (began === undefined) {
      if (present)
        throw new Overtaken(`${ns} has a product ${name} already: choose another name, or edit that one.`);
      return applyProduct(ns, name, text);
    }
    if (!present) throw new Overtaken(`${ns}/${name} is not there any more.`);
    if (!sameOrigin(present.metadata, began)) {
      throw new Overtaken("Somebody changed it since this edit began. Look at the difference, then decide.");
    }
    try {
      // The generation counts edits and the version also each new status: the version of this very moment is asked for,
      // so that an edit in between is refused, and a status in between is tried again.
      return await applyProduct(
        ns,
        name,
        withValue(text, ["metadata", "resourceVersion"], present.metadata.resourceVersion),
      );
    } catch (error) {
      const modified = error instanceof ApiError && error.code === 409 && !ownedByOthers(error);
      if (!modified || attempt === ATTEMPTS) throw error;
    }
  }
}
