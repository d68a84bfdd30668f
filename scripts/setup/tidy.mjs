// clang-tidy over native/. See --help.

import path from 'node:path';
import { COMPILE_COMMANDS, buildAsan } from './asan.mjs';
import { at, walk } from './files.mjs';
import { SetupError, isInstalled, main, parseOptions, run } from './run.mjs';

const CLANG_TIDY = 'clang-tidy-19';
const LANES = 2;

const HELP = `clang-tidy over native/, with the flags of the sanitizer build, which is made first, and what .clang-tidy says.

  npm run tidy
`;

await main(async () => {
  parseOptions('npm run tidy', HELP);
  if (!isInstalled(CLANG_TIDY)) {
    throw new SetupError(`${CLANG_TIDY} is missing: apt-get install ${CLANG_TIDY}`);
  }
  await buildAsan();

  const sources = [...walk(at('native'))].filter((file) => file.endsWith('.cc'));
  const findings = [];
  const lane = async () => {
    for (let file = sources.pop(); file !== undefined; file = sources.pop()) {
      const what = `reading ${path.relative(at(), file)}`;
      const args = ['--quiet', `-p=${path.dirname(COMPILE_COMMANDS)}`, file];
      await run(what, CLANG_TIDY, args).catch((error) => findings.push(error.message));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (findings.length > 0) throw new SetupError(findings.join('\n\n'));
});
