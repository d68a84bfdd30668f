/** All that can be read of an error: its name, its message, and its own properties. */
export function propertiesOf(error: Error | undefined): Record<string, unknown> {
  if (error === undefined) throw new Error('there was no error');
  const own = Object.entries(error).map(([name, value]: [string, unknown]) => {
    return [name, value === error ? 'itself' : value] as const;
  });
  return { name: error.name, message: error.message, ...Object.fromEntries(own) };
}

/** What a call throws. */
export function thrownBy(call: () => unknown): Record<string, unknown> {
  let thrown: Error | undefined;
  try {
    call();
  } catch (error) {
    thrown = error as Error;
  }
  return propertiesOf(thrown);
}
