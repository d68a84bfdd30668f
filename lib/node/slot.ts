/** What is in a wrapper that all copies of this library share. */
interface Slot<Content> {
  content: Content | undefined;
}

/** The number is of this contract between copies, which may be of different versions. */
const kSlot = Symbol.for('autoreap.slot.1');

/**
 * Wraps a method of Node's for good: one wrapper for all copies of this library in the thread, with room for
 * what the last of them has brought. Were there a wrapper for each, jest, which makes a copy for every test
 * file, would heap them up and keep the memory of all.
 *
 * @param around makes the wrapper; it asks at each call for what is in it now
 * @returns what takes it back
 */
export function wrapForGood<Method, Content>(
  holder: object,
  name: string,
  content: Content,
  around: (stock: Method, current: () => Content | undefined) => Method,
): () => void {
  const methods = holder as Record<string, Method>;
  const slots = holder as { [kSlot]?: Slot<Content> };
  const known = slots[kSlot];
  if (known !== undefined) {
    const before = known.content;
    known.content = content;
    return () => {
      if (known.content === content) known.content = before;
    };
  }

  const slot: Slot<Content> = { content };
  const stock = methods[name] as Method;
  const wrapper = around(stock, () => slot.content);
  methods[name] = wrapper;
  slots[kSlot] = slot;
  Object.defineProperty(holder, kSlot, { enumerable: false });
  return () => {
    if (slot.content === content) slot.content = undefined;
    // Somebody may have put his own over ours since; then ours stays, and does nothing.
    if (methods[name] !== wrapper) return;
    methods[name] = stock;
    Reflect.deleteProperty(holder, kSlot);
  };
}
