/** A wrapper that all copies of this library share. */
interface Slot<Method, Content> {
  /** Of the copy that came last. */
  content: Content | undefined;
  readonly stock: Method;
  readonly wrapper: Method;
}

/** The number is of this contract between copies, which may be of different versions. */
const kSlot = Symbol.for('autoreap.slot.1');

/**
 * Wraps a method of Node's for good: one wrapper for all copies of this library in the thread, with room for
 * what the last of them has brought. Were there a wrapper for each, jest, which makes a copy for every test
 * file, would heap them up and keep the memory of all.
 *
 * @param around makes the wrapper; it asks at each call for what is in it now
 * @returns what takes it back: if no other copy has come since, nothing is in it then
 */
export function wrapForGood<Method, Content>(
  holder: object,
  name: string,
  content: Content,
  around: (stock: Method, current: () => Content | undefined) => Method,
): () => void {
  const methods = holder as Record<string, Method>;
  const slots = holder as { [kSlot]?: Slot<Method, Content> };
  const slot = slots[kSlot] ?? makeSlot<Method, Content>(methods[name] as Method, around);
  const hidden = { __proto__: null, value: slot, configurable: true, enumerable: false };
  Object.defineProperty(holder, kSlot, hidden as PropertyDescriptor);
  // Not if somebody has put his own over ours; but somebody may have put back what he found before us.
  if (methods[name] === slot.stock) methods[name] = slot.wrapper;
  slot.content = content;

  return () => {
    if (slot.content !== content) return;
    slot.content = undefined;
    if (methods[name] === slot.wrapper) methods[name] = slot.stock;
  };
}

function makeSlot<Method, Content>(
  stock: Method,
  around: (stock: Method, current: () => Content | undefined) => Method,
): Slot<Method, Content> {
  const slot: Slot<Method, Content> = {
    content: undefined,
    stock,
    wrapper: around(stock, () => slot.content),
  };
  return slot;
}

/** A wrapper for one call. Made before it is put in, so that whoever is cut off in between can take it out. */
export interface Wrap {
  putIn(): void;
  takeOut(): void;
}

/**
 * Wraps a method of Node's for one call.
 *
 * @param around makes the wrapper; it asks at each call whether it is still meant
 */
export function wrapForNow<Method>(
  holder: object,
  name: string,
  around: (stock: Method, isMeant: () => boolean) => Method,
): Wrap {
  const methods = holder as Record<string, Method>;
  let isMeant = true;
  let put: { readonly stock: Method; readonly wrapper: Method } | undefined;
  return {
    putIn: () => {
      const stock = methods[name] as Method;
      put = { stock, wrapper: around(stock, () => isMeant) };
      methods[name] = put.wrapper;
    },
    takeOut: () => {
      isMeant = false; // Somebody may have put his own over ours since; then ours stays, and does nothing.
      if (put !== undefined && methods[name] === put.wrapper) methods[name] = put.stock;
    },
  };
}
