// The addon under AddressSanitizer and UndefinedBehaviorSanitizer, and the tests on it. See --help.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build, localHeaders } from './build.mjs';
import { at, isMain, isOlder, stamp, walk } from './files.mjs';
import { buildFixtures } from './fixtures.mjs';
import { SetupError, main, parseOptions, run, show } from './run.mjs';
import { cxx, requireTools } from './toolchain.mjs';

const FOLDER = at('build/asan');
const ADDON = at('build/asan/Release/autoreap.node');
const STAMP = at('build/asan/.built');

/** Where clangd looks by itself. */
export const COMPILE_COMMANDS = at('build/compile_commands.json');

export async function buildAsan() {
  if (fs.existsSync(ADDON) && !isOlder(STAMP, [...walk(at('native')), at('package-lock.json')]))
    return;
  requireTools(cxx()[0], 'cmake', 'make');
  const startedAt = Date.now();
  const headers = process.env.npm_config_nodedir ?? localHeaders();
  const env = { ...process.env, ...(headers && { npm_config_nodedir: headers }) };
  await run(
    'compiling the addon with sanitizers',
    process.execPath,
    [
      at('node_modules/cmake-js/bin/cmake-js'),
      ...['compile', '--directory', at('native'), '--out', FOLDER, '--config', 'Release'],
      ...['--parallel', '2', '--CDSANITIZE=ON', '--CDCMAKE_EXPORT_COMPILE_COMMANDS=ON'],
    ],
    { env },
  );
  fs.copyFileSync(path.join(FOLDER, 'compile_commands.json'), COMPILE_COMMANDS);
  stamp(STAMP, startedAt);
}

async function testAsan(jestArguments) {
  await build();
  await buildFixtures();
  await buildAsan();
  const [compiler, ...flags] = cxx();
  const library = execFileSync(compiler, [...flags, '-print-file-name=libasan.so'], {
    encoding: 'utf8',
  }).trim();

  const passed = await show(
    process.execPath,
    [
      ...['--import', CALM_CHILDREN],
      ...[at('node_modules/jest/bin/jest.js'), '--runInBand', ...jestArguments],
    ],
    {
      env: {
        ...process.env,
        AUTOREAP_ADDON: ADDON,
        // Node itself is not instrumented, so the runtime must be there before it.
        LD_PRELOAD: fs.realpathSync(library),
        ASAN_OPTIONS: 'detect_leaks=1',
        LSAN_OPTIONS: `suppressions=${at('scripts/setup/lsan.supp')}:print_suppressions=0`,
        UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
      },
    },
  );
  if (!passed) throw new SetupError('the tests failed on the sanitized addon');
}

// The runtime has read its options by now. These are for the programs that the tests start: nothing in
// them may differ from a start without it, and what a shell has not freed is its own affair.
const CHILD_OPTIONS = [
  ...['detect_leaks=0', 'disable_coredump=0', 'use_sigaltstack=0'],
  ...['handle_segv=0', 'handle_sigbus=0', 'handle_sigfpe=0'],
].join(':');
const CALM_CHILDREN = `data:text/javascript,process.env.ASAN_OPTIONS = '${CHILD_OPTIONS}'`;

// What goes through the addon in the tests' own process, which is the one that is watched: the rest of
// the suite plays in processes of its own.
const THROUGH_THE_ADDON = [
  'dist/test/native/',
  'dist/test/spec/(async-context|cgroup|child-process|failures|options|pidfd|run|stop|streams|syscalls|teardown|world)[.]spec',
];

const HELP = `The addon under AddressSanitizer and UndefinedBehaviorSanitizer.

  npm run build:asan                        build/asan/Release/autoreap.node, for AUTOREAP_ADDON
  npm run test:asan                         the tests that go through the addon in their own process, on it
  npm run test:asan -- test/spec/run        what jest is to run there
`;

if (isMain(import.meta.url)) {
  const words = process.argv.slice(2);
  const [command, ...rest] = words;
  await main(() => {
    if (command === 'test' && !rest.includes('--help')) {
      return testAsan(rest.length > 0 ? rest : THROUGH_THE_ADDON);
    }
    const isKnown = command === 'build' || command === 'test';
    parseOptions('npm run build:asan', HELP, {}, isKnown ? rest : words);
    return buildAsan();
  });
}
