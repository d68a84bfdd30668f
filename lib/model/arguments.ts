// What a C compiler would refuse. No kernel ever sees it, so there is no errno for it: it throws.

/** Each of them has to be a whole number. */
export function whole(call: string, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isSafeInteger(value)) refuse(call, name, 'a whole number', value);
  }
}

/**
 * Flags of 64 bits: a BigInt, or a number made with `+`. What `|` makes of numbers ends at bit 31, and is negative
 * if that is set.
 */
export function flagsOf(call: string, value: unknown): bigint {
  const isFlags = typeof value === 'bigint' || (Number.isSafeInteger(value) && Number(value) >= 0);
  if (!isFlags)
    refuse(call, 'flags', 'a BigInt, or a sum of CLONE_ constants (`|` has 32 bits)', value);
  return BigInt(value as bigint | number);
}

/** It has to be one of these words. */
export function word(call: string, name: string, value: unknown, words: readonly string[]): void {
  if (words.includes(value as string)) return;
  refuse(call, name, words.map((each) => `'${each}'`).join(' or '), value);
}

/** It has to be an object. */
export function object(call: string, name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) refuse(call, name, 'an object', value);
}

function refuse(call: string, name: string, expected: string, value: unknown): never {
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  throw new TypeError(`${call}: ${name} has to be ${expected}, not ${shown}.`);
}
