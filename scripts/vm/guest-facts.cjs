// Runs in the guest before the command: one line with what the library sees of this kernel.

const os = require('node:os');

/** `support()` of the built library; undefined where there is none, an error's text if it throws. */
async function support() {
  let library;
  try {
    library = require('/autoreap');
  } catch (error) {
    return error.code === 'MODULE_NOT_FOUND' ? undefined : String(error);
  }
  try {
    return await library.support?.();
  } catch (error) {
    return String(error);
  }
}

const plain = (_key, value) => (typeof value === 'bigint' ? String(value) : value);

support().then((capabilities) => {
  const facts = { release: os.release(), arch: process.arch, node: process.version, capabilities };
  console.log(`${process.argv[2]} ${JSON.stringify(facts, plain)}`);
});
