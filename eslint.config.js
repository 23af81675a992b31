import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** One-way imports between the rooms of the house (docs/architecture.md): `forbidden` may not be imported inside `files`. */
const wall = (files, forbidden, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: forbidden, message }] }] },
});

/** The second one asks for the native backend at run time. */
const theDoors = 'The tensor library has two doors: src/autograd/tensorflow.ts, and tensorflow-node.ts.';

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', 'coverage/', '**/assembly/', '**/*.generated.ts'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { Buffer: 'readonly', console: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
  wall(
    ['src/qfx/**/*.ts'],
    '^(node:|@tensorflow/)|/(autograd|hls-codegen|data|parallel|threads|cli)/|/(package-root|make-folders|write-whole-folder|parse-configuration)\\.js$',
    'src/qfx is pure: no Node, no tensor library, no other room.',
  ),
  wall(
    ['src/threads/**/*.ts'],
    '^@tensorflow/|/(autograd|hls-codegen|data|parallel|cli)/|/qfx/(?!errors\\.js$)',
    'src/threads starts threads, whatever they do: no other room.',
  ),
  wall(
    ['src/parallel/**/*.ts'],
    '^@tensorflow/|/(autograd|hls-codegen|data|cli)/',
    'src/parallel runs what src/qfx says on threads: no other room.',
  ),
  wall(
    ['src/hls-codegen/**/*.ts'],
    '^@tensorflow/|/(autograd|threads|cli)/',
    'src/hls-codegen reads src/qfx and src/parallel only: no training, no tensor library.',
  ),
  wall(
    ['src/data/**/*.ts'],
    '^@tensorflow/|/(autograd|hls-codegen|parallel|threads|cli)/',
    'src/data loads data, nothing else.',
  ),
  wall(['src/cli/**/*.ts'], '^@tensorflow/', theDoors),
  wall(
    ['src/autograd/**/*.ts'],
    '^@tensorflow/|/(hls-codegen|parallel|cli)/',
    `src/autograd reads src/qfx, src/threads and src/data only. ${theDoors}`,
  ),
  wall(
    ['src/autograd/tensorflow.ts'],
    '/(hls-codegen|parallel|cli)/',
    'src/autograd reads src/qfx, src/threads and src/data only.',
  ),
);
