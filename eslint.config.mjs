import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

// The Node.js globals that the scripts use.
const nodeGlobals = [
  ...['AbortController', 'AbortSignal', 'Buffer', 'URL', '__dirname', '__filename', 'fetch'],
  ...['clearImmediate', 'clearInterval', 'clearTimeout', 'console', 'performance', 'process'],
  ...['queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout', 'structuredClone'],
  ...['Response', 'TextDecoder'],
];

const unusedVars = [
  'error',
  {
    argsIgnorePattern: '^_',
    caughtErrorsIgnorePattern: '^_',
    destructuredArrayIgnorePattern: '^_',
    varsIgnorePattern: '^_',
  },
];

export default defineConfig(
  // The type tests hold lines that must not compile: tsd judges them.
  globalIgnores(['build/', 'dist/', 'prebuilds/', 'docs/', 'test/types/']),
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['lib/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      // `case 'a': return` over a union must name every member, or say default.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Pids, descriptors and errno are numbers, and messages are made of them.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `WatchId | SyscallResult`: both are numbers, and the names say which.
      '@typescript-eslint/no-duplicate-type-constituents': 'off',
      // A Child is the very object that Node.js made, with our prototype.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // `void error.stack` says that a getter is called for its effect.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // `() => emitter.emit('exit')` is a statement, written short.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': unusedVars,
    },
  },
  {
    files: ['lib/node/**/*.ts'],
    // The hinge takes methods off Node's prototypes and puts its own there.
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // A test that dereferences what is not there fails, as it should.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // What Node's prototypes hold is compared, and put back.
      '@typescript-eslint/unbound-method': 'off',
      // Programs under test are often empty: `() => {}`.
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: Object.fromEntries(nodeGlobals.map((name) => [name, 'readonly'])),
    },
    rules: { 'no-unused-vars': unusedVars },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
);
