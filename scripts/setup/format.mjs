// prettier, and clang-format for C and C++. See --help.

import path from 'node:path';
import { at, walk } from './files.mjs';
import { SetupError, isInstalled, main, parseOptions, run, show } from './run.mjs';

// One version for everybody: each formats a little differently. Debian 12 and 13 have this one.
const CLANG_FORMAT = 'clang-format-19';

const HELP = `Formats every file: with prettier, and C and C++ with clang-format.

  npm run format
  npm run format:check    writes nothing, and says which files are not formatted; then the exit code is 1
`;

await main(async () => {
  const { check } = parseOptions('npm run format', HELP, { check: { type: 'boolean' } });
  const prettierIsContent = await show(process.execPath, [
    at('node_modules/prettier/bin/prettier.cjs'),
    ...[check ? '--check' : '--write', '--log-level=warn', '.'],
  ]);
  const clangFormatIsContent = await clangFormat(check);
  if (prettierIsContent && clangFormatIsContent) return;
  throw new SetupError(check ? '`npm run format` formats them' : 'not everything could be read');
});

async function clangFormat(check) {
  const sources = ['native', 'test/fixtures', 'scripts/bench']
    .flatMap((folder) => [...walk(at(folder))])
    .filter((file) => /\.(c|cc|h)$/.test(file))
    .map((file) => path.relative(at(), file));
  if (sources.length === 0) return true;
  if (!isInstalled(CLANG_FORMAT)) {
    throw new SetupError(`${CLANG_FORMAT} is missing: apt-get install ${CLANG_FORMAT}`);
  }

  if (!check) return show(CLANG_FORMAT, ['-i', ...sources]);
  try {
    await run('checking the format', CLANG_FORMAT, ['--dry-run', '-Werror', ...sources]);
    return true;
  } catch (error) {
    const unformatted = sources.filter((file) => error.message.includes(`${file}:`));
    for (const file of unformatted) console.error(`[warn] ${file}`);
    return unformatted.length === 0 ? Promise.reject(error) : false;
  }
}
