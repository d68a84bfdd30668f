/** V8 reads stackTraceLimit of this one, whatever `Error` is by now; and Node.js prepareStackTrace of that. */
const NativeError = Object.getPrototypeOf(TypeError) as ErrorConstructor;

/** What has been changed for a look, and not yet put back: who looks can be cut off, too. */
const changed: (() => void)[] = [];

/**
 * Whether a call of `wanted` is going on further down the stack, below that of who asks. Undefined where that cannot be
 * seen: by --frozen-intrinsics, or if the stack is full.
 */
export function isInStack(wanted: (...args: never[]) => unknown): boolean | undefined {
  leaveErrorAsItWas();
  const about: { stack?: unknown } = {};
  const prepare = (_error: Error, sites: NodeJS.CallSite[]): NodeJS.CallSite[] => sites;
  let stack: unknown;
  try {
    const canLook =
      change(NativeError, 'stackTraceLimit', Infinity) &&
      change(Error, 'prepareStackTrace', prepare);
    if (canLook) NativeError.captureStackTrace(about, isInStack);
    ({ stack } = about); // This asks prepareStackTrace.
  } finally {
    leaveErrorAsItWas();
  }
  if (!Array.isArray(stack)) return undefined;
  return (stack as NodeJS.CallSite[])
    .slice(1)
    .some((site) => site.getFunctionName() === wanted.name);
}

function change(holder: object, name: string, value: unknown): boolean {
  const before = Reflect.getOwnPropertyDescriptor(holder, name);
  changed.push(() => {
    if (Reflect.getOwnPropertyDescriptor(holder, name)?.value !== value) return; // Somebody else's by now.
    if (before === undefined) Reflect.deleteProperty(holder, name);
    else Reflect.defineProperty(holder, name, before);
  });
  const added = { configurable: true, enumerable: true, writable: true };
  return Reflect.defineProperty(
    holder,
    name,
    before === undefined ? { value, ...added } : { value },
  );
}

/** Puts back what a look that was cut off has changed. */
export function leaveErrorAsItWas(): void {
  for (let undo = changed.at(-1); undo !== undefined; undo = changed.at(-1)) {
    undo();
    changed.pop();
  }
}
